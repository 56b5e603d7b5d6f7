// SPDX-License-Identifier: GPL-2.0
/*
 * Row 29: whatever the reader does, done = delivered + lost, to the unit, and a
 * LOST record stands where each gap is.
 */
#include <kselftest_harness.h>

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loss.h"
#include "module.h"
#include "scene.h"

#define MANY 10007
#define SUM(raw, counters, type) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)

SCENE_HOLD_HOOKS

FIXTURE(loss)
{
	struct raw raw;
	struct account account;
	struct load load;
};

FIXTURE_VARIANT(loss)
{
	unsigned int binds;
	unsigned int connections;
};

FIXTURE_VARIANT_ADD(loss, binds)
{
	.binds = MANY,
};

FIXTURE_VARIANT_ADD(loss, connections)
{
	.connections = MANY,
};

FIXTURE_SETUP(loss)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	self->load.binds = variant->binds;
	self->load.connections = variant->connections;
}

FIXTURE_TEARDOWN(loss)
{
	raw_close(&self->raw);
}

static int open_raw(struct raw *raw, uint32_t slots)
{
	struct portwatch_start start = raw_start(slots);

	return raw_open(raw, &start);
}

/* A reader that does nothing else: nothing is lost. */
TEST_F_TIMEOUT(loss, none_with_a_reader_that_keeps_up, 60)
{
	struct pollfd ready;
	unsigned int type;

	ASSERT_EQ(0, open_raw(&self->raw, 0));
	ready.fd = self->raw.fd;
	ready.events = POLLIN;
	ASSERT_EQ(0, load_begin(&self->load));
	while (poll(&ready, 1, 500) > 0)
		raw_drain_all(&self->raw, account_visit, &self->account);
	ASSERT_EQ(0, load_finish(&self->load));
	account_finish(&self->raw, &self->account);
	EXPECT_EQ(0U, account_check(&self->raw, &self->load, &self->account));
	for (type = 0; type < PORTWATCH_TYPES; type++)
		EXPECT_EQ(0U, SUM(&self->raw, lost, type));
	EXPECT_EQ(variant->connections,
		  self->account.read[PORTWATCH_ESTABLISHED]);
}

/* One that takes a few records now and then. */
TEST_F_TIMEOUT(loss, is_counted_with_a_slow_reader, 60)
{
	ASSERT_EQ(0, open_raw(&self->raw, 256));
	ASSERT_EQ(0, load_begin(&self->load));
	account_slowly(&self->raw, &self->account, &self->load, 8, 10);
	ASSERT_EQ(0, load_finish(&self->load));
	account_finish(&self->raw, &self->account);
	EXPECT_EQ(0U, account_check(&self->raw, &self->load, &self->account));
	EXPECT_GT(self->account.read[PORTWATCH_LOST], 1U);
}

/* One that stops, and comes back when all is over. */
TEST_F_TIMEOUT(loss, is_counted_with_a_stopped_reader, 60)
{
	ASSERT_EQ(0, open_raw(&self->raw, 256));
	ASSERT_EQ(0, load_begin(&self->load));
	ASSERT_EQ(0, load_finish(&self->load));
	account_finish(&self->raw, &self->account);
	EXPECT_EQ(0U, account_check(&self->raw, &self->load, &self->account));
	EXPECT_GT(self->account.read[PORTWATCH_LOST], 0U);
}

static void read_until_killed(void)
{
	struct account account = { 0 };
	struct raw raw;

	if (open_raw(&raw, 256))
		_exit(1);
	for (;;)
		raw_drain_all(&raw, account_visit, &account);
}

/* One that is killed in the middle of its work does nothing to another. */
TEST_F_TIMEOUT(loss, is_counted_when_another_reader_is_killed, 60)
{
	struct portwatch_status status;
	uint64_t third = (variant->binds + variant->connections) / 3;
	enum portwatch_type type = variant->binds ? PORTWATCH_BIND :
						    PORTWATCH_ACCEPT;
	uint32_t sessions;
	pid_t pid;

	ASSERT_EQ(0, open_raw(&self->raw, 256));
	ASSERT_EQ(0, module_status(self->raw.fd, &status));
	sessions = status.sessions;
	fflush(NULL);
	pid = fork();
	if (!pid)
		read_until_killed();
	ASSERT_EQ(0, load_begin(&self->load));
	while (self->load.done[type] < third && !self->load.failed)
		poll(NULL, 0, 1);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	ASSERT_EQ(0, load_finish(&self->load));
	account_finish(&self->raw, &self->account);
	EXPECT_EQ(0U, account_check(&self->raw, &self->load, &self->account));
	ASSERT_EQ(0, module_status(self->raw.fd, &status));
	EXPECT_EQ(sessions, status.sessions);
}

