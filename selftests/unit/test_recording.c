// SPDX-License-Identifier: GPL-2.0
/*
 * Recordings of version 1, without blocks: what is torn, newer or damaged is told
 * apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "make_slot.h"
#include "portwatch.h"
#include "recording.h"
#include "tape.h"
#include "test.h"

/* Written by the test itself. */
static struct tape tape;

static struct portwatch_reader *reader;
static struct portwatch_item item;

static struct pw_recording_header good_header(void)
{
	struct pw_recording_header header = {
		.version = 1,
		.byte_order = PW_RECORDING_BYTE_ORDER,
		.header_size = PW_RECORDING_HEADER_PLAIN,
		.slot_size = PORTWATCH_SLOT_SIZE,
		.record_version = 1,
		.offset = 1000000,
	};

	memcpy(header.magic, PW_RECORDING_MAGIC, sizeof(header.magic));
	return header;
}

static void append_event(unsigned int type, uint64_t time, uint32_t owner)
{
	union pw_slot slot = make_event(type, time);

	slot.event.owner = owner;
	tape_append(&tape, &slot, sizeof(slot));
}

static void append_process(uint32_t key, const char *comm, const char *exe)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];
	unsigned int count = make_process(slots, 1, key, comm, exe, "a\0b", 4,
					  "/system.slice/x.service");

	tape_append(&tape, slots, count * sizeof(slots[0]));
}

static void append_offset(int64_t offset)
{
	struct pw_recording_offset slot = {
		.type = PW_RECORDING_OFFSET,
		.offset = offset,
	};

	tape_append(&tape, &slot, sizeof(slot));
}

static int open_file(size_t len)
{
	return tape_open(&tape, len, &reader);
}

static int group_setup(void **state)
{
	(void)state;
	return tape_make(&tape);
}

static int group_teardown(void **state)
{
	(void)state;
	return tape_delete(&tape);
}

static int setup(void **state)
{
	struct pw_recording_header header = good_header();

	(void)state;
	tape.length = 0;
	tape_append(&tape, &header, PW_RECORDING_HEADER_PLAIN);
	reader = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	portwatch_reader_close(reader);
	return 0;
}

#define NEXT()	portwatch_reader_next(reader, &item, -1)

static uint64_t torn(void)
{
	struct portwatch_stats stats;

	assert_int_equal(portwatch_reader_stats(reader, &stats), 0);
	return stats.torn;
}

static void empty_recording(void **state)
{
	(void)state;
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(NEXT(), 0);
	assert_int_equal(NEXT(), 0);
	assert_int_equal(torn(), 0);
	assert_int_equal(portwatch_reader_fd(reader), -1);
}

static void slots_and_offsets(void **state)
{
	(void)state;
	append_process(5, "one", "/bin/one");
	append_event(PORTWATCH_BIND, 10, 5);
	append_offset(-5);
	append_event(PORTWATCH_LISTEN, 20, 5);
	append_offset(7);
	append_offset(8);
	append_event(PORTWATCH_CLOSE, 30, 6);
	append_offset(9);
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->type, PORTWATCH_BIND);
	assert_int_equal(item.real_time, 1000010);
	assert_string_equal(item.owner->comm, "one");
	assert_string_equal(item.owner->unit, "x.service");
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->type, PORTWATCH_LISTEN);
	assert_int_equal(item.real_time, 15);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time, 38);
	assert_null(item.owner);
	assert_int_equal(NEXT(), 0);
}

/* Wherever the writer was stopped, what stands before is read. */
static void torn_at_every_byte(void **state)
{
	size_t len, whole, process;
	unsigned int expected;

	(void)state;
	append_event(PORTWATCH_BIND, 10, 0);
	whole = tape.length;
	append_process(5, "one", "/a/path/that/takes/two/slots/because/it/is/too/long");
	process = tape.length;
	assert_true(process - whole == 2 * PORTWATCH_SLOT_SIZE);
	append_event(PORTWATCH_LISTEN, 20, 5);
	for (len = PW_RECORDING_HEADER_PLAIN; len <= tape.length; len++) {
		assert_int_equal(open_file(len), 0);
		expected = (len >= whole) + (len >= tape.length);
		while (expected--)
			assert_int_equal(NEXT(), 1);
		assert_int_equal(NEXT(), 0);
		if (len < whole)
			assert_int_equal(torn(), len - 128);
		else if (len < process)
			assert_int_equal(torn(), len - whole);
		else
			assert_int_equal(torn(), (len - process) % 128);
		portwatch_reader_close(reader);
	}
	reader = NULL;
}

