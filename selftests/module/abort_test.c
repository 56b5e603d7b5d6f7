// SPDX-License-Identifier: GPL-2.0
/*
 * Row 27: somebody ends from outside what others have open. Who did it is told
 * too, and has no part in what the socket does later.
 */
#include <kselftest_harness.h>

#include "scene.h"
#include "tool.h"

#define NOBODY_LISTENS 9

SCENE_HOLD_HOOKS

SCENE_BOTH(aborted);

/* ss -K of all sockets of that kind that have this port. */
static int kill_port(struct scene *scene, struct process *killer,
		     const char *kind, uint16_t port)
{
	return tool_line(scene, killer, "ss -K -H -n -a %s sport = :%u", kind,
			 port);
}

/* A connection between two processes, of which nothing is expected any more. */
static void join(struct __test_metadata *_metadata, struct scene *scene,
		 struct end *listener, struct end *client, struct end *server)
{
	struct process *serving = scene_actor(scene, "server");
	struct process *asking = scene_actor(scene, "client");

	ASSERT_NE(NULL, serving);
	ASSERT_NE(NULL, asking);
	ASSERT_EQ(0, scene_listen(scene, listener, serving));
	ASSERT_EQ(0, scene_join(scene, client, asking, listener, server));
	ASSERT_EQ(0, watch_skip(&scene->watch));
}

TEST_F(aborted, is_a_connection_by_who_killed_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct process killer;

	join(_metadata, scene, &listener, &client, &server);
	ASSERT_EQ(100, end_send(&client, 100));
	ASSERT_EQ(100, end_receive(&server, 100));
	expect_close_connection(watch, &client, PORTWATCH_REASON_ABORTED, 0);
	ASSERT_EQ(0, kill_port(scene, &killer, "-t", end_port(&client)));
	expect_by(&watch->expects[0], &killer);
	/* The other end gets a reset, which nobody there did. */
	expect_close_connection(watch, &server, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
	end_close(&client);
	end_close(&server);
	EXPECT_EVENTS(watch);
}

/* What is left is closed by its owner, and the port that it asked for goes back. */
TEST_F(aborted, is_a_connection_whose_port_stays)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct process killer;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 5005)));
	ASSERT_EQ(0, end_connect(&client,
				 scene_loopback(scene, end_port(&listener))));
	ASSERT_EQ(0, end_accept(&server, &listener));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, kill_port(scene, &killer, "-t", 5005));
	expect_by(expect_close_connection(watch, &client,
					  PORTWATCH_REASON_ABORTED, 0),
		  &killer);
	expect_close_connection(watch, &server, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
	client.facts.has_remote = false;
	end_close(&client);
	expect_close_socket(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(aborted, is_a_listener_and_what_waits_for_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *serving = scene_actor(scene, "server");
	struct end listener, client;
	struct process killer;
	struct expect *expect;
	struct end child;

	ASSERT_NE(NULL, serving);
	ASSERT_EQ(0, scene_listen(scene, &listener, serving));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, end_wait_queued(&listener, 1));
	client.begun[1] = clock_boottime();
	ASSERT_EQ(0, kill_port(scene, &killer, "-t state listening",
			       end_port(&listener)));
	expect = expect_close_listener(watch, &listener, 0);
	expect->event.close.reason = PORTWATCH_REASON_ABORTED;
	expect_by(expect, &killer);
	child = client;
	child.owner = listener.owner;
	child.facts = listener.facts;
	child.facts.cookie = 0;
	child.facts.retrans = 0;
	child.facts.remote = client.facts.local;
	expect_close_connection(watch, &child, PORTWATCH_REASON_UNACCEPTED,
				0)->any_sock = true;
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
	/* It had not asked for its port, which is free since. */
	end_close(&listener);
	EXPECT_EVENTS(watch);
}

/* It failed because of the killer; that it failed again is nobody's doing. */
TEST_F(aborted, is_an_attempt_and_the_next_one_is_another)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *asking = scene_actor(scene, "client");
	struct end listener, client;
	struct process killer;

	ASSERT_NE(NULL, asking);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, end_deaf(&listener, true));
	ASSERT_EQ(0, scene_socket_of(scene, &client, asking,
				     SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(&client,
			      scene_loopback(scene, end_port(&listener))));
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNABORTED);
	ASSERT_EQ(0, kill_port(scene, &killer, "-t", end_port(&client)));
	expect_by(&watch->expects[1], &killer);
	EXPECT_EVENTS(watch);
	ASSERT_EQ(-ECONNABORTED, end_outcome(&client));
	ASSERT_EQ(0, end_connect(&client, target_unspec()));
	memset(&client.facts.remote, 0, sizeof(client.facts.remote));
	end_connect(&client, scene_loopback(scene, NOBODY_LISTENS));
	ASSERT_EQ(-ECONNREFUSED, end_outcome(&client));
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	EXPECT_EVENTS(watch);
}

