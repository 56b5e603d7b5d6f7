/* SPDX-License-Identifier: GPL-2.0 */
#include <sys/socket.h>

#include "address.h"
#include "escape.h"
#include "json_field.h"
#include "json_plan.h"
#include "put.h"

static char *put_any(char *at, struct pw_calendar *calendar,
		     const struct pw_field *field, const struct pw_row *row)
{
	struct pw_value value;

	if (!pw_field_get(field, row, &value))
		return at;
	return pw_put_json_field(at, calendar, field, &value);
}

/*
 * What most fields are: a number, a word or an address of the record. They go
 * without struct pw_value, which costs as much as writing them does.
 */
static inline const void *find(const struct pw_field *field,
			       const struct pw_row *row)
{
	if ((row->flags & field->need) != field->need)
		return NULL;
	return (const uint8_t *)row->base[PW_BASE_RECORD] + field->offset;
}

static char *put_constant(char *at, struct pw_calendar *calendar,
			  const struct pw_field *field,
			  const struct pw_row *row)
{
	(void)calendar;
	(void)row;
	return pw_put_number(pw_put_json_key(at, field), field->argument);
}

static inline char *put_number(char *at, const struct pw_field *field,
			       uint64_t number)
{
	if (field->omits && number == field->omit)
		return at;
	return pw_put_number(pw_put_json_key(at, field), number);
}

static char *put_u16(char *at, struct pw_calendar *calendar,
		     const struct pw_field *field, const struct pw_row *row)
{
	const uint16_t *number = find(field, row);

	(void)calendar;
	return number ? put_number(at, field, *number) : at;
}

static char *put_u32(char *at, struct pw_calendar *calendar,
		     const struct pw_field *field, const struct pw_row *row)
{
	const uint32_t *number = find(field, row);

	(void)calendar;
	return number ? put_number(at, field, *number) : at;
}

static char *put_u64(char *at, struct pw_calendar *calendar,
		     const struct pw_field *field, const struct pw_row *row)
{
	const uint64_t *number = find(field, row);

	(void)calendar;
	return number ? put_number(at, field, *number) : at;
}

static char *put_name(char *at, struct pw_calendar *calendar,
		      const struct pw_field *field, const struct pw_row *row)
{
	const uint8_t *number = find(field, row);
	const char *name = number ? field->name_of(*number) : NULL;

	if (!name)
		return put_any(at, calendar, field, row);
	at = pw_put_json_key(at, field);
	*at++ = '"';
	at = pw_put_text(at, name);
	*at++ = '"';
	return at;
}

static char *put_address(char *at, struct pw_calendar *calendar,
			 const struct pw_field *field, const struct pw_row *row)
{
	const void *address = find(field, row);

	(void)calendar;
	if (!address || !row->family)
		return at;
	at = pw_put_json_key(at, field);
	*at++ = '"';
	at = pw_put_address(at, row->family, address);
	*at++ = '"';
	return at;
}

/* The ports of a vsock stand elsewhere, and there are fewer of them. */
static char *put_port(char *at, struct pw_calendar *calendar,
		      const struct pw_field *field, const struct pw_row *row)
{
	if (row->family == AF_VSOCK)
		return put_any(at, calendar, field, row);
	return put_u16(at, calendar, field, row);
}

/* Of the item: when it happened. */
static char *put_time(char *at, struct pw_calendar *calendar,
		      const struct pw_field *field, const struct pw_row *row)
{
	const uint8_t *item = row->base[PW_BASE_ITEM];

	at = pw_put_json_key(at, field);
	*at++ = '"';
	at = pw_put_rfc3339(at, calendar,
			    *(const uint64_t *)(item + field->offset));
	*at++ = '"';
	return at;
}

static pw_json_step_function *function_of(const struct pw_field *field)
{
	if (field->base == PW_BASE_ITEM && field->type == PW_TYPE_REAL_TIME &&
	    !field->omits)
		return put_time;
	if (field->base != PW_BASE_RECORD)
		return put_any;
	switch ((enum pw_type)field->type) {
	case PW_TYPE_CONSTANT:
		return put_constant;
	case PW_TYPE_U16:
		return put_u16;
	case PW_TYPE_U32:
		return put_u32;
	case PW_TYPE_U64:
		return put_u64;
	case PW_TYPE_NAME8:
		return put_name;
	case PW_TYPE_ADDRESS:
		return put_address;
	case PW_TYPE_PORT:
		return put_port;
	default:
		return put_any;
	}
}

void pw_json_plan_make(struct pw_json_plan *plan, unsigned int shape,
		       size_t first, size_t end)
{
	const struct pw_field *field;
	size_t i;

	for (i = first; i < end; i++) {
		field = &pw_event_fields[i];
		if (!(field->shapes & 1U << shape))
			continue;
		plan->steps[plan->count].put = function_of(field);
		plan->steps[plan->count++].field = field;
		plan->size += PW_JSON_FIELD_MAX;
	}
	/* The few fields that can be longer, once each at most. */
	plan->size += PORTWATCH_TYPES * PW_VALUE_MAX + 16 * PW_ESCAPE_GROWTH;
}

char *pw_put_json_plan(char *at, struct pw_calendar *calendar,
		       const struct pw_json_plan *plan,
		       const struct pw_row *row)
{
	const struct pw_json_step *step;

	for (step = plan->steps; step < plan->steps + plan->count; step++)
		at = step->put(at, calendar, step->field, row);
	return at;
}
