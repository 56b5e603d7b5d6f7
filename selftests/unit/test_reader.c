// SPDX-License-Identifier: GPL-2.0
/* What the reader makes of a source's slots. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "make_slot.h"
#include "portwatch.h"
#include "source.h"
#include "test.h"

/**
 * struct script - a source that brings what the test wrote down
 *
 * @batches:	of these slots, each up to @ends
 * @at:		the next one
 * @error:	what @fill returns after the last
 * @waits:	times that the reader waited
 * @wait:	what it is told then
 * @timeout:	the last time it was ready to wait
 */
static struct script {
	struct pw_source source;
	union pw_slot slots[600];
	size_t ends[10];
	unsigned int nr_batches;
	unsigned int at;
	int error;
	unsigned int waits;
	int wait;
	int timeout;
	bool closed;
} script;

static struct portwatch_reader *reader;
static struct portwatch_item item;

static int script_fill(struct pw_source *source, const union pw_slot **slots)
{
	size_t start = script.at ? script.ends[script.at - 1] : 0;

	(void)source;
	if (script.at == script.nr_batches)
		return script.error;
	*slots = script.slots + start;
	return (int)(script.ends[script.at++] - start);
}

static int script_wait(struct pw_source *source, int timeout_ms)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	(void)source;
	script.waits++;
	script.timeout = timeout_ms;
	if (script.wait > 0)
		nanosleep(&ms, NULL);
	return script.wait;
}

static void script_close(struct pw_source *source)
{
	(void)source;
	script.closed = true;
}

static const struct pw_source_ops script_ops = {
	.fill = script_fill,
	.wait = script_wait,
	.close = script_close,
};

static int setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof(script));
	script.source.ops = &script_ops;
	return pw_reader_open_source(&reader, &script.source);
}

static int teardown(void **state)
{
	(void)state;
	portwatch_reader_close(reader);
	return script.closed ? 0 : -1;
}

static union pw_slot *add(union pw_slot slot)
{
	size_t *end;

	if (!script.nr_batches)
		script.nr_batches = 1;
	end = &script.ends[script.nr_batches - 1];
	script.slots[*end] = slot;
	return &script.slots[(*end)++];
}

static void add_process(uint32_t key, const char *comm)
{
	size_t *end;

	add(make_event(PORTWATCH_PROCESS, 1));
	end = &script.ends[script.nr_batches - 1];
	*end += make_process(&script.slots[*end - 1], 1, key, comm,
			     "/usr/bin/a/program/with/a/path/that/is/longer/than/one/slot",
			     NULL, 0, NULL) - 1;
}

static void end_batch(void)
{
	script.ends[script.nr_batches] = script.ends[script.nr_batches - 1];
	script.nr_batches++;
}

static struct portwatch_stats stats(void)
{
	struct portwatch_stats result;

	assert_int_equal(portwatch_reader_stats(reader, &result), 0);
	return result;
}

#define NEXT()	portwatch_reader_next(reader, &item, 0)

static void items_with_what_belongs_to_them(void **state)
{
	union pw_slot *slot;

	(void)state;
	script.source.offset = 5000;
	add_process(7, "owner");
	add_process(8, "actor");
	add_process(9, "holder");
	slot = add(make_event(PORTWATCH_CLOSE, 100));
	slot->event.owner = 7;
	slot->event.actor = 8;
	slot->event.bind_failed.holder = 9; /* bytes of something else */
	add(make_event(PORTWATCH_BIND_FAILED, 100))->event.bind_failed.holder = 9;
	add(make_event(PORTWATCH_BIND, 101))->event.owner = 1;
	add(make_event(PORTWATCH_BIND, 102))->event.owner = 99;
	assert_int_equal(NEXT(), 1);
	assert_ptr_equal(item.slot, &slot->head);
	assert_int_equal(item.real_time, 5100);
	assert_string_equal(item.owner->comm, "owner");
	assert_string_equal(item.actor->comm, "actor");
	assert_null(item.holder);
	assert_false(item.inverted);
	assert_int_equal(NEXT(), 1);
	assert_null(item.owner);
	assert_string_equal(item.holder->comm, "holder");
	assert_int_equal(NEXT(), 1);
	assert_string_equal(item.owner->comm, "kernel");
	assert_null(item.actor);
	/* never announced */
	assert_int_equal(NEXT(), 1);
	assert_null(item.owner);
	assert_int_equal(NEXT(), 0);
	assert_int_equal(stats().read[PORTWATCH_PROCESS], 3);
	assert_int_equal(stats().given[PORTWATCH_CLOSE], 1);
	assert_int_equal(stats().given[PORTWATCH_BIND], 2);
}

