/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where output goes: a descriptor behind a buffer.
 *
 * Nothing is written until the buffer is full or someone flushes, so that a burst
 * of events costs few system calls; who prints flushes whenever there is nothing
 * to do, so that nobody waits. An error stays: what comes after it is thrown away
 * and pw_output_flush() says so each time.
 */
#ifndef PW_OUTPUT_H
#define PW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct pw_output - an output
 *
 * @fd:		where to
 * @wake_fd:	readable when the program was asked to end, or -1: a pipe that nobody
 *		reads must not hold it up for ever
 * @error:	the first errno of a write, or 0
 * @may_block:	a pipe, socket or terminal
 * @data, @length, @size: the buffer
 */
struct pw_output {
	int fd;
	int wake_fd;
	int error;
	bool may_block;
	char *data;
	size_t length;
	size_t size;
};

void pw_output_open(struct pw_output *output, int fd, int wake_fd);

/* Frees the buffer; what is in it is not written. */
void pw_output_close(struct pw_output *output);

/*
 * A place for @size bytes (see put.h); pw_output_commit() with the end of what
 * was written there makes them part of the output.
 */
char *pw_output_room(struct pw_output *output, size_t size);
void pw_output_commit(struct pw_output *output, const char *end);

/* Both at once, for a text. */
void pw_output_text(struct pw_output *output, const char *text);

/* Return: 0 or -errno, now or earlier. */
int pw_output_flush(struct pw_output *output);

#endif
