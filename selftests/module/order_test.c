// SPDX-License-Identifier: GPL-2.0
/* The order of events is total, over all CPUs. */
#include <kselftest_harness.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "loss.h"
#include "module.h"
#include "scene.h"

#define MANY 3000
#define SOCKETS (1 << 16)

SCENE_HOLD_HOOKS

/*
 * What was seen so far of each socket; and of each port how many clients that have
 * it were established and not accepted yet.
 */
struct seen {
	uint64_t cookie[SOCKETS];
	uint32_t last[SOCKETS];
	unsigned int established[65536];
};

FIXTURE(order)
{
	struct portwatch_reader *reader;
	struct load load;
	struct seen *seen;
	uint64_t last;
	uint64_t given[PORTWATCH_TYPES];
	unsigned int wrong;
};

FIXTURE_SETUP(order)
{
	struct portwatch_options options = {
		.size = sizeof(options), .ring_slots = 32768,
		.no_snapshot = true,
	};

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	self->seen = calloc(1, sizeof(*self->seen));
	ASSERT_NE(NULL, self->seen);
	ASSERT_EQ(0, portwatch_reader_open(&self->reader, &options));
}

FIXTURE_TEARDOWN(order)
{
	portwatch_reader_close(self->reader);
	free(self->seen);
}

/* The number of a socket's last event, to be raised. */
static uint32_t *last_of(struct seen *seen, uint64_t cookie)
{
	unsigned int i = cookie * 0x9e3779b97f4a7c15ULL >> 48;

	while (seen->cookie[i] && seen->cookie[i] != cookie)
		i = (i + 1) % SOCKETS;
	seen->cookie[i] = cookie;
	return &seen->last[i];
}

/* What an end accepts, the other end was told to be established before. */
static bool is_caused(struct seen *seen, const struct portwatch_event *event)
{
	if (event->type == PORTWATCH_ESTABLISHED)
		seen->established[event->lport]++;
	if (event->type != PORTWATCH_ACCEPT)
		return true;
	return seen->established[event->rport]-- > 0;
}

static unsigned int complain(const char *what,
			     const struct portwatch_event *event)
{
	fprintf(stderr, "# %s: type %u, sock %llu, time %llu\n", what,
		event->type, (unsigned long long)event->sock,
		(unsigned long long)event->time);
	return 1;
}

static unsigned int check_item(struct seen *seen, uint64_t last,
			       const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;
	uint32_t *number = last_of(seen, event->sock);
	unsigned int wrong = 0;

	if (event->time < last)
		wrong += complain("older than the one before", event);
	if (item->inverted)
		wrong += complain("said to be late", event);
	if (event->sock_seq <= *number)
		wrong += complain("not the next one of its socket", event);
	if (!is_caused(seen, event))
		wrong += complain("accepted before it was established", event);
	if (!item->owner)
		wrong += complain("without an owner", event);
	*number = event->sock_seq;
	return wrong;
}

/* Reads while four threads produce; what comes late would be out of order. */
TEST_F_TIMEOUT(order, holds_while_four_threads_produce, 60)
{
	struct portwatch_stats stats;
	struct portwatch_item item;
	unsigned int type;

	self->load.binds = MANY;
	self->load.connections = MANY;
	ASSERT_EQ(0, load_begin(&self->load));
	while (portwatch_reader_next(self->reader, &item, 500) > 0) {
		ASSERT_NE(PORTWATCH_LOST, item.slot->type);
		if (self->wrong < 10)
			self->wrong += check_item(self->seen, self->last,
						  &item);
		self->last = item.event->time;
		self->given[item.event->type]++;
	}
	ASSERT_EQ(0, load_finish(&self->load));
	EXPECT_EQ(0U, self->wrong);
	for (type = PORTWATCH_BIND; type < PORTWATCH_FLOW; type++)
		EXPECT_EQ(self->load.done[type], self->given[type]);
	ASSERT_EQ(0, portwatch_reader_stats(self->reader, &stats));
	EXPECT_EQ(0U, stats.inversions);
	EXPECT_EQ(0U, stats.unknown);
	EXPECT_EQ(0U, stats.bad_tail);
	EXPECT_EQ(0U, stats.missed);
}