static void not_a_recording(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(open_file(0), -ENOEXEC);
	for (len = 1; len < PW_RECORDING_HEADER_PLAIN; len++)
		assert_int_equal(open_file(len), -ENODATA);
	tape.bytes[7] ^= 1;
	for (len = 8; len < PW_RECORDING_HEADER_PLAIN; len++)
		assert_int_equal(open_file(len), -ENOEXEC);
	assert_int_equal(open_file(tape.length), -ENOEXEC);
	assert_int_equal(portwatch_reader_open_file(&reader, "/nonexistent"),
			 -ENOENT);
	assert_int_equal(portwatch_reader_open_file(&reader, "/tmp"), -EISDIR);
	reader = NULL;
}

static void expect_header(struct pw_recording_header header, int err)
{
	tape.length = 0;
	tape_append(&tape, &header, PW_RECORDING_HEADER_PLAIN);
	assert_int_equal(open_file(tape.length), err);
	if (!err)
		portwatch_reader_close(reader);
	reader = NULL;
}

#define EXPECT_HEADER(field, value, err) do {				\
	struct pw_recording_header header = good_header();		\
	header.field = value;						\
	expect_header(header, err);					\
} while (0)

static void headers_that_cannot_be(void **state)
{
	(void)state;
	EXPECT_HEADER(version, 1, 0);
	EXPECT_HEADER(version, 3, -EPROTO);
	/* one with blocks has a longer header */
	EXPECT_HEADER(version, 2, -ENODATA);
	EXPECT_HEADER(version, 0x02000000, -EPROTO);
	EXPECT_HEADER(version, 0, -EBADMSG);
	EXPECT_HEADER(record_version, 2, -EPROTO);
	EXPECT_HEADER(record_version, 0, -EBADMSG);
	EXPECT_HEADER(flags, 1, -EPROTO);
	EXPECT_HEADER(byte_order, 0x04030201, -EILSEQ);
	EXPECT_HEADER(byte_order, 0, -EBADMSG);
	EXPECT_HEADER(slot_size, 256, -EBADMSG);
	EXPECT_HEADER(header_size, 0, -EBADMSG);
	EXPECT_HEADER(header_size, 129, -EBADMSG);
	EXPECT_HEADER(header_size, 8192, -EBADMSG);
	EXPECT_HEADER(header_size, UINT32_MAX, -EBADMSG);
	/* it says that more follows, and there is none */
	EXPECT_HEADER(header_size, 256, -ENODATA);
}

static void longer_header_is_skipped(void **state)
{
	struct pw_recording_header header = good_header();

	(void)state;
	tape.length = 0;
	header.header_size = 384;
	tape_append(&tape, &header, PW_RECORDING_HEADER_PLAIN);
	memset(tape.bytes + tape.length, 0xff, 256);
	tape.length += 256;
	append_event(PORTWATCH_BIND, 10, 0);
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->time, 10);
	assert_int_equal(NEXT(), 0);
}

static void damage_ends_it(void **state)
{
	size_t at;

	(void)state;
	append_event(PORTWATCH_BIND, 10, 0);
	at = tape.length;
	append_process(5, "one", "/a/path/that/takes/two/slots/because/it/is/too/long");
	append_event(PORTWATCH_BIND, 20, 0);
	tape.bytes[at + offsetof(struct portwatch_process, exe_len)]++;
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(NEXT(), -EBADMSG);
	assert_int_equal(NEXT(), -EBADMSG);
}

/* More than the source reads at once, with a process record on each boundary. */
static void longer_than_the_buffer(void **state)
{
	uint32_t i, events = 5000;

	(void)state;
	for (i = 0; i < events; i++) {
		if (i % 3 == 0)
			append_process(2 + i / 3, "x", "/a/path/that/takes/two/slots/because/it/is/too/long");
		append_event(PORTWATCH_BIND, i, 2 + i / 3);
	}
	assert_int_equal(open_file(tape.length), 0);
	for (i = 0; i < events; i++) {
		assert_int_equal(NEXT(), 1);
		assert_int_equal(item.slot->time, i);
		assert_non_null(item.owner);
		assert_int_equal(item.owner->pid, 1002 + i / 3);
	}
	assert_int_equal(NEXT(), 0);
}

