// SPDX-License-Identifier: GPL-2.0
/*
 * What the module has no room for is counted, and the tool says so: hits of a hook when
 * too many threads are in its function, sockets and processes when the tables are full.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "hung.h"
#include "module.h"
#include "raw.h"
#include "scene.h"
#include "tool.h"

#define SUM(raw, counters, type) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)

/* The tool ----------------------------------------------------------------------- */

struct tool_run {
	FILE *pipe;
	pid_t pid;
	char line[4096];
};

static bool has_line(struct tool_run *run, const char *part)
{
	while (fgets(run->line, sizeof(run->line), run->pipe))
		if (strstr(run->line, part))
			return true;
	return false;
}

/* With a row for each socket that is open, and then nothing more to print. */
static bool begin_tool(struct tool_run *run)
{
	int pipes[2];

	if (pipe(pipes))
		return false;
	fflush(NULL);
	run->pid = fork();
	if (!run->pid) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		execlp("portwatch", "portwatch", "tail", "--json", "--strict",
		       "--events", "listen", "--no-self-test", NULL);
		_exit(127);
	}
	close(pipes[1]);
	run->pipe = fdopen(pipes[0], "re");
	return run->pipe && has_line(run, "\"phase\":\"end\"");
}

/* What the last line says of @name, 0: nothing; and that this was not all. */
static unsigned long long end_tool(struct tool_run *run, const char *name)
{
	unsigned long long count = 0;
	const char *at;

	kill(run->pid, SIGINT);
	if (!has_line(run, "portwatch: seen "))
		return 0;
	fprintf(stderr, "# %s", run->line);
	at = strstr(run->line, name);
	if (!at || sscanf(at + strlen(name), " %llu", &count) != 1)
		count = 0;
	fclose(run->pipe);
	return tool_end(&run->pid, 0) == 1 ? count : 0;
}

/* Hits --------------------------------------------------------------------------- */

#define THREADS	300	/* more than a return hook has room for: MAXACTIVE */

FIXTURE(missed)
{
	struct scene scene;
	struct raw raw;
	struct tool_run tool;
};

FIXTURE_SETUP(missed)
{
	struct portwatch_start start = raw_start(4096);

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_prepare(&self->scene, IPV4));
	ASSERT_EQ(0, raw_open(&self->raw, &start));
}

FIXTURE_TEARDOWN(missed)
{
	tool_end(&self->tool.pid, SIGKILL);
	raw_close(&self->raw);
	scene_close(&self->scene);
}

struct binder {
	pthread_t thread;
	pid_t tid;
	int fd;
};

static void *bind_again(void *argument)
{
	struct target target = target_loopback(IPV4, 0);
	struct binder *binder = argument;

	__atomic_store_n(&binder->tid, gettid(), __ATOMIC_RELEASE);
	return (void *)(intptr_t)(bind(binder->fd, &target.any, target.length) ?
				  -errno : 0);
}

static bool is_in_bind(const struct process *self, struct binder *binder)
{
	while (!__atomic_load_n(&binder->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return process_waits(self, binder->tid, SYS_bind);
}

static uint64_t misses_of(int fd, const char *name)
{
	struct portwatch_hook hook;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++)
		if (!strcmp((char *)hook.name, name))
			return hook.misses;
	return -1;
}

/*
 * A socket is locked by a send() that hangs, and all threads try to bind it: each of them
 * is in the function, and the hook remembers no more of them than it has room for.
 */
TEST_F_TIMEOUT(missed, hits_of_a_return_hook_are_counted, 60)
{
	static struct binder binders[THREADS];
	struct raw *raw = &self->raw;
	uint64_t before, missed;
	struct target name;
	struct hung hung;
	void *result;
	int listener, client, err, i;

	ASSERT_TRUE(begin_tool(&self->tool));
	listener = churn_listen(&name, 16);
	ASSERT_LE(0, listener);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(0, connect(client, &name.any, name.length));
	err = hung_begin(&hung, client);
	if (err == -ENOSYS)
		SKIP(return, "this kernel has no userfaultfd");
	ASSERT_EQ(0, err);
	before = misses_of(raw->fd, "bind4");
	for (i = 0; i < THREADS; i++) {
		binders[i].fd = client;
		ASSERT_EQ(0, pthread_create(&binders[i].thread, NULL, bind_again,
					    &binders[i]));
	}
	for (i = 0; i < THREADS; i++)
		ASSERT_TRUE(is_in_bind(&self->scene.self, &binders[i]));
	missed = misses_of(raw->fd, "bind4") - before;
	EXPECT_LT(0U, missed);
	EXPECT_GT(THREADS, missed);
	ASSERT_EQ(0, hung_end(&hung));
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(binders[i].thread, &result));
		EXPECT_EQ(-EINVAL, (intptr_t)result);
	}
	EXPECT_EQ(missed, misses_of(raw->fd, "bind4") - before);
	/* All that was done was seen, or missed. */
	EXPECT_EQ(THREADS, SUM(raw, seen, PORTWATCH_BIND_FAILED) + missed);
	EXPECT_EQ(missed, end_tool(&self->tool, ", missed"));
	close(client);
	close(listener);
}

