// SPDX-License-Identifier: GPL-2.0
/* Sessions: what one does is nothing to another; hooks come and go with them. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "module.h"
#include "patience.h"
#include "raw.h"
#include "scene.h"

#define SUM(raw, counters, type) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)

FIXTURE(session)
{
	int fd;		/* not started: for questions */
};

FIXTURE_SETUP(session)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(session)
{
	close(self->fd);
}

static int session_start(int fd, uint64_t events, uint32_t flags)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);

	start.events = events;
	start.flags = flags;
	return ioctl(fd, PORTWATCH_IOC_START, &start) ? -errno : 0;
}

static int connect_udp(void)
{
	struct target target = target_loopback(IPV4, 53);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (connect(fd, &target.any, target.length))
		return -errno;
	close(fd);
	return 0;
}

/* Every hook that this kernel has is in that state, and none failed. */
static void check_hooks(struct __test_metadata *_metadata, int fd, bool attached)
{
	uint32_t state = attached ? PORTWATCH_HOOK_ATTACHED :
				    PORTWATCH_HOOK_DETACHED;
	struct portwatch_status status;
	struct portwatch_hook hook;
	uint32_t i;

	ASSERT_EQ(0, module_status(fd, &status));
	EXPECT_EQ(attached, status.attached);
	EXPECT_GT(status.hooks, 0U);
	for (i = 0; i < status.hooks; i++) {
		ASSERT_EQ(0, module_hook(fd, i, &hook));
		if (hook.state != PORTWATCH_HOOK_ABSENT)
			EXPECT_EQ(0U, hook.error);
		if (hook.required || (hook.state != PORTWATCH_HOOK_ABSENT &&
				      hook.state != PORTWATCH_HOOK_WAITING &&
				      hook.state != PORTWATCH_HOOK_IDLE))
			EXPECT_EQ(state, hook.state)
				TH_LOG("hook %s", hook.name);
	}
}

TEST_F(session, attaches_the_hooks_with_the_first_that_starts)
{
	int first = module_open(), second = module_open();

	ASSERT_LE(0, first);
	ASSERT_LE(0, second);
	check_hooks(_metadata, self->fd, false);
	ASSERT_EQ(0, session_start(first, PORTWATCH_EVENTS_ALL, 0));
	check_hooks(_metadata, self->fd, true);
	ASSERT_EQ(0, session_start(second, PORTWATCH_EVENTS_ALL, 0));
	close(first);
	check_hooks(_metadata, self->fd, true);
	close(second);
	check_hooks(_metadata, self->fd, false);
	second = module_open();
	ASSERT_EQ(0, session_start(second, PORTWATCH_EVENTS_ALL, 0));
	check_hooks(_metadata, self->fd, true);
	close(second);
	check_hooks(_metadata, self->fd, false);
}

/* It follows what happens to the sockets of which it is told. */
TEST_F(session, without_events_attaches_the_hooks_too)
{
	int fd = module_open();

	ASSERT_EQ(0, session_start(fd, PORTWATCH_EVENTS_ALL,
				   PORTWATCH_START_NO_EVENTS));
	check_hooks(_metadata, self->fd, true);
	close(fd);
	check_hooks(_metadata, self->fd, false);
}

TEST_F(session, that_is_killed_lets_the_hooks_go)
{
	struct portwatch_status status;
	int pipes[2], fd, i;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		fd = module_open();
		session_start(fd, PORTWATCH_EVENTS_ALL, 0);
		write(pipes[1], "x", 1);
		pause();
	}
	ASSERT_EQ(1, read(pipes[0], &byte, 1));
	check_hooks(_metadata, self->fd, true);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	/* Its files are closed by then. */
	for (i = 0; i < patient(1000); i++) {
		ASSERT_EQ(0, module_status(self->fd, &status));
		if (status.sessions == 1)
			break;
		poll(NULL, 0, 10);
	}
	EXPECT_EQ(1U, status.sessions);
	check_hooks(_metadata, self->fd, false);
}

/* A descriptor that was inherited keeps a session alive. */
TEST_F(session, lives_until_its_last_descriptor_is_closed)
{
	int fd = module_open(), copy;

	ASSERT_EQ(0, session_start(fd, PORTWATCH_EVENTS_ALL, 0));
	copy = dup(fd);
	close(fd);
	check_hooks(_metadata, self->fd, true);
	close(copy);
	check_hooks(_metadata, self->fd, false);
}

TEST_F(session, leaves_no_socket_in_the_table_after_the_last)
{
	struct portwatch_status status;
	int fd = module_open(), sockets[5], i;

	ASSERT_EQ(0, session_start(fd, PORTWATCH_EVENTS_ALL, 0));
	for (i = 0; i < 5; i++)
		sockets[i] = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_GE(status.sockets, 5U);
	EXPECT_LE(status.sockets, status.sockets_max);
	EXPECT_GE(status.processes, 1U);
	EXPECT_LE(status.processes, status.processes_max);
	close(fd);
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(0U, status.sockets);
	EXPECT_EQ(0U, status.sockets_missed);
	EXPECT_EQ(0U, status.processes_missed);
	for (i = 0; i < 5; i++)
		close(sockets[i]);
}

