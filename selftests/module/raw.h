/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader straight from <linux/portwatch.h>, without the library: every ring by
 * itself, every record as it was written.
 */
#ifndef RAW_H
#define RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/portwatch.h>

#define RAW_RINGS 64

/**
 * struct raw - a session
 *
 * @fd:		the device
 * @header:	its first page
 * @beacons:	NULL until raw_map()
 * @rings:	one for each CPU
 * @consumers:	likewise
 * @next_seq:	number that the next record of that ring must have
 * @seen:	whether a record of that ring was read
 */
struct raw {
	int fd;
	const struct portwatch_header *header;
	const char *beacons;
	const struct portwatch_ring *rings[RAW_RINGS];
	struct portwatch_consumer *consumers[RAW_RINGS];
	uint32_t next_seq[RAW_RINGS];
	bool seen[RAW_RINGS];
};

/* All events but SOCKET, rings of that many slots; 0 is the module's default. */
struct portwatch_start raw_start(uint32_t ring_slots);

/* Opens, starts, maps everything; 0 or a negative errno. */
int raw_open(struct raw *raw, const struct portwatch_start *start);
/* With a filter in the kernel; with one that wants that network namespace only. */
int raw_open_filtered(struct raw *raw, const struct portwatch_start *start,
		      const struct portwatch_tests *tests);
int raw_open_netns(struct raw *raw, const struct portwatch_start *start,
		   uint32_t netns);
int raw_map(struct raw *raw);
void raw_close(struct raw *raw);

/* One that is opened and closed again when it has read something: 0 or a negative errno. */
int raw_session_once(void);

/*
 * Hands each waiting record of a ring to a function, oldest first, as far as
 * @limit slots go (0: all that wait), and gives the slots back. Returns the
 * number of slots.
 */
typedef void raw_visitor(struct raw *raw, unsigned int ring,
			 const struct portwatch_slot *slot, void *context);
size_t raw_drain(struct raw *raw, unsigned int ring, size_t limit,
		 raw_visitor *visit, void *context);
size_t raw_drain_all(struct raw *raw, raw_visitor *visit, void *context);

/* Slots of a record: more than one for a process. */
unsigned int raw_slots(const struct portwatch_slot *slot);

/* Sum of a counter over all rings; pass offsetof(struct portwatch_ring, ...). */
uint64_t raw_sum(const struct raw *raw, size_t counters, unsigned int type);

#endif /* RAW_H */
