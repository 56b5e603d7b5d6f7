/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The counters of a ring are the kernel's, and move while they are read. Each only
 * ever grows: two readings that are equal were both true at the moment between
 * them. A few tries find such a moment, unless the CPU is in the middle of a
 * record at each of them; then the last reading has to do.
 */
#include <stdbool.h>
#include <string.h>

#include "stats.h"

#define TRIES	100

struct counters {
	uint64_t seen[PORTWATCH_TYPES];
	uint64_t filtered[PORTWATCH_TYPES];
	uint64_t lost[PORTWATCH_TYPES];
	uint64_t delivered[PORTWATCH_TYPES];
	struct portwatch_loser losers[PORTWATCH_LOSERS];
};

static void copy_counters(uint64_t *to, const __u64 *from)
{
	unsigned int i;

	for (i = 0; i < PORTWATCH_TYPES; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
}

static void copy_losers(struct portwatch_loser *to,
			const struct portwatch_loser *from)
{
	unsigned int i;

	for (i = 0; i < PORTWATCH_LOSERS; i++) {
		to[i].lost = __atomic_load_n(&from[i].lost, __ATOMIC_ACQUIRE);
		to[i].uid = __atomic_load_n(&from[i].uid, __ATOMIC_ACQUIRE);
		to[i].over = __atomic_load_n(&from[i].over, __ATOMIC_ACQUIRE);
	}
}

static void copy_all(struct counters *counters,
		     const struct portwatch_ring *ring)
{
	copy_counters(counters->seen, ring->seen);
	copy_counters(counters->filtered, ring->filtered);
	copy_counters(counters->lost, ring->lost);
	copy_counters(counters->delivered, ring->delivered);
	copy_losers(counters->losers, ring->losers);
}

static bool add_up(const struct counters *counters)
{
	unsigned int i;

	for (i = 0; i < PORTWATCH_TYPES; i++)
		if (counters->seen[i] != counters->filtered[i] +
		    counters->lost[i] + counters->delivered[i])
			return false;
	return true;
}

/* Adds to what a user has lost; the list stays in order, and the last may drop out. */
static void add_toll(struct portwatch_stats *stats, uint32_t uid, uint64_t lost)
{
	struct portwatch_toll *tolls = stats->tolls, toll = { uid, lost };
	unsigned int i = 0;

	while (i < PORTWATCH_STATS_LOSERS - 1 && tolls[i].lost &&
	       tolls[i].uid != uid)
		i++;
	if (tolls[i].lost && tolls[i].uid == uid)
		toll.lost += tolls[i].lost;
	else if (tolls[i].lost >= lost)
		return;
	for (; i && tolls[i - 1].lost < toll.lost; i--)
		tolls[i] = tolls[i - 1];
	tolls[i] = toll;
}

/* What is certain of each; what one of a full table may have besides is vague. */
static void add_losers(struct portwatch_stats *stats,
		       const struct portwatch_loser *losers)
{
	uint64_t least = UINT64_MAX;
	bool exact = true;
	unsigned int i;

	for (i = 0; i < PORTWATCH_LOSERS; i++) {
		exact &= !losers[i].over;
		if (losers[i].lost < least)
			least = losers[i].lost;
		if (losers[i].lost > losers[i].over)
			add_toll(stats, (uint32_t)losers[i].uid,
				 losers[i].lost - losers[i].over);
	}
	if (!exact)
		stats->vague += least;
}

void pw_stats_add_ring(struct portwatch_stats *stats,
		       const struct portwatch_ring *ring)
{
	struct counters before, counters;
	unsigned int i;

	copy_all(&counters, ring);
	for (i = 0; i < TRIES; i++) {
		before = counters;
		copy_all(&counters, ring);
		if (!memcmp(&before, &counters, sizeof(counters)) &&
		    add_up(&counters))
			break;
	}
	for (i = 0; i < PORTWATCH_TYPES; i++) {
		stats->seen[i] += counters.seen[i];
		stats->kernel_filtered[i] += counters.filtered[i];
		stats->lost[i] += counters.lost[i];
		stats->delivered[i] += counters.delivered[i];
	}
	add_losers(stats, counters.losers);
	stats->bad_tail += __atomic_load_n(&ring->bad_tail, __ATOMIC_RELAXED);
}
