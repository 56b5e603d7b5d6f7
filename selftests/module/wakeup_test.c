// SPDX-License-Identifier: GPL-2.0
/* A reader is woken when there is much to read or after a while: not each time. */
#include <kselftest_harness.h>

#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "churn.h"
#include "group.h"
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

/* Its record is nearly as long as one can be: it is in groups of long names. */
#define NAME16	"long-named-group"
#define NAME64	NAME16 NAME16 NAME16 NAME16
#define NAME240	NAME64 NAME64 NAME64 NAME16 NAME16 NAME16
#define GROUP	NAME240 "/" NAME240 "/" NAME240 "/" NAME240
#define LONG_RECORD 10

static struct process *long_named(struct scene *scene, const struct group *group,
				  const char *name)
{
	struct process *process = scene_actor(scene, name);

	return process && !group_enter(group, process->who.pid) ? process : NULL;
}

static unsigned int filled(const struct raw *raw)
{
	return raw->rings[0]->head - raw->consumers[0]->tail;
}

static void *sleep_until_ready(void *context)
{
	return (void *)(intptr_t)wait_ready(context, 5000);
}

/*
 * One who made a socket, one who asks for a port with it, and one who has that port:
 * the fill jumps from below the watermark to far above it.
 */
static void refuse(struct __test_metadata *_metadata, struct raw *raw,
		   struct scene *scene, struct group *group)
{
	struct process *maker = long_named(scene, group, "maker");
	struct process *asker = long_named(scene, group, "asker");
	struct process *holder = long_named(scene, group, "holder");
	struct portwatch_start start = raw_start(1024);
	struct end made, asked, held;
	pthread_t sleeper;
	void *waited;

	ASSERT_TRUE(maker && asker && holder);
	ASSERT_EQ(0, scene_socket_of(scene, &held, holder, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&held, scene_loopback(scene, 0)));
	ASSERT_EQ(0, scene_socket_of(scene, &made, maker, SOCK_STREAM));
	ASSERT_EQ(0, end_give(&made, asker, &asked));
	start.events = PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |
		       PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED);
	start.watermark = 64;
	start.timeout_ms = 10000;
	ASSERT_EQ(0, raw_open(raw, &start));
	while (filled(raw) < start.watermark - 1)
		ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(start.watermark - 1, filled(raw));
	ASSERT_EQ(0, pthread_create(&sleeper, NULL, sleep_until_ready, raw));
	EXPECT_TRUE(process_waits_in_thread(&scene->self, SYS_poll));
	EXPECT_EQ(-EADDRINUSE, end_bind(&asked, scene_loopback(scene,
							end_port(&held))));
	ASSERT_EQ(0, pthread_join(sleeper, &waited));
	EXPECT_LE(0, (intptr_t)waited);
	EXPECT_GE(2000, (intptr_t)waited);
	EXPECT_LE(start.watermark + 3 * LONG_RECORD, filled(raw));
}

TEST_F(wakeup, comes_when_three_processes_are_announced_at_once)
{
	struct group group;
	struct scene scene;

	/* All of it is in one ring. */
	ASSERT_EQ(0, load_pin(0));
	ASSERT_EQ(0, scene_prepare(&scene, IPV4));
	ASSERT_EQ(0, group_mount(&group, scene.directory));
	ASSERT_EQ(0, group_make(&group, GROUP));
	refuse(_metadata, &self->raw, &scene, &group);
	scene_close(&scene);
	group_unmount(&group);
}

TEST_HARNESS_MAIN