TEST_F(session, counts_hits_and_misses_none)
{
	struct portwatch_status before, after;
	int fd = module_open();

	ASSERT_EQ(0, session_start(fd, PORTWATCH_EVENTS_ALL, 0));
	ASSERT_EQ(0, module_status(self->fd, &before));
	ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(0, module_status(self->fd, &after));
	/* Created, bound, closed. */
	EXPECT_GE(after.hits, before.hits + 3);
	EXPECT_EQ(before.misses, after.misses);
	close(fd);
}

static unsigned int unbalanced(const struct raw *raw)
{
	unsigned int type, bad = 0;

	for (type = 0; type < PORTWATCH_TYPES; type++)
		bad += SUM(raw, seen, type) != SUM(raw, filtered, type) +
					       SUM(raw, lost, type) +
					       SUM(raw, delivered, type);
	return bad;
}

/* A type that a session did not ask for does not come up for it. */
TEST_F(session, gets_what_it_asked_for_and_nothing_else)
{
	struct portwatch_start start = raw_start(0);
	struct raw binds, connects;
	unsigned int i;

	start.events = PORTWATCH_EVENT_BIT(PORTWATCH_BIND);
	ASSERT_EQ(0, raw_open(&binds, &start));
	start.events = PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT);
	ASSERT_EQ(0, raw_open(&connects, &start));
	EXPECT_EQ(PORTWATCH_EVENT_BIT(PORTWATCH_BIND), binds.header->events);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, churn_bind());
	for (i = 0; i < 7; i++)
		ASSERT_EQ(0, connect_udp());
	EXPECT_EQ(17U, SUM(&binds, delivered, PORTWATCH_BIND));
	EXPECT_EQ(0U, SUM(&binds, seen, PORTWATCH_CONNECT));
	EXPECT_EQ(0U, SUM(&binds, seen, PORTWATCH_CLOSE));
	EXPECT_EQ(7U, SUM(&connects, delivered, PORTWATCH_CONNECT));
	EXPECT_EQ(0U, SUM(&connects, seen, PORTWATCH_BIND));
	EXPECT_EQ(0U, unbalanced(&binds));
	EXPECT_EQ(0U, unbalanced(&connects));
	raw_close(&binds);
	raw_close(&connects);
}

/* One that never reads is full soon; the other one gets everything. */
TEST_F(session, that_does_not_read_loses_only_its_own)
{
	struct portwatch_start small = raw_start(PORTWATCH_SLOTS_MIN);
	struct portwatch_start large = raw_start(4096);
	struct raw idle, busy;
	unsigned int i;

	ASSERT_EQ(0, raw_open(&idle, &small));
	ASSERT_EQ(0, raw_open(&busy, &large));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(0, churn_bind());
	EXPECT_GT(SUM(&idle, lost, PORTWATCH_BIND), 0U);
	EXPECT_EQ(1000U, SUM(&idle, lost, PORTWATCH_BIND) +
			 SUM(&idle, delivered, PORTWATCH_BIND));
	EXPECT_EQ(0U, SUM(&busy, lost, PORTWATCH_BIND));
	EXPECT_EQ(1000U, SUM(&busy, delivered, PORTWATCH_BIND));
	raw_close(&idle);
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, churn_bind());
	EXPECT_EQ(1010U, SUM(&busy, delivered, PORTWATCH_BIND));
	raw_close(&busy);
}

/* The same events, whoever else reads them: both get the whole list. */
TEST_F(session, reads_what_the_other_reads)
{
	struct scene scenes[2];
	struct end end;
	unsigned int i;

	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, scene_prepare(&scenes[i], IPV4));
	for (i = 0; i < 2; i++) {
		struct portwatch_options options = watch_options();

		scenes[i].watch.netns = scene_netns();
		ASSERT_EQ(0, scene_watch(&scenes[i], &options));
	}
	ASSERT_EQ(0, scene_listen(&scenes[0], &end, &scenes[0].self));
	end_close(&end);
	for (i = 0; i < 2; i++) {
		scene_expect_listen(&scenes[i], &end);
		expect_close_listener(&scenes[i].watch, &end, 0);
	}
	EXPECT_EVENTS(&scenes[0].watch);
	scenes[1].watch.markers[scenes[1].watch.nr_markers++] =
		scenes[0].watch.markers[0];
	EXPECT_EVENTS(&scenes[1].watch);
	for (i = 0; i < 2; i++)
		scene_close(&scenes[i]);
}

static int find_session(int fd, uint32_t number,
			struct portwatch_session_info *info)
{
	struct portwatch_status status;
	uint32_t i;

