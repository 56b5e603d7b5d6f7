// SPDX-License-Identifier: GPL-2.0
/*
 * The merge, step by step: beacons, heads and the clock stand where the test puts
 * them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "make_slot.h"
#include "merge.h"
#include "test.h"

#define RINGS	4
#define SLOTS	64

static struct {
	struct portwatch_ring ring[RINGS];
	union pw_slot slots[RINGS][SLOTS];
	struct portwatch_beacon beacon[RINGS];
	struct portwatch_consumer consumer[RINGS];
	uint32_t seq[RINGS];
	uint64_t now;
	struct pw_merge *merge;
	union pw_slot out[512];
} t;

static uint64_t now(void)
{
	return t.now;
}

static int setup_at(uint64_t start)
{
	struct pw_ring_map maps[RINGS];
	int i;

	memset(&t, 0, sizeof(t));
	for (i = 0; i < RINGS; i++) {
		t.ring[i].head = start;
		t.consumer[i].tail = start;
		maps[i].ring = &t.ring[i];
		maps[i].slots = t.slots[i];
		maps[i].beacon = &t.beacon[i];
		maps[i].consumer = &t.consumer[i];
	}
	return pw_merge_new(&t.merge, maps, RINGS, SLOTS, now);
}

static int setup(void **state)
{
	(void)state;
	return setup_at(0);
}

static int teardown(void **state)
{
	(void)state;
	pw_merge_free(t.merge);
	return 0;
}

static void put(int ring, const union pw_slot *slots, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		t.slots[ring][t.ring[ring].head % SLOTS] = slots[i];
		t.slots[ring][t.ring[ring].head % SLOTS].head.seq =
			t.seq[ring];
		t.ring[ring].head++;
	}
	t.seq[ring]++;
}

static void put_event(int ring, uint64_t time)
{
	union pw_slot slot = make_event(PORTWATCH_BIND, time);

	slot.event.cpu = (uint16_t)ring;
	put(ring, &slot, 1);
}

static void expect_some(const uint64_t *times, size_t count)
{
	int got = pw_merge_fill(t.merge, t.out, 512);
	size_t i;

	assert_int_equal(got, count);
	for (i = 0; i < count; i++)
		assert_int_equal(t.out[i].head.time, times[i]);
}

#define EXPECT(...) do {						\
	const uint64_t times[] = { __VA_ARGS__ };			\
	expect_some(times, ARRAY_SIZE(times));				\
} while (0)

static void expect_none(bool waiting)
{
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), 0);
	assert_int_equal(pw_merge_waiting(t.merge), waiting);
}

static void empty_rings_give_nothing(void **state)
{
	(void)state;
	t.now = 1000;
	expect_none(false);
}

static void oldest_first(void **state)
{
	(void)state;
	t.now = 1000;
	put_event(0, 10);
	put_event(0, 40);
	put_event(1, 20);
	put_event(1, 21);
	put_event(1, 50);
	put_event(3, 30);
	EXPECT(10, 20, 21, 30, 40, 50);
	expect_none(false);
	assert_int_equal(t.consumer[0].tail, 2);
	assert_int_equal(t.consumer[1].tail, 3);
	assert_int_equal(t.consumer[2].tail, 0);
	assert_int_equal(t.consumer[3].tail, 1);
}

/* An idle CPU may read the clock right now: what is as old as that must wait. */
static void nothing_newer_than_now(void **state)
{
	(void)state;
	t.now = 100;
	put_event(0, 99);
	put_event(0, 100);
	put_event(0, 101);
	EXPECT(99);
	expect_none(true);
	t.now = 101;
	EXPECT(100);
	t.now = 102;
	EXPECT(101);
	expect_none(false);
}

static void busy_cpu_holds_back_what_is_newer(void **state)
{
	(void)state;
	t.now = 1000;
	t.beacon[2].busy = 50;
	put_event(0, 49);
	put_event(0, 50);
	put_event(1, 60);
	EXPECT(49);
	expect_none(true);
	/* it comes */
	put_event(2, 50);
	t.beacon[2].busy = 0;
	EXPECT(50, 50, 60);
}

/* A record that waits is older than what its CPU is about to write. */
static void busy_cpu_with_a_record_that_waits(void **state)
{
	(void)state;
	t.now = 1000;
	put_event(2, 40);
	t.beacon[2].busy = 70;
	put_event(0, 45);
	put_event(0, 75);
	EXPECT(40, 45);
	expect_none(true);
	put_event(2, 70);
	t.beacon[2].busy = 0;
	EXPECT(70, 75);
}

