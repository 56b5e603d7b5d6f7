/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "csv.h"
#include "escape.h"
#include "event.h"
#include "memory.h"
#include "put.h"
#include "run.h"

/* A column, and the field that fills it in each shape of event. */
struct column {
	const char *prefix;
	const char *name;
	const struct pw_field *fields[PW_EVENT_SHAPES];
};

/* A cell that may have a value, and the commas that stand before it. */
struct cell {
	const struct pw_field *field;
	size_t commas;
};

/**
 * struct cells - some of them, side by side
 *
 * @commas:	behind the last one
 * @size:	bytes that they take at most, but for long values
 */
struct cells {
	struct cell cells[PW_EVENT_FIELDS];
	size_t count;
	size_t commas;
	size_t size;
};

/**
 * struct pw_csv - a writer
 *
 * A row is written as: what each shape of event has before its owner; the owner; the
 * actor; the rest. The two in the middle are runs.
 *
 * @calendar:	of the times
 * @columns, @count: all columns
 * @owners, @actors: runs
 * @owner, @actor: of what these are made
 * @front, @rest: the other cells of each shape
 */
struct pw_csv {
	struct pw_calendar calendar;
	struct column columns[PW_EVENT_FIELDS];
	size_t count;
	struct pw_run owners[PW_RUNS];
	struct pw_run actors[PW_RUNS];
	struct cells owner;
	struct cells actor;
	struct cells front[PW_EVENT_SHAPES];
	struct cells rest[PW_EVENT_SHAPES];
};

static struct column *column_of(struct pw_csv *csv, const char *prefix,
				const char *name)
{
	struct column *column;
	size_t i;

	for (i = 0; i < csv->count; i++) {
		column = &csv->columns[i];
		if (!strcmp(column->prefix, prefix) &&
		    !strcmp(column->name, name))
			return column;
	}
	column = &csv->columns[csv->count++];
	column->prefix = prefix;
	column->name = name;
	return column;
}

/* Names stand once in a row: those of the actor and of the holder get a prefix. */
static const char *prefix_of(size_t field)
{
	if (field >= PW_EVENT_HOLDER)
		return "holder_";
	return field >= PW_EVENT_BY && field < PW_EVENT_OWN ? "by_" : "";
}

static void add_field(struct pw_csv *csv, const char *prefix,
		      const struct pw_field *field)
{
	struct column *column = column_of(csv, prefix, field->name);
	bool record = field->base == PW_BASE_RECORD;
	unsigned int shape;

	for (shape = 0; shape < PW_EVENT_SHAPES; shape++)
		if (!record || field->shapes & 1U << shape)
			column->fields[shape] = field;
}

/* The cells of a shape in the columns @first up to @end. */
static void make_cells(const struct pw_csv *csv, struct cells *cells,
		       unsigned int shape, size_t first, size_t end)
{
	const struct pw_field *field;
	size_t i;

	for (i = first; i < end; i++) {
		cells->commas += i > 0;
		field = csv->columns[i].fields[shape];
		if (!field)
			continue;
		cells->cells[cells->count].field = field;
		cells->cells[cells->count++].commas = cells->commas;
		cells->commas = 0;
	}
	/* twice the commas: more than put_commas() needs */
	cells->size = 2 * (end - first) + 2 + cells->count * PW_VALUE_MAX;
}

/* Up to the actor no two fields share a column. */
struct pw_csv *pw_csv_new(void)
{
	struct pw_csv *csv = pw_memory_new(sizeof(*csv));
	unsigned int shape;
	size_t i;

	for (i = 0; i < PW_EVENT_FIELDS; i++)
		add_field(csv, prefix_of(i), &pw_event_fields[i]);
	for (shape = 0; shape < PW_EVENT_SHAPES; shape++) {
		make_cells(csv, &csv->front[shape], shape, 0, PW_EVENT_PID);
		make_cells(csv, &csv->rest[shape], shape, PW_EVENT_OWN,
			   csv->count);
	}
	/* an identity has the same fields in all of them */
	make_cells(csv, &csv->owner, PW_SHAPE_SOCKET, PW_EVENT_PID,
		   PW_EVENT_BY);
	make_cells(csv, &csv->actor, PW_SHAPE_SOCKET, PW_EVENT_BY,
		   PW_EVENT_OWN);
	return csv;
}

void pw_csv_free(struct pw_csv *csv)
{
	if (!csv)
		return;
	pw_runs_free(csv->owners);
	pw_runs_free(csv->actors);
	free(csv);
}

void pw_csv_forget(struct pw_csv *csv)
{
	pw_runs_forget(csv->owners);
	pw_runs_forget(csv->actors);
}

void pw_csv_header(const struct pw_csv *csv, struct pw_output *output)
{
	size_t i;

	for (i = 0; i < csv->count; i++) {
		if (i)
			pw_output_text(output, ",");
		pw_output_text(output, csv->columns[i].prefix);
		pw_output_text(output, csv->columns[i].name);
	}
	pw_output_text(output, "\r\n");
}

