/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pen writes a line and knows in which column of the terminal it is: colours take
 * bytes and no columns, characters of UTF-8 several bytes and one column.
 */
#ifndef PW_PEN_H
#define PW_PEN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "field.h"

/**
 * struct pw_pen - a pen
 *
 * @at:		where it writes: see put.h
 * @column:	in which column that is, from 0
 * @colour:	whether tones are written
 * @escape:	PW_ESCAPE_ASCII or 0
 */
struct pw_pen {
	char *at;
	size_t column;
	bool colour;
	unsigned int escape;
};

/* A text of ours, in a tone; its length is mostly known when this is compiled. */
void pw_pen_ascii(struct pw_pen *pen, enum pw_tone tone, const char *text,
		  size_t length);

static inline void pw_pen_text(struct pw_pen *pen, enum pw_tone tone,
			       const char *text)
{
	pw_pen_ascii(pen, tone, text, strlen(text));
}

/* A text from outside, escaped. */
void pw_pen_escaped(struct pw_pen *pen, enum pw_tone tone, const char *text,
		    size_t length);

/* A text that has been escaped before. */
void pw_pen_printed(struct pw_pen *pen, enum pw_tone tone, const char *text,
		    size_t length);

/* A number; the value of a field. */
void pw_pen_number(struct pw_pen *pen, enum pw_tone tone, uint64_t number);
void pw_pen_value(struct pw_pen *pen, enum pw_tone tone,
		  const struct pw_field *field, const struct pw_value *value);

/* On to @column; one space at least, unless this is the start of the line. */
void pw_pen_tab(struct pw_pen *pen, size_t column);

/* The end of the line. */
void pw_pen_end(struct pw_pen *pen);

#endif
