/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "calendar.h"
#include "escape.h"
#include "event.h"
#include "json.h"
#include "memory.h"
#include "put.h"

/* Who has been seen lately: as many as a busy machine runs at a time. */
#define CACHE_SIZE	1024

/* The text of a process, and where in it the thread's number belongs. */
struct portrait {
	const struct portwatch_identity *identity;
	uint32_t key;
	char *text;
	size_t size;
	size_t length;
	size_t tid;
};

/* The fields that a shape of event has, found once. */
struct plan {
	const struct pw_field *fields[PW_EVENT_FIELDS];
	size_t common;
	size_t count;
	size_t size;
};

struct pw_json {
	struct pw_calendar calendar;
	struct portrait owners[CACHE_SIZE];
	struct portrait actors[CACHE_SIZE];
	struct plan plans[PW_EVENT_SHAPES];
};

static void plan_shape(struct plan *plan, unsigned int shape)
{
	const struct pw_field *field;
	size_t i;

	for (i = 0; i < PW_EVENT_FIELDS; i++) {
		field = &pw_event_fields[i];
		if (i == PW_EVENT_OWNER)
			plan->common = plan->count;
		if (i >= PW_EVENT_OWNER && i < PW_EVENT_OWN)
			continue;
		if (!(field->shapes & 1U << shape))
			continue;
		plan->fields[plan->count++] = field;
		plan->size += field->key_length + PW_VALUE_MAX;
	}
	/* The few fields that can be longer, once each at most. */
	plan->size += PORTWATCH_TYPES * PW_VALUE_MAX + 16 * PW_ESCAPE_GROWTH;
}

struct pw_json *pw_json_new(void)
{
	struct pw_json *json = pw_memory_new(sizeof(*json));
	unsigned int shape;

	for (shape = 0; shape < PW_EVENT_SHAPES; shape++)
		plan_shape(&json->plans[shape], shape);
	return json;
}

void pw_json_free(struct pw_json *json)
{
	size_t i;

	if (!json)
		return;
	for (i = 0; i < CACHE_SIZE; i++) {
		free(json->owners[i].text);
		free(json->actors[i].text);
	}
	free(json);
}

/* {"bind":3,"connect":12} */
static char *put_counts(char *at, const uint32_t *counts)
{
	unsigned int type;
	const char *name;
	char *start = at;

	*at++ = '{';
	for (type = 0; type < PORTWATCH_TYPES; type++) {
		if (!counts[type])
			continue;
		name = portwatch_event_name(type);
		if (at != start + 1)
			*at++ = ',';
		*at++ = '"';
		at = pw_put_text(at, name ? name : "unknown");
		at = pw_put_bytes(at, "\":", 2);
		at = pw_put_number(at, counts[type]);
	}
	*at++ = '}';
	return at;
}

/* ["bind","listen"] */
static char *put_events(char *at, uint64_t events)
{
	unsigned int type;
	const char *name;
	char *start = at;

	*at++ = '[';
	for (type = 0; type < PORTWATCH_TYPES; type++) {
		name = portwatch_event_name(type);
		if (!(events & PORTWATCH_EVENT_BIT(type)) || !name)
			continue;
		if (at != start + 1)
			*at++ = ',';
		*at++ = '"';
		at = pw_put_text(at, name);
		*at++ = '"';
	}
	*at++ = ']';
	return at;
}

static char *put_quoted(char *at, struct pw_calendar *calendar,
			const struct pw_value *value)
{
	*at++ = '"';
	switch (value->kind) {
	case PW_KIND_WORD:
		at = pw_put_bytes(at, value->text, value->length);
		break;
	case PW_KIND_UNNAMED:
		at = pw_put_number(at, value->number);
		break;
	case PW_KIND_TIME:
		at = pw_put_rfc3339(at, calendar, value->number);
		break;
	case PW_KIND_ADDRESS:
		at = pw_put_address(at, value->family, value->address);
		break;
	default:
		at = pw_put_escaped(at, value->text, value->length,
				    PW_ESCAPE_JSON);
		break;
	}
	*at++ = '"';
	return at;
}

