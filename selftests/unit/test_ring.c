// SPDX-License-Identifier: GPL-2.0
/*
 * The module's ring, and a reader behind it: what is written, lost, counted and
 * said, to the unit.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "make_slot.h"
#include "memory.h"
#include "test.h"

#define SLOTS	64
#define RESERVE	8

static struct memory *memory;
static struct portwatch_reader *reader;

static int setup(void **state)
{
	(void)state;
	memory = memory_new(2, SLOTS, RESERVE);
	return pw_reader_open_source(&reader, &memory->source);
}

static int teardown(void **state)
{
	(void)state;
	portwatch_reader_close(reader);
	return 0;
}

static bool write_event(unsigned int cpu, unsigned int type, bool urgent)
{
	union pw_slot slot = make_event(type, 0);

	return memory_write(memory, cpu, &slot, 1, urgent);
}

/* Writes until there is no room; returns how many were written. */
static unsigned int fill(unsigned int cpu, unsigned int type, bool urgent)
{
	unsigned int count = 0;

	while (write_event(cpu, type, urgent))
		count++;
	return count;
}

/* Without waiting, but for a clock that has not moved on since the last record. */
static int next(struct portwatch_item *item)
{
	int ret;

	do {
		ret = portwatch_reader_next(reader, item, 0);
	} while (!ret && pw_merge_waiting(memory->merge));
	return ret;
}

static void expect_events(unsigned int type, unsigned int count)
{
	struct portwatch_item item;
	unsigned int i;

	for (i = 0; i < count; i++) {
		assert_int_equal(next(&item), 1);
		assert_int_equal(item.slot->type, type);
	}
}

static struct portwatch_stats stats(void)
{
	struct portwatch_stats result;
	unsigned int i;

	assert_int_equal(portwatch_reader_stats(reader, &result), 0);
	for (i = 0; i < PORTWATCH_TYPES; i++) {
		assert_int_equal(result.seen[i],
				 result.kernel_filtered[i] + result.lost[i] +
				 result.delivered[i]);
		if (i < PORTWATCH_PROCESS)
			assert_int_equal(result.read[i], result.filtered[i] +
							 result.given[i]);
	}
	assert_int_equal(result.unexplained, 0);
	return result;
}

static void what_is_written_is_read(void **state)
{
	struct portwatch_item item;
	union pw_slot slot = make_event(PORTWATCH_CONNECT, 0), copy;

	(void)state;
	set_local(&slot, "1.2.3.4", 5);
	set_remote(&slot, "6.7.8.9", 10);
	assert_true(memory_write(memory, 1, &slot, 1, false));
	copy = slot;
	memset(&slot, 0xff, sizeof(slot));
	assert_int_equal(next(&item), 1);
	assert_memory_equal(item.slot, &copy, sizeof(copy));
	assert_int_equal(item.slot->cpu, 1);
	assert_int_equal(next(&item), 0);
}

static void reserve_is_for_urgent_records(void **state)
{
	(void)state;
	assert_int_equal(fill(0, PORTWATCH_CONNECT, false), SLOTS - RESERVE);
	/* one slot of the reserve goes to the LOST record that is due */
	assert_int_equal(fill(0, PORTWATCH_BIND, true), RESERVE - 1);
	assert_int_equal(stats().lost[PORTWATCH_CONNECT], 1);
	assert_int_equal(stats().lost[PORTWATCH_BIND], 1);
	/* the other CPU's ring is its own */
	assert_int_equal(fill(1, PORTWATCH_BIND, true), SLOTS);
}

static void lost_stands_where_records_are_missing(void **state)
{
	struct portwatch_item item;
	unsigned int i;

	(void)state;
	assert_int_equal(fill(0, PORTWATCH_CONNECT, false), SLOTS - RESERVE);
	for (i = 0; i < 4; i++)
		assert_false(write_event(0, PORTWATCH_ESTABLISHED, false));
	assert_true(write_event(0, PORTWATCH_BIND, true));

	expect_events(PORTWATCH_CONNECT, SLOTS - RESERVE);
	assert_int_equal(next(&item), 1);
	assert_int_equal(item.slot->type, PORTWATCH_LOST);
	assert_int_equal(item.lost->seq, SLOTS - RESERVE);
	assert_int_equal(item.lost->count[PORTWATCH_CONNECT], 1);
	assert_int_equal(item.lost->count[PORTWATCH_ESTABLISHED], 4);
	for (i = 0; i < PORTWATCH_TYPES; i++)
		if (i != PORTWATCH_CONNECT && i != PORTWATCH_ESTABLISHED)
			assert_int_equal(item.lost->count[i], 0);
	assert_true(item.lost->first <= item.lost->last);
	assert_true(item.lost->last <= item.lost->time);
	assert_null(item.owner);
	assert_null(item.actor);
	assert_int_equal(next(&item), 1);
	assert_int_equal(item.slot->type, PORTWATCH_BIND);
	assert_int_equal(item.slot->seq, SLOTS - RESERVE + 5);
	assert_int_equal(next(&item), 0);
	assert_int_equal(memory->flushed, 0);
	assert_int_equal(stats().seen[PORTWATCH_CONNECT], SLOTS - RESERVE + 1);
	assert_int_equal(stats().lost[PORTWATCH_ESTABLISHED], 4);
	assert_int_equal(stats().delivered[PORTWATCH_BIND], 1);
}

