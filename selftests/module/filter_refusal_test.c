// SPDX-License-Identifier: GPL-2.0
/* Each thing that PORTWATCH_IOC_FILTER does not take: one test each. */
#include <kselftest_harness.h>

#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "module.h"
#include "raw.h"
#include "scene.h"

SCENE_HOLD_HOOKS

/* tcp and port 80 and net 10.0.0.0/8 and event bind */
static struct portwatch_tests good_tests(void)
{
	const struct portwatch_tests tests = {
		.size = sizeof(tests),
		.count = 4,
		.test = {
			{ .field = PORTWATCH_TEST_PROTO, .on_true = 1,
			  .on_false = PORTWATCH_UNWANTED, .range = { 6, 6 } },
			{ .field = PORTWATCH_TEST_PORT, .on_true = 2,
			  .on_false = PORTWATCH_UNWANTED, .range = { 80, 80 } },
			{ .field = PORTWATCH_TEST_ADDRESS, .on_true = 3,
			  .on_false = PORTWATCH_UNWANTED, .family = AF_INET,
			  .bits = 8, .address = { 10 } },
			{ .field = PORTWATCH_TEST_EVENT,
			  .on_true = PORTWATCH_WANTED,
			  .on_false = PORTWATCH_UNWANTED,
			  .mask = PORTWATCH_EVENT_BIT(PORTWATCH_BIND) },
		},
	};

	return tests;
}

static int call(int fd, unsigned long request, const void *argument)
{
	return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

static int give(int fd, const struct portwatch_tests *tests)
{
	return call(fd, PORTWATCH_IOC_FILTER, tests);
}

static int start(int fd)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);

	start.flags = PORTWATCH_START_NO_EVENTS;
	return call(fd, PORTWATCH_IOC_START, &start);
}

FIXTURE(filter)
{
	int fd;
};

