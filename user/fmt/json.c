/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "event.h"
#include "json.h"
#include "json_field.h"
#include "json_plan.h"
#include "memory.h"
#include "put.h"
#include "run.h"

/**
 * struct pw_json - a writer
 *
 * An event is written as: its time; the head, which says what it is; the socket,
 * with its ends and its owner; the actor; what only this event has; at last the
 * holder of a port. The three in
 * the middle are runs.
 *
 * @calendar:	of the times
 * @heads, @owners, @sockets, @actors: runs
 * @time, @ends, @own: the other fields
 */
struct pw_json {
	struct pw_calendar calendar;
	struct pw_run heads[PW_RUNS];
	struct pw_run owners[PW_RUNS];
	struct pw_run sockets[PW_RUNS];
	struct pw_run actors[PW_RUNS];
	struct pw_json_plan time[PW_EVENT_SHAPES];
	struct pw_json_plan ends[PW_EVENT_SHAPES];
	struct pw_json_plan own[PW_EVENT_SHAPES];
};

struct pw_json *pw_json_new(void)
{
	struct pw_json *json = pw_memory_new(sizeof(*json));
	unsigned int shape;

	for (shape = 0; shape < PW_EVENT_SHAPES; shape++) {
		pw_json_plan_make(&json->time[shape], shape, PW_EVENT_TIME,
				  PW_EVENT_HEAD);
		pw_json_plan_make(&json->ends[shape], shape, PW_EVENT_ENDS,
				  PW_EVENT_OWNER);
		pw_json_plan_make(&json->own[shape], shape, PW_EVENT_OWN,
				  PW_EVENT_HOLDER);
	}
	return json;
}

void pw_json_free(struct pw_json *json)
{
	unsigned int shape;

	if (!json)
		return;
	for (shape = 0; shape < PW_EVENT_SHAPES; shape++) {
		pw_json_plan_free(&json->time[shape]);
		pw_json_plan_free(&json->ends[shape]);
		pw_json_plan_free(&json->own[shape]);
	}
	pw_runs_free(json->heads);
	pw_runs_free(json->owners);
	pw_runs_free(json->sockets);
	pw_runs_free(json->actors);
	free(json);
}

/* Adds the fields @first up to @end. */
static void run_add(struct pw_run *run, const struct pw_row *row, size_t first,
		    size_t end)
{
	struct pw_value value;
	size_t i;
	char *at;

	for (i = first; i < end; i++) {
		if (!pw_field_get(&pw_event_fields[i], row, &value))
			continue;
		at = pw_run_room(run, pw_json_field_size(&value));
		pw_run_commit(run, pw_put_json_field(at, NULL, &pw_event_fields[i],
						  &value));
	}
}

void pw_json_forget(struct pw_json *json)
{
	pw_runs_forget(json->owners);
	pw_runs_forget(json->sockets);
	pw_runs_forget(json->actors);
}

static const struct pw_run *find_head(struct pw_json *json,
				   const struct portwatch_event *event,
				   const struct pw_row *row)
{
	const struct pw_run_key key = { .words = {
		(uint64_t)event->cpu << 32 | (uint64_t)event->type << 24 |
		(uint64_t)row->family << 16 | row->flags,
		pw_event_counts(event->type) ? event->proto : 0,
	} };
	struct pw_run *run = pw_run_find(json->heads, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_HEAD, PW_EVENT_ENDS);
	return run;
}

static const struct pw_run *find_owner(struct pw_json *json,
				    const struct portwatch_item *item,
				    const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct pw_run_key key = { .words = {
		(uint64_t)event->owner << 32 | event->owner_tid, event->netns,
		(uintptr_t)item->owner,
	} };
	struct pw_run *run = pw_run_find(json->owners, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_OWNER, PW_EVENT_BY);
	return run;
}

static const struct pw_run *find_actor(struct pw_json *json,
				    const struct portwatch_item *item,
				    const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct pw_run_key key = { .words = {
		(uint64_t)event->actor << 32 | event->actor_tid, 0,
		(uintptr_t)item->actor,
	} };
	struct pw_run *run = pw_run_find(json->actors, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_BY, PW_EVENT_OWN);
	return run;
}