/* Nothing newer comes: the reader has to ask. */
static void last_gap_is_asked_for(void **state)
{
	struct portwatch_item item;

	(void)state;
	fill(0, PORTWATCH_CONNECT, false);
	expect_events(PORTWATCH_CONNECT, SLOTS - RESERVE);
	assert_int_equal(next(&item), 1);
	assert_int_equal(item.slot->type, PORTWATCH_LOST);
	assert_int_equal(item.lost->count[PORTWATCH_CONNECT], 1);
	assert_int_equal(memory->flushed, 1);
	assert_int_equal(next(&item), 0);
	assert_int_equal(memory->flushed, 1);
	assert_true(write_event(0, PORTWATCH_CONNECT, false));
	expect_events(PORTWATCH_CONNECT, 1);
	stats();
}

static void process_that_does_not_fit_is_lost_as_a_whole(void **state)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];
	char exe[1000];
	unsigned int count, free_slots = 5, i;
	struct portwatch_item item;

	(void)state;
	memset(exe, 'x', sizeof(exe) - 1);
	exe[sizeof(exe) - 1] = 0;
	count = make_process(slots, 0, 9, "x", exe, NULL, 0, NULL);
	assert_true(count > free_slots);
	for (i = 0; i < SLOTS - free_slots; i++)
		assert_true(write_event(0, PORTWATCH_BIND, true));
	assert_false(memory_write(memory, 0, slots, count, true));
	assert_int_equal(stats().lost[PORTWATCH_PROCESS], 1);
	expect_events(PORTWATCH_BIND, SLOTS - free_slots);
	assert_int_equal(next(&item), 1);
	assert_int_equal(item.lost->count[PORTWATCH_PROCESS], 1);
	assert_true(memory_write(memory, 0, slots, count, true));
	assert_true(write_event(0, PORTWATCH_BIND, true));
	expect_events(PORTWATCH_BIND, 1);
	assert_int_equal(stats().read[PORTWATCH_PROCESS], 1);
	assert_int_equal(stats().given[PORTWATCH_PROCESS], 0);
}

/* It has no number, takes no room, and is not lost where there is none. */
static void filtered_by_the_kernel(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++)
		pw_ring_filter(&memory->cpus[i].ring, PORTWATCH_ACCEPT);
	assert_int_equal(stats().seen[PORTWATCH_ACCEPT], 2);
	assert_int_equal(stats().kernel_filtered[PORTWATCH_ACCEPT], 2);

	assert_int_equal(fill(0, PORTWATCH_BIND, true), SLOTS);
	pw_ring_filter(&memory->cpus[0].ring, PORTWATCH_ACCEPT);
	expect_events(PORTWATCH_BIND, SLOTS);
	assert_true(write_event(0, PORTWATCH_BIND, true));
	expect_events(PORTWATCH_LOST, 1);
	expect_events(PORTWATCH_BIND, 1);
	assert_int_equal(stats().kernel_filtered[PORTWATCH_ACCEPT], 3);
	assert_int_equal(stats().lost[PORTWATCH_ACCEPT], 0);
	assert_int_equal(stats().lost[PORTWATCH_BIND], 1);
}

/* The kernel believes no tail that cannot be, and takes the ring to be full. */
static void tails_that_cannot_be(void **state)
{
	static const uint64_t tails[] = {
		11,			/* ahead */
		(uint64_t)10 - 65,	/* more than a ring behind */
		1ULL << 32,
		1ULL << 63,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_true(write_event(0, PORTWATCH_BIND, true));
	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		memory->cpus[0].consumer.tail = tails[i];
		assert_false(write_event(0, PORTWATCH_BIND, true));
		assert_int_equal(stats().bad_tail, i + 1);
	}
	memory->cpus[0].consumer.tail = 0;
	assert_true(write_event(0, PORTWATCH_BIND, true));
	assert_int_equal(stats().bad_tail, ARRAY_SIZE(tails));
}

