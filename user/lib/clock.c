/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The two clocks run alike: NTP slews both. Their difference changes only when
 * someone sets the time, so a sample that differs from the last one by no more
 * than it can be wrong is no news. Taking it all the same would make times of day
 * go back and forth by the noise of the sampling.
 */
#include <time.h>

#include "clock.h"

#define SAMPLES		5

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * PW_NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t pw_clock_boot(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

/* The best of a few: an interrupt between the readings spoils one. */
static void sample(struct pw_clock *clock)
{
	uint64_t before, real, after;
	int i;

	clock->error = UINT64_MAX;
	for (i = 0; i < SAMPLES; i++) {
		before = pw_clock_boot();
		real = read_clock(CLOCK_REALTIME);
		after = pw_clock_boot();
		if (after - before >= clock->error)
			continue;
		clock->error = after - before;
		clock->offset = (int64_t)(real - before - clock->error / 2);
	}
	clock->sampled = after;
}

void pw_clock_init(struct pw_clock *clock)
{
	sample(clock);
}

void pw_clock_update(struct pw_clock *clock)
{
	struct pw_clock fresh;
	uint64_t moved;

	if (pw_clock_boot() - clock->sampled < PW_NSEC_PER_SEC)
		return;
	sample(&fresh);
	clock->sampled = fresh.sampled;
	moved = fresh.offset > clock->offset ?
		(uint64_t)(fresh.offset - clock->offset) :
		(uint64_t)(clock->offset - fresh.offset);
	if (moved > fresh.error + clock->error)
		*clock = fresh;
}
