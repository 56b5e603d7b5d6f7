/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A ring of slots with one producer CPU and one reader in userspace.
 *
 * Who writes what (the letters are those of Documentation/ring.md):
 *
 *	kernel, on the ring's CPU		reader
 *	with interrupts off
 *
 *	beacon = STARTING			now = clock
 *	smp_mb()			(A)	full barrier		(A)
 *	time = clock				b = load busy
 *	beacon = time (release)		(B)	acquire			(B)
 *	tail = load (acquire)		(C)	h = load head
 *	write slots				acquire			(D)
 *	head = store (release)		(D)	read slots
 *	beacon = IDLE (release)		(E)	tail = store (release)	(C)
 *
 * (A) if the reader sees the beacon idle, the CPU had not yet read the clock for
 *     any record that the reader does not see, so that record is not older than
 *     the reader's now.
 * (B), (E) what a beacon says is seen no later than the heads before it.
 * (C) a slot is overwritten only after the reader has read it.
 * (D) a slot is read only after it was written.
 */
#ifndef PW_RING_H
#define PW_RING_H

#include <linux/types.h>
#include <linux/portwatch.h>

/**
 * struct pw_ring - the kernel's side of one ring
 *
 * @page:	shared, written by us only
 * @slots:	shared, written by us only
 * @consumer:	shared, written by the reader: nothing in it is trusted
 * @head:	slots ever written; @page->head is a copy
 * @due:	what was written before this slot has waited for long
 * @size:	slots, a power of two
 * @reserve:	of these, kept for records that must not be crowded out
 * @seq:	number of the next record
 * @cpu:	whose ring it is
 * @gap:	records lost since the last LOST record was written
 */
struct pw_ring {
	struct portwatch_ring *page;
	struct portwatch_event *slots;
	const struct portwatch_consumer *consumer;
	u64 head;
	u64 due;
	u32 size;
	u32 reserve;
	u32 seq;
	u16 cpu;
	struct portwatch_lost gap;
};

void pw_ring_init(struct pw_ring *ring, u16 cpu, void *area, void *consumer,
		  u32 size, u32 reserve);

/*
 * pw_ring_write() writes a record of @count slots, the first of which says time and
 * type; an @urgent one may use the reserve. It returns how full the ring is then, or
 * 0 when the record was lost. pw_ring_blame() then says that it was an event of @uid.
 *
 * These run on the ring's CPU with interrupts off, between
 * pw_beacon_begin() and pw_beacon_end(), or while that CPU is offline.
 */
u32 pw_ring_write(struct pw_ring *ring, void *slots, unsigned int count,
		  bool urgent);
void pw_ring_blame(struct pw_ring *ring, u32 uid);
void pw_ring_flush_gap(struct pw_ring *ring, u64 now);

/*
 * A record of that type came up which the reader's filter does not want: it is
 * counted, and has no number. On the ring's CPU with interrupts off.
 */
void pw_ring_filter(struct pw_ring *ring, u8 type);

/* From any CPU; what they say may be old at once. */
u32 pw_ring_fill(const struct pw_ring *ring);
u32 pw_ring_room(const struct pw_ring *ring);

/*
 * The reader should come for all that is there now, from any one CPU at a time; and
 * whether some of that is still to be read, from any.
 */
void pw_ring_make_due(struct pw_ring *ring);
bool pw_ring_is_due(const struct pw_ring *ring);

#endif /* PW_RING_H */