/* Any pattern of writing and reading keeps the books. */
static void books_are_kept(void **state)
{
	uint64_t done[PORTWATCH_TYPES] = { 0 }, said[PORTWATCH_TYPES] = { 0 };
	uint64_t given[PORTWATCH_TYPES] = { 0 };
	struct portwatch_item item;
	unsigned int seed = 3, i, type, round;
	struct portwatch_stats end;

	(void)state;
	for (round = 0; round < 3000; round++) {
		for (i = (unsigned int)rand_r(&seed) % 100; i; i--) {
			type = 1 + (unsigned int)rand_r(&seed) % 9;
			write_event((unsigned int)rand_r(&seed) % 2, type,
				    type == PORTWATCH_BIND);
			done[type]++;
		}
		for (i = (unsigned int)rand_r(&seed) % 100; i; i--) {
			if (!next(&item))
				break;
			if (item.slot->type != PORTWATCH_LOST) {
				given[item.slot->type]++;
				continue;
			}
			for (type = 0; type < PORTWATCH_TYPES; type++)
				said[type] += item.lost->count[type];
		}
	}
	while (next(&item)) {
		if (item.slot->type != PORTWATCH_LOST) {
			given[item.slot->type]++;
			continue;
		}
		for (type = 0; type < PORTWATCH_TYPES; type++)
			said[type] += item.lost->count[type];
	}
	end = stats();
	for (type = 1; type <= PORTWATCH_CLOSE; type++) {
		assert_int_equal(done[type], end.seen[type]);
		assert_int_equal(given[type], end.delivered[type]);
		assert_int_equal(given[type], end.given[type]);
		assert_int_equal(said[type], end.lost[type]);
	}
	assert_true(end.lost[PORTWATCH_CONNECT] > 0);
	assert_int_equal(end.inversions, 0);
}

static void lose(uint32_t uid, unsigned int count)
{
	memory->uid = uid;
	while (count--)
		assert_false(write_event(0, PORTWATCH_CONNECT, false));
}

/* As long as there are no more of them than places. */
static void who_lost_is_counted_to_the_unit(void **state)
{
	const struct portwatch_stats *end;
	struct portwatch_stats result;
	unsigned int i;

	(void)state;
	fill(0, PORTWATCH_CONNECT, false);
	for (i = 1; i < PORTWATCH_LOSERS; i++)
		lose(1000 + i, 10 * i);
	result = stats();
	end = &result;
	for (i = 1; i < PORTWATCH_LOSERS; i++) {
		assert_int_equal(end->tolls[i - 1].uid, 1000 + PORTWATCH_LOSERS - i);
		assert_int_equal(end->tolls[i - 1].lost, 10 * (PORTWATCH_LOSERS - i));
	}
	/* the one that filled the ring */
	assert_int_equal(end->tolls[i - 1].uid, 0);
	assert_int_equal(end->tolls[i - 1].lost, 1);
	assert_int_equal(end->tolls[i].lost, 0);
	assert_int_equal(end->vague, 0);
}

/* All rings together; a process record is nobody's event. */
static void who_lost_is_counted_over_all_rings(void **state)
{
	union pw_slot process[PW_RECORD_SLOTS_MAX];
	struct portwatch_stats end;
	unsigned int count;

	(void)state;
	count = make_process(process, 0, 2, "noisy", NULL, NULL, 0, NULL);
	memory->uid = 1001;
	fill(0, PORTWATCH_CONNECT, false);
	fill(1, PORTWATCH_CONNECT, false);
	assert_false(memory_write(memory, 1, process, count, false));
	assert_false(write_event(1, PORTWATCH_ACCEPT, false));
	end = stats();
	assert_int_equal(end.tolls[0].uid, 1001);
	assert_int_equal(end.tolls[0].lost, 3);
	assert_int_equal(end.tolls[1].lost, 0);
}

/* Of many users the one who loses most is found, with bounds that hold. */
static void flood_among_many_users_is_found(void **state)
{
	const struct portwatch_loser *losers = memory->cpus[0].ring.page->losers;
	const unsigned int others = 100, each = 3, flood = 400;
	uint64_t sum = 0, lost;
	struct portwatch_stats end;
	unsigned int i;

	(void)state;
	memory->uid = 7;
	fill(0, PORTWATCH_CONNECT, false);
	for (i = 0; i < others; i++) {
		lose(2000 + i, each);
		lose(1001, flood / others);
	}
	end = stats();
	lost = end.lost[PORTWATCH_CONNECT];
	assert_int_equal(lost, 1 + others * each + flood);
	for (i = 0; i < PORTWATCH_LOSERS; i++) {
		sum += losers[i].lost;
		assert_true(losers[i].over < losers[i].lost);
		if (losers[i].uid == 1001) {
			assert_true(losers[i].lost >= flood);
			assert_true(losers[i].lost - losers[i].over <= flood);
		}
	}
	assert_int_equal(sum, lost);
	assert_int_equal(end.tolls[0].uid, 1001);
	assert_true(end.tolls[0].lost <= flood);
	assert_true(end.tolls[0].lost + end.vague >= flood);
	/* what is said of the others is certain, too, and so it is little */
	for (i = 1; i < PORTWATCH_STATS_LOSERS && end.tolls[i].lost; i++)
		assert_true(end.tolls[i].lost <= each);
	assert_true(end.vague > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
		TEST(reserve_is_for_urgent_records),
		TEST(lost_stands_where_records_are_missing),
		TEST(last_gap_is_asked_for),
		TEST(process_that_does_not_fit_is_lost_as_a_whole),
		TEST(filtered_by_the_kernel),
		TEST(tails_that_cannot_be),
		TEST(books_are_kept),
		TEST(who_lost_is_counted_to_the_unit),
		TEST(who_lost_is_counted_over_all_rings),
		TEST(flood_among_many_users_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
