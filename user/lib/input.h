/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_INPUT_H
#define PW_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct pw_input - a file or a pipe behind a buffer
 *
 * @fd:		where from
 * @borrowed:	somebody else closes it
 * @ended:	there is no more to read
 * @start, @end: what of the buffer was read and not taken yet
 * @size:	of the buffer
 * @data:	the buffer
 */
struct pw_input {
	int fd;
	bool borrowed;
	bool ended;
	size_t start;
	size_t end;
	size_t size;
	uint8_t *data;
};

/* "-" is standard input. 0 or -errno; to be closed in both cases. */
int pw_input_open(struct pw_input *input, const char *path, size_t size);

/* The same with a descriptor that is open, and stays so. */
int pw_input_borrow(struct pw_input *input, int fd, size_t size);
void pw_input_close(struct pw_input *input);

/* Reads until @size bytes are there or the input ends. 0 or -errno. */
int pw_input_need(struct pw_input *input, size_t size);

static inline const uint8_t *pw_input_at(const struct pw_input *input)
{
	return input->data + input->start;
}

static inline size_t pw_input_left(const struct pw_input *input)
{
	return input->end - input->start;
}

static inline void pw_input_take(struct pw_input *input, size_t size)
{
	input->start += size;
}

#endif
