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

/*
 * Places for runs: as many as a busy machine has kinds of events, processes and
 * their threads, and connections that end soon after they began.
 */
#define CACHE_BITS	10
#define CACHE_SIZE	(1U << CACHE_BITS)

/* What the text of a run depends on; unused words are 0. */
struct key {
	uint64_t words[9];
};

/* The text of fields that one event after another has in common. */
struct run {
	struct key key;
	char *text;
	size_t size;
	size_t length;
};

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
	struct run heads[CACHE_SIZE];
	struct run owners[CACHE_SIZE];
	struct run sockets[CACHE_SIZE];
	struct run actors[CACHE_SIZE];
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

static void free_runs(struct run *runs)
{
	size_t i;

	for (i = 0; i < CACHE_SIZE; i++)
		free(runs[i].text);
}

void pw_json_free(struct pw_json *json)
{
	if (!json)
		return;
	free_runs(json->heads);
	free_runs(json->owners);
	free_runs(json->sockets);
	free_runs(json->actors);
	free(json);
}

static inline bool is_run(const struct run *run, const struct key *key)
{
	return run->key.words[0] == key->words[0] && run->length &&
	       !memcmp(&run->key, key, sizeof(*key));
}

/*
 * The run of a key; one that was just taken for it has no text yet (its length is
 * 0). Each key has two places, so that two that meet do not drive each other out.
 */
static struct run *find_run(struct run *runs, const struct key *key)
{
	uint64_t hash = (key->words[0] ^ key->words[1] << 11) *
			0x9e3779b97f4a7c15ULL;
	struct run *run = &runs[hash >> (64 - CACHE_BITS) & ~1U], other;

	if (is_run(&run[0], key))
		return &run[0];
	if (is_run(&run[1], key))
		return &run[1];
	other = run[1];
	run[1] = run[0];
	run[0] = other;
	run[0].key = *key;
	run[0].length = 0;
	return &run[0];
}

/* A place for @size more bytes of a run. */
static char *run_room(struct run *run, size_t size)
{
	if (run->size - run->length < size) {
		run->size = run->length + size;
		run->text = pw_memory_resize(run->text, run->size);
	}
	return run->text + run->length;
}

static void run_commit(struct run *run, const char *end)
{
	run->length = (size_t)(end - run->text);
}

/* Adds the fields @first up to @end. */
static void run_add(struct run *run, const struct pw_row *row, size_t first,
		    size_t end)
{
	struct pw_value value;
	size_t i;
	char *at;

	for (i = first; i < end; i++) {
		if (!pw_field_get(&pw_event_fields[i], row, &value))
			continue;
		at = run_room(run, pw_json_field_size(&value));
		run_commit(run, pw_put_json_field(at, NULL, &pw_event_fields[i],
						  &value));
	}
}

static void empty_runs(struct run *runs)
{
	size_t i;

	for (i = 0; i < CACHE_SIZE; i++)
		runs[i].length = 0;
}

void pw_json_forget(struct pw_json *json)
{
	empty_runs(json->owners);
	empty_runs(json->sockets);
	empty_runs(json->actors);
}

static char *put_run(char *at, const struct run *run)
{
	/* Of an unknown owner in no namespace there is nothing to write. */
	return run->length ? pw_put_bytes(at, run->text, run->length) : at;
}

static const struct run *find_head(struct pw_json *json,
				   const struct portwatch_event *event,
				   const struct pw_row *row)
{
	const struct key key = { .words = {
		(uint64_t)event->cpu << 32 | (uint64_t)event->type << 24 |
		(uint64_t)row->family << 16 | row->flags,
		pw_event_counts(event->type) ? event->proto : 0,
	} };
	struct run *run = find_run(json->heads, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_HEAD, PW_EVENT_ENDS);
	return run;
}

static const struct run *find_owner(struct pw_json *json,
				    const struct portwatch_item *item,
				    const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct key key = { .words = {
		(uint64_t)event->owner << 32 | event->owner_tid, event->netns,
		(uintptr_t)item->owner,
	} };
	struct run *run = find_run(json->owners, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_OWNER, PW_EVENT_BY);
	return run;
}

static const struct run *find_actor(struct pw_json *json,
				    const struct portwatch_item *item,
				    const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct key key = { .words = {
		(uint64_t)event->actor << 32 | event->actor_tid, 0,
		(uintptr_t)item->actor,
	} };
	struct run *run = find_run(json->actors, &key);

	if (!run->length)
		run_add(run, row, PW_EVENT_BY, PW_EVENT_OWN);
	return run;
}

/* From attempt to end a socket keeps its ends and its owner. */
static const struct run *find_socket(struct pw_json *json,
				     const struct portwatch_item *item,
				     const struct pw_json_plan *ends,
				     const struct pw_row *row)
{
	const struct portwatch_event *event = item->event;
	const struct run *owner;
	struct key key = { .words = {
		event->sock,
		(uint64_t)event->owner << 32 | event->owner_tid,
		(uint64_t)event->netns << 32 | (uint32_t)event->lport << 16 |
		event->rport,
		(uint64_t)event->flags << 32 | (uint32_t)row->family << 16 |
		(event->type == PORTWATCH_BIND_FAILED),
		(uintptr_t)item->owner,
	} };
	struct run *run;
	char *at;

	memcpy(&key.words[5], event->laddr, sizeof(event->laddr));
	memcpy(&key.words[7], event->raddr, sizeof(event->raddr));
	run = find_run(json->sockets, &key);
	if (run->length)
		return run;
	owner = find_owner(json, item, row);
	at = run_room(run, ends->size + owner->length);
	at = pw_put_json_plan(at, NULL, ends, row);
	run_commit(run, put_run(at, owner));
	return run;
}

/* ,"by":{...}: the first comma of the run becomes the brace. */
static char *put_actor(char *at, const struct run *run)
{
	char *brace = pw_put_bytes(at, ",\"by\":", 6);

	at = put_run(brace, run);
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
	const struct run *head, *socket = NULL, *actor = NULL;
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
	at = put_run(at, head);
	if (socket)
		at = put_run(at, socket);
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