/* From attempt to end a socket keeps its ends and its owner. */
static const struct pw_run *find_socket(struct pw_json *json,
				     const struct portwatch_item *item,
				     const struct pw_json_plan *ends,
				     const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct pw_run *owner;
	struct pw_run_key key = { .words = {
		event->sock,
		(uint64_t)event->owner << 32 | event->owner_tid,
		(uint64_t)event->netns << 32 | (uint32_t)event->lport << 16 |
		event->rport,
		(uint64_t)event->flags << 32 | (uint32_t)row->family << 16 |
		(event->type == PORTWATCH_BIND_FAILED),
		(uintptr_t)item->owner,
	} };
	struct pw_run *run;
	char *at;

	memcpy(&key.words[5], event->laddr, sizeof(event->laddr));
	memcpy(&key.words[7], event->raddr, sizeof(event->raddr));
	run = pw_run_find(json->sockets, &key);
	if (run->length)
		return run;
	owner = find_owner(json, item, row);
	at = pw_run_room(run, ends->size + owner->length);
	at = pw_put_json_plan(at, NULL, ends, row);
	pw_run_commit(run, pw_put_run(at, owner));
	return run;
}

/* ,"by":{...}: the first comma of the run becomes the brace. */
static char *put_actor(char *at, const struct pw_run *run)
{
	char *brace = pw_put_bytes(at, ",\"by\":", 6);

	at = pw_put_run(brace, run);
	*brace = '{';
	*at++ = '}';
	return at;
}

/* ,"holder":{...}: an event that has one is rare. */
static void write_holder(struct pw_output *output, const struct pw_row *row)
{
	const struct pw_field *fields[PW_EVENT_FIELDS - PW_EVENT_HOLDER];
	size_t count = 0;

	for (; count < sizeof(fields) / sizeof(fields[0]); count++)
		fields[count] = &pw_event_fields[PW_EVENT_HOLDER + count];
	pw_output_text(output, ",\"holder\":");
	pw_json_fields(output, '{', fields, count, row);
	pw_output_text(output, "}");
}

static bool has_holder(enum pw_shape shape)
{
	return shape == PW_SHAPE_BIND_FAILED_HELD ||
	       shape == PW_SHAPE_BIND_FAILED_TIME_WAIT;
}

void pw_json_event(struct pw_json *json, struct pw_output *output,
		   const struct portwatch_item *item)
{
	const struct pw_run *head, *socket = NULL, *actor = NULL;
	enum pw_shape shape;
	struct pw_row row;
	char *at, *start;
	size_t size;

	shape = pw_event_row(item, &row);
	head = find_head(json, item->event, &row);
	size = json->time[shape].size + head->length + json->own[shape].size;
	if (pw_event_counts(item->slot->type)) {
		socket = find_socket(json, item, &json->ends[shape], &row);
		size += socket->length;
	}
	if (row.base[PW_BASE_ACTOR]) {
		actor = find_actor(json, item, &row);
		size += actor->length + 16;
	}

	start = pw_output_room(output, size + 2);
	at = pw_put_json_plan(start, &json->calendar, &json->time[shape], &row);
	*start = '{';
	at = pw_put_run(at, head);
	if (socket)
		at = pw_put_run(at, socket);
	if (actor)
		at = put_actor(at, actor);
	at = pw_put_json_plan(at, &json->calendar, &json->own[shape], &row);
	if (has_holder(shape)) {
		pw_output_commit(output, at);
		write_holder(output, &row);
		at = pw_output_room(output, 2);
	}
	at = pw_put_bytes(at, "}\n", 2);
	pw_output_commit(output, at);
}

void pw_json_fields(struct pw_output *output, char opening,
		    const struct pw_field *const *fields, size_t count,
		    const struct pw_row *row)
{
	struct pw_calendar calendar = { 0 };
	struct pw_value value;
	char *at, *end;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!pw_field_get(fields[i], row, &value))
			continue;
		at = pw_output_room(output, pw_json_field_size(&value));
		end = pw_put_json_field(at, &calendar, fields[i], &value);
		*at = opening;
		opening = ',';
		pw_output_commit(output, end);
	}
}
