/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A list of fields, compiled: which of the table a shape of event has, and how each
 * is written, is found once and not with every event.
 */
#ifndef PW_JSON_PLAN_H
#define PW_JSON_PLAN_H

#include "calendar.h"
#include "event.h"

/* Writes a field of a row, if it applies. */
typedef char *pw_json_step_function(char *at, struct pw_calendar *calendar,
				    const struct pw_field *field,
				    const struct pw_row *row);

struct pw_json_step {
	pw_json_step_function *put;
	const struct pw_field *field;
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

/* Writes them; see put.h. */
char *pw_put_json_plan(char *at, struct pw_calendar *calendar,
		       const struct pw_json_plan *plan,
		       const struct pw_row *row);

#endif