/* The library counts the same, and gives the losses in their places. */
TEST_F_TIMEOUT(loss, is_counted_by_the_library, 60)
{
	struct portwatch_options options = {
		.size = sizeof(options), .ring_slots = 256, .no_snapshot = true,
	};
	uint64_t given[PORTWATCH_TYPES] = { 0 }, missing[PORTWATCH_TYPES] = { 0 };
	struct portwatch_reader *reader;
	struct portwatch_stats stats;
	struct portwatch_item item;
	unsigned int type, unnamed = 0;

	ASSERT_EQ(0, portwatch_reader_open(&reader, &options));
	ASSERT_EQ(0, load_begin(&self->load));
	ASSERT_EQ(0, load_finish(&self->load));
	while (portwatch_reader_next(reader, &item, 200) > 0) {
		given[item.slot->type]++;
		if (item.slot->type != PORTWATCH_LOST) {
			unnamed += !item.owner;
			continue;
		}
		for (type = 0; type < PORTWATCH_TYPES; type++)
			missing[type] += item.lost->count[type];
	}
	ASSERT_EQ(0, portwatch_reader_stats(reader, &stats));
	for (type = PORTWATCH_BIND; type < PORTWATCH_FLOW; type++) {
		EXPECT_EQ(stats.delivered[type], given[type]);
		EXPECT_EQ(stats.lost[type], missing[type]);
		EXPECT_EQ(self->load.done[type], given[type] + missing[type]);
	}
	EXPECT_GT(given[PORTWATCH_LOST], 0U);
	/* What got in has a name although its process record may have been lost. */
	EXPECT_EQ(0U, unnamed);
	EXPECT_EQ(0U, stats.inversions);
	portwatch_reader_close(reader);
}

FIXTURE(flood)
{
	struct scene scene;
	struct raw raw;
	struct account account;
};

/* Everything on one CPU, so that there is one ring to fill. */
FIXTURE_SETUP(flood)
{
	ASSERT_EQ(0, load_pin(0));
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
	ASSERT_EQ(0, open_raw(&self->raw, 1024));
}

FIXTURE_TEARDOWN(flood)
{
	raw_close(&self->raw);
	scene_close(&self->scene);
}

struct found {
	struct account *account;
	const struct end *ends;
	unsigned int binds;
	unsigned int listens;
};

static void find_binds(struct raw *raw, unsigned int ring,
		       const struct portwatch_slot *slot, void *context)
{
	const struct portwatch_event *event = (const void *)slot;
	struct found *found = context;
	unsigned int i;

	account_visit(raw, ring, slot, found->account);
	for (i = 0; i < 5; i++) {
		found->binds += slot->type == PORTWATCH_BIND &&
				event->sock == found->ends[i].facts.cookie;
		found->listens += slot->type == PORTWATCH_LISTEN &&
				  event->sock == found->ends[i].facts.cookie;
	}
}

/*
 * Connections have filled the ring of the only CPU; then another process takes
 * ports. Its binds get in, and so does its name.
 */
TEST_F_TIMEOUT(flood, of_connections_does_not_hide_a_new_listener, 60)
{
	struct scene *scene = &self->scene;
	struct end listener, client, server, ends[5];
	struct found found = { .account = &self->account, .ends = ends };
	struct raw *raw = &self->raw;
	struct process *quiet;
	unsigned int i;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	while (!SUM(raw, lost, PORTWATCH_ESTABLISHED)) {
		ASSERT_EQ(0, scene_join(scene, &client, &scene->self,
					&listener, &server));
		end_close(&client);
		end_close(&server);
	}
	quiet = scene_actor(scene, "quiet");
	ASSERT_NE(NULL, quiet);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, scene_socket_of(scene, &ends[i], quiet,
					     SOCK_STREAM));
		ASSERT_EQ(0, end_bind(&ends[i], scene_loopback(scene, 0)));
		ASSERT_EQ(0, end_listen(&ends[i], 1));
	}
	raw_drain_all(raw, find_binds, &found);
	EXPECT_EQ(5U, found.binds);
	EXPECT_EQ(5U, found.listens);
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_BIND));
	EXPECT_EQ(0U, SUM(raw, lost, PORTWATCH_LISTEN));
	EXPECT_EQ(0U, self->account.wrong);
	EXPECT_EQ(0U, account_unnamed(&self->account));
}

static int bind_of(struct scene *scene, struct process *process,
		   struct end *end)
{
	int err = scene_socket_of(scene, end, process, SOCK_DGRAM);

	if (!err)
		err = end_bind(end, scene_loopback(scene, 0));
	return err ? err : end_close(end);
}

/* The ring is full to the last slot: neither the bind gets in nor the name. */
TEST_F_TIMEOUT(flood, that_took_a_name_away_lets_it_come_again, 60)
{
	struct scene *scene = &self->scene;
	struct account *account = &self->account;
	struct raw *raw = &self->raw;
	struct process *quiet = scene_actor(scene, "quiet");
	struct load load = { .binds = 400, .only_cpu = 1 };
	uint64_t lost;
	struct end end;

	ASSERT_NE(NULL, quiet);
	while (!SUM(raw, lost, PORTWATCH_BIND)) {
		ASSERT_EQ(0, load_begin(&load));
		ASSERT_EQ(0, load_finish(&load));
	}
	lost = SUM(raw, lost, PORTWATCH_PROCESS);
	ASSERT_EQ(0, bind_of(scene, quiet, &end));
	EXPECT_LT(lost, SUM(raw, lost, PORTWATCH_PROCESS));
	account_finish(raw, account);
	ASSERT_EQ(0, bind_of(scene, quiet, &end));
	account_finish(raw, account);
	EXPECT_EQ(0U, account->wrong);
	EXPECT_EQ(0U, account_unnamed(account));
}

TEST_HARNESS_MAIN
