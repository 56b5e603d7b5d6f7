/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events for people: one line each, in columns.
 *
 * Columns stand at fixed places, so that the eye finds them. A cell that is too
 * long for its column is never cut: it moves the ones behind it, and the first of
 * them that has room to spare takes the line back in step. What does not fit
 * behind the last column is left out, the least important first; JSON has it all.
 */
#ifndef PW_LINE_H
#define PW_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include <portwatch.h>

#include "calendar.h"
#include "output.h"
#include "services.h"

#define PW_LINE_WIDTH	100

/**
 * struct pw_line - how lines look
 *
 * @services:	names of ports, or NULL: numbers
 * @colour:	in colour
 * @ascii:	the terminal is not known to take UTF-8
 * @width:	columns to use; SIZE_MAX: all that is known is written
 * @calendar:	of the time of day; its utc is the caller's to set
 */
struct pw_line {
	const struct pw_services *services;
	bool colour;
	bool ascii;
	size_t width;
	struct pw_calendar calendar;
};

void pw_line_header(const struct pw_line *line, struct pw_output *output);
void pw_line_event(struct pw_line *line, struct pw_output *output,
		   const struct portwatch_item *item);

#endif
