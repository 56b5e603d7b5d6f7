// SPDX-License-Identifier: GPL-2.0
/* A reader is woken when there is much to read or after a while: not each time. */
#include <kselftest_harness.h>

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "churn.h"
#include "loss.h"
#include "module.h"
#include "scene.h"

#define MANY 10000
#define MILLISECOND 1000000ULL

SCENE_HOLD_HOOKS

FIXTURE(wakeup)
{
	struct raw raw;
	struct load load;
};

FIXTURE_SETUP(wakeup)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
}

FIXTURE_TEARDOWN(wakeup)
{
	raw_close(&self->raw);
}

static int open_raw(struct raw *raw, uint32_t slots, uint32_t watermark,
		    uint32_t timeout_ms)
{
	struct portwatch_start start = raw_start(slots);

	start.watermark = watermark;
	start.timeout_ms = timeout_ms;
	return raw_open(raw, &start);
}

/* Milliseconds until poll() says that there is something, -1: it does not. */
static int wait_ready(const struct raw *raw, int limit_ms)
{
	struct pollfd ready = { .fd = raw->fd, .events = POLLIN };
	uint64_t before = clock_boottime();

	if (poll(&ready, 1, limit_ms) != 1)
		return -1;
	return (clock_boottime() - before) / MILLISECOND;
}

/* 20,000 records; the reader sleeps until a quarter of a ring is full. */
TEST_F_TIMEOUT(wakeup, is_for_many_events_at_once, 60)
{
	uint64_t before = clock_boottime(), seconds, most, read = 0;
	unsigned int wakeups = 0;
	struct raw *raw = &self->raw;

	self->load.binds = MANY;
	ASSERT_EQ(0, open_raw(raw, 8192, 2048, 1000));
	ASSERT_EQ(0, load_begin(&self->load));
	while (wait_ready(raw, 3000) >= 0) {
		wakeups++;
		read += raw_drain_all(raw, NULL, NULL);
	}
	ASSERT_EQ(0, load_finish(&self->load));
	seconds = (clock_boottime() - before) / (1000 * MILLISECOND);
	EXPECT_GE(read, 2U * MANY);
	/* One for each 2048 slots, one a second, and one more of each ring. */
	most = read / 2048 + seconds + 1 + raw->header->nr_rings;
	EXPECT_LE(wakeups, most);
	EXPECT_GE(wakeups, 2U);
	TH_LOG("%u wake-ups for %llu slots", wakeups, (unsigned long long)read);
}

TEST_F(wakeup, comes_after_the_timeout_for_a_single_event)
{
	int waited;

	ASSERT_EQ(0, open_raw(&self->raw, 0, 0, 400));
	ASSERT_EQ(0, churn_bind());
	waited = wait_ready(&self->raw, 5000);
	EXPECT_GE(waited, 300);
	EXPECT_LE(waited, 2000);
	EXPECT_LT(0U, raw_drain_all(&self->raw, NULL, NULL));
}

TEST_F(wakeup, comes_soon_by_default)
{
	int i, waited;

	ASSERT_EQ(0, open_raw(&self->raw, 0, 0, 0));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, churn_bind());
		waited = wait_ready(&self->raw, 5000);
		EXPECT_GE(waited, 0);
		EXPECT_LE(waited, 1000);
		EXPECT_LT(0U, raw_drain_all(&self->raw, NULL, NULL));
	}
}

TEST_F(wakeup, comes_at_the_watermark_long_before_the_timeout)
{
	unsigned int i;
	int waited;

	ASSERT_EQ(0, open_raw(&self->raw, 1024, 16, 10000));
	/* Two records each; on whichever CPU, one ring gets its sixteen. */
	for (i = 0; i < 16 * self->raw.header->nr_rings; i++)
		ASSERT_EQ(0, churn_bind());
	waited = wait_ready(&self->raw, 9000);
	EXPECT_GE(waited, 0);
	EXPECT_LE(waited, 2000);
}

TEST_F(wakeup, does_not_come_for_nothing)
{
	ASSERT_EQ(0, open_raw(&self->raw, 0, 0, 0));
	EXPECT_EQ(-1, wait_ready(&self->raw, 300));
	ASSERT_EQ(0, churn_bind());
	EXPECT_LE(0, wait_ready(&self->raw, 5000));
	raw_drain_all(&self->raw, NULL, NULL);
	EXPECT_EQ(-1, wait_ready(&self->raw, 300));
}

/* What was not asked for wakes nobody. */
TEST_F(wakeup, does_not_come_for_other_events)
{
	struct portwatch_start start = raw_start(0);

	start.events = PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN);
	ASSERT_EQ(0, raw_open(&self->raw, &start));
	ASSERT_EQ(0, churn_bind());
	EXPECT_EQ(-1, wait_ready(&self->raw, 300));
}

TEST_F(wakeup, reaches_the_library_that_waits)
{
	struct portwatch_options options = {
		.size = sizeof(options), .no_snapshot = true,
	};
	struct portwatch_reader *reader;
	struct portwatch_item item;
	uint64_t before;

	self->raw.fd = -1;
	ASSERT_EQ(0, portwatch_reader_open(&reader, &options));
	EXPECT_EQ(0, portwatch_reader_next(reader, &item, 100));
	before = clock_boottime();
	ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(1, portwatch_reader_next(reader, &item, 5000));
	EXPECT_LE(clock_boottime() - before, 1000 * MILLISECOND);
	EXPECT_EQ(PORTWATCH_BIND, (int)item.slot->type);
	portwatch_reader_close(reader);
}

TEST_HARNESS_MAIN
