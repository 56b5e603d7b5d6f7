/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stream that is printed: what tail and read have in common.
 */
#ifndef PW_PRINT_H
#define PW_PRINT_H

#include "stream.h"

/**
 * struct pw_print - such a stream
 *
 * @format:	in which it is printed
 * @forgot:	how often the reader had forgotten when the last event was printed
 */
struct pw_print {
	struct pw_stream stream;
	enum pw_format format;
	unsigned int forgot;
	struct pw_printer *printer;
};

enum {
	PW_PRINT_JSON = PW_STREAM_END,
	PW_PRINT_CSV,
	PW_PRINT_END,
};

#define PW_PRINT_ROWS							\
	{ PW_PRINT_JSON, 'j', "json", NULL, "one JSON object a line" },	\
	{ PW_PRINT_CSV, 0, "csv", NULL, "comma-separated values" }

void pw_print_init(struct pw_print *print);

/* Takes option @id, also those of struct pw_stream; likewise. */
bool pw_print_option(struct pw_print *print, int id, const char *argument);

/* Opens standard output. Return: 0 or an exit status. */
int pw_print_begin(struct pw_print *print);

/* Its other end, without and with the last line. Return: the exit status. */
void pw_print_end(struct pw_print *print);
int pw_print_finish(struct pw_print *print);

#endif
