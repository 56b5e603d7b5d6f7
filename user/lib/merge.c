/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Many rings, one stream in the order of time. The rules are those of
 * <linux/portwatch.h>, "Order over all rings".
 *
 * A scan looks once at each ring: what waits in it, and how old a record that
 * comes later can be at most (its bound). What waits goes into a heap by time;
 * the bound of each ring without waiting records lowers the limit, and so does
 * that of a ring whose last waiting record is taken. Only records older than the
 * limit are given. A scan stays true, if ever more careful than need be, until
 * the next one: it is made anew only when it allows nothing more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "merge.h"
#include "stats.h"

/*
 * @pos: slots copied. @tail: of these, those that the kernel was told of.
 * @head: slots that the last scan saw. @bound: no record at or past @head is
 * older. @last: time of the last record copied. @next_seq: number that the next
 * record should have, once @numbered.
 */
struct ring {
	struct pw_ring_map map;
	uint64_t pos;
	uint64_t tail;
	uint64_t head;
	uint64_t bound;
	uint64_t last;
	uint32_t next_seq;
	bool numbered;
};

/* @key: see key_of(). */
struct entry {
	uint64_t key;
	unsigned int ring;
};

struct pw_merge {
	unsigned int nr_rings;
	unsigned int mask;
	uint64_t (*now)(void);
	uint64_t limit;
	uint64_t unexplained;
	unsigned int nr_heap;
	struct entry *heap;
	struct ring rings[];
};

int pw_merge_new(struct pw_merge **result, const struct pw_ring_map *maps,
		 unsigned int nr_rings, unsigned int ring_slots,
		 uint64_t (*now)(void))
{
	struct pw_merge *merge;
	struct ring *ring;
	unsigned int i;

	merge = calloc(1, sizeof(*merge) + nr_rings * sizeof(*ring));
	if (!merge)
		return -ENOMEM;
	merge->heap = calloc(nr_rings, sizeof(*merge->heap));
	if (!merge->heap) {
		free(merge);
		return -ENOMEM;
	}
	merge->nr_rings = nr_rings;
	merge->mask = ring_slots - 1;
	merge->now = now;
	for (i = 0; i < nr_rings; i++) {
		ring = &merge->rings[i];
		ring->map = maps[i];
		ring->pos = __atomic_load_n(&ring->map.consumer->tail,
					    __ATOMIC_RELAXED);
		ring->tail = ring->pos;
	}
	*result = merge;
	return 0;
}

void pw_merge_free(struct pw_merge *merge)
{
	if (!merge)
		return;
	free(merge->heap);
	free(merge);
}

static const union pw_slot *slot_at(const struct pw_merge *merge,
				    const struct ring *ring, uint64_t pos)
{
	return &ring->map.slots[pos & merge->mask];
}

/*
 * What records are ordered by: the time, and at the same time a process record
 * first, because an event of another ring may need it. A coarse clock gives the same
 * time to what happened one after the other.
 */
static uint64_t key_of(const union pw_slot *slot)
{
	return slot->head.time << 1 | (slot->head.type != PORTWATCH_PROCESS);
}

/* Puts @entry in place of the heap's place @at, from where it may sink. */
static void heap_sink(struct pw_merge *merge, unsigned int at,
		      struct entry entry)
{
	struct entry *heap = merge->heap;
	unsigned int child;

