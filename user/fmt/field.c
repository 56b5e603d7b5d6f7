/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>
#include <sys/socket.h>

#include <portwatch.h>

#include "address.h"
#include "calendar.h"
#include "escape.h"
#include "field.h"
#include "put.h"

/* A name of an event, "=", a number and a separator. */
#define COUNT_MAX	48

static inline uint64_t read_number(enum pw_type type, const uint8_t *at)
{
	switch (type) {
	case PW_TYPE_U8:
	case PW_TYPE_NAME8:
		return *at;
	case PW_TYPE_U16:
	case PW_TYPE_NAME16:
	case PW_TYPE_FLAG:
		return *(const uint16_t *)at;
	case PW_TYPE_U32:
	case PW_TYPE_NAME32:
		return *(const uint32_t *)at;
	default:
		return *(const uint64_t *)at;
	}
}

static inline bool omitted(const struct pw_field *field, uint64_t number)
{
	return field->omits && number == field->omit;
}

static inline bool get_number(const struct pw_field *field, uint64_t number,
			      struct pw_value *value)
{
	value->kind = PW_KIND_NUMBER;
	value->number = number;
	return !omitted(field, number);
}

static bool get_name(const struct pw_field *field, const uint8_t *at,
		     struct pw_value *value)
{
	value->number = read_number(field->type, at);
	value->text = field->name_of((unsigned int)value->number);
	if (value->text) {
		value->kind = PW_KIND_WORD;
		value->length = strlen(value->text);
		return true;
	}
	/* Newer than this program: better its number than nothing. */
	value->kind = PW_KIND_UNNAMED;
	return !omitted(field, value->number);
}

static bool get_text(struct pw_value *value, const char *text, size_t length)
{
	value->kind = PW_KIND_TEXT;
	value->text = text;
	value->length = length;
	return true;
}

static bool get_time(const struct pw_field *field, const uint8_t *at,
		     uint64_t add, struct pw_value *value)
{
	uint64_t time = read_number(PW_TYPE_U64, at);

	value->kind = PW_KIND_TIME;
	value->number = time + add;
	return !omitted(field, time);
}

static bool get_address(const struct pw_row *row, const uint8_t *at,
			struct pw_value *value)
{
	value->kind = PW_KIND_ADDRESS;
	value->family = row->family;
	value->address = at;
	return row->family;
}

/* Of a vsock any number is a port, 0 too. */
static bool get_port(const struct pw_field *field, const struct pw_row *row,
		     const uint8_t *at, struct pw_value *value)
{
	const uint8_t *record = row->base[field->base];
	uint16_t port = (uint16_t)read_number(PW_TYPE_U16, at);

	value->kind = PW_KIND_NUMBER;
	value->number = portwatch_port(row->family, record + field->argument,
				       port);
	return row->family == AF_VSOCK || !omitted(field, port);
}

static bool get_exposure(const struct pw_row *row, const uint8_t *at,
			 struct pw_value *value)
{
	enum portwatch_exposure exposure;

	exposure = portwatch_exposure_of(row->family, at);
	value->kind = PW_KIND_WORD;
	value->number = exposure;
	value->text = portwatch_exposure_name(exposure);
	value->length = value->text ? strlen(value->text) : 0;
	return value->text;
}

static bool get_special(const struct pw_field *field, const struct pw_row *row,
			const uint8_t *at, struct pw_value *value)
{
	const char *text;

	switch ((enum pw_type)field->type) {
	case PW_TYPE_CONSTANT:
		value->kind = PW_KIND_NUMBER;
		value->number = field->argument;
		return true;
	case PW_TYPE_FLAG:
		value->kind = PW_KIND_TRUE;
		return read_number(PW_TYPE_FLAG, at) & field->argument;
	case PW_TYPE_BOOL:
		value->kind = PW_KIND_TRUE;
		return read_number(PW_TYPE_U32, at);
	case PW_TYPE_TEXT:
		memcpy(&text, at, sizeof(text));
		return text && get_text(value, text, strlen(text));
	case PW_TYPE_CHARS:
		return *at && get_text(value, (const char *)at,
				       strnlen((const char *)at,
					       field->argument));
	case PW_TYPE_REAL_TIME:
		return get_time(field, at, 0, value);
	case PW_TYPE_BOOT_TIME:
		return get_time(field, at, row->real_time_of_boot, value);
	case PW_TYPE_COUNTS:
		value->kind = PW_KIND_COUNTS;
		value->counts = (const uint32_t *)at;
		return true;
	case PW_TYPE_EVENTS:
		value->kind = PW_KIND_EVENTS;
		value->number = read_number(PW_TYPE_U64, at);
		return value->number;
	default:
		return false;
	}
}

