// SPDX-License-Identifier: GPL-2.0
/*
 * What is recorded comes back, byte by byte; what is torn or damaged is said, with
 * how much is missing. Each test without and with compression.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "make_slot.h"
#include "memory.h"
#include "portwatch.h"
#include "recording.h"
#include "tape.h"
#include "test.h"

#define LONG_PATH	"/a/path/that/takes/two/slots/because/it/is/too/long"
#define HEADER		sizeof(struct pw_recording_header)
#define BLOCK		sizeof(struct pw_recording_block)

/* What was recorded, and where its blocks begin. */
static struct tape tape;
static size_t blocks[64];
static unsigned int nr_blocks;
static int write_error;

static struct memory *memory;
static struct portwatch_reader *live;
static struct portwatch_recorder *recorder;
static struct portwatch_reader *reader;
static struct portwatch_item item;

#define NEXT()	portwatch_reader_next(reader, &item, -1)

static int on_write(void *context, const void *bytes, size_t size)
{
	(void)context;
	if (write_error)
		return write_error;
	if (size != HEADER || memcmp(bytes, PW_RECORDING_MAGIC, 8))
		blocks[nr_blocks++ % 64] = tape.length;
	tape_append(&tape, bytes, size);
	return 0;
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

/* @state says whether to compress. */
static int setup(void **state)
{
	struct portwatch_recorder_options options = {
		.size = sizeof(options),
		.plain = !*state,
		.write = on_write,
	};

	tape.length = 0;
	nr_blocks = 0;
	write_error = 0;
	reader = NULL;
	memory = memory_new(1, 8192, 8);
	memory->source.offset = 1000000;
	return pw_reader_open_source(&live, &memory->source) ||
	       portwatch_recorder_open(&recorder, live, &options) ||
	       portwatch_recorder_begin(recorder);
}

static int teardown(void **state)
{
	(void)state;
	portwatch_reader_close(reader);
	portwatch_recorder_close(recorder);
	portwatch_reader_close(live);
	return 0;
}

/* An event, after the process that it names, comes up and is recorded. */
static void happen(union pw_slot slot)
{
	assert_true(memory_write(memory, 0, &slot, 1, false));
	while (portwatch_reader_next(live, &item, 0) > 0)
		assert_int_equal(portwatch_recorder_item(recorder, &item),
				 write_error);
}

static void event(unsigned int type, uint64_t sock, uint32_t owner)
{
	union pw_slot slot = make_event(type, 0);

	slot.event.sock = sock;
	slot.event.owner = owner;
	happen(slot);
}

static void process(uint32_t key, const char *comm, const char *exe)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];
	unsigned int count;

	count = make_process(slots, 1, key, comm, exe, "a\0b", 4,
			     "/system.slice/x.service");
	assert_true(memory_write(memory, 0, slots, count, false));
}

static int open_file(size_t len)
{
	portwatch_reader_close(reader);
	reader = NULL;
	return tape_open(&tape, len, &reader);
}

static const struct portwatch_recording *about(void)
{
	return portwatch_reader_recording(reader);
}

/* Reads to the end; how many items there were. */
static unsigned int read_all(void)
{
	unsigned int count = 0;
	int ret;

	while ((ret = NEXT()) > 0)
		count++;
	assert_int_equal(ret, 0);
	return count;
}

/* Four blocks: one event, 500, 2 and 1, and the end. */
static void record_blocks(void)
{
	unsigned int i;

	process(5, "one", "/bin/one");
	event(PORTWATCH_BIND, 1, 5);
	portwatch_recorder_flush(recorder, 0);
	process(6, "two", LONG_PATH);
	for (i = 0; i < 500; i++)
		event(PORTWATCH_CONNECT, 10 + i, 6);
	portwatch_recorder_flush(recorder, 0);
	event(PORTWATCH_CLOSE, 2, 5);
	event(PORTWATCH_CLOSE, 3, 5);
	portwatch_recorder_flush(recorder, 0);
	event(PORTWATCH_CLOSE, 4, 5);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(nr_blocks, 5);
}