	while ((child = 2 * at + 1) < merge->nr_heap) {
		if (child + 1 < merge->nr_heap &&
		    heap[child + 1].key < heap[child].key)
			child++;
		if (entry.key <= heap[child].key)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = entry;
}

/* The key at which another ring than the first one of the heap comes up. */
static uint64_t heap_second(const struct pw_merge *merge)
{
	const struct entry *heap = merge->heap;

	if (merge->nr_heap < 2)
		return UINT64_MAX;
	if (merge->nr_heap < 3 || heap[1].key < heap[2].key)
		return heap[1].key;
	return heap[2].key;
}

static void lower_limit(struct pw_merge *merge, uint64_t bound)
{
	if (bound < merge->limit)
		merge->limit = bound;
}

/*
 * The order of the three loads is the contract's, the letters are those of
 * Documentation/ring.md: the clock, (A) a full barrier that pairs with the
 * module's between "STARTING" and its reading of the clock (either it reads the
 * clock after we did, or we see that it is busy), (B, E) the beacon, (D) the head
 * (what was written before the beacon said what it says is in the head that we
 * load after it).
 */
static int scan_ring(struct pw_merge *merge, struct ring *ring, uint64_t now)
{
	uint64_t busy, head;

	busy = __atomic_load_n(&ring->map.beacon->busy, __ATOMIC_ACQUIRE);
	head = __atomic_load_n(&ring->map.ring->head, __ATOMIC_ACQUIRE);
	if (head - ring->pos > (uint64_t)merge->mask + 1)
		return -EBADMSG;
	ring->head = head;
	if (busy == PORTWATCH_BEACON_IDLE) {
		ring->bound = now;
	} else if (busy != PORTWATCH_BEACON_STARTING) {
		ring->bound = busy;
	} else {
		/* The last bound, or what the ring itself shows if it is later. */
		if (head != ring->pos)
			ring->last = slot_at(merge, ring, head - 1)->head.time;
		if (ring->bound < ring->last)
			ring->bound = ring->last;
	}
	return 0;
}

static int scan(struct pw_merge *merge)
{
	struct entry entry;
	struct ring *ring;
	unsigned int i;
	uint64_t now;

	merge->limit = UINT64_MAX;
	merge->nr_heap = 0;
	now = merge->now();
	__atomic_thread_fence(__ATOMIC_SEQ_CST);			/* A */
	for (i = 0; i < merge->nr_rings; i++) {
		ring = &merge->rings[i];
		if (scan_ring(merge, ring, now))			/* B, D, E */
			return -EBADMSG;
		if (ring->pos == ring->head) {
			lower_limit(merge, ring->bound);
			continue;
		}
		entry.key = key_of(slot_at(merge, ring, ring->pos));
		entry.ring = i;
		merge->heap[merge->nr_heap++] = entry;
	}
	for (i = merge->nr_heap / 2; i-- > 0;)
		heap_sink(merge, i, merge->heap[i]);
	return 0;
}

/* Numbers of one ring go on without a jump, but for those of a LOST record. */
static void check_seq(struct pw_merge *merge, struct ring *ring,
		      const union pw_slot *slot)
{
	unsigned int i;

	if (ring->numbered && slot->head.seq != ring->next_seq)
		merge->unexplained++;
	ring->numbered = true;
	ring->next_seq = slot->head.seq;
	if (slot->head.type != PORTWATCH_LOST) {
		ring->next_seq++;
		return;
	}
	for (i = 0; i < PORTWATCH_TYPES; i++)
		ring->next_seq += slot->lost.count[i];
}

/* Copies the record of @count slots at the ring's position. */
static void copy_record(struct pw_merge *merge, struct ring *ring,
			union pw_slot *slots, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		slots[i] = *slot_at(merge, ring, ring->pos + i);
	check_seq(merge, ring, slots);
	ring->last = slots->head.time;
	ring->pos += count;
}

/*
 * Copies records of one ring for as long as it has the oldest, up to and with
 * key @until. Returns slots copied, fewer than there are also when @size does
 * not suffice, or -EBADMSG.
 */
static int copy_run(struct pw_merge *merge, struct ring *ring, uint64_t until,
		    union pw_slot *slots, size_t size)
{
	const union pw_slot *slot;
	unsigned int count;
	size_t done = 0;

	while (ring->pos != ring->head) {
		slot = slot_at(merge, ring, ring->pos);
		if (key_of(slot) > until || slot->head.time >= merge->limit)
			break;
		count = pw_slot_count(slot);
		if (!count || count > ring->head - ring->pos)
			return -EBADMSG;
		if (count > size - done)
			break;
		copy_record(merge, ring, slots + done, count);
		done += count;
	}
	return (int)done;
}

/* The first ring of the heap was copied from: where does it stand now? */
static void heap_update(struct pw_merge *merge)
{
	struct entry entry = merge->heap[0];
	struct ring *ring = &merge->rings[entry.ring];

	if (ring->pos == ring->head) {
		lower_limit(merge, ring->bound);
		entry = merge->heap[--merge->nr_heap];
		if (!merge->nr_heap)
			return;
	} else {
		entry.key = key_of(slot_at(merge, ring, ring->pos));
	}
	heap_sink(merge, 0, entry);
}

static bool heap_ready(const struct pw_merge *merge)
{
	return merge->nr_heap && merge->heap[0].key >> 1 < merge->limit;
}

static int drain(struct pw_merge *merge, union pw_slot *slots, size_t size)
{
	struct ring *ring;
	size_t done = 0;
	int count;

	while (heap_ready(merge)) {
		ring = &merge->rings[merge->heap[0].ring];
		count = copy_run(merge, ring, heap_second(merge), slots + done,
				 size - done);
		if (count < 0)
			return count;
		if (!count)
			break;
		done += count;
		heap_update(merge);
	}
	return (int)done;
}

/* The slots were copied: (C) release, so that the kernel overwrites none before. */
static void publish_tails(struct pw_merge *merge)
{
	struct ring *ring;
	unsigned int i;

	for (i = 0; i < merge->nr_rings; i++) {
		ring = &merge->rings[i];
		if (ring->tail == ring->pos)
			continue;
		ring->tail = ring->pos;
		__atomic_store_n(&ring->map.consumer->tail, ring->tail,
				 __ATOMIC_RELEASE);			/* C */
	}
}

int pw_merge_fill(struct pw_merge *merge, union pw_slot *slots, size_t size)
{
	int count;

	if (!heap_ready(merge) && scan(merge))
		return -EBADMSG;
	count = drain(merge, slots, size);
	if (count > 0)
		publish_tails(merge);
	return count;
}

bool pw_merge_waiting(const struct pw_merge *merge)
{
	return merge->nr_heap > 0;
}

bool pw_merge_gap(const struct pw_merge *merge)
{
	unsigned int i;

	for (i = 0; i < merge->nr_rings; i++)
		if (__atomic_load_n(&merge->rings[i].map.ring->gap,
				    __ATOMIC_RELAXED))
			return true;
	return false;
}

void pw_merge_stats(const struct pw_merge *merge, struct portwatch_stats *stats)
{
	unsigned int i;

	for (i = 0; i < merge->nr_rings; i++)
		pw_stats_add_ring(stats, merge->rings[i].map.ring);
	stats->unexplained += merge->unexplained;
	stats->rings += merge->nr_rings;
}