/* A connection that nobody has accepted yet, and that is accepted all the same. */
TEST_F(aborted, is_what_waits_to_be_accepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *serving = scene_actor(scene, "server");
	struct end listener, client, server, child;
	struct process killer;
	struct expect *expect;

	ASSERT_NE(NULL, serving);
	ASSERT_EQ(0, scene_listen(scene, &listener, serving));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, end_wait_queued(&listener, 1));
	client.begun[1] = clock_boottime();
	ASSERT_EQ(0, kill_port(scene, &killer, "-t state established",
			       end_port(&listener)));
	child = client;
	child.owner = listener.owner;
	child.facts.local = client.facts.remote;
	child.facts.remote = client.facts.local;
	child.facts.cookie = 0;
	expect = expect_close_connection(watch, &child,
					 PORTWATCH_REASON_ABORTED, 0);
	expect->any_sock = true;
	expect_by(expect, &killer);
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
	ASSERT_EQ(0, end_accept(&server, &listener));
	server.facts.local = child.facts.local;
	server.facts.remote = child.facts.remote;
	server.facts.has_remote = false;
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
	end_close(&server);
	expect_close_unused(watch, &server)->event.flags = 0;
	EXPECT_EVENTS(watch);
}

/* Does the kernel still have a socket with this local port? */
static bool is_there(struct scene *scene, uint16_t port)
{
	struct process tool;

	return !tool_line(scene, &tool,
			  "grep -qE ^....:.[0-9A-F]+:%04X /proc/net/tcp%s",
			  port, scene->family == IPV4 ? "" : "6");
}

/* The owner has let go already: who killed the rest did it. */
TEST_F(aborted, is_what_its_owner_has_closed)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct process killer;

	join(_metadata, scene, &listener, &client, &server);
	ASSERT_EQ(0, end_deaf(&server, true));
	end_close(&client);
	expect_close_connection(watch, &client, PORTWATCH_REASON_ABORTED,
				0)->retrans_later = true;
	ASSERT_TRUE(is_there(scene, end_port(&client)));
	ASSERT_EQ(0, kill_port(scene, &killer, "-t", end_port(&client)));
	if (is_there(scene, end_port(&client)))
		SKIP(return, "this kernel ends no socket that has no owner (5.10)");
	expect_by(&watch->expects[0], &killer);
	EXPECT_EVENTS(watch);
}

/* A datagram socket goes on; a port that it asked for is still its own. */
TEST_F(aborted, is_a_udp_socket_that_gives_back_its_port)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *asking = scene_actor(scene, "client");
	struct process killer;
	struct end asked, given;

	ASSERT_NE(NULL, asking);
	ASSERT_EQ(0, scene_socket_of(scene, &given, asking, SOCK_DGRAM));
	ASSERT_EQ(0, end_connect(&given, scene_loopback(scene, 53)));
	ASSERT_EQ(0, scene_socket_of(scene, &asked, asking, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&asked, scene_loopback(scene, 5006)));
	ASSERT_EQ(0, end_connect(&asked, scene_loopback(scene, 53)));
	ASSERT_EQ(0, watch_skip(watch));
	expect_close_socket(watch, &given);
	ASSERT_EQ(0, kill_port(scene, &killer, "-u", end_port(&given)));
	expect_by(&watch->expects[0], &killer);
	ASSERT_EQ(0, kill_port(scene, &killer, "-u", 5006));
	EXPECT_EVENTS(watch);
	end_close(&given);
	EXPECT_EVENTS(watch);
	end_facts(&asked);
	EXPECT_FALSE(asked.facts.has_remote);
	end_close(&asked);
	expect_close_socket(watch, &asked);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