/* A place for one more is needed. */
static char *put_commas(char *at, size_t count)
{
	*at = ',';
	if (count > 1)	/* mostly it is one or none */
		memset(at + 1, ',', count - 1);
	return at + count;
}

static char *put_text(char *at, const struct pw_field *field,
		      const struct pw_value *value)
{
	bool quote = value->kind == PW_KIND_EVENTS ||
		     memchr(value->text, ',', value->length) ||
		     memchr(value->text, '"', value->length);

	if (quote)
		*at++ = '"';
	at = pw_put_value(at, field, value, false, PW_ESCAPE_CSV);
	if (quote)
		*at++ = '"';
	return at;
}

static char *put_value(char *at, struct pw_calendar *calendar,
		       const struct pw_field *field,
		       const struct pw_value *value)
{
	switch (value->kind) {
	case PW_KIND_NUMBER:
		return pw_put_number(at, value->number);
	case PW_KIND_TIME:
		return pw_put_rfc3339(at, calendar, value->number);
	case PW_KIND_TEXT:
	case PW_KIND_EVENTS:
		return put_text(at, field, value);
	default:
		return pw_put_value(at, field, value, false, PW_ESCAPE_CSV);
	}
}

/* @value is NULL where it has none. */
static char *put_cell(char *at, struct pw_calendar *calendar,
		      const struct cell *cell, const struct pw_value *value)
{
	at = put_commas(at, cell->commas);
	return value ? put_value(at, calendar, cell->field, value) : at;
}

static bool is_long(const struct pw_value *value)
{
	return value->kind == PW_KIND_TEXT || value->kind == PW_KIND_COUNTS ||
	       value->kind == PW_KIND_EVENTS;
}

/* Room for all cells and for a long value, with its quotes. */
static size_t cells_size(const struct cells *cells,
			 const struct pw_value *value)
{
	return cells->size + pw_value_size(value) + 2;
}

static const struct pw_run *find_run(struct pw_run *runs,
				     const struct pw_run_key *key,
				     const struct cells *cells,
				     const struct pw_row *row)
{
	struct pw_run *run = pw_run_find(runs, key);
	const struct cell *cell = cells->cells;
	struct pw_value value;
	bool there;
	char *at;

	if (run->length)
		return run;
	at = pw_run_room(run, cells->size);
	for (; cell < cells->cells + cells->count; cell++) {
		there = pw_field_get(cell->field, row, &value);
		if (there && is_long(&value)) {
			pw_run_commit(run, at);
			at = pw_run_room(run, cells_size(cells, &value));
		}
		at = put_cell(at, NULL, cell, there ? &value : NULL);
	}
	pw_run_commit(run, put_commas(at, cells->commas));
	return run;
}

static void write_run(struct pw_output *output, const struct pw_run *run)
{
	char *at = pw_output_room(output, run->length);

	pw_output_commit(output, pw_put_run(at, run));
}

/* Of an identity, and of the thread, which the event has. */
static struct pw_run_key key_of(const struct portwatch_identity *identity,
				uint32_t key, uint32_t tid)
{
	return (struct pw_run_key){ .words = {
		(uint64_t)key << 32 | tid, 0, (uintptr_t)identity,
	} };
}

/* What is lost, and marks of snapshots, have nobody. */
static void write_people(struct pw_csv *csv, struct pw_output *output,
			 const struct portwatch_item *item,
			 const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	struct pw_run_key owner = { 0 }, actor = { 0 };

	if (pw_event_counts(item->slot->type)) {
		owner = key_of(item->owner, event->owner, event->owner_tid);
		actor = key_of(item->actor, event->actor, event->actor_tid);
	}
	write_run(output, find_run(csv->owners, &owner, &csv->owner, row));
	write_run(output, find_run(csv->actors, &actor, &csv->actor, row));
}

static void write_cells(struct pw_csv *csv, struct pw_output *output,
			const struct cells *cells, const struct pw_row *row)
{
	const struct cell *cell = cells->cells;
	struct pw_value value;
	bool there;
	char *at;

	at = pw_output_room(output, cells->size);
	for (; cell < cells->cells + cells->count; cell++) {
		there = pw_field_get(cell->field, row, &value);
		if (there && is_long(&value)) {
			pw_output_commit(output, at);
			at = pw_output_room(output, cells_size(cells, &value));
		}
		at = put_cell(at, &csv->calendar, cell, there ? &value : NULL);
	}
	pw_output_commit(output, put_commas(at, cells->commas));
}

void pw_csv_event(struct pw_csv *csv, struct pw_output *output,
		  const struct portwatch_item *item)
{
	enum pw_shape shape;
	struct pw_row row;

	shape = pw_event_row(item, &row);
	write_cells(csv, output, &csv->front[shape], &row);
	write_people(csv, output, item, &row);
	write_cells(csv, output, &csv->rest[shape], &row);
	pw_output_text(output, "\r\n");
}