/* Tables ------------------------------------------------------------------------- */

/* Both begin with what they are at least: 64 records in each of 256 shards, 512. */
#define FEW_SOCKETS	"sockets_max=1"
#define FEW_PROCESSES	"processes_max=1"
#define SOCKETS_MAX	20000
#define MISSED		20

struct sockets {
	int fds[SOCKETS_MAX];
	unsigned int count;
};

FIXTURE(full)
{
	struct raw raw;
	struct tool_run tool;
	struct sockets sockets;
};

FIXTURE_VARIANT(full)
{
	const char *parameters;
};

FIXTURE_VARIANT_ADD(full, sockets)
{
	.parameters = FEW_SOCKETS,
};

FIXTURE_VARIANT_ADD(full, processes)
{
	.parameters = FEW_PROCESSES,
};

FIXTURE_SETUP(full)
{
	const struct rlimit many = { SOCKETS_MAX + 100, SOCKETS_MAX + 100 };
	struct portwatch_start start = raw_start(8192);

	if (!module_file())
		SETUP_SKIP("PORTWATCH_KO does not say where the module is");
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &many));
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, module_reload(variant->parameters));
	ASSERT_EQ(0, raw_open(&self->raw, &start));
}

FIXTURE_TEARDOWN(full)
{
	while (self->sockets.count)
		close(self->sockets.fds[--self->sockets.count]);
	tool_end(&self->tool.pid, SIGKILL);
	raw_close(&self->raw);
	EXPECT_EQ(0, module_reload(""));
}

/* What the module had no room for, in the table that is small here. */
static uint64_t misses_now(int fd)
{
	struct portwatch_status status;

	if (module_status(fd, &status))
		return -1;
	return status.sockets_missed + status.processes_missed;
}

/* Each by a process of another name, as far as that has to do with it. */
static int open_one(struct sockets *sockets, bool renames)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "name-%u", sockets->count);
	if (renames)
		prctl(PR_SET_NAME, name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sockets->fds[sockets->count++] = fd;
	return fd;
}

static void count_nameless(struct raw *raw, unsigned int ring,
			   const struct portwatch_slot *slot, void *count)
{
	const struct portwatch_event *event = (const void *)slot;

	if (slot->type == PORTWATCH_BIND && !event->owner)
		++*(unsigned int *)count;
}

/*
 * Of a socket that is not in the table, or whose owner is not, the events are there all
 * the same; they do not say whose it is. How many there were without room is told.
 */
TEST_F_TIMEOUT(full, table_is_told_of, 120)
{
	bool renames = !strcmp(variant->parameters, FEW_PROCESSES);
	struct target target = target_loopback(IPV4, 0);
	unsigned int count = 0, nameless = 0;
	struct raw *raw = &self->raw;
	uint64_t before, missed = 0;
	int fd;

	ASSERT_TRUE(begin_tool(&self->tool));
	ASSERT_EQ(0U, misses_now(raw->fd));
	while (count < MISSED && self->sockets.count < SOCKETS_MAX) {
		before = missed;
		fd = open_one(&self->sockets, renames);
		ASSERT_LE(0, fd);
		missed = misses_now(raw->fd);
		if (missed == before)
			continue;
		count++;
		ASSERT_EQ(0, bind(fd, &target.any, target.length));
		missed = misses_now(raw->fd);
	}
	EXPECT_EQ(MISSED, count);
	EXPECT_EQ(MISSED, SUM(raw, seen, PORTWATCH_BIND));
	EXPECT_EQ(MISSED, SUM(raw, delivered, PORTWATCH_BIND));
	raw_drain_all(raw, count_nameless, &nameless);
	EXPECT_EQ(MISSED, nameless);
	EXPECT_EQ(missed, end_tool(&self->tool, renames ? ", processes unnamed" :
							  ", sockets untracked"));
}

TEST_HARNESS_MAIN