/* As a pipe gives it: in pieces, none of them whole. */
static void from_standard_input(void **state)
{
	int fds[2], keep = dup(STDIN_FILENO);
	pid_t child;
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		append_event(PORTWATCH_BIND, i, 0);
	assert_int_equal(pipe(fds), 0);
	child = fork();
	if (!child) {
		for (i = 0; i < tape.length; i += 77)
			if (write(fds[1], tape.bytes + i, tape.length - i < 77 ?
				  tape.length - i : 77) < 0)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	assert_int_equal(portwatch_reader_open_file(&reader, "-"), 0);
	for (i = 0; i < 100; i++) {
		assert_int_equal(NEXT(), 1);
		assert_int_equal(item.slot->time, i);
	}
	assert_int_equal(NEXT(), 0);
	assert_int_equal(torn(), 0);
	dup2(keep, STDIN_FILENO);
	close(keep);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* It is looked at, read and closed by whom it belongs to. */
static void from_a_descriptor(void **state)
{
	struct portwatch_recording recording;
	int fd;

	(void)state;
	append_event(PORTWATCH_BIND, 10, 0);
	tape_write(&tape, tape.length);
	fd = open(tape.path, O_RDONLY);
	assert_true(fd >= 0);
	lseek(fd, 20, SEEK_SET);
	assert_int_equal(portwatch_recording_probe_fd(fd, &recording), 0);
	assert_int_equal(recording.version, 1);
	assert_int_equal(portwatch_reader_open_fd(&reader, fd), 0);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->time, 10);
	assert_int_equal(NEXT(), 0);
	portwatch_reader_close(reader);
	reader = NULL;
	assert_true(fcntl(fd, F_GETFD) >= 0);
	/* at its end, there is no recording */
	assert_int_equal(portwatch_reader_open_fd(&reader, fd), -ENOEXEC);
	assert_int_equal(close(fd), 0);
	assert_int_equal(portwatch_reader_open_fd(&reader, fd), -EBADF);
	assert_int_equal(portwatch_recording_probe_fd(fd, &recording), -EBADF);
}

static void nothing_is_taken_from_a_pipe(void **state)
{
	struct portwatch_recording recording;
	int fds[2];
	char byte;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(portwatch_recording_probe_fd(fds[0], &recording),
			 -ESPIPE);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	close(fds[1]);
}

/* Bytes turned over at random: events, an end or an error, never more. */
static void damage_anywhere(void **state)
{
	unsigned int seed = 5, round, i;
	size_t good_len;
	static uint8_t good[8192];
	int ret;

	(void)state;
	for (i = 0; i < 10; i++) {
		append_process(2 + i, "x", "/a/path/that/takes/two/slots/because/it/is/too/long");
		append_event(PORTWATCH_BIND + i % 8, 10 + i, 2 + i);
		append_offset(i);
	}
	good_len = tape.length;
	memcpy(good, tape.bytes, good_len);
	for (round = 0; round < 3000; round++) {
		memcpy(tape.bytes, good, good_len);
		for (i = 1 + (unsigned int)rand_r(&seed) % 4; i; i--)
			tape.bytes[128 + (size_t)rand_r(&seed) % (good_len - 128)] =
				(uint8_t)rand_r(&seed);
		assert_int_equal(open_file(good_len), 0);
		while ((ret = NEXT()) > 0)
			assert_true(item.slot->type);
		assert_true(ret == 0 || ret == -EBADMSG);
		portwatch_reader_close(reader);
	}
	reader = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_recording),
		TEST(slots_and_offsets),
		TEST(torn_at_every_byte),
		TEST(not_a_recording),
		TEST(headers_that_cannot_be),
		TEST(longer_header_is_skipped),
		TEST(damage_ends_it),
		TEST(longer_than_the_buffer),
		TEST(from_standard_input),
		TEST(from_a_descriptor),
		TEST(nothing_is_taken_from_a_pipe),
		TEST(damage_anywhere),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
