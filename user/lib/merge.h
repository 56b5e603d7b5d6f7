/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_MERGE_H
#define PW_MERGE_H

#include <stdbool.h>

#include "portwatch.h"
#include "slot.h"

/* Where one ring, its beacon and its consumer page are mapped. */
struct pw_ring_map {
	const struct portwatch_ring *ring;
	const union pw_slot *slots;
	const struct portwatch_beacon *beacon;
	struct portwatch_consumer *consumer;
};

struct pw_merge;

/*
 * @maps: @nr_rings of them, copied. @ring_slots: a power of two. @now: reads the
 * clock that the records bear.
 */
int pw_merge_new(struct pw_merge **merge, const struct pw_ring_map *maps,
		 unsigned int nr_rings, unsigned int ring_slots,
		 uint64_t (*now)(void));
void pw_merge_free(struct pw_merge *merge);

/*
 * Copies up to @size slots, whole records in the order of time, and gives their
 * room back to the kernel. @size is at least PW_RECORD_SLOTS_MAX.
 *
 * Return: slots copied, 0 when there are none that may be given yet, or -EBADMSG.
 */
int pw_merge_fill(struct pw_merge *merge, union pw_slot *slots, size_t size);

/* Did the last fill see records that could not be given yet? */
bool pw_merge_waiting(const struct pw_merge *merge);

/* Has some ring lost records for which no LOST record stands in it yet? */
bool pw_merge_gap(const struct pw_merge *merge);

/* Adds the counters of the rings, and what the merge itself found. */
void pw_merge_stats(const struct pw_merge *merge,
		    struct portwatch_stats *stats);

#endif
