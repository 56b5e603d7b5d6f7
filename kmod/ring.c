// SPDX-License-Identifier: GPL-2.0
/*
 * Reserve, write, publish, or lose and count. This file knows nothing of sockets,
 * sessions or files.
 */
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/barrier.h>

#include "ring.h"
#include "slot.h"

static_assert(sizeof(struct portwatch_event) == PORTWATCH_SLOT_SIZE);
static_assert(sizeof(struct portwatch_lost) == PORTWATCH_SLOT_SIZE);
static_assert(sizeof(struct portwatch_process) == PORTWATCH_SLOT_SIZE);
static_assert(sizeof(struct portwatch_text) == PORTWATCH_SLOT_SIZE);
static_assert(sizeof(struct portwatch_ring) <= PAGE_SIZE);

void pw_ring_init(struct pw_ring *ring, u16 cpu, void *area, void *consumer,
		  u32 size, u32 reserve)
{
	memset(ring, 0, sizeof(*ring));
	ring->page = area;
	ring->slots = area + PAGE_SIZE;
	ring->consumer = consumer;
	ring->size = size;
	ring->reserve = reserve;
	ring->cpu = cpu;
}

/* Slots that the reader has not consumed; a tail that cannot be means: full. */
static u32 ring_fill(const struct pw_ring *ring, u64 head, bool *bad)
{
	/* (C) */
	u64 fill = head - smp_load_acquire(&ring->consumer->tail);

	*bad = fill > ring->size;
	return *bad ? ring->size : fill;
}

u32 pw_ring_fill(const struct pw_ring *ring)
{
	bool bad;

	return ring_fill(ring, READ_ONCE(ring->page->head), &bad);
}

u32 pw_ring_room(const struct pw_ring *ring)
{
	u32 used = pw_ring_fill(ring) + ring->reserve;

	return used < ring->size ? ring->size - used : 0;
}

void pw_ring_make_due(struct pw_ring *ring)
{
	/* Pairs with pw_ring_is_due(). */
	smp_store_release(&ring->due, READ_ONCE(ring->page->head));
}

bool pw_ring_is_due(const struct pw_ring *ring)
{
	/* First, so that the head is not before it. */
	u64 due = smp_load_acquire(&ring->due);
	u64 head = READ_ONCE(ring->page->head);
	bool bad;

	return ring_fill(ring, head, &bad) > head - due;
}

static void ring_put(struct pw_ring *ring, const void *slot)
{
	pw_words_copy(&ring->slots[ring->head & (ring->size - 1)], slot,
		      PORTWATCH_SLOT_SIZE);
	ring->head++;
}

static void ring_lose(struct pw_ring *ring, const struct portwatch_slot *slot)
{
	struct portwatch_lost *gap = &ring->gap;
	struct portwatch_ring *page = ring->page;

	if (!page->gap) {
		memset(gap, 0, sizeof(*gap));
		gap->seq = ring->seq;
		gap->cpu = ring->cpu;
		gap->type = PORTWATCH_LOST;
		gap->first = slot->time;
	}
	gap->last = slot->time;
	gap->count[slot->type]++;
	ring->seq++;
	page->lost[slot->type]++;
	WRITE_ONCE(page->gap, page->gap + 1);
}

static void ring_put_gap(struct pw_ring *ring, u64 now)
{
	ring->gap.time = now;
	ring_put(ring, &ring->gap);
	WRITE_ONCE(ring->page->gap, 0);
}

u32 pw_ring_write(struct pw_ring *ring, void *slots, unsigned int count,
		  bool urgent)
{
	struct portwatch_slot *first = slots;
	struct portwatch_ring *page = ring->page;
	u32 need = count + !!page->gap;
	u32 keep = urgent ? 0 : ring->reserve;
	unsigned int i;
	bool bad;
	u32 fill;

	page->seen[first->type]++;
	fill = ring_fill(ring, ring->head, &bad);
	if (unlikely(bad))
		page->bad_tail++;
	if (unlikely(fill + need + keep > ring->size)) {
		ring_lose(ring, first);
		return 0;
	}

	if (unlikely(page->gap))
		ring_put_gap(ring, first->time);
	for (i = 0; i < count; i++) {
		struct portwatch_slot *slot = slots + i * PORTWATCH_SLOT_SIZE;

		slot->seq = ring->seq;
		slot->cpu = ring->cpu;
		ring_put(ring, slot);
	}
	ring->seq++;
	page->delivered[first->type]++;
	/* (D) */
	smp_store_release(&page->head, ring->head);
	return fill + need;
}

void pw_ring_filter(struct pw_ring *ring, u8 type)
{
	ring->page->seen[type]++;
	ring->page->filtered[type]++;
}

/*
 * The algorithm is "space-saving" (Metwally et al., 2005). An entry that is not used has
 * nothing, so that the one with the least is found among those first.
 */
void pw_ring_blame(struct pw_ring *ring, u32 uid)
{
	struct portwatch_loser *loser = ring->page->losers, *least = loser;
	const struct portwatch_loser *end = loser + PORTWATCH_LOSERS;

	for (; loser < end; loser++) {
		if (loser->lost && loser->uid == uid)
			break;
		if (loser->lost < least->lost)
			least = loser;
	}
	if (loser == end) {
		/* Whoever looks meanwhile finds too little rather than too much. */
		loser = least;
		WRITE_ONCE(loser->over, loser->lost);
		WRITE_ONCE(loser->uid, uid);
	}
	WRITE_ONCE(loser->lost, loser->lost + 1);
}

/* Say what is missing although nothing newer comes. */
void pw_ring_flush_gap(struct pw_ring *ring, u64 now)
{
	bool bad;

	if (!ring->page->gap)
		return;
	if (ring_fill(ring, ring->head, &bad) == ring->size)
		return;
	ring_put_gap(ring, now);
	/* (D) */
	smp_store_release(&ring->page->head, ring->head);
}
