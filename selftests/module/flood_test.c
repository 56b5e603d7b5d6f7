// SPDX-License-Identifier: GPL-2.0
/*
 * A flood of connections by one user takes nothing from another: neither what he binds
 * nor what he listens to nor what he is refused; and who flooded is told.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loss.h"
#include "module.h"
#include "patience.h"
#include "scene.h"
#include "tool.h"

#define FLOODER		1001
#define VICTIM		1002
#define PORTS		20	/* of his in each ring's reserve */
#define FOREVER		100000000

#define SUM(raw, counters, type) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)

SCENE_HOLD_HOOKS

FIXTURE(flood)
{
	struct scene scene;
	struct raw raw;
	struct account account;
	struct load *load;
	pid_t flooder;
};

FIXTURE_SETUP(flood)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
	self->raw.fd = -1;
	self->load = mmap(NULL, sizeof(*self->load), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->load);
	self->load->connections = FOREVER;
}

FIXTURE_TEARDOWN(flood)
{
	if (self->flooder > 0) {
		kill(self->flooder, SIGKILL);
		waitpid(self->flooder, NULL, 0);
	}
	raw_close(&self->raw);
	scene_close(&self->scene);
}

/* On all CPUs, as fast as they can, until the load is told to stop. */
static pid_t begin_flood(struct load *load)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	_exit(setgid(FLOODER) || setuid(FLOODER) || load_begin(load) ||
	      load_finish(load));
}

static int end_flood(struct load *load, pid_t *pid)
{
	int status = -1;

	__atomic_store_n(&load->stop, true, __ATOMIC_RELAXED);
	waitpid(*pid, &status, 0);
	*pid = 0;
	return status;
}

/* No ring has room for such an event of the flood. */
static bool are_full(const struct raw *raw, unsigned int type)
{
	unsigned int i;

	for (i = 0; i < load_cpus(); i++)
		if (!__atomic_load_n(&raw->rings[i]->lost[type],
				     __ATOMIC_RELAXED))
			return false;
	return true;
}

/**
 * struct found - what is in the rings of the victim's sockets
 *
 * @ends:	they, two for each of his ports: one that gets it, one that does not
 * @binds, @listens, @refusals, @closes: of the first, of the second
 */
struct found {
	struct account *account;
	struct end ends[2 * PORTS];
	unsigned int binds;
	unsigned int listens;
	unsigned int refusals;
	unsigned int closes;
};

static bool is_of(const struct found *found, const struct portwatch_event *event)
{
	unsigned int i;

	for (i = 0; i < 2 * PORTS; i++)
		if (event->sock == found->ends[i].facts.cookie)
			return true;
	return false;
}

static void find(struct raw *raw, unsigned int ring,
		 const struct portwatch_slot *slot, void *context)
{
	struct found *found = context;

	account_visit(raw, ring, slot, found->account);
	if (slot->type >= PORTWATCH_LOST || !is_of(found, (const void *)slot))
		return;
	found->binds += slot->type == PORTWATCH_BIND;
	found->listens += slot->type == PORTWATCH_LISTEN;
	found->refusals += slot->type == PORTWATCH_BIND_FAILED;
	found->closes += slot->type == PORTWATCH_CLOSE;
}

static int take_and_be_refused(struct scene *scene, struct process *victim,
			       struct end ends[2])
{
	int err = scene_socket_of(scene, &ends[0], victim, SOCK_STREAM);

	if (!err)
		err = end_bind(&ends[0], scene_loopback(scene, 0));
	if (!err)
		err = end_listen(&ends[0], 1);
	if (!err)
		err = scene_socket_of(scene, &ends[1], victim, SOCK_STREAM);
	if (!err && end_bind(&ends[1], scene_loopback(scene, end_port(&ends[0]))) !=
		    -EADDRINUSE)
		err = -EPROTO;
	return err ? err : end_close(&ends[0]);
}

/* The user who lost most in a ring. */
static uint64_t worst(const struct portwatch_ring *page)
{
	const struct portwatch_loser *loser = page->losers;
	unsigned int i;

	for (i = 1; i < PORTWATCH_LOSERS; i++)
		if (page->losers[i].lost > loser->lost)
			loser = &page->losers[i];
	return loser->uid;
}

/* The same, by what the module tells anybody of that session. */
static uint32_t lost_uid(const struct raw *raw)
{
	struct portwatch_session_info info = { .size = sizeof(info) };

	while (ioctl(raw->fd, PORTWATCH_IOC_SESSION, &info) ||
	       info.session != raw->header->session)
		if (info.index++ > 64)
			return PORTWATCH_UID_UNKNOWN;
	return info.lost_uid;
}

/*
 * The rings are full of the flood, which goes on; on whichever CPU the victim runs, all
 * that he does is there, with his name.
 */