static char *put_field(char *at, struct pw_calendar *calendar,
		       const struct pw_field *field,
		       const struct pw_value *value)
{
	at = pw_put_bytes(at, field->key, field->key_length);
	switch (value->kind) {
	case PW_KIND_NUMBER:
		return pw_put_number(at, value->number);
	case PW_KIND_TRUE:
		return pw_put_bytes(at, "true", 4);
	case PW_KIND_COUNTS:
		return put_counts(at, value->counts);
	case PW_KIND_EVENTS:
		return put_events(at, value->number);
	default:
		return put_quoted(at, calendar, value);
	}
}

/* What a field of any length takes. */
static size_t field_size(const struct pw_field *field,
			 const struct pw_value *value)
{
	return field->key_length + pw_value_size(value) + 2;
}

static void portrait_add(struct portrait *portrait,
			 const struct pw_field *field,
			 const struct pw_value *value)
{
	size_t size = portrait->length + field_size(field, value);
	char *text;

	if (size > portrait->size) {
		portrait->text = pw_memory_resize(portrait->text, size);
		portrait->size = size;
	}
	text = portrait->text + portrait->length;
	text = put_field(text, NULL, field, value);
	portrait->length = (size_t)(text - portrait->text);
}

/* Fields @first up to @end; the thread's number is not the process's. */
static void portrait_draw(struct portrait *portrait, const struct pw_row *row,
			  size_t first, size_t end)
{
	struct pw_value value;
	size_t i;

	portrait->length = 0;
	for (i = first; i < end; i++) {
		if (pw_event_fields[i].base == PW_BASE_RECORD)
			portrait->tid = portrait->length;
		else if (pw_field_get(&pw_event_fields[i], row, &value))
			portrait_add(portrait, &pw_event_fields[i], &value);
	}
}

static const struct portrait *portrait_of(struct portrait *cache,
					  const struct portwatch_identity *who,
					  const struct pw_row *row,
					  size_t first, size_t end)
{
	struct portrait *portrait = &cache[who->key % CACHE_SIZE];

	if (portrait->identity != who || portrait->key != who->key) {
		portrait_draw(portrait, row, first, end);
		portrait->identity = who;
		portrait->key = who->key;
	}
	return portrait;
}

static char *put_portrait(char *at, const struct portrait *portrait,
			  const struct pw_field *tid, const struct pw_row *row)
{
	struct pw_value value;

	at = pw_put_bytes(at, portrait->text, portrait->tid);
	if (pw_field_get(tid, row, &value))
		at = put_field(at, NULL, tid, &value);
	return pw_put_bytes(at, portrait->text + portrait->tid,
			    portrait->length - portrait->tid);
}

static char *put_plan(char *at, struct pw_calendar *calendar,
		      const struct plan *plan, size_t first, size_t end,
		      const struct pw_row *row)
{
	struct pw_value value;
	size_t i;

	for (i = first; i < end; i++)
		if (pw_field_get(plan->fields[i], row, &value))
			at = put_field(at, calendar, plan->fields[i], &value);
	return at;
}

void pw_json_event(struct pw_json *json, struct pw_output *output,
		   const struct portwatch_item *item)
{
	const struct plan *plan = &json->plans[pw_event_shape(item)];
	const struct portrait *owner = NULL, *actor = NULL;
	size_t size = plan->size;
	struct pw_row row;
	char *at, *start;

	pw_event_row(item, &row);
	if (row.base[PW_BASE_OWNER]) {
		owner = portrait_of(json->owners, item->owner, &row,
				    PW_EVENT_OWNER, PW_EVENT_BY);
		size += owner->length + PW_VALUE_MAX;
	}
	if (row.base[PW_BASE_ACTOR]) {
		actor = portrait_of(json->actors, item->actor, &row,
				    PW_EVENT_BY, PW_EVENT_OWN);
		size += actor->length + PW_VALUE_MAX;
	}
	start = pw_output_room(output, size);
	at = put_plan(start, &json->calendar, plan, 0, plan->common, &row);
	*start = '{';
	if (owner)
		at = put_portrait(at, owner, &pw_event_fields[PW_EVENT_TID],
				  &row);
	if (actor) {
		start = pw_put_text(at, ",\"by\":");
		at = put_portrait(start, actor,
				  &pw_event_fields[PW_EVENT_BY_TID], &row);
		*start = '{';
		*at++ = '}';
	}
	at = put_plan(at, &json->calendar, plan, plan->common, plan->count,
		      &row);
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
		at = pw_output_room(output, field_size(fields[i], &value));
		end = put_field(at, &calendar, fields[i], &value);
		*at = opening;
		opening = ',';
		pw_output_commit(output, end);
	}
}
