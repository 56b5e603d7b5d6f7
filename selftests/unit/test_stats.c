// SPDX-License-Identifier: GPL-2.0
/* Counters that move while they are read still add up. */
#include <pthread.h>
#include <string.h>

#include "stats.h"
#include "test.h"

#define READINGS	20000

static struct portwatch_ring ring;
static int stop;

static void count(__u64 *counter)
{
	__atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE);
}

/* As a CPU does, with a pause between two records. */
static void *run(void *unused)
{
	unsigned int i, type;
	volatile int pause;

	for (i = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
		type = 1 + i % 9;
		count(&ring.seen[type]);
		if (i % 3 == 0)
			count(&ring.lost[type]);
		else if (i % 3 == 1)
			count(&ring.filtered[type]);
		else
			count(&ring.delivered[type]);
		for (pause = 0; pause < 300; pause++)
			;
	}
	return unused;
}

static void counters_add_up_while_they_move(void **state)
{
	struct portwatch_stats stats, last = { .rings = 0 };
	unsigned int i, type, off = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
	for (i = 0; i < READINGS; i++) {
		memset(&stats, 0, sizeof(stats));
		pw_stats_add_ring(&stats, &ring);
		for (type = 0; type < PORTWATCH_TYPES; type++) {
			off += stats.seen[type] != stats.lost[type] +
			       stats.kernel_filtered[type] +
			       stats.delivered[type];
			assert_true(stats.seen[type] >= last.seen[type]);
		}
		last = stats;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	/* a CPU that is always in the middle of a record can spoil one */
	assert_true(off <= READINGS / 1000);
}

static void rings_are_summed(void **state)
{
	struct portwatch_stats stats = { .rings = 0 };
	struct portwatch_ring one = { .bad_tail = 3 };

	(void)state;
	one.seen[PORTWATCH_BIND] = 6;
	one.filtered[PORTWATCH_BIND] = 1;
	one.lost[PORTWATCH_BIND] = 2;
	one.delivered[PORTWATCH_BIND] = 3;
	pw_stats_add_ring(&stats, &one);
	pw_stats_add_ring(&stats, &one);
	assert_int_equal(stats.seen[PORTWATCH_BIND], 12);
	assert_int_equal(stats.kernel_filtered[PORTWATCH_BIND], 2);
	assert_int_equal(stats.lost[PORTWATCH_BIND], 4);
	assert_int_equal(stats.delivered[PORTWATCH_BIND], 6);
	assert_int_equal(stats.bad_tail, 6);
	assert_int_equal(stats.seen[PORTWATCH_LISTEN], 0);
}

/* What can never add up does not hold the reader up. */
static void counters_that_do_not_add_up(void **state)
{
	struct portwatch_stats stats = { .rings = 0 };
	struct portwatch_ring one = { .bad_tail = 0 };

	(void)state;
	one.seen[1] = 5;
	pw_stats_add_ring(&stats, &one);
	assert_int_equal(stats.seen[1], 5);
	assert_int_equal(stats.delivered[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_add_up_while_they_move),
		cmocka_unit_test(rings_are_summed),
		cmocka_unit_test(counters_that_do_not_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
