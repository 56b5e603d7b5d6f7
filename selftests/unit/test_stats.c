// SPDX-License-Identifier: GPL-2.0
/*
 * Counters that move while they are read still add up. The CPU that moves them is
 * played step by step between the reader's loads.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <linux/portwatch.h>

#include "test.h"

static struct portwatch_ring page;

/**
 * struct cpu - the one that counts
 *
 * @every:	loads of the reader between two of its steps
 * @loads:	loads so far
 * @steps:	steps that it still takes, two for each record
 */
static struct {
	unsigned int every;
	unsigned int loads;
	unsigned int steps;
} cpu;

/* A record is seen in one step, and delivered, filtered or lost in the next. */
static void step(void)
{
	unsigned int record = (cpu.steps - 1) / 2, type = 1 + record % 9;

	if (cpu.steps-- % 2 == 0)
		page.seen[type]++;
	else if (record % 3 == 0)
		page.lost[type]++;
	else if (record % 3 == 1)
		page.filtered[type]++;
	else
		page.delivered[type]++;
}

static uint64_t load(const __u64 *counter)
{
	if (cpu.steps && ++cpu.loads % cpu.every == 0)
		step();
	return *counter;
}

#define __atomic_load_n(pointer, order)	load(pointer)
#include "../../user/lib/stats.c"
#undef __atomic_load_n

/*
 * Reads while the CPU takes so many steps, the first after @first loads; tells
 * whether the sums are right.
 */
static bool read_adds_up(unsigned int every, unsigned int first,
			 unsigned int steps)
{
	struct portwatch_stats stats = { .rings = 0 };
	unsigned int type;

	memset(&page, 0, sizeof(page));
	cpu.every = every;
	cpu.loads = every - first;
	cpu.steps = steps;
	pw_stats_add_ring(&stats, &page);
	for (type = 0; type < PORTWATCH_TYPES; type++)
		if (stats.seen[type] != stats.lost[type] +
		    stats.kernel_filtered[type] + stats.delivered[type])
			return false;
	return true;
}

/* However the steps fall between the loads, as long as they end some time. */
static void counters_add_up_while_they_move(void **state)
{
	unsigned int every, first, steps;

	(void)state;
	for (every = 1; every < 200; every++)
		for (first = 1; first <= every; first += 7)
			for (steps = 0; steps < 20; steps += 2)
				if (!read_adds_up(every, first, steps))
					fail_msg("%u steps in %u loads from %u",
						 steps, every, first);
}

/* A CPU that comes between every two loads, for ever, does not hold it up. */
static void cpu_that_never_rests(void **state)
{
	(void)state;
	read_adds_up(1, 1, 100000000);
	assert_true(cpu.loads < 100000);
}

static void rings_are_summed(void **state)
{
	struct portwatch_stats stats = { .rings = 0 };
	struct portwatch_ring one = { .bad_tail = 3 };

	(void)state;
	cpu.steps = 0;
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

/* What can never add up is given as it is. */
static void counters_that_do_not_add_up(void **state)
{
	struct portwatch_stats stats = { .rings = 0 };
	struct portwatch_ring one = { .bad_tail = 0 };

	(void)state;
	cpu.steps = 0;
	one.seen[1] = 5;
	pw_stats_add_ring(&stats, &one);
	assert_int_equal(stats.seen[1], 5);
	assert_int_equal(stats.delivered[1], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_add_up_while_they_move),
		cmocka_unit_test(cpu_that_never_rests),
		cmocka_unit_test(rings_are_summed),
		cmocka_unit_test(counters_that_do_not_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