TEST_F_TIMEOUT(flood, takes_nothing_from_another_user, 120)
{
	struct found found = { .account = &self->account };
	struct portwatch_start start = raw_start(2048);
	struct scene *scene = &self->scene;
	struct raw *raw = &self->raw;
	struct process *victim = scene_actor(scene, "victim");
	unsigned int i, type;

	ASSERT_NE(NULL, victim);
	ASSERT_EQ(0, process_setuid(victim, VICTIM));
	ASSERT_EQ(0, raw_open(raw, &start));
	self->flooder = begin_flood(self->load);
	ASSERT_LT(0, self->flooder);
	while (!are_full(raw, PORTWATCH_CONNECT))
		poll(NULL, 0, 1);
	for (i = 0; i < PORTS; i++)
		ASSERT_EQ(0, take_and_be_refused(scene, victim,
						 &found.ends[2 * i]));
	EXPECT_EQ(0, end_flood(self->load, &self->flooder));
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_BIND));
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_LISTEN));
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_BIND_FAILED));
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_PROCESS));
	for (type = PORTWATCH_CONNECT; type < PORTWATCH_CLOSE; type++)
		if (type != PORTWATCH_CONNECT_FAILED)
			EXPECT_LT(0U, SUM(raw, lost, type));
	for (i = 0; i < load_cpus(); i++)
		EXPECT_EQ(FLOODER, (int)worst(raw->rings[i]));
	EXPECT_EQ(FLOODER, (int)lost_uid(raw));

	do {
		raw_drain_all(raw, find, &found);
		ioctl(raw->fd, PORTWATCH_IOC_FLUSH, 0);
	} while (raw_drain_all(raw, find, &found));
	EXPECT_EQ(PORTS, found.binds);
	EXPECT_EQ(PORTS, found.listens);
	EXPECT_EQ(PORTS, found.refusals);
	EXPECT_EQ(PORTS, found.closes);
	EXPECT_EQ(0U, account_check_rings(raw, &self->account));
}

/* A ring full of ports to the last slot: then there is no protection, and it is counted. */
TEST_F_TIMEOUT(flood, of_ports_is_counted, 60)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	struct raw *raw = &self->raw;
	unsigned int i;

	self->load->connections = 0;
	self->load->binds = FOREVER;
	ASSERT_EQ(0, raw_open(raw, &start));
	self->flooder = begin_flood(self->load);
	ASSERT_LT(0, self->flooder);
	while (!are_full(raw, PORTWATCH_BIND))
		poll(NULL, 0, 1);
	EXPECT_EQ(0, end_flood(self->load, &self->flooder));
	for (i = 0; i < load_cpus(); i++)
		EXPECT_EQ(FLOODER, (int)worst(raw->rings[i]));
	account_finish(raw, &self->account);
	EXPECT_EQ(0U, account_check_rings(raw, &self->account));
}

/* The tool, with both of its streams to be read. */
static FILE *start_tool(pid_t *pid)
{
	int pipes[2];

	if (pipe(pipes))
		return NULL;
	fflush(NULL);
	*pid = fork();
	if (!*pid) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		execlp("portwatch", "portwatch", "tail", "--json", "--strict",
		       "--slots", "64", "--no-self-test", NULL);
		_exit(127);
	}
	close(pipes[1]);
	return fdopen(pipes[0], "re");
}

static bool has_line(FILE *pipe, const char *part, char *line, size_t size)
{
	while (fgets(line, size, pipe))
		if (strstr(line, part))
			return true;
	return false;
}

/* The tool says it in its last line, and ends with 1. */
TEST_F_TIMEOUT(flood, is_told_by_the_tool, 120)
{
	unsigned long long lost, his;
	char line[16384], status[16384];
	const char *at;
	FILE *pipe;
	pid_t pid;

	pipe = start_tool(&pid);
	ASSERT_NE(NULL, pipe);
	ASSERT_TRUE(has_line(pipe, "\"phase\":\"end\"", line, sizeof(line)));
	kill(pid, SIGSTOP);
	self->flooder = begin_flood(self->load);
	ASSERT_LT(0, self->flooder);
	while (__atomic_load_n(&self->load->done[PORTWATCH_ACCEPT],
			       __ATOMIC_RELAXED) < 200)
		poll(NULL, 0, 1);
	EXPECT_EQ(0, end_flood(self->load, &self->flooder));
	ASSERT_EQ(0, tool_ask(status, sizeof(status), "portwatch status"));
	EXPECT_NE(NULL, strstr(status, " 1001 "))
		TH_LOG("%s", status);
	kill(pid, SIGINT);
	kill(pid, SIGCONT);
	ASSERT_TRUE(has_line(pipe, "portwatch: seen ", line, sizeof(line)));
	at = strstr(line, ", lost ");
	ASSERT_NE(NULL, at);
	ASSERT_EQ(2, sscanf(at, ", lost %llu (uid 1001: %llu", &lost, &his))
		TH_LOG("%s", line);
	EXPECT_LT(0U, his);
	EXPECT_GE(lost, his);
	fclose(pipe);
	EXPECT_EQ(1, tool_end(&pid, 0));
}

TEST_HARNESS_MAIN
