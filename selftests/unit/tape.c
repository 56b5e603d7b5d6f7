// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tape.h"
#include "test.h"

int tape_make(struct tape *tape)
{
	int fd;

	strcpy(tape->path, "/tmp/portwatch-test-XXXXXX");
	fd = mkstemp(tape->path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

int tape_delete(const struct tape *tape)
{
	return unlink(tape->path);
}

void tape_append(struct tape *tape, const void *bytes, size_t length)
{
	assert_true(tape->length + length <= sizeof(tape->bytes));
	memcpy(tape->bytes + tape->length, bytes, length);
	tape->length += length;
}

void tape_write(const struct tape *tape, size_t length)
{
	int fd = open(tape->path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, tape->bytes, length), length);
	close(fd);
}

int tape_open(const struct tape *tape, size_t length,
	      struct portwatch_reader **reader)
{
	tape_write(tape, length);
	return portwatch_reader_open_file(reader, tape->path);
}
