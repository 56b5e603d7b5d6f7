// SPDX-License-Identifier: GPL-2.0
/*
 * The difference of two clocks that the test moves: clock_gettime() is replaced.
 */
#include <time.h>

#include "clock.h"
#include "test.h"

static uint64_t boot, real, step;
static unsigned int readings, slow_until;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	uint64_t time;

	/* an interrupt in the middle of the first samples */
	boot += readings++ < slow_until ? 1000000 : step;
	time = id == CLOCK_REALTIME ? boot + real : boot;
	ts->tv_sec = (time_t)(time / PW_NSEC_PER_SEC);
	ts->tv_nsec = (long)(time % PW_NSEC_PER_SEC);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	boot = 1000 * PW_NSEC_PER_SEC;
	real = 1700000000 * PW_NSEC_PER_SEC;
	step = 10;
	readings = 0;
	slow_until = 0;
	return 0;
}

static void offset_is_real_minus_boot(void **state)
{
	struct pw_clock clock;

	(void)state;
	pw_clock_init(&clock);
	assert_int_equal(clock.offset, real);
	assert_int_equal(clock.error, 2 * step);
}

static void best_of_a_few_samples(void **state)
{
	struct pw_clock clock;

	(void)state;
	slow_until = 8;
	pw_clock_init(&clock);
	assert_int_equal(clock.offset, real);
	assert_int_equal(clock.error, 2 * step);
}

static void not_looked_at_within_a_second(void **state)
{
	struct pw_clock clock;
	unsigned int before;

	(void)state;
	pw_clock_init(&clock);
	before = readings;
	boot += PW_NSEC_PER_SEC / 2;
	real += 5 * PW_NSEC_PER_SEC;
	pw_clock_update(&clock);
	assert_int_equal(readings, before + 1);
	assert_int_equal(clock.offset, real - 5 * PW_NSEC_PER_SEC);
	boot += PW_NSEC_PER_SEC;
	pw_clock_update(&clock);
	assert_int_equal(clock.offset, real);
}

/* What a sample is off by must not make times of day jitter. */
static void noise_is_no_step(void **state)
{
	struct pw_clock clock;
	int64_t first;
	int i;

	(void)state;
	pw_clock_init(&clock);
	first = clock.offset;
	for (i = 0; i < 100; i++) {
		boot += 2 * PW_NSEC_PER_SEC;
		real += i % 2 ? 15 : (uint64_t)-15;
		pw_clock_update(&clock);
		assert_int_equal(clock.offset, first);
	}
}

static void steps_either_way_are_followed(void **state)
{
	struct pw_clock clock;

	(void)state;
	pw_clock_init(&clock);
	boot += 2 * PW_NSEC_PER_SEC;
	real -= 3600 * PW_NSEC_PER_SEC;
	pw_clock_update(&clock);
	assert_int_equal(clock.offset, real);
	boot += 2 * PW_NSEC_PER_SEC;
	real += 1000;
	pw_clock_update(&clock);
	assert_int_equal(clock.offset, real);
	/* a clock that stands before 1970 */
	boot += 2 * PW_NSEC_PER_SEC;
	real = (uint64_t)-500;
	pw_clock_update(&clock);
	assert_int_equal(clock.offset, -500);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offset_is_real_minus_boot),
		TEST(best_of_a_few_samples),
		TEST(not_looked_at_within_a_second),
		TEST(noise_is_no_step),
		TEST(steps_either_way_are_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
