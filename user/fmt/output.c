/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "output.h"

#define BUFFER_SIZE	(128 * 1024)
/* A buffer that holds so much is written. */
#define BUFFER_FULL	(64 * 1024)
/* How long, in ms, a program that was asked to end still waits to write. */
#define PATIENCE	1000

void pw_output_open(struct pw_output *output, int fd, int wake_fd)
{
	struct stat status;

	*output = (struct pw_output){ .fd = fd, .wake_fd = wake_fd };
	if (!fstat(fd, &status))
		output->may_block = S_ISFIFO(status.st_mode) ||
				    S_ISSOCK(status.st_mode) || isatty(fd);
	output->size = BUFFER_SIZE;
	output->data = pw_memory_new(output->size);
}

void pw_output_close(struct pw_output *output)
{
	free(output->data);
	output->data = NULL;
}

/*
 * Waits until a write of PIPE_BUF bytes will not block. Signals are blocked and
 * come through wake_fd, so that a write that blocks could not be interrupted.
 */
static int wait_writable(const struct pw_output *output)
{
	struct pollfd fds[2] = {
		{ .fd = output->fd, .events = POLLOUT },
		{ .fd = output->wake_fd, .events = POLLIN },
	};
	int timeout = -1;

	for (;;) {
		int ready = poll(fds, 2, timeout);

		if (ready < 0 && errno != EINTR)
			return -errno;
		if (!ready)
			return -ETIMEDOUT;
		if (ready > 0 && fds[0].revents)
			return 0;
		if (ready > 0 && fds[1].revents) {
			fds[1].fd = -1;
			timeout = PATIENCE;
		}
	}
}

static int write_all(const struct pw_output *output)
{
	size_t done = 0, chunk;
	ssize_t written;
	int err;

	while (done < output->length) {
		chunk = output->length - done;
		if (output->may_block) {
			err = wait_writable(output);
			if (err)
				return err;
			if (chunk > PIPE_BUF)
				chunk = PIPE_BUF;
		}
		written = write(output->fd, output->data + done, chunk);
		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (written > 0)
			done += (size_t)written;
	}
	return 0;
}

int pw_output_flush(struct pw_output *output)
{
	if (!output->error && output->length)
		output->error = -write_all(output);
	output->length = 0;
	return -output->error;
}

char *pw_output_room(struct pw_output *output, size_t size)
{
	if (output->length && output->size - output->length < size)
		pw_output_flush(output);
	if (output->size < size) {
		output->data = pw_memory_resize(output->data, size);
		output->size = size;
	}
	return output->data + output->length;
}

void pw_output_commit(struct pw_output *output, const char *end)
{
	output->length = (size_t)(end - output->data);
	if (output->length >= BUFFER_FULL)
		pw_output_flush(output);
}

void pw_output_text(struct pw_output *output, const char *text)
{
	size_t length = strlen(text);
	char *at = pw_output_room(output, length);

	memcpy(at, text, length);
	pw_output_commit(output, at + length);
}