/*
 * What a reader does by the header's contract, all the time, while another CPU
 * produces: of each position of the head, the latest time before which the
 * beacon promised that nothing would come there.
 */
#define POSITIONS 32768
#define ROUNDS 20

struct lookout {
	struct raw raw;
	struct load load;
	uint64_t promised[POSITIONS];
	unsigned int looks;
	unsigned int busy;
};

FIXTURE(beacon)
{
	struct lookout lookout;
};

FIXTURE_SETUP(beacon)
{
	struct portwatch_start start = raw_start(POSITIONS);

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, raw_open(&self->lookout.raw, &start));
}

FIXTURE_TEARDOWN(beacon)
{
	raw_close(&self->lookout.raw);
}

static const struct portwatch_beacon *beacon_of(const struct raw *raw,
						unsigned int cpu)
{
	return (const void *)(raw->beacons + cpu * raw->header->beacon_stride);
}

/* One look at a CPU, in the order of the header; @promised is of @first and later. */
static void look(struct raw *raw, unsigned int cpu, uint64_t *last,
		 uint64_t first, uint64_t *promised, unsigned int *busy)
{
	uint64_t now = clock_boottime(), beacon, head;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	beacon = __atomic_load_n(&beacon_of(raw, cpu)->busy, __ATOMIC_ACQUIRE);
	head = __atomic_load_n(&raw->rings[cpu]->head, __ATOMIC_ACQUIRE);
	if (beacon == PORTWATCH_BEACON_IDLE)
		*last = now;
	else if (beacon != PORTWATCH_BEACON_STARTING)
		*last = beacon;
	*busy += beacon != PORTWATCH_BEACON_IDLE;
	if (promised[head - first] < *last)
		promised[head - first] = *last;
}

struct check {
	const uint64_t *promised;
	uint64_t at;
	unsigned int broken;
};

static void check_promise(struct raw *raw, unsigned int ring,
			  const struct portwatch_slot *slot, void *context)
{
	struct check *check = context;

	if (ring == 0) {
		if (slot->time < check->promised[check->at])
			check->broken++;
		check->at += raw_slots(slot);
	}
}

/* Records, and looks all the while: how many were before what was promised; or a negative. */
static int look_at_records(struct lookout *lookout)
{
	struct check check = { .promised = lookout->promised };
	struct load *load = &lookout->load;
	struct raw *raw = &lookout->raw;
	uint64_t first = raw->consumers[0]->tail, last = 0;
	int err;

	memset(lookout->promised, 0, sizeof(lookout->promised));
	memset(load, 0, sizeof(*load));
	load->binds = MANY;
	load->only_cpu = 1;
	err = load_begin(load);
	while (!err && load->done[PORTWATCH_CLOSE] < MANY && !load->failed) {
		look(raw, 0, &last, first, lookout->promised, &lookout->busy);
		lookout->looks++;
	}
	err = err ? err : load_finish(load);
	raw_drain(raw, 0, 0, check_promise, &check);
	if (!err && check.at < 2U * MANY)
		err = -ENODATA;
	return err ? err : (int)check.broken;
}

/* Until it was seen at work, or nothing would be tested: where one CPU does for both. */
TEST_F_TIMEOUT(beacon, bounds_what_is_not_yet_in_the_ring, 60)
{
	struct lookout *lookout = &self->lookout;
	unsigned int round;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "there is no other CPU to look from");
	ASSERT_EQ(0, load_pin(1));
	for (round = 0; round < ROUNDS && !lookout->busy; round++)
		ASSERT_EQ(0, look_at_records(lookout));
	EXPECT_EQ(0U, raw_sum(&lookout->raw,
			      offsetof(struct portwatch_ring, lost),
			      PORTWATCH_BIND));
	EXPECT_GT(lookout->busy, 0U);
	TH_LOG("%u looks, %u of them while a record was on its way",
	       lookout->looks, lookout->busy);
}

TEST_HARNESS_MAIN
