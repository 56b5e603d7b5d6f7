/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_NAMES_H
#define PW_NAMES_H

enum pw_names {
	PW_NAMES_EVENT,
	PW_NAMES_PROTO,
	PW_NAMES_FAMILY,
	PW_NAMES_HOW,
	PW_NAMES_KIND,
	PW_NAMES_REASON,
	PW_NAMES_FIRST,
	PW_NAMES_STATE,
	PW_NAMES_EXPOSURE,
	PW_NAMES_ERRNO,
	PW_NAMES_DIR,
};

/* The name of @value, or NULL. */
const char *pw_name_of(enum pw_names names, unsigned int value);

/* The value that is called @name, or -1. */
int pw_name_value(enum pw_names names, const char *name);

/* Name number @index of those there are, or NULL when there are no more. */
const char *pw_name_at(enum pw_names names, unsigned int index);

#endif
