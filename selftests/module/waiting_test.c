// SPDX-License-Identifier: GPL-2.0
/*
 * Row 19: who waits already when the hooks come. The first thing that happens to
 * such a thread is seen.
 */
#include <kselftest_harness.h>

#include <sys/syscall.h>

#include "scene.h"

#define WORKERS 3

/*
 * @workers: wait in accept(), in this order; @threaded: in a thread; @listeners:
 * theirs, and one that does not hear. @patient waits in connect(), as does @doomed.
 */
FIXTURE(waiting)
{
	struct scene scene;
	struct end listeners[3];
	struct end copies[WORKERS];
	struct process *workers[WORKERS];
	struct process *threaded;
	struct process *patient;
	struct process *doomed;
	struct end asking;
	struct end dying;
};

enum {
	SHARED,
	THREADED,
	DEAF,
};

FIXTURE_VARIANT(waiting)
{
	enum family family;
};

SCENE_VARIANT(waiting, ipv4, IPV4);
SCENE_VARIANT(waiting, ipv6, IPV6);

static int connect_begin(struct scene *scene, struct end *end,
			 struct process *process, const struct end *listener)
{
	struct request request = { .verb = DO_CONNECT };
	int err = scene_socket_of(scene, end, process, SOCK_STREAM);

	if (err)
		return err;
	request.fd = end->fd;
	request.target = scene_loopback(scene, end_port(listener));
	end->asked = address_of(&request.target.any);
	memset(end->begun, 0, sizeof(end->begun));
	err = process_begin(process, &request, -1);
	if (!err && !process_waits(process, process->who.pid, SYS_connect))
		err = -ETIME;
	return err;
}

/* Attaching the hooks takes long: all of them wait for it together. */
FIXTURE_SETUP(waiting)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	struct end *listeners = self->listeners;
	struct process *first;
	unsigned int i;

	ASSERT_EQ(0, scene_prepare(scene, variant->family));
	first = scene_actor(scene, "first");
	self->threaded = scene_actor(scene, "threaded");
	self->patient = scene_actor(scene, "patient");
	self->doomed = scene_actor(scene, "doomed");
	ASSERT_EQ(4U, scene->nr_actors);
	ASSERT_EQ(0, scene_listen(scene, &listeners[SHARED], first));
	for (i = 0; i < WORKERS; i++) {
		self->workers[i] = scene_fork(scene, first);
		ASSERT_NE(NULL, self->workers[i]);
		self->copies[i] = end_in(&listeners[SHARED], self->workers[i]);
		ASSERT_EQ(0, end_accept_begin(&self->copies[i], false));
		ASSERT_TRUE(process_waits(self->workers[i],
					  self->workers[i]->who.pid,
					  SYS_accept4));
	}
	ASSERT_EQ(0, scene_listen(scene, &listeners[THREADED],
				  self->threaded));
	ASSERT_EQ(0, end_accept_begin(&listeners[THREADED], true));
	ASSERT_TRUE(process_waits_in_thread(self->threaded, SYS_accept4));
	ASSERT_EQ(0, scene_listen(scene, &listeners[DEAF], &scene->self));
	ASSERT_EQ(0, end_deaf(&listeners[DEAF], true));
	ASSERT_EQ(0, connect_begin(scene, &self->asking, self->patient,
				   &listeners[DEAF]));
	ASSERT_EQ(0, connect_begin(scene, &self->dying, self->doomed,
				   &listeners[DEAF]));
	scene->watch.old_sockets = true;
	ASSERT_EQ(0, scene_watch(scene, &options));
}

FIXTURE_TEARDOWN(waiting)
{
	scene_close(&self->scene);
}

/* Its own port was never told to the test. */
static void is_killed_in_connect(struct __test_metadata *_metadata,
				 struct scene *scene, struct process *doomed,
				 struct end *dying)
{
	struct watch *watch = &scene->watch;
	struct expect *expect;

	process_kill(doomed);
	ASSERT_EQ(0, watch_collect(watch, 2));
	ASSERT_LE(1U, watch->nr_got);
	dying->facts.remote = dying->asked;
	dying->facts.local = dying->asked;
	dying->facts.local.port = watch->got[0].event.lport;
	EXPECT_NE(0, end_port(dying));
	expect = expect_connect_failed(watch, dying, ECANCELED);
	memset(expect->begun, 0, sizeof(expect->begun));
	expect = expect_close_unused(watch, dying);
	expect->event.flags = 0;
	memset(expect->begun, 0, sizeof(expect->begun));
	EXPECT_EVENTS(watch);
}

/* When the SYN was sent is not known, so there is no latency. */
static void is_established(struct __test_metadata *_metadata,
			   struct scene *scene, struct end *listener,
			   struct process *patient, struct end *client)
{
	struct watch *watch = &scene->watch;
	struct answer answer;
	struct end server;
	int carried;

	ASSERT_EQ(0, end_deaf(listener, false));
	ASSERT_EQ(0, process_finish(patient, &answer, &carried));
	client->facts = answer.facts;
	ASSERT_EQ(0, end_accept(&server, listener));
	expect_established(watch, client)->begun[0] = 0;
	expect_accept(watch, &server, listener);
	EXPECT_EVENTS(watch);
	client->begun[1] = clock_boottime();
	end_close_in_turn(client, &server);
	expect_fin(watch, client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(waiting, is_seen_when_it_is_over)
{
	struct scene *scene = &self->scene;
	struct end *listeners = self->listeners;
	struct end clients[WORKERS], servers[WORKERS];
	struct end client, server;
	unsigned int i;

	is_killed_in_connect(_metadata, scene, self->doomed, &self->dying);
	/* They are woken in the order in which they came. */
	for (i = 0; i < WORKERS; i++) {
		ASSERT_EQ(0, scene_connect(scene, &clients[i], &scene->self,
					   &listeners[SHARED]));
		ASSERT_EQ(0, end_accept_finish(&servers[i], &self->copies[i]));
		EXPECT_EQ(self->workers[i]->who.pid, servers[i].owner.pid);
		scene_expect_join(scene, &clients[i], &listeners[SHARED],
				  &servers[i]);
	}
	EXPECT_EVENTS(&scene->watch);
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self,
				   &listeners[THREADED]));
	ASSERT_EQ(0, end_accept_finish(&server, &listeners[THREADED]));
	EXPECT_NE(server.owner.tid, server.owner.pid);
	scene_expect_join(scene, &client, &listeners[THREADED], &server);
	EXPECT_EVENTS(&scene->watch);
	is_established(_metadata, scene, &listeners[DEAF], self->patient,
		       &self->asking);
}

TEST_HARNESS_MAIN