	module_status(fd, &status);
	for (i = 0; i < status.sessions_max; i++) {
		memset(info, 0, sizeof(*info));
		info->size = sizeof(*info);
		info->index = i;
		if (!ioctl(fd, PORTWATCH_IOC_SESSION, info)) {
			if (info->session == number)
				return 0;
		} else if (errno != ENOENT) {
			return -errno;
		}
	}
	return -ENOENT;
}

TEST_F(session, is_listed_with_who_has_it)
{
	struct portwatch_start start = raw_start(256);
	struct portwatch_session_info info;
	uint64_t now = clock_boottime();
	struct raw raw;
	struct who who;
	uint32_t number;

	who_read(&who, getpid());
	ASSERT_EQ(0, raw_open(&raw, &start));
	number = raw.header->session;
	ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(0, find_session(self->fd, number, &info));
	EXPECT_EQ((uint32_t)getpid(), info.pid);
	EXPECT_EQ(0, strncmp(who.comm, (char *)info.comm, 16));
	EXPECT_EQ(start.events, info.events);
	EXPECT_EQ(256U, info.ring_slots);
	EXPECT_EQ(raw.header->start_time, info.start_time);
	EXPECT_GE(info.start_time, now);
	EXPECT_GE(clock_boottime(), info.start_time);
	/* One bind, one close. */
	EXPECT_GE(info.seen, 2U);
	EXPECT_EQ(info.seen, info.filtered + info.lost + info.delivered);
	raw_close(&raw);
	EXPECT_EQ(-ENOENT, find_session(self->fd, number, &info));
}

TEST_F(session, is_listed_before_it_starts)
{
	struct portwatch_session_info info = { .size = sizeof(info) };
	struct portwatch_status status;
	uint32_t i, found = 0;

	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(1U, status.sessions);
	for (i = 0; i < status.sessions_max; i++) {
		info.index = i;
		if (ioctl(self->fd, PORTWATCH_IOC_SESSION, &info))
			continue;
		found++;
		EXPECT_EQ((uint32_t)getpid(), info.pid);
		EXPECT_EQ(0U, info.events);
		EXPECT_EQ(0U, info.start_time);
		EXPECT_EQ(0U, info.seen);
	}
	EXPECT_EQ(1U, found);
}

TEST_F(session, is_refused_when_there_are_too_many)
{
	struct portwatch_status status;
	int fds[64], i, count;

	ASSERT_EQ(0, module_status(self->fd, &status));
	ASSERT_LE(status.sessions_max, 64U);
	for (count = 0; count < (int)status.sessions_max - 1; count++) {
		fds[count] = module_open();
		ASSERT_LE(0, fds[count]);
	}
	EXPECT_EQ(-EBUSY, module_open());
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(status.sessions_max, status.sessions);
	close(fds[0]);
	fds[0] = module_open();
	EXPECT_LE(0, fds[0]);
	for (i = 0; i < count; i++)
		close(fds[i]);
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(1U, status.sessions);
}

TEST_F(session, is_told_the_versions)
{
	struct portwatch_status status;
	char version[32] = "";
	uint64_t now = clock_boottime();
	ssize_t length;
	int fd;

	fd = open("/sys/module/" MODULE_NAME "/version", O_RDONLY);
	ASSERT_LE(0, fd);
	length = read(fd, version, sizeof(version) - 1);
	close(fd);
	ASSERT_LT(0, length);
	version[strcspn(version, "\n")] = 0;
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_STREQ(version, (char *)status.version);
	EXPECT_EQ(PORTWATCH_API_VERSION, (int)status.api_version);
	EXPECT_EQ(PORTWATCH_RECORD_VERSION, (int)status.record_version);
	EXPECT_EQ(sizeof(status), status.size);
	EXPECT_EQ(0U, status.reserved);
	EXPECT_GE(status.now, now);
	EXPECT_GE(clock_boottime(), status.now);
}

TEST_F(session, finds_each_hook_described)
{
	struct portwatch_status status;
	struct portwatch_hook hook, other;
	uint32_t i, k;

	ASSERT_EQ(0, module_status(self->fd, &status));
	for (i = 0; i < status.hooks; i++) {
		ASSERT_EQ(0, module_hook(self->fd, i, &hook));
		EXPECT_EQ(sizeof(hook), hook.size);
		EXPECT_EQ(i, hook.index);
		EXPECT_GE(hook.kind, PORTWATCH_HOOK_TRACEPOINT);
		EXPECT_LE(hook.kind, PORTWATCH_HOOK_KRETPROBE);
		EXPECT_NE(0, hook.name[0]);
		EXPECT_NE(0, hook.symbol[0]);
		EXPECT_NE(0, hook.purpose[0]);
		EXPECT_EQ(0, hook.name[31] | hook.symbol[63] |
			     hook.purpose[95]);
		for (k = 0; k < i; k++) {
			module_hook(self->fd, k, &other);
			EXPECT_STRNE((char *)other.name, (char *)hook.name);
		}
	}
}

TEST_HARNESS_MAIN
