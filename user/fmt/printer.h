/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events in the format that was asked for.
 */
#ifndef PW_PRINTER_H
#define PW_PRINTER_H

#include <portwatch.h>

#include "output.h"

enum pw_format {
	PW_FORMAT_TABLE,
	PW_FORMAT_JSON,
	PW_FORMAT_CSV,
};

/**
 * struct pw_style - what tables look like
 *
 * @services:	file with the names of ports; NULL: print numbers
 * @utc:	times of day in UTC
 * @colour:	in colour
 * @ascii:	the terminal is not known to take UTF-8
 * @header:	with a line of headings (CSV: of names)
 * @width:	columns; SIZE_MAX: leave nothing out
 */
struct pw_style {
	const char *services;
	bool utc;
	bool colour;
	bool ascii;
	bool header;
	size_t width;
};

struct pw_printer;

/* @output must outlive it. */
struct pw_printer *pw_printer_new(enum pw_format format,
				  const struct pw_style *style,
				  struct pw_output *output);
void pw_printer_free(struct pw_printer *printer);

/* That output fails shows when it is flushed. */
void pw_printer_begin(struct pw_printer *printer);
void pw_printer_event(struct pw_printer *printer,
		      const struct portwatch_item *item);

/* The identities that it was given are gone: others may stand where they stood. */
void pw_printer_forget(struct pw_printer *printer);

/* The terminal has another width now. */
void pw_printer_resize(struct pw_printer *printer, size_t width);

#endif
