/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include "colour.h"
#include "escape.h"
#include "pen.h"
#include "put.h"

void pw_pen_ascii(struct pw_pen *pen, enum pw_tone tone, const char *text,
		  size_t length)
{
	if (pen->colour)
		pen->at = pw_put_tone(pen->at, true, tone);
	pen->at = pw_put_bytes(pen->at, text, length);
	if (pen->colour)
		pen->at = pw_put_plain(pen->at, true, tone);
	pen->column += length;
}

void pw_pen_escaped(struct pw_pen *pen, enum pw_tone tone, const char *text,
		    size_t length)
{
	char *start;

	start = pw_put_tone(pen->at, pen->colour, tone);
	pen->at = pw_put_escaped(start, text, length, pen->escape);
	pen->column += pw_text_width(start, (size_t)(pen->at - start));
	pen->at = pw_put_plain(pen->at, pen->colour, tone);
}

void pw_pen_printed(struct pw_pen *pen, enum pw_tone tone, const char *text,
		    size_t length)
{
	pen->at = pw_put_tone(pen->at, pen->colour, tone);
	pen->at = pw_put_bytes(pen->at, text, length);
	pen->at = pw_put_plain(pen->at, pen->colour, tone);
	pen->column += pw_text_width(text, length);
}

void pw_pen_number(struct pw_pen *pen, enum pw_tone tone, uint64_t number)
{
	char text[PW_NUMBER_MAX], *end = pw_put_number(text, number);

	pw_pen_ascii(pen, tone, text, (size_t)(end - text));
}

void pw_pen_value(struct pw_pen *pen, enum pw_tone tone,
		  const struct pw_field *field, const struct pw_value *value)
{
	char *start;

	start = pw_put_tone(pen->at, pen->colour, tone);
	pen->at = pw_put_value(start, field, value, true, pen->escape);
	pen->column += pw_text_width(start, (size_t)(pen->at - start));
	pen->at = pw_put_plain(pen->at, pen->colour, tone);
}

void pw_pen_tab(struct pw_pen *pen, size_t column)
{
	size_t spaces = 0;

	if (pen->column < column)
		spaces = column - pen->column;
	else if (pen->column)
		spaces = 1;
	pen->at = pw_put_spaces(pen->at, spaces);
	pen->column += spaces;
}

void pw_pen_end(struct pw_pen *pen)
{
	*pen->at++ = '\n';
	pen->column = 0;
}
