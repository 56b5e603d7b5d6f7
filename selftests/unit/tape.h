/* SPDX-License-Identifier: GPL-2.0 */
/* A recording that a test makes in memory, and the file from which it is read. */
#ifndef TAPE_H
#define TAPE_H

#include "portwatch.h"

/**
 * struct tape - such a recording
 *
 * @bytes:	it
 * @length:	how long it is
 * @path:	the file's name
 */
struct tape {
	uint8_t bytes[1 << 22];
	size_t length;
	char path[64];
};

/* For cmocka's groups: makes the file, and deletes it. 0 or -1. */
int tape_make(struct tape *tape);
int tape_delete(const struct tape *tape);

/* Adds bytes at the end. */
void tape_append(struct tape *tape, const void *bytes, size_t length);

/* The file has the first @length bytes. */
void tape_write(const struct tape *tape, size_t length);

/* Opens a file that has the first @length bytes: see portwatch_reader_open_file(). */
int tape_open(const struct tape *tape, size_t length,
	      struct portwatch_reader **reader);

#endif
