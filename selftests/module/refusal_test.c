// SPDX-License-Identifier: GPL-2.0
/* Each thing that the device does not take: one test each. */
#include <kselftest_harness.h>

#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module.h"
#include "raw.h"
#include "scene.h"

SCENE_HOLD_HOOKS

/* A caller from the future: its structure is longer than the kernel's. */
struct longer_start {
	struct portwatch_start start;
	uint64_t more[2];
};

struct longer_status {
	struct portwatch_status status;
	uint64_t more[2];
};

FIXTURE(refusal)
{
	int fd;
};

FIXTURE_SETUP(refusal)
{
	ASSERT_EQ(0, module_require());
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(refusal)
{
	close(self->fd);
}

static int call(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

static struct portwatch_start good_start(void)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);

	start.flags = PORTWATCH_START_NO_EVENTS;
	return start;
}

static int start(int fd, struct portwatch_start start)
{
	return call(fd, PORTWATCH_IOC_START, &start);
}

/* After a refusal, the session can still be started: nothing is left half done. */
#define EXPECT_REFUSED(error, what)					\
do {									\
	EXPECT_EQ(-(error), start(self->fd, what));			\
	EXPECT_EQ(0, start(self->fd, good_start()));			\
} while (0)

TEST_F(refusal, nothing_that_is_right)
{
	EXPECT_EQ(0, start(self->fd, good_start()));
}

TEST_F(refusal, of_unknown_flags)
{
	struct portwatch_start bad = good_start();
	int bit;

	for (bit = 1; bit < 32; bit++) {
		bad.flags = 1U << bit;
		ASSERT_EQ(-EINVAL, start(self->fd, bad));
	}
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_reserved_bytes)
{
	struct portwatch_start bad = good_start();

	bad.reserved = 1;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_size_0)
{
	struct portwatch_start bad = good_start();

	bad.size = 0;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_a_size_that_is_too_small)
{
	struct portwatch_start bad = good_start();

	bad.size = offsetof(struct portwatch_start, ring_slots);
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_a_longer_structure_that_says_more)
{
	struct longer_start bad = { .start = good_start() };

	bad.start.size = sizeof(bad);
	bad.more[1] = 1;
	EXPECT_EQ(-E2BIG, call(self->fd, PORTWATCH_IOC_START, &bad));
	EXPECT_EQ(0, start(self->fd, good_start()));
}

TEST_F(refusal, not_of_a_longer_structure_that_says_nothing_more)
{
	struct longer_start longer = { .start = good_start() };

	longer.start.size = sizeof(longer);
	EXPECT_EQ(0, call(self->fd, PORTWATCH_IOC_START, &longer));
}

TEST_F(refusal, of_a_size_without_end)
{
	struct portwatch_start bad = good_start();

	bad.size = 0xffffffff;
	ASSERT_GT(0, start(self->fd, bad));
	EXPECT_EQ(0, start(self->fd, good_start()));
}

TEST_F(refusal, of_unknown_events)
{
	uint64_t known = PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL;
	struct portwatch_start bad = good_start();
	int bit;

	for (bit = 0; bit < 64; bit++) {
		if (known & 1ULL << bit)
			continue;
		bad.events = known | 1ULL << bit;
		ASSERT_EQ(-EINVAL, start(self->fd, bad));
	}
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, not_of_no_events)
{
	struct portwatch_start none = good_start();

	none.events = 0;
	EXPECT_EQ(0, start(self->fd, none));
}

TEST_F(refusal, of_slots_that_are_no_power_of_two)
{
	struct portwatch_start bad = good_start();

	bad.ring_slots = 100;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_too_few_slots)
{
	struct portwatch_start bad = good_start();

	bad.ring_slots = PORTWATCH_SLOTS_MIN / 2;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_too_many_slots)
{
	struct portwatch_start bad = good_start();

	bad.ring_slots = PORTWATCH_SLOTS_MAX * 2;
	EXPECT_REFUSED(EINVAL, bad);
}

/* 128 MiB for each CPU: more than the module gives by default. */
TEST_F(refusal, of_rings_larger_than_the_module_lets_them_be)
{
	struct portwatch_start bad = good_start();

	bad.ring_slots = PORTWATCH_SLOTS_MAX;
	EXPECT_REFUSED(ENOSPC, bad);
}

TEST_F(refusal, of_a_watermark_above_the_ring)
{
	struct portwatch_start bad = good_start();

	bad.watermark = bad.ring_slots + 1;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, of_a_timeout_above_ten_seconds)
{
	struct portwatch_start bad = good_start();

	bad.timeout_ms = 10001;
	EXPECT_REFUSED(EINVAL, bad);
}