/* Its time is not known yet: the bound of the round before holds. */
static void starting_cpu_keeps_its_last_bound(void **state)
{
	(void)state;
	t.now = 100;
	expect_none(false);
	t.now = 200;
	t.beacon[1].busy = PORTWATCH_BEACON_STARTING;
	put_event(0, 99);
	put_event(0, 150);
	EXPECT(99);
	expect_none(true);
	t.now = 300;
	expect_none(true);
	t.beacon[1].busy = 0;
	EXPECT(150);
}

static void starting_cpu_in_the_first_round(void **state)
{
	(void)state;
	t.now = 100;
	t.beacon[1].busy = PORTWATCH_BEACON_STARTING;
	put_event(0, 5);
	expect_none(true);
}

/* A CPU that is caught starting each time still lets the stream go on. */
static void starting_cpu_is_bounded_by_its_own_records(void **state)
{
	(void)state;
	t.now = 1000;
	t.beacon[1].busy = PORTWATCH_BEACON_STARTING;
	put_event(0, 10);
	put_event(0, 30);
	put_event(1, 20);
	put_event(1, 25);
	EXPECT(10, 20, 25);
	/* what it is about to write may be as old as 25 */
	expect_none(true);
	put_event(1, 30);
	EXPECT(30, 30);
	expect_none(false);
	put_event(1, 31);
	put_event(0, 32);
	EXPECT(31);
	expect_none(true);
}

static void bound_outlives_the_records(void **state)
{
	(void)state;
	t.now = 1000;
	put_event(1, 20);
	EXPECT(20);
	/* empty now, caught starting: nothing older than 1000 can come */
	t.now = 2000;
	t.beacon[1].busy = PORTWATCH_BEACON_STARTING;
	put_event(0, 999);
	put_event(0, 1500);
	EXPECT(999);
	expect_none(true);
}

static void records_that_come_between_scans_wait_for_the_next(void **state)
{
	(void)state;
	t.now = 100;
	put_event(0, 10);
	EXPECT(10);
	put_event(1, 20);
	EXPECT(20);
}

static void heads_and_tails_wrap_around_the_ring(void **state)
{
	uint64_t time = 1, expected = 1;
	int i, round, got;

	(void)state;
	t.now = UINT64_MAX / 4;
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 37; i++, time++)
			put_event((int)(time % 3), time);
		got = pw_merge_fill(t.merge, t.out, 512);
		assert_int_equal(got, 37);
		for (i = 0; i < got; i++)
			assert_int_equal(t.out[i].head.time, expected++);
	}
}

static void positions_wrap_around_64_bits(void **state)
{
	int i;

	(void)state;
	pw_merge_free(t.merge);
	assert_int_equal(setup_at(UINT64_MAX - 5), 0);
	t.now = 1000;
	for (i = 0; i < 10; i++)
		put_event(1, (uint64_t)i + 1);
	EXPECT(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
	assert_int_equal(t.consumer[1].tail, 4);
}

static void full_ring(void **state)
{
	int i;

	(void)state;
	t.now = 1000;
	for (i = 0; i < SLOTS; i++)
		put_event(0, (uint64_t)i);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), SLOTS);
}

static void batch_that_does_not_suffice(void **state)
{
	int i;

	(void)state;
	t.now = 1000;
	for (i = 0; i < 60; i++) {
		put_event(0, (uint64_t)(2 * i));
		put_event(1, (uint64_t)(2 * i + 1));
	}
	assert_int_equal(pw_merge_fill(t.merge, t.out, 100), 100);
	for (i = 0; i < 100; i++)
		assert_int_equal(t.out[i].head.time, i);
	/* what was not copied is not given back */
	assert_int_equal(t.consumer[0].tail + t.consumer[1].tail, 100);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 100), 20);
	assert_int_equal(t.out[0].head.time, 100);
	assert_int_equal(t.out[19].head.time, 119);
}

static void process_records_stay_whole(void **state)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];
	char exe[3000];
	unsigned int count;
	int i;

	(void)state;
	t.now = 1000;
	memset(exe, 'x', sizeof(exe) - 1);
	exe[sizeof(exe) - 1] = 0;
	for (i = 0; i < 50; i++)
		put_event(2, 1);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), 50);
	count = make_process(slots, 20, 9, "x", exe, NULL, 0, NULL);
	assert_true(50 % SLOTS + count > SLOTS);
	put(2, slots, count);
	put_event(0, 20);
	put_event(0, 15);
	put_event(0, 25);
	/* not enough room for all of it: none of it */
	assert_int_equal(pw_merge_fill(t.merge, t.out, count - 1), 0);
	assert_int_equal(t.consumer[2].tail, 50);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), count + 3);
	assert_int_equal(pw_slot_check(t.out, count), count);
	assert_int_equal(t.out[count].head.time, 20);
}

