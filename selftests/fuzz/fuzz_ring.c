// SPDX-License-Identifier: GPL-2.0
/*
 * Rings that hold any bytes, with heads and beacons that stand anywhere: as far as
 * they can be merged, whole records come out, and nothing is read beyond a ring.
 */
#include <errno.h>
#include <string.h>

#include "merge.h"
#include "target.h"

#define RINGS	2
#define SLOTS	8
#define ROUNDS	4

/* How an input begins; then there are the slots of the rings, one after the other. */
struct layout {
	uint8_t head[ROUNDS][RINGS];
	uint8_t busy[ROUNDS][RINGS];
	uint8_t far;
};

struct rings {
	struct portwatch_ring ring[RINGS];
	union pw_slot slots[RINGS][SLOTS];
	struct portwatch_beacon beacon[RINGS];
	struct portwatch_consumer consumer[RINGS];
};

static uint64_t now(void)
{
	return 1ULL << 62;
}

static uint64_t busy_of(uint8_t byte)
{
	if (byte < 128)
		return PORTWATCH_BEACON_IDLE;
	return byte < 160 ? PORTWATCH_BEACON_STARTING : (uint64_t)byte << 56;
}

static void move(struct rings *rings, const struct layout *layout, int round)
{
	int i;

	for (i = 0; i < RINGS; i++) {
		rings->ring[i].head += layout->head[round][i] % (SLOTS + 1);
		if (layout->far == round + 1)
			rings->ring[i].head += 1ULL << 60;
		rings->beacon[i].busy = busy_of(layout->busy[round][i]);
	}
}

static void drain(struct pw_merge *merge, const struct rings *rings)
{
	union pw_slot out[PW_RECORD_SLOTS_MAX];
	int got, at, count, i;

	while ((got = pw_merge_fill(merge, out, PW_RECORD_SLOTS_MAX)) > 0) {
		must(got <= RINGS * SLOTS);
		for (at = 0; at < got; at += count) {
			count = (int)pw_slot_count(&out[at]);
			must(count > 0 && count <= got - at);
			pw_slot_check(&out[at], (size_t)(got - at));
		}
		for (i = 0; i < RINGS; i++)
			must(rings->consumer[i].tail <= rings->ring[i].head);
	}
	must(got == 0 || got == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rings *rings = calloc(1, sizeof(*rings));
	struct pw_ring_map maps[RINGS];
	struct portwatch_stats stats = { 0 };
	struct layout layout = { 0 };
	struct pw_merge *merge;
	size_t used;
	int i;

	used = size < sizeof(layout) ? size : sizeof(layout);
	memcpy(&layout, data, used);
	size -= used;
	memcpy(rings->slots, data + used, size < sizeof(rings->slots) ?
					  size : sizeof(rings->slots));
	for (i = 0; i < RINGS; i++)
		maps[i] = (struct pw_ring_map){
			&rings->ring[i], rings->slots[i], &rings->beacon[i],
			&rings->consumer[i],
		};
	must(!pw_merge_new(&merge, maps, RINGS, SLOTS, now));
	for (i = 0; i < ROUNDS; i++) {
		move(rings, &layout, i);
		drain(merge, rings);
	}
	pw_merge_stats(merge, &stats);
	pw_merge_free(merge);
	free(rings);
	return 0;
}