/* Each type, with bytes in every place that is not checked. */
static union pw_slot filled(unsigned int type)
{
	union pw_slot slot;
	unsigned int i;

	for (i = 0; i < sizeof(slot); i++)
		slot.bytes[i] = (uint8_t)(type * 31 + i);
	slot.head.type = (uint8_t)type;
	slot.event.flags = 0x7fe;
	slot.event.owner = 5;
	slot.event.actor = 6;
	if (type == PORTWATCH_BIND)
		slot.event.bind.ifname[15] = 0;
	if (type == PORTWATCH_BIND_FAILED)
		slot.event.bind_failed.holder = 7;
	if (type == PORTWATCH_SNAPSHOT)
		slot.event.snapshot.end = 1;
	return slot;
}

static void every_type_comes_back(void **state)
{
	union pw_slot slots[PORTWATCH_SNAPSHOT + 1];
	unsigned int type;

	(void)state;
	process(5, "one", "/bin/one");
	process(6, "two", LONG_PATH);
	process(7, "three", NULL);
	for (type = 1; type <= PORTWATCH_SNAPSHOT; type++) {
		slots[type] = filled(type);
		assert_true(memory_write(memory, 0, &slots[type], 1, false));
	}
	for (type = 1; type <= PORTWATCH_SNAPSHOT; type++) {
		assert_int_equal(portwatch_reader_next(live, &item, 0), 1);
		slots[type] = *(const union pw_slot *)item.slot;
		assert_int_equal(portwatch_recorder_item(recorder, &item), 0);
	}
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(open_file(tape.length), 0);
	for (type = 1; type <= PORTWATCH_SNAPSHOT; type++) {
		assert_int_equal(NEXT(), 1);
		assert_memory_equal(item.slot, &slots[type],
				    sizeof(slots[type]));
		assert_int_equal(item.real_time, item.slot->time + 1000000);
		if (type == PORTWATCH_LOST)
			continue;
		assert_string_equal(item.owner->comm, "one");
		assert_string_equal(item.owner->exe, "/bin/one");
		assert_memory_equal(item.owner->cmdline, "a\0b", 4);
		assert_string_equal(item.owner->unit, "x.service");
		assert_int_equal(item.owner->pid, 1005);
		assert_string_equal(item.actor->exe, LONG_PATH);
		if (type != PORTWATCH_BIND_FAILED)
			assert_null(item.holder);
		else
			assert_string_equal(item.holder->comm, "three");
	}
	assert_int_equal(NEXT(), 0);
	assert_true(about()->ended);
	assert_int_equal(about()->torn, 0);
	assert_int_equal(about()->damaged, 0);
	assert_int_equal(about()->next, PORTWATCH_SNAPSHOT);
}

static void the_header_says_where(void **state)
{
	char release[64] = "", host[64] = "";

	(void)state;
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(open_file(tape.length), 0);
	memcpy(release, about()->release, 63);
	memcpy(host, about()->host, 63);
	assert_int_equal(about()->version, 2);
	assert_true(about()->created > 1600000000ULL * 1000000000);
	assert_true(about()->boot_id[0] | about()->boot_id[15]);
	assert_true(*release);
	assert_true(*host);
	assert_int_equal(NEXT(), 0);
	assert_true(about()->ended);
}

/* Wherever it was cut, the whole blocks before are read, and the rest is counted. */
static void torn_at_every_byte(void **state)
{
	unsigned int expected, block;
	size_t len;

	(void)state;
	record_blocks();
	for (len = HEADER; len < tape.length; len++) {
		/* the large block: not each of its bytes */
		if (len > blocks[1] + 200 && len < blocks[2] - 200)
			len = blocks[2] - 200;
		assert_int_equal(open_file(len), 0);
		for (block = 0; block < 4 && blocks[block + 1] <= len; block++)
			;
		expected = block == 0 ? 0 : block == 1 ? 1 :
			   block == 2 ? 501 : block == 3 ? 503 : 504;
		assert_int_equal(read_all(), expected);
		assert_int_equal(about()->torn, len - blocks[block]);
		assert_false(about()->ended);
		assert_int_equal(about()->damaged, 0);
	}
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(read_all(), 504);
	assert_true(about()->ended);
}