FIXTURE_SETUP(filter)
{
	ASSERT_EQ(0, module_require());
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(filter)
{
	close(self->fd);
}

TEST_F(filter, that_is_right_is_taken_and_another_one_instead)
{
	struct portwatch_tests tests = good_tests();

	EXPECT_EQ(0, give(self->fd, &tests));
	EXPECT_EQ(0, give(self->fd, &tests));
	EXPECT_EQ(0, start(self->fd));
}

TEST_F(filter, of_as_many_tests_as_there_may_be_is_taken)
{
	struct portwatch_tests tests = good_tests();
	unsigned int i;

	tests.count = PORTWATCH_TESTS_MAX;
	for (i = 4; i < PORTWATCH_TESTS_MAX; i++) {
		tests.test[i] = tests.test[0];
		tests.test[i].on_true = PORTWATCH_WANTED;
	}
	EXPECT_EQ(0, give(self->fd, &tests));
}

TEST_F(filter, is_refused_after_the_start)
{
	struct portwatch_tests tests = good_tests();

	EXPECT_EQ(0, start(self->fd));
	EXPECT_EQ(-EBUSY, give(self->fd, &tests));
}

TEST_F(filter, of_a_size_that_is_too_small_is_refused)
{
	struct portwatch_tests tests = good_tests();

	tests.size = 0;
	EXPECT_EQ(-EINVAL, give(self->fd, &tests));
	tests.size = sizeof(tests) - 1;
	EXPECT_EQ(-EINVAL, give(self->fd, &tests));
}

struct longer_tests {
	struct portwatch_tests tests;
	uint64_t more[2];
};

TEST_F(filter, of_a_longer_structure_that_says_more_is_refused)
{
	struct longer_tests longer = { .tests = good_tests() };

	longer.tests.size = sizeof(longer);
	EXPECT_EQ(0, give(self->fd, &longer.tests));
	longer.more[1] = 1;
	EXPECT_EQ(-E2BIG, give(self->fd, &longer.tests));
	longer.tests.size = 0xffffffff;
	EXPECT_EQ(-E2BIG, give(self->fd, &longer.tests));
}

TEST_F(filter, of_memory_that_is_not_there_is_refused)
{
	EXPECT_EQ(-EFAULT, give(self->fd, (void *)8));
	EXPECT_EQ(0, start(self->fd));
}

/* A byte of the good tests that is changed, and so none of the others. */
FIXTURE(refusal)
{
	int fd;
};

FIXTURE_VARIANT(refusal)
{
	size_t offset;
	unsigned char byte;
};

#define REFUSAL(name, field_, byte_)					\
FIXTURE_VARIANT_ADD(refusal, name)					\
{									\
	.offset = offsetof(struct portwatch_tests, field_),		\
	.byte = byte_,							\
}

#define LISTENER PORTWATCH_TEST_LISTENER

REFUSAL(no_tests, count, 0);
REFUSAL(too_many_tests, count, PORTWATCH_TESTS_MAX + 1);
REFUSAL(fewer_tests_than_are_there, count, 3);
REFUSAL(reserved, reserved, 1);
REFUSAL(a_test_beyond_the_last, test[63].address[15], 1);
REFUSAL(no_field, test[0].field, 0);
REFUSAL(an_unknown_field, test[0].field, LISTENER + 1);
REFUSAL(the_last_unknown_field, test[0].field, 255);
REFUSAL(a_test_that_goes_on_with_itself, test[1].on_true, 1);
REFUSAL(a_test_that_goes_back, test[2].on_true, 1);
REFUSAL(a_test_that_goes_back_when_false, test[2].on_false, 0);
REFUSAL(a_test_that_goes_nowhere, test[0].on_true, 4);
REFUSAL(a_test_that_goes_nowhere_when_false, test[0].on_false, 253);
REFUSAL(reserved_of_a_test, test[0].reserved[0], 1);
REFUSAL(more_reserved_of_a_test, test[3].reserved[2], 1);
REFUSAL(a_range_that_ends_before_it_begins, test[0].range.low, 7);
REFUSAL(a_range_with_a_family, test[0].family, AF_INET);
REFUSAL(a_range_with_bits, test[0].bits, 1);
REFUSAL(ports_of_another_family, test[1].family, AF_INET6);
REFUSAL(ports_with_bits, test[1].bits, 1);
REFUSAL(a_prefix_without_a_family, test[2].family, 0);
REFUSAL(a_prefix_of_another_family, test[2].family, AF_VSOCK);
REFUSAL(a_prefix_that_is_too_long, test[2].bits, 33);
REFUSAL(a_prefix_with_more_bits_than_its_length, test[2].bits, 4);
REFUSAL(a_prefix_with_more_bytes_than_its_length, test[2].address[1], 1);
REFUSAL(a_prefix_of_ipv4_with_more_bytes, test[2].address[4], 1);
REFUSAL(an_unknown_event, test[3].mask, 1);
REFUSAL(a_mask_that_is_too_long, test[3].range.high, 1);
REFUSAL(a_mask_with_a_family, test[3].family, AF_INET);
REFUSAL(a_mask_with_bits, test[3].bits, 1);

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

/* And nothing is left half done. */
TEST_F(refusal, of)
{
	struct portwatch_tests bad = good_tests(), good = bad;

	((unsigned char *)&bad)[variant->offset] = variant->byte;
	EXPECT_EQ(-EINVAL, give(self->fd, &bad));
	EXPECT_EQ(0, give(self->fd, &good));
	EXPECT_EQ(-EINVAL, give(self->fd, &bad));
	EXPECT_EQ(0, start(self->fd));
}

/* What is no byte of the good ones. */
TEST_F(filter, of_unknown_flags_is_refused)
{
	struct portwatch_tests tests = good_tests();
	struct portwatch_test *flags = &tests.test[3];
	int bit;

	flags->field = PORTWATCH_TEST_FLAGS;
	for (bit = 0; bit < 64; bit++) {
		flags->mask = 1ULL << bit;
		ASSERT_EQ(flags->mask > PORTWATCH_F_STILL_BOUND ? -EINVAL : 0,
			  give(self->fd, &tests));
	}
}

TEST_F(filter, of_loopback_with_a_value_is_refused)
{
	struct portwatch_tests tests = good_tests();
	struct portwatch_test *loopback = &tests.test[3];

	loopback->field = PORTWATCH_TEST_LOOPBACK;
	EXPECT_EQ(-EINVAL, give(self->fd, &tests));
	loopback->mask = 0;
	EXPECT_EQ(0, give(self->fd, &tests));
}

TEST_HARNESS_MAIN
