// SPDX-License-Identifier: GPL-2.0
/* portwatch tail --overwrite on a live stream: the newest is kept, the rest counted. */
#include <kselftest_harness.h>

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "scene.h"
#include "tool.h"

#define KEPT	20
#define FIRST	20000	/* the ports that are taken, in this order */
#define PATIENCE_NS 20000000000ULL

SCENE_HOLD_HOOKS

/**
 * struct recorder - the tool
 *
 * @pipe:	what it prints
 * @taken:	ports so far
 */
struct recorder {
	FILE *pipe;
	pid_t pid;
	char line[4096];
	unsigned int taken;
};

FIXTURE(flight)
{
	struct recorder recorder;
};

/* Is a session of that process there that has started? */
static bool is_started(int fd, pid_t pid)
{
	struct portwatch_session_info info = { .size = sizeof(info) };
	struct portwatch_status status;
	uint32_t i;

	if (module_status(fd, &status))
		return false;
	for (i = 0; i < status.sessions_max; i++) {
		info.index = i;
		if (!ioctl(fd, PORTWATCH_IOC_SESSION, &info) &&
		    info.pid == (uint32_t)pid && info.start_time)
			return true;
	}
	return false;
}

static bool wait_started(pid_t pid)
{
	uint64_t limit = clock_boottime() + patient(PATIENCE_NS);
	int fd = module_open();
	bool started;

	while (!(started = is_started(fd, pid)) && clock_boottime() < limit)
		poll(NULL, 0, 10);
	close(fd);
	return started;
}

FIXTURE_SETUP(flight)
{
	int pipes[2];

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, pipe(pipes));
	fflush(NULL);
	self->recorder.pid = fork();
	ASSERT_LE(0, self->recorder.pid);
	if (!self->recorder.pid) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		execlp("portwatch", "portwatch", "tail", "--json", "--overwrite=20",
		       "--no-snapshot", "--events", "bind", "--no-self-test", NULL);
		_exit(127);
	}
	close(pipes[1]);
	self->recorder.pipe = fdopen(pipes[0], "re");
	ASSERT_NE(NULL, self->recorder.pipe);
	ASSERT_TRUE(wait_started(self->recorder.pid));
}

FIXTURE_TEARDOWN(flight)
{
	tool_end(&self->recorder.pid, SIGKILL);
	fclose(self->recorder.pipe);
}

/* Takes the next ports and gives them back. */
static int take_ports(struct recorder *recorder, unsigned int count)
{
	struct target target;
	int fd, err;

	while (count--) {
		target = target_loopback(IPV4, FIRST + recorder->taken++);
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		err = bind(fd, &target.any, target.length) ? -errno : 0;
		close(fd);
		if (err)
			return err;
	}
	return 0;
}

static const char *next_line(struct recorder *recorder)
{
	if (!fgets(recorder->line, sizeof(recorder->line), recorder->pipe))
		return "";
	return recorder->line;
}

/* So many lines about the ports that were taken last, in their order. */
static void check_newest(struct __test_metadata *_metadata,
			 struct recorder *recorder, unsigned int count)
{
	unsigned int i, port = FIRST + recorder->taken - count;
	const char *line, *at;

	for (i = 0; i < count; i++) {
		line = next_line(recorder);
		EXPECT_NE(NULL, strstr(line, "\"event\":\"bind\""));
		EXPECT_NE(NULL, strstr(line, "\"comm\":\"flight_test\""));
		at = strstr(line, "\"lport\":");
		ASSERT_NE(NULL, at);
		EXPECT_EQ(port + i, atoi(at + strlen("\"lport\":")));
	}
}

/* Of those that made room: one line, before the others. */
static void check_overwritten(struct __test_metadata *_metadata,
			      struct recorder *recorder, unsigned int count)
{
	const char *line = next_line(recorder), *at;

	EXPECT_NE(NULL, strstr(line, "\"event\":\"overwritten\""));
	EXPECT_EQ(NULL, strstr(line, "\"cpu\":"));
	at = strstr(line, "\"lost\":{\"bind\":");
	ASSERT_NE(NULL, at) TH_LOG("%s", line);
	EXPECT_EQ(count, atoi(at + strlen("\"lost\":{\"bind\":")));
	EXPECT_NE(NULL, strstr(line, "\"first\":\""));
	EXPECT_NE(NULL, strstr(line, "\"last\":\""));
}

static void check_end(struct __test_metadata *_metadata,
		      struct recorder *recorder, unsigned int printed)
{
	unsigned int seen = recorder->taken;
	char expected[128];

	if (printed == seen)
		snprintf(expected, sizeof(expected),
			 "portwatch: seen %u, printed %u, filtered 0, lost 0\n",
			 seen, printed);
	else
		snprintf(expected, sizeof(expected),
			 "portwatch: seen %u, printed %u, filtered 0, lost 0, overwritten %u\n",
			 seen, printed, seen - printed);
	EXPECT_STREQ(expected, next_line(recorder));
	EXPECT_EQ(0, tool_end(&recorder->pid, 0));
}

/* Nothing before the end; then the newest, and how many there were before them. */
TEST_F(flight, prints_the_newest_at_its_end)
{
	struct pollfd ready = { .fd = fileno(self->recorder.pipe), .events = POLLIN };

	ASSERT_EQ(0, take_ports(&self->recorder, 100));
	EXPECT_EQ(0, poll(&ready, 1, 500));
	kill(self->recorder.pid, SIGINT);
	check_overwritten(_metadata, &self->recorder, 100 - KEPT);
	check_newest(_metadata, &self->recorder, KEPT);
	check_end(_metadata, &self->recorder, KEPT);
}

/* Where all of it could be kept there is nothing to say of the rest. */
TEST_F(flight, prints_all_where_there_is_room)
{
	ASSERT_EQ(0, take_ports(&self->recorder, KEPT));
	kill(self->recorder.pid, SIGTERM);
	check_newest(_metadata, &self->recorder, KEPT);
	check_end(_metadata, &self->recorder, KEPT);
}

/* What was printed once is not printed again, and it goes on. */
TEST_F(flight, prints_what_it_has_when_it_is_asked)
{
	ASSERT_EQ(0, take_ports(&self->recorder, 50));
	kill(self->recorder.pid, SIGUSR1);
	check_overwritten(_metadata, &self->recorder, 50 - KEPT);
	check_newest(_metadata, &self->recorder, KEPT);
	ASSERT_EQ(0, take_ports(&self->recorder, 5));
	kill(self->recorder.pid, SIGUSR1);
	check_newest(_metadata, &self->recorder, 5);
	ASSERT_EQ(0, take_ports(&self->recorder, KEPT + 1));
	kill(self->recorder.pid, SIGINT);
	check_overwritten(_metadata, &self->recorder, 1);
	check_newest(_metadata, &self->recorder, KEPT);
	check_end(_metadata, &self->recorder, 2 * KEPT + 5);
}

TEST_HARNESS_MAIN