/* One bit anywhere: its block is missing, all others are there, and it is said. */
static void flipped_bits_are_found(void **state)
{
	static const unsigned int items[] = { 1, 500, 2, 1, 0 };
	unsigned int block;
	size_t at;

	(void)state;
	record_blocks();
	for (block = 0; block < 5; block++) {
		size_t end = block < 4 ? blocks[block + 1] : tape.length;

		for (at = blocks[block]; at < end; at += at % 64 < 60 ? 3 : 61) {
			tape.bytes[at] ^= (uint8_t)(1 << at % 8);
			assert_int_equal(open_file(tape.length), 0);
			assert_int_equal(read_all(), 504 - items[block]);
			if (block < 4) {
				assert_int_equal(about()->damaged, 1);
				assert_int_equal(about()->missing,
						 items[block]);
				assert_true(about()->ended);
			} else {
				assert_int_equal(about()->torn,
						 tape.length - blocks[4]);
				assert_false(about()->ended);
			}
			tape.bytes[at] ^= (uint8_t)(1 << at % 8);
		}
	}
}

static void a_flipped_header_is_refused(void **state)
{
	size_t at;
	int err;

	(void)state;
	record_blocks();
	for (at = 0; at < HEADER; at++) {
		tape.bytes[at] ^= 4;
		err = open_file(tape.length);
		if (at < offsetof(struct pw_recording_header, version))
			assert_int_equal(err, -ENOEXEC);
		else	/* it may say that it is of a newer version */
			assert_true(err == -EBADMSG || err == -EPROTO);
		tape.bytes[at] ^= 4;
	}
	for (at = 1; at < HEADER; at++)
		assert_int_equal(open_file(at), -ENODATA);
}

static void a_block_that_is_gone_is_missed(void **state)
{
	(void)state;
	record_blocks();
	memmove(tape.bytes + blocks[1], tape.bytes + blocks[2], tape.length - blocks[2]);
	assert_int_equal(open_file(tape.length - (blocks[2] - blocks[1])), 0);
	assert_int_equal(read_all(), 4);
	assert_int_equal(about()->damaged, 1);
	assert_int_equal(about()->missing, 500);
	assert_true(about()->ended);
}

static void a_newer_version_is_named(void **state)
{
	struct portwatch_recording recording;
	struct pw_recording_header *header = (void *)tape.bytes;

	(void)state;
	record_blocks();
	header->version = 7;
	assert_int_equal(open_file(tape.length), -EPROTO);
	assert_int_equal(portwatch_recording_probe(tape.path, &recording), -EPROTO);
	assert_int_equal(recording.version, 7);
}

/* After a damaged block a name is back when everybody is named anew. */
static void names_come_back_after_damage(void **state)
{
	unsigned int i, unnamed = 0;

	(void)state;
	process(5, "one", "/bin/one");
	for (i = 0; i < 6000; i++)
		event(PORTWATCH_BIND, i, 5);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	tape.bytes[blocks[0] + BLOCK + 9] ^= 1;
	assert_int_equal(open_file(tape.length), 0);
	for (i = 0; NEXT() > 0; i++)
		unnamed += !item.owner;
	assert_int_equal(about()->missing + i, 6000);
	assert_true(about()->missing > 2000);
	assert_true(unnamed < 10);
}

/* Each file names everybody again, and its number is that of its first event. */
static void each_file_stands_alone(void **state)
{
	(void)state;
	process(5, "one", "/bin/one");
	event(PORTWATCH_BIND, 1, 5);
	event(PORTWATCH_BIND, 2, 5);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	tape.length = 0;
	assert_int_equal(portwatch_recorder_begin(recorder), 0);
	event(PORTWATCH_CLOSE, 1, 5);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(about()->first, 2);
	assert_int_equal(NEXT(), 1);
	assert_string_equal(item.owner->comm, "one");
	assert_int_equal(NEXT(), 0);
	assert_int_equal(about()->damaged, 0);
	assert_int_equal(about()->next, 3);
}

