/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include <portwatch.h>

#include "address.h"
#include "escape.h"
#include "json_field.h"
#include "put.h"

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

char *pw_put_json_field(char *at, struct pw_calendar *calendar,
			const struct pw_field *field,
			const struct pw_value *value)
{
	at = pw_put_json_key(at, field);
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

size_t pw_json_field_size(const struct pw_value *value)
{
	return PW_KEY_MAX + pw_value_size(value) + 2;
}