static void processes_come_before_events_of_the_same_time(void **state)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];
	int ring;

	(void)state;
	t.now = 1000;
	make_process(slots, 20, 9, "x", NULL, NULL, 0, NULL);
	for (ring = 0; ring < RINGS; ring++)
		if (ring != 2)
			put_event(ring, 20);
	put(2, slots, 1);
	put_event(2, 20);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), 5);
	assert_int_equal(t.out[0].head.type, PORTWATCH_PROCESS);
}

static void what_cannot_be_is_refused(void **state)
{
	static union pw_slot slots[PW_RECORD_SLOTS_MAX];

	(void)state;
	t.now = 1000;
	t.ring[1].head = SLOTS + 1;
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), -EBADMSG);
	t.ring[1].head = (uint64_t)-1;
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), -EBADMSG);
	t.ring[1].head = 0;
	make_process(slots, 20, 9, "x", NULL, NULL, 0, NULL);
	slots[0].process.slots = 2;
	put(1, slots, 1);
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), -EBADMSG);
	t.slots[1][0].process.slots = 0;
	assert_int_equal(pw_merge_fill(t.merge, t.out, 512), -EBADMSG);
	assert_int_equal(t.consumer[1].tail, 0);
}

static uint64_t unexplained(void)
{
	struct portwatch_stats stats = { .rings = 0 };

	pw_merge_stats(t.merge, &stats);
	assert_int_equal(stats.rings, RINGS);
	return stats.unexplained;
}

static void jumps_in_the_numbering(void **state)
{
	union pw_slot lost = make_event(PORTWATCH_LOST, 30);

	(void)state;
	t.now = 1000;
	t.seq[0] = UINT32_MAX - 1;
	put_event(0, 10);
	put_event(0, 11);
	put_event(0, 12);
	EXPECT(10, 11, 12);
	assert_int_equal(unexplained(), 0);
	/* three are missing, and a record says so */
	memset(lost.lost.count, 0, sizeof(lost.lost.count));
	lost.lost.count[PORTWATCH_BIND] = 2;
	lost.lost.count[PORTWATCH_CONNECT] = 1;
	put(0, &lost, 1);
	t.seq[0] += 2;
	put_event(0, 31);
	EXPECT(30, 31);
	assert_int_equal(unexplained(), 0);
	/* one more is missing than the record says */
	lost.head.time = 40;
	put(0, &lost, 1);
	t.seq[0] += 3;
	put_event(0, 41);
	EXPECT(40, 41);
	assert_int_equal(unexplained(), 1);
	t.seq[0]++;
	put_event(0, 50);
	put_event(1, 51);
	EXPECT(50, 51);
	assert_int_equal(unexplained(), 2);
}

static void gaps(void **state)
{
	(void)state;
	assert_false(pw_merge_gap(t.merge));
	t.ring[3].gap = 1;
	assert_true(pw_merge_gap(t.merge));
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Any distribution over the rings gives what sorting gives. */
static void as_good_as_sorting(void **state)
{
	uint64_t times[RINGS * SLOTS] = { 0 }, last[RINGS];
	unsigned int seed = 7;
	int round, n, i, ring;

	(void)state;
	t.now = 0;
	for (round = 0; round < 2000; round++) {
		for (ring = 0; ring < RINGS; ring++)
			last[ring] = t.now;
		n = rand_r(&seed) % SLOTS;
		for (i = 0; i < n; i++) {
			ring = rand_r(&seed) % (1 + rand_r(&seed) % RINGS);
			last[ring] += (uint64_t)(rand_r(&seed) % 50);
			times[i] = last[ring];
			put_event(ring, last[ring]);
			if (last[ring] > t.now)
				t.now = last[ring];
		}
		t.now++;
		qsort(times, (size_t)n, sizeof(times[0]), compare_times);
		expect_some(times, (size_t)n);
	}
	assert_int_equal(unexplained(), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_rings_give_nothing),
		TEST(oldest_first),
		TEST(nothing_newer_than_now),
		TEST(busy_cpu_holds_back_what_is_newer),
		TEST(busy_cpu_with_a_record_that_waits),
		TEST(starting_cpu_keeps_its_last_bound),
		TEST(starting_cpu_in_the_first_round),
		TEST(starting_cpu_is_bounded_by_its_own_records),
		TEST(bound_outlives_the_records),
		TEST(records_that_come_between_scans_wait_for_the_next),
		TEST(heads_and_tails_wrap_around_the_ring),
		TEST(positions_wrap_around_64_bits),
		TEST(full_ring),
		TEST(batch_that_does_not_suffice),
		TEST(process_records_stay_whole),
		TEST(processes_come_before_events_of_the_same_time),
		TEST(what_cannot_be_is_refused),
		TEST(jumps_in_the_numbering),
		TEST(gaps),
		TEST(as_good_as_sorting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