/* The clock was set: the times of day before it stay what they were. */
static void the_clock_is_set(void **state)
{
	(void)state;
	event(PORTWATCH_BIND, 1, 0);
	memory->source.offset = -5;
	event(PORTWATCH_BIND, 2, 0);
	memory->source.offset = 70;
	event(PORTWATCH_BIND, 3, 0);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time - item.slot->time, 1000000);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time - item.slot->time, -5);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time - item.slot->time, 70);
	assert_int_equal(NEXT(), 0);
}

/* Each length of texts around the edges of slots, and the most that there is. */
static void texts_of_every_length(void **state)
{
	static char exe[48 + 254 * 106 + 1];
	size_t len, most = sizeof(exe) - 1 - 30;
	uint32_t key = 2;

	(void)state;
	for (len = 1; len <= most; len += len < 500 ? 1 : 997) {
		tape.length = 0;
		nr_blocks = 0;
		assert_int_equal(portwatch_recorder_begin(recorder), 0);
		memset(exe, 'a' + (int)(len % 26), len);
		exe[len] = 0;
		process(key, "one", exe);
		event(PORTWATCH_BIND, 10, key);
		assert_int_equal(portwatch_recorder_end(recorder), 0);
		assert_int_equal(open_file(tape.length), 0);
		assert_int_equal(NEXT(), 1);
		assert_string_equal(item.owner->exe, exe);
		assert_string_equal(item.owner->cgroup,
				    "/system.slice/x.service");
		key++;
	}
}

/* What was not written is counted, and nothing follows a block that failed. */
static void an_error_of_writing_stays(void **state)
{
	struct portwatch_recorded recorded;

	(void)state;
	event(PORTWATCH_BIND, 1, 0);
	assert_int_equal(portwatch_recorder_flush(recorder, 0), 0);
	event(PORTWATCH_BIND, 2, 0);
	event(PORTWATCH_BIND, 3, 0);
	write_error = -ENOSPC;
	assert_int_equal(portwatch_recorder_flush(recorder, 0), -ENOSPC);
	assert_int_equal(portwatch_recorder_end(recorder), -ENOSPC);
	portwatch_recorder_count(recorder, &recorded);
	assert_int_equal(recorded.written, 1);
	assert_int_equal(recorded.waiting, 2);
	assert_int_equal(nr_blocks, 1);
	/* a file that can be written to takes what waits */
	write_error = 0;
	tape.length = 0;
	assert_int_equal(portwatch_recorder_begin(recorder), 0);
	assert_int_equal(portwatch_recorder_end(recorder), 0);
	assert_int_equal(open_file(tape.length), 0);
	assert_int_equal(about()->first, 1);
	assert_int_equal(read_all(), 2);
}

/* A block that is young is not written yet. */
static void only_old_blocks_are_flushed(void **state)
{
	(void)state;
	event(PORTWATCH_BIND, 1, 0);
	assert_int_equal(portwatch_recorder_flush(recorder, UINT64_MAX), 0);
	assert_int_equal(nr_blocks, 0);
	assert_int_equal(portwatch_recorder_flush(recorder, 1), 0);
	assert_int_equal(nr_blocks, 1);
	assert_int_equal(portwatch_recorder_flush(recorder, 0), 0);
	assert_int_equal(nr_blocks, 1);
}

