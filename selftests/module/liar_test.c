// SPDX-License-Identifier: GPL-2.0
/* A reader whose position is a lie, rewritten all the time while others produce. */
#include <kselftest_harness.h>

#include <pthread.h>
#include <stdlib.h>

#include "loss.h"
#include "module.h"
#include "scene.h"

SCENE_HOLD_HOOKS

/**
 * struct liar - a reader that lies
 *
 * @believable:	what it says may be true, too
 */
struct liar {
	struct raw raw;
	pthread_t thread;
	bool believable;
	bool stop;
};

FIXTURE(liar)
{
	struct liar liar;
	struct account account;
	struct load load;
};

FIXTURE_SETUP(liar)
{
	struct portwatch_start start = raw_start(64);

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, raw_open(&self->liar.raw, &start));
	self->load.binds = 1001;
	self->load.connections = 1001;
}

FIXTURE_TEARDOWN(liar)
{
	raw_close(&self->liar.raw);
}

static uint64_t lie(const struct raw *raw, unsigned int ring, unsigned int n,
		    bool believable)
{
	const struct portwatch_ring *page = raw->rings[ring];
	uint64_t head = __atomic_load_n(&page->head, __ATOMIC_RELAXED);

	switch (n % (believable ? 8 : 4)) {
	case 0:
		return head + 1;
	case 1:
		return -1;
	case 2:
		return head - raw->header->ring_slots - 1;
	case 3:
		return head + (1ULL << (n % 40 + 1));
	case 4:
		return 0;
	case 5:
		return head;
	case 6:
		return head - n % raw->header->ring_slots;
	default:
		return random() * (uint64_t)n;
	}
}

static void *lie_on(void *argument)
{
	struct liar *liar = argument;
	struct raw *raw = &liar->raw;
	unsigned int n = 0, ring;

	while (!__atomic_load_n(&liar->stop, __ATOMIC_RELAXED)) {
		for (ring = 0; ring < raw->header->nr_rings; ring++)
			__atomic_store_n(&raw->consumers[ring]->tail,
					 lie(raw, ring, n, liar->believable),
					 __ATOMIC_RELAXED);
		n++;
	}
	return NULL;
}

static int lie_while_loaded(struct liar *liar, struct load *load)
{
	int err = pthread_create(&liar->thread, NULL, lie_on, liar);

	if (err)
		return -err;
	err = load_begin(load);
	if (!err)
		err = load_finish(load);
	__atomic_store_n(&liar->stop, true, __ATOMIC_RELAXED);
	pthread_join(liar->thread, NULL);
	return err;
}

/* All rings as they are; to be freed. */
static char *copy_slots(const struct raw *raw)
{
	const struct portwatch_header *header = raw->header;
	size_t size = header->ring_bytes - header->ring_data;
	char *copy = malloc(header->nr_rings * size);
	unsigned int i;

	for (i = 0; i < header->nr_rings; i++)
		memcpy(copy + i * size,
		       (const char *)raw->rings[i] + header->ring_data, size);
	return copy;
}

static uint64_t bad_tails(const struct raw *raw)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < raw->header->nr_rings; i++)
		sum += raw->rings[i]->bad_tail;
	return sum;
}

static uint64_t heads(const struct raw *raw)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < raw->header->nr_rings; i++)
		sum += raw->rings[i]->head;
	return sum;
}

/*
 * Positions that cannot be, rewritten all the time while the rings are full of records
 * that nobody has read: not a byte of these changes, and all that comes is lost and
 * counted.
 */
TEST_F_TIMEOUT(liar, that_says_what_cannot_be_overwrites_nothing, 60)
{
	struct raw *raw = &self->liar.raw;
	struct load fill = { .binds = 400 };
	size_t size = raw->header->nr_rings *
		      (raw->header->ring_bytes - raw->header->ring_data);
	uint64_t tails[RAW_RINGS] = { 0 }, head;
	char *before, *after;
	unsigned int i;

	ASSERT_EQ(0, load_begin(&fill));
	ASSERT_EQ(0, load_finish(&fill));
	before = copy_slots(raw);
	head = heads(raw);
	for (i = 0; i < raw->header->nr_rings; i++)
		tails[i] = raw->consumers[i]->tail;
	ASSERT_EQ(0, lie_while_loaded(&self->liar, &self->load));
	after = copy_slots(raw);
	EXPECT_EQ(0, memcmp(before, after, size));
	EXPECT_EQ(head, heads(raw));
	EXPECT_LT(1000U, bad_tails(raw));
	/* The truth again: everything is there, and what is missing is told. */
	for (i = 0; i < raw->header->nr_rings; i++)
		raw->consumers[i]->tail = tails[i];
	account_finish(raw, &self->account);
	for (i = 0; i < PORTWATCH_TYPES; i++)
		self->load.done[i] += fill.done[i];
	EXPECT_EQ(0U, account_check_all(raw, &self->load, &self->account));
	free(before);
	free(after);
}

static void count_visit(struct raw *raw, unsigned int ring,
			const struct portwatch_slot *slot, void *counts)
{
	((unsigned int *)counts)[slot->type]++;
}

/*
 * Positions that can be are believed: what the reader says that it has read makes room.
 * That harms nobody but the reader: the kernel's books are right, and its own position
 * is its own.
 */
TEST_F_TIMEOUT(liar, that_may_be_believed_harms_only_itself, 60)
{
	const size_t seen = offsetof(struct portwatch_ring, seen);
	const size_t lost = offsetof(struct portwatch_ring, lost);
	const size_t delivered = offsetof(struct portwatch_ring, delivered);
	unsigned int counts[PORTWATCH_TYPES] = { 0 };
	struct raw *raw = &self->liar.raw;
	unsigned int type, i;

	self->liar.believable = true;
	ASSERT_EQ(0, lie_while_loaded(&self->liar, &self->load));
	EXPECT_LT(0U, bad_tails(raw));
	for (type = PORTWATCH_BIND; type < PORTWATCH_FLOW; type++) {
		EXPECT_EQ(self->load.done[type], raw_sum(raw, seen, type));
		EXPECT_EQ(self->load.done[type], raw_sum(raw, lost, type) +
						 raw_sum(raw, delivered, type));
	}
	EXPECT_LT(0U, raw_sum(raw, delivered, PORTWATCH_CLOSE));
	EXPECT_LT(0U, raw_sum(raw, lost, PORTWATCH_CLOSE));
	/* An honest reader goes on from here. */
	for (i = 0; i < raw->header->nr_rings; i++)
		raw->consumers[i]->tail = raw->rings[i]->head;
	self->load = (struct load){ .binds = 8 };
	ASSERT_EQ(0, load_begin(&self->load));
	ASSERT_EQ(0, load_finish(&self->load));
	raw_drain_all(raw, count_visit, counts);
	EXPECT_EQ(8U, counts[PORTWATCH_BIND]);
	EXPECT_EQ(8U, counts[PORTWATCH_CLOSE]);
}

TEST_HARNESS_MAIN
