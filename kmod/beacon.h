/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Beacons: what each CPU is about to deliver, for all sessions at once. Readers
 * map them to know how far the merged stream is complete; see ring.h for the
 * order of loads and stores.
 */
#ifndef PW_BEACON_H
#define PW_BEACON_H

#include <linux/cache.h>
#include <linux/smp.h>
#include <linux/ktime.h>
#include <asm/barrier.h>
#include <linux/portwatch.h>

struct pw_area;

#define PW_BEACON_STRIDE	64

/* The beacons, and what they are mapped from. */
extern void *pw_beacons;
extern struct pw_area pw_beacon_area;

int pw_beacons_init(void);
void pw_beacons_exit(void);
size_t pw_beacons_bytes(void);

static inline struct portwatch_beacon *pw_beacon(void)
{
	return pw_beacons + smp_processor_id() * PW_BEACON_STRIDE;
}

/* Interrupts are off until pw_beacon_end(). Returns the time of what follows. */
static inline u64 pw_beacon_begin(struct portwatch_beacon *beacon)
{
	u64 time;

	WRITE_ONCE(beacon->busy, PORTWATCH_BEACON_STARTING);
	smp_mb(); /* (A) */
	time = ktime_get_boottime_ns();
	smp_store_release(&beacon->busy, time); /* (B) */
	return time;
}

static inline void pw_beacon_end(struct portwatch_beacon *beacon)
{
	smp_store_release(&beacon->busy, PORTWATCH_BEACON_IDLE); /* (E) */
}

#endif /* PW_BEACON_H */