/* Ever new processes: those that are gone are forgotten, others are not. */
static void who_is_gone_is_forgotten(void **state)
{
	const unsigned int rounds = 10, at_once = 2000;
	union pw_slot slot;
	uint32_t key = 10;
	unsigned int i, j;

	(void)state;
	process(5, "server", "/bin/server");
	for (i = 0; i < rounds; i++) {
		for (j = 0; j < at_once; j++, key++) {
			char exe[64];

			snprintf(exe, sizeof(exe), "/bin/program-%u", key);
			process(key, "x", exe);
			event(PORTWATCH_BIND, key, key);
			if (j % 10)
				continue;
			event(PORTWATCH_BIND, key, 5);
		}
		assert_true(portwatch_reader_processes(live) <=
			    at_once + 2);
		assert_int_equal(portwatch_reader_forget(live), 0);
		/* the server is named on and on, and stays who it is */
		event(PORTWATCH_BIND, 1, 5);
		assert_int_equal(portwatch_reader_forget(live), 0);
		assert_int_equal(portwatch_reader_processes(live), 2);
		slot = make_event(PORTWATCH_BIND, 0);
		slot.event.owner = 5;
		assert_true(memory_write(memory, 0, &slot, 1, false));
		assert_int_equal(portwatch_reader_next(live, &item, 0), 1);
		assert_string_equal(item.owner->exe, "/bin/server");
		tape.length = HEADER;
	}
}

/* Who reads may forget, and still knows everybody whom an event names. */
static void forgotten_while_read(void **state)
{
	struct portwatch_filter *nothing;
	const uint32_t processes = 7000;
	char message[80];
	uint32_t key;

	(void)state;
	process(5, "stays", NULL);
	for (key = 10; key < 10 + processes; key++) {
		process(key, "comes and goes", NULL);
		event(PORTWATCH_BIND, key, key);
		event(PORTWATCH_BIND, 1, 5);
	}
	portwatch_recorder_end(recorder);
	assert_int_equal(open_file(tape.length), 0);
	portwatch_reader_forget_after(reader, 2048);
	while (NEXT() > 0) {
		assert_non_null(item.owner);
		assert_int_equal(item.owner->key, item.event->owner);
		assert_true(portwatch_reader_processes(reader) < 3 * 2048);
	}
	assert_int_equal(portwatch_reader_forgot(reader), 3);

	/* and where nobody gets to see an event */
	assert_int_equal(open_file(tape.length), 0);
	portwatch_filter_parse(&nothing, "port 1", message, sizeof(message));
	portwatch_reader_set_filter(reader, nothing);
	portwatch_reader_forget_after(reader, 2048);
	assert_int_equal(NEXT(), 0);
	assert_true(portwatch_reader_processes(reader) < 3 * 2048);
	portwatch_reader_set_filter(reader, NULL);
	portwatch_filter_free(nothing);
}

static void bytes_at_random(void **state)
{
	static uint8_t good[1 << 19];
	unsigned int seed = 5, round, i;
	size_t good_len;
	int ret;

	(void)state;
	record_blocks();
	good_len = tape.length;
	memcpy(good, tape.bytes, good_len);
	for (round = 0; round < 300; round++) {
		memcpy(tape.bytes, good, good_len);
		for (i = 1 + (unsigned int)rand_r(&seed) % 4; i; i--)
			tape.bytes[HEADER + (size_t)rand_r(&seed) %
				      (good_len - HEADER)] =
				(uint8_t)rand_r(&seed);
		assert_int_equal(open_file(good_len), 0);
		for (i = 0; (ret = NEXT()) > 0; i++)
			;
		assert_int_equal(ret, 0);
		assert_true(i + about()->missing <= 504);
		if (about()->ended)
			assert_int_equal(i + about()->missing, 504);
	}
}

#define TEST(name)							\
	{ #name, name, setup, teardown, NULL },				\
	{ #name " (compressed)", name, setup, teardown, (void *)1 }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type_comes_back),
		TEST(the_header_says_where),
		TEST(torn_at_every_byte),
		TEST(flipped_bits_are_found),
		TEST(a_flipped_header_is_refused),
		TEST(a_block_that_is_gone_is_missed),
		TEST(a_newer_version_is_named),
		TEST(names_come_back_after_damage),
		TEST(each_file_stands_alone),
		TEST(the_clock_is_set),
		TEST(texts_of_every_length),
		TEST(an_error_of_writing_stays),
		TEST(only_old_blocks_are_flushed),
		TEST(who_is_gone_is_forgotten),
		TEST(forgotten_while_read),
		TEST(bytes_at_random),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
