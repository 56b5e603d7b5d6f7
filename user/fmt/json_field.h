/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One field as JSON.
 */
#ifndef PW_JSON_FIELD_H
#define PW_JSON_FIELD_H

#include <string.h>

#include "calendar.h"
#include "field.h"

/*
 * Writes ,"name":value; see put.h. @calendar is needed for times only. Room is
 * needed for pw_json_field_size() bytes.
 */
char *pw_put_json_field(char *at, struct pw_calendar *calendar,
			const struct pw_field *field,
			const struct pw_value *value);

/*
 * The first part of it: ,"name": The whole array, however long the key is: that is two
 * or three instructions.
 */
static inline char *pw_put_json_key(char *at, const struct pw_field *field)
{
	memcpy(at, field->key, PW_KEY_MAX);
	return at + field->key_length;
}

size_t pw_json_field_size(const struct pw_value *value);

/* The same for a field that is neither a text, nor counts, nor events. */
#define PW_JSON_FIELD_MAX	(PW_KEY_MAX + PW_VALUE_MAX + 2)

#endif