/* Real time may lie before 1970, or the offset be nonsense: no trap. */
static void any_offset(void **state)
{
	(void)state;
	script.source.offset = INT64_MIN;
	add(make_event(PORTWATCH_BIND, 3));
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time, (uint64_t)INT64_MIN + 3);
}

static void offset_is_that_of_the_batch(void **state)
{
	(void)state;
	add(make_event(PORTWATCH_BIND, 3));
	end_batch();
	add(make_event(PORTWATCH_BIND, 4));
	script.source.offset = -1;
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time, 2);
	script.source.offset = 10;
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.real_time, 14);
}

static void inversions_are_marked_and_counted(void **state)
{
	(void)state;
	add(make_event(PORTWATCH_BIND, 10));
	add(make_event(PORTWATCH_BIND, 30));
	add(make_event(PORTWATCH_BIND, 20));
	end_batch();
	add(make_event(PORTWATCH_BIND, 29));
	add(make_event(PORTWATCH_BIND, 30));
	assert_int_equal(NEXT(), 1);
	assert_int_equal(NEXT(), 1);
	assert_false(item.inverted);
	assert_int_equal(NEXT(), 1);
	assert_true(item.inverted);
	assert_int_equal(NEXT(), 1);
	assert_true(item.inverted);
	assert_int_equal(NEXT(), 1);
	assert_false(item.inverted);
	assert_int_equal(stats().inversions, 2);
}

static void filter_is_asked(void **state)
{
	struct portwatch_filter *filter;
	union pw_slot *slot;

	(void)state;
	assert_int_equal(portwatch_filter_parse(&filter, "event listen", NULL,
						0), 0);
	portwatch_reader_set_filter(reader, filter);
	add(make_event(PORTWATCH_BIND, 1));
	add(make_event(PORTWATCH_LISTEN, 2));
	add(make_event(PORTWATCH_BIND, 3));
	slot = add(make_event(PORTWATCH_LOST, 4));
	memset(slot, 0, sizeof(*slot));
	slot->lost.type = PORTWATCH_LOST;
	add(make_event(PORTWATCH_SNAPSHOT, 5));
	end_batch();
	add(make_event(PORTWATCH_BIND, 6));
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->type, PORTWATCH_LISTEN);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->type, PORTWATCH_LOST);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->type, PORTWATCH_SNAPSHOT);
	portwatch_reader_set_filter(reader, NULL);
	portwatch_filter_free(filter);
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->time, 6);
	assert_int_equal(stats().read[PORTWATCH_BIND], 3);
	assert_int_equal(stats().filtered[PORTWATCH_BIND], 2);
	assert_int_equal(stats().given[PORTWATCH_BIND], 1);
	assert_int_equal(stats().given[PORTWATCH_LOST], 1);
}

static void unknown_types_are_skipped_and_counted(void **state)
{
	(void)state;
	add(make_event(15, 1));
	add(make_event(16, 1));
	add(make_event(200, 1));
	add(make_event(PORTWATCH_BIND, 2));
	assert_int_equal(NEXT(), 1);
	assert_int_equal(item.slot->time, 2);
	assert_int_equal(stats().unknown, 3);
}

