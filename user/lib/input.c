/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

int pw_input_borrow(struct pw_input *input, int fd, size_t size)
{
	*input = (struct pw_input){ .fd = fd, .borrowed = true, .size = size };
	input->data = malloc(size);
	return input->data ? 0 : -ENOMEM;
}

int pw_input_open(struct pw_input *input, const char *path, size_t size)
{
	int err = pw_input_borrow(input, STDIN_FILENO, size);

	if (err || !strcmp(path, "-"))
		return err;
	input->fd = open(path, O_RDONLY | O_CLOEXEC);
	input->borrowed = input->fd < 0;
	return input->fd < 0 ? -errno : 0;
}

void pw_input_close(struct pw_input *input)
{
	if (!input->borrowed)
		close(input->fd);
	free(input->data);
}

/* Reads what fits behind the rest, which moves to the front. */
static int read_more(struct pw_input *input)
{
	ssize_t got;

	if (input->start) {
		memmove(input->data, pw_input_at(input), pw_input_left(input));
		input->end -= input->start;
		input->start = 0;
	}
	do {
		got = read(input->fd, input->data + input->end,
			   input->size - input->end);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->ended = !got;
	input->end += (size_t)got;
	return 0;
}

int pw_input_need(struct pw_input *input, size_t size)
{
	int err;

	while (pw_input_left(input) < size && !input->ended) {
		err = read_more(input);
		if (err)
			return err;
	}
	return 0;
}