TEST_F(refusal, not_of_a_timeout_of_ten_seconds)
{
	struct portwatch_start longest = good_start();

	longest.timeout_ms = 10000;
	EXPECT_EQ(0, start(self->fd, longest));
}

TEST_F(refusal, of_a_second_start)
{
	EXPECT_EQ(0, start(self->fd, good_start()));
	EXPECT_EQ(-EBUSY, start(self->fd, good_start()));
}

TEST_F(refusal, of_a_snapshot_before_the_start)
{
	EXPECT_EQ(-ENODATA, call(self->fd, PORTWATCH_IOC_SNAPSHOT, NULL));
}

TEST_F(refusal, of_a_flush_before_the_start)
{
	EXPECT_EQ(-ENODATA, call(self->fd, PORTWATCH_IOC_FLUSH, NULL));
}

TEST_F(refusal, of_an_argument_where_there_is_none)
{
	char byte;

	EXPECT_EQ(0, start(self->fd, good_start()));
	EXPECT_EQ(-EINVAL, call(self->fd, PORTWATCH_IOC_SNAPSHOT, &byte));
	EXPECT_EQ(-EINVAL, call(self->fd, PORTWATCH_IOC_FLUSH, &byte));
	EXPECT_EQ(0, call(self->fd, PORTWATCH_IOC_FLUSH, NULL));
}

TEST_F(refusal, of_a_status_of_size_0)
{
	struct portwatch_status status = { .size = 0 };

	EXPECT_EQ(-EINVAL, call(self->fd, PORTWATCH_IOC_STATUS, &status));
}

TEST_F(refusal, of_a_longer_status_that_says_more)
{
	struct longer_status longer = { .status.size = sizeof(longer) };

	longer.more[1] = 1;
	EXPECT_EQ(-E2BIG, call(self->fd, PORTWATCH_IOC_STATUS, &longer));
	longer.more[1] = 0;
	EXPECT_EQ(0, call(self->fd, PORTWATCH_IOC_STATUS, &longer));
	EXPECT_EQ(sizeof(longer.status), longer.status.size);
}

TEST_F(refusal, of_a_hook_of_size_0)
{
	struct portwatch_hook hook = { .size = 0 };

	EXPECT_EQ(-EINVAL, call(self->fd, PORTWATCH_IOC_HOOK, &hook));
}

TEST_F(refusal, of_a_hook_that_is_not_there)
{
	struct portwatch_status status;
	struct portwatch_hook hook;

	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(-ENOENT, module_hook(self->fd, status.hooks, &hook));
	EXPECT_EQ(-ENOENT, module_hook(self->fd, 0xffffffff, &hook));
}

TEST_F(refusal, of_a_session_of_size_0)
{
	struct portwatch_session_info info = { .size = 0 };

	EXPECT_EQ(-EINVAL, call(self->fd, PORTWATCH_IOC_SESSION, &info));
}

TEST_F(refusal, of_a_session_that_is_not_there)
{
	struct portwatch_session_info info = { .size = sizeof(info) };
	struct portwatch_status status;

	ASSERT_EQ(0, module_status(self->fd, &status));
	info.index = status.sessions_max;
	EXPECT_EQ(-ENOENT, call(self->fd, PORTWATCH_IOC_SESSION, &info));
	info.index = 0xffffffff;
	EXPECT_EQ(-ENOENT, call(self->fd, PORTWATCH_IOC_SESSION, &info));
}

TEST_F(refusal, of_an_unknown_request)
{
	char argument[256] = { 0 };
	unsigned int number;

	for (number = 0; number < 256; number++) {
		if (number >= 0xb0 && number <= 0xb6)
			continue;
		ASSERT_EQ(-ENOTTY, call(self->fd, _IO(PORTWATCH_IOC, number),
					argument));
		ASSERT_EQ(-ENOTTY, call(self->fd, _IOC(_IOC_READ | _IOC_WRITE,
						       PORTWATCH_IOC, number,
						       128), argument));
	}
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO('Q', 0xb1), argument));
}

TEST_F(refusal, of_memory_that_is_not_there)
{
	void *nowhere = (void *)8;

	EXPECT_EQ(-EFAULT, call(self->fd, PORTWATCH_IOC_START, nowhere));
	EXPECT_EQ(-EFAULT, call(self->fd, PORTWATCH_IOC_STATUS, nowhere));
	EXPECT_EQ(-EFAULT, call(self->fd, PORTWATCH_IOC_HOOK, nowhere));
	EXPECT_EQ(-EFAULT, call(self->fd, PORTWATCH_IOC_SESSION, nowhere));
}

TEST_F(refusal, of_read_and_write)
{
	char byte = 0;

	EXPECT_EQ(-1, read(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
