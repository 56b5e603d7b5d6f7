/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors: one line on stderr that says what, why, and what to do. What a user or
 * a file brought in is escaped like any other text from outside.
 */
#ifndef PW_ERROR_H
#define PW_ERROR_H

#include <stdbool.h>

#include <portwatch.h>

/* Prints "portwatch: " and the line; returns @status. */
int pw_error(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same in red, where @colour is set. */
int pw_alarm(int status, bool colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Explains why @device could not be opened or asked; returns the status. */
int pw_error_device(const char *device, int err);

/*
 * The same for a recording that could not be opened, and for one read on; @version is its
 * own where that is known, or 0.
 */
int pw_error_file(const char *path, uint32_t version, int err);
int pw_error_content(const char *path, int err);

/*
 * Says what is wrong with a recording that was read to its end, if anything; an end
 * that is torn is a failure where @strict is set. Returns the status.
 */
int pw_error_recording(const char *path,
		       const struct portwatch_recording *recording,
		       bool strict);

/* The same for standard output; -EPIPE is no error: see portwatch(8). */
int pw_error_output(int err);

#endif
