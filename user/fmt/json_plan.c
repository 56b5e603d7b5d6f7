/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <sys/socket.h>

#include "address.h"
#include "escape.h"
#include "json_field.h"
#include "json_plan.h"
#include "memory.h"
#include "put.h"

static enum pw_json_way way_of(const struct pw_field *field)
{
	if (field->base == PW_BASE_ITEM && field->type == PW_TYPE_REAL_TIME &&
	    !field->omits)
		return PW_JSON_TIME;
	if (field->base != PW_BASE_RECORD)
		return PW_JSON_ANY;
	switch ((enum pw_type)field->type) {
	case PW_TYPE_CONSTANT:
		return PW_JSON_CONSTANT;
	case PW_TYPE_U16:
		return PW_JSON_U16;
	case PW_TYPE_U32:
		return PW_JSON_U32;
	case PW_TYPE_U64:
		return PW_JSON_U64;
	case PW_TYPE_FLAG:
		return PW_JSON_FLAG;
	case PW_TYPE_NAME8:
		return PW_JSON_WORD;
	case PW_TYPE_ADDRESS:
		return PW_JSON_ADDRESS;
	case PW_TYPE_PORT:
		return PW_JSON_PORT;
	default:
		return PW_JSON_ANY;
	}
}

static void make_word(struct pw_json_word *word, const struct pw_field *field,
		      const char *name)
{
	char *at = word->text;

	if (field->key_length + strlen(name) + 2 > sizeof(word->text))
		return;
	at = pw_put_bytes(at, field->key, field->key_length);
	*at++ = '"';
	at = pw_put_text(at, name);
	*at++ = '"';
	word->length = (uint8_t)(at - word->text);
}

static struct pw_json_word *make_words(const struct pw_field *field)
{
	struct pw_json_word *words;
	unsigned int number;
	const char *name;

	words = pw_memory_new(PW_JSON_WORDS * sizeof(*words));
	for (number = 0; number < PW_JSON_WORDS; number++) {
		name = field->name_of(number);
		if (name)
			make_word(&words[number], field, name);
	}
	return words;
}

void pw_json_plan_make(struct pw_json_plan *plan, unsigned int shape,
		       size_t first, size_t end)
{
	const struct pw_field *field;
	struct pw_json_step *step;
	size_t i;

	for (i = first; i < end; i++) {
		field = &pw_event_fields[i];
		if (!(field->shapes & 1U << shape))
			continue;
		step = &plan->steps[plan->count++];
		step->field = field;
		step->way = way_of(field);
		if (step->way == PW_JSON_WORD)
			step->words = make_words(field);
		plan->size += PW_JSON_FIELD_MAX;
	}
	/* The few fields that can be longer, once each at most. */
	plan->size += PORTWATCH_TYPES * PW_VALUE_MAX + 16 * PW_ESCAPE_GROWTH;
}

void pw_json_plan_free(struct pw_json_plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		free(plan->steps[i].words);
}

static char *put_any(char *at, struct pw_calendar *calendar,
		     const struct pw_field *field, const struct pw_row *row)
{
	struct pw_value value;

	if (!pw_field_get(field, row, &value))
		return at;
	return pw_put_json_field(at, calendar, field, &value);
}

static inline char *put_number(char *at, const struct pw_field *field,
			       uint64_t number)
{
	if (field->omits && number == field->omit)
		return at;
	return pw_put_number(pw_put_json_key(at, field), number);
}

static inline char *put_word(char *at, struct pw_calendar *calendar,
			     const struct pw_json_step *step, uint8_t number,
			     const struct pw_row *row)
{
	const struct pw_json_word *word = &step->words[number];

	if (number >= PW_JSON_WORDS || !word->length)
		return put_any(at, calendar, step->field, row);
	memcpy(at, word->text, sizeof(word->text));
	return at + word->length;
}

static inline char *put_address(char *at, const struct pw_field *field,
				const void *address, int family)
{
	if (!family)
		return at;
	at = pw_put_json_key(at, field);
	*at++ = '"';
	at = pw_put_address(at, family, address);
	*at++ = '"';
	return at;
}

/* Of the item: when it happened. */
static inline char *put_time(char *at, struct pw_calendar *calendar,
			     const struct pw_field *field,
			     const struct pw_row *row)
{
	const uint8_t *item = row->base[PW_BASE_ITEM];

	at = pw_put_json_key(at, field);
	*at++ = '"';
	at = pw_put_rfc3339(at, calendar,
			    *(const uint64_t *)(item + field->offset));
	*at++ = '"';
	return at;
}

/* Most fields go without struct pw_value, which costs as much as writing them does. */
static inline char *put_step(char *at, struct pw_calendar *calendar,
			     const struct pw_json_step *step,
			     const struct pw_row *row)
{
	const struct pw_field *field = step->field;
	const void *place = (const uint8_t *)row->base[PW_BASE_RECORD] +
			    field->offset;

	if ((row->flags & field->need) != field->need)
		return at;
	switch (step->way) {
	case PW_JSON_CONSTANT:
		return put_number(at, field, field->argument);
	case PW_JSON_U16:
		return put_number(at, field, *(const uint16_t *)place);
	case PW_JSON_U32:
		return put_number(at, field, *(const uint32_t *)place);
	case PW_JSON_U64:
		return put_number(at, field, *(const uint64_t *)place);
	case PW_JSON_FLAG:
		if (!(*(const uint16_t *)place & field->argument))
			return at;
		return pw_put_text(pw_put_json_key(at, field), "true");
	case PW_JSON_WORD:
		return put_word(at, calendar, step, *(const uint8_t *)place,
				row);
	case PW_JSON_ADDRESS:
		return put_address(at, field, place, row->family);
	case PW_JSON_PORT:
		/* that of a vsock stands elsewhere */
		if (row->family == AF_VSOCK)
			break;
		return put_number(at, field, *(const uint16_t *)place);
	case PW_JSON_TIME:
		return put_time(at, calendar, field, row);
	case PW_JSON_ANY:
		break;
	}
	return put_any(at, calendar, field, row);
}

char *pw_put_json_plan(char *at, struct pw_calendar *calendar,
		       const struct pw_json_plan *plan,
		       const struct pw_row *row)
{
	const struct pw_json_step *step;

	for (step = plan->steps; step < plan->steps + plan->count; step++)
		at = put_step(at, calendar, step, row);
	return at;
}