static void damage_ends_the_stream(void **state)
{
	(void)state;
	add(make_event(PORTWATCH_BIND, 1));
	add(make_event(0, 2));
	add(make_event(PORTWATCH_BIND, 3));
	assert_int_equal(NEXT(), 1);
	assert_int_equal(NEXT(), -EBADMSG);
	assert_int_equal(NEXT(), -EBADMSG);
	assert_int_equal(stats().given[PORTWATCH_BIND], 1);
}

/* The reader looks at no more slots than the source says there are. */
static void record_beyond_the_batch(void **state)
{
	(void)state;
	add_process(7, "x");
	script.ends[0]--;
	assert_int_equal(NEXT(), -EBADMSG);
}

static void errors_of_the_source_pass_through(void **state)
{
	(void)state;
	script.error = -EINTR;
	assert_int_equal(NEXT(), -EINTR);
	script.error = 0;
	add(make_event(PORTWATCH_BIND, 1));
	assert_int_equal(NEXT(), 1);
}

static void waiting(void **state)
{
	(void)state;
	/* not at all */
	assert_int_equal(NEXT(), 0);
	assert_int_equal(script.waits, 0);
	/* nothing will ever come */
	assert_int_equal(portwatch_reader_next(reader, &item, -1), 0);
	assert_int_equal(script.waits, 1);
	assert_int_equal(script.timeout, -1);
	script.wait = -EINTR;
	assert_int_equal(portwatch_reader_next(reader, &item, -1), -EINTR);
	/* something comes again and again, but never an event */
	script.wait = 1;
	script.waits = 0;
	assert_int_equal(portwatch_reader_next(reader, &item, 20), 0);
	assert_true(script.waits > 1);
	assert_true(script.timeout >= 1 && script.timeout <= 20);
}

static void nothing_to_poll_and_no_snapshot(void **state)
{
	(void)state;
	assert_int_equal(portwatch_reader_fd(reader), -1);
	assert_int_equal(portwatch_reader_snapshot(reader), -EOPNOTSUPP);
}

static void no_device(void **state)
{
	struct portwatch_options options = {
		.size = sizeof(options),
		.device = "/nonexistent/portwatch",
	};
	struct portwatch_reader *none = NULL;
	struct portwatch_status status;

	(void)state;
	assert_int_equal(portwatch_reader_open(&none, &options), -ENOENT);
	options.device = "/dev/null";
	assert_int_equal(portwatch_reader_open(&none, &options), -EPROTO);
	assert_null(none);
	assert_int_equal(portwatch_status_get("/nonexistent", &status),
			 -ENOENT);
	assert_int_equal(portwatch_status_get("/dev/null", &status), -EPROTO);
	portwatch_reader_close(NULL);
}

static void options_of_another_size(void **state)
{
	struct {
		struct portwatch_options options;
		char more[8];
	} larger = { .options = { .device = "/nonexistent" } };
	struct portwatch_reader *none = NULL;

	(void)state;
	assert_int_equal(portwatch_reader_open(&none, &larger.options),
			 -EINVAL);
	larger.options.size = sizeof(larger);
	assert_int_equal(portwatch_reader_open(&none, &larger.options),
			 -ENOENT);
	larger.more[7] = 1;
	assert_int_equal(portwatch_reader_open(&none, &larger.options), -E2BIG);
	/* as built before there was anything but the device */
	larger.options.size = offsetof(struct portwatch_options, events);
	larger.options.ring_slots = 12345;
	assert_int_equal(portwatch_reader_open(&none, &larger.options),
			 -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(items_with_what_belongs_to_them),
		TEST(any_offset),
		TEST(offset_is_that_of_the_batch),
		TEST(inversions_are_marked_and_counted),
		TEST(filter_is_asked),
		TEST(unknown_types_are_skipped_and_counted),
		TEST(damage_ends_the_stream),
		TEST(record_beyond_the_batch),
		TEST(errors_of_the_source_pass_through),
		TEST(waiting),
		TEST(nothing_to_poll_and_no_snapshot),
		cmocka_unit_test(no_device),
		cmocka_unit_test(options_of_another_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
