/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list of fields, compiled: which of the table a shape of event has, and how each
 * is written, is found once and not with every event.
 */
#ifndef PW_JSON_PLAN_H
#define PW_JSON_PLAN_H

#include "calendar.h"
#include "event.h"

/* Numbers below this that a name stands for are written by the text of both. */
#define PW_JSON_WORDS	32

/* ,"name":"word" */
struct pw_json_word {
	char text[47];
	uint8_t length;
};

/* How a field is written. */
enum pw_json_way {
	PW_JSON_ANY,		/* as pw_put_json_field() does */
	PW_JSON_CONSTANT,
	PW_JSON_U16,
	PW_JSON_U32,
	PW_JSON_U64,
	PW_JSON_FLAG,
	PW_JSON_WORD,
	PW_JSON_ADDRESS,
	PW_JSON_PORT,
	PW_JSON_TIME,
};

/**
 * struct pw_json_step - one field
 *
 * @field:	which
 * @words:	of PW_JSON_WORD, PW_JSON_WORDS of them; without a length: as any
 * @way:	how
 */
struct pw_json_step {
	const struct pw_field *field;
	struct pw_json_word *words;
	enum pw_json_way way;
};

/**
 * struct pw_json_plan - a plan
 *
 * @steps, @count: the fields
 * @size:	bytes that they take at most
 */
struct pw_json_plan {
	struct pw_json_step steps[PW_EVENT_FIELDS];
	size_t count;
	size_t size;
};

/* Makes the plan for those of the fields @first up to @end that @shape has. */
void pw_json_plan_make(struct pw_json_plan *plan, unsigned int shape,
		       size_t first, size_t end);
void pw_json_plan_free(struct pw_json_plan *plan);

/* Writes them; see put.h. */
char *pw_put_json_plan(char *at, struct pw_calendar *calendar,
		       const struct pw_json_plan *plan,
		       const struct pw_row *row);

#endif