bool pw_field_get(const struct pw_field *field, const struct pw_row *row,
		  struct pw_value *value)
{
	const uint8_t *at = row->base[field->base];

	if (!at || !(row->shapes[field->base] & field->shapes) ||
	    (row->flags & field->need) != field->need)
		return false;
	at += field->offset;
	switch ((enum pw_type)field->type) {
	case PW_TYPE_U8:
		return get_number(field, read_number(PW_TYPE_U8, at), value);
	case PW_TYPE_U16:
		return get_number(field, read_number(PW_TYPE_U16, at), value);
	case PW_TYPE_U32:
		return get_number(field, read_number(PW_TYPE_U32, at), value);
	case PW_TYPE_U64:
		return get_number(field, read_number(PW_TYPE_U64, at), value);
	case PW_TYPE_NAME8:
	case PW_TYPE_NAME16:
	case PW_TYPE_NAME32:
		return get_name(field, at, value);
	case PW_TYPE_ADDRESS:
		return get_address(row, at, value);
	case PW_TYPE_PORT:
		return get_port(field, row, at, value);
	case PW_TYPE_EXPOSURE:
		return get_exposure(row, at, value);
	default:
		return get_special(field, row, at, value);
	}
}

size_t pw_value_size(const struct pw_value *value)
{
	switch (value->kind) {
	case PW_KIND_TEXT:
		return value->length * PW_ESCAPE_GROWTH + 1;
	case PW_KIND_COUNTS:
	case PW_KIND_EVENTS:
		return PORTWATCH_TYPES * COUNT_MAX;
	default:
		return PW_VALUE_MAX;
	}
}

static char *put_amount(char *at, const struct pw_field *field, uint64_t number,
			bool units)
{
	if (!units)
		return pw_put_number(at, number);
	switch ((enum pw_unit)field->unit) {
	case PW_UNIT_NANOSECONDS:
		return pw_put_duration(at, number);
	case PW_UNIT_MICROSECONDS:
		return pw_put_duration(at, number * 1000);
	case PW_UNIT_BYTES:
		return pw_put_amount(at, number);
	default:
		return pw_put_number(at, number);
	}
}

/* "bind=3 connect=12" */
static char *put_counts(char *at, const uint32_t *counts)
{
	char *start = at;
	unsigned int type;
	const char *name;

	for (type = 0; type < PORTWATCH_TYPES; type++) {
		if (!counts[type])
			continue;
		name = portwatch_event_name(type);
		if (at != start)
			*at++ = ' ';
		at = pw_put_text(at, name ? name : "unknown");
		*at++ = '=';
		at = pw_put_number(at, counts[type]);
	}
	return at;
}

/* "bind,listen" */
static char *put_events(char *at, uint64_t events)
{
	char *start = at;
	unsigned int type;
	const char *name;

	for (type = 0; type < PORTWATCH_TYPES; type++) {
		name = portwatch_event_name(type);
		if (!(events & PORTWATCH_EVENT_BIT(type)) || !name)
			continue;
		if (at != start)
			*at++ = ',';
		at = pw_put_text(at, name);
	}
	return at;
}

char *pw_put_value(char *at, const struct pw_field *field,
		   const struct pw_value *value, bool units, unsigned int how)
{
	struct pw_calendar calendar = { .utc = true };

	switch (value->kind) {
	case PW_KIND_NUMBER:
		return put_amount(at, field, value->number, units);
	case PW_KIND_UNNAMED:
		return pw_put_number(at, value->number);
	case PW_KIND_TRUE:
		return pw_put_text(at, "true");
	case PW_KIND_WORD:
		return pw_put_bytes(at, value->text, value->length);
	case PW_KIND_TEXT:
		return pw_put_escaped(at, value->text, value->length, how);
	case PW_KIND_TIME:
		return pw_put_rfc3339(at, &calendar, value->number);
	case PW_KIND_ADDRESS:
		return pw_put_address(at, value->family, value->address);
	case PW_KIND_COUNTS:
		return put_counts(at, value->counts);
	case PW_KIND_EVENTS:
		return put_events(at, value->number);
	}
	return at;
}
