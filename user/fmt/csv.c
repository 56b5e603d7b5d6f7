/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "escape.h"
#include "event.h"
#include "memory.h"
#include "put.h"

/* A column, and the field that fills it in each shape of event. */
struct column {
	const char *prefix;
	const char *name;
	const struct pw_field *fields[PW_EVENT_SHAPES];
};

struct pw_csv {
	struct column columns[PW_EVENT_FIELDS];
	size_t count;
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

struct pw_csv *pw_csv_new(void)
{
	struct pw_csv *csv = pw_memory_new(sizeof(*csv));
	size_t i;

	for (i = 0; i < PW_EVENT_FIELDS; i++)
		add_field(csv, prefix_of(i), &pw_event_fields[i]);
	return csv;
}

void pw_csv_free(struct pw_csv *csv)
{
	free(csv);
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

static char *put_cell(char *at, const struct pw_field *field,
		      const struct pw_value *value)
{
	bool quote = value->kind == PW_KIND_EVENTS ||
		     (value->kind == PW_KIND_TEXT &&
		      (memchr(value->text, ',', value->length) ||
		       memchr(value->text, '"', value->length)));

	if (quote)
		*at++ = '"';
	at = pw_put_value(at, field, value, false, PW_ESCAPE_CSV);
	if (quote)
		*at++ = '"';
	return at;
}

void pw_csv_event(const struct pw_csv *csv, struct pw_output *output,
		  const struct portwatch_item *item)
{
	const struct pw_field *field;
	enum pw_shape shape;
	struct pw_value value;
	struct pw_row row;
	char *at;
	size_t i;

	shape = pw_event_row(item, &row);
	for (i = 0; i < csv->count; i++) {
		field = csv->columns[i].fields[shape];
		value.kind = PW_KIND_NUMBER;
		if (field && !pw_field_get(field, &row, &value))
			field = NULL;
		at = pw_output_room(output, 4 + pw_value_size(&value));
		if (i)
			*at++ = ',';
		if (field)
			at = put_cell(at, field, &value);
		pw_output_commit(output, at);
	}
	pw_output_text(output, "\r\n");
}
