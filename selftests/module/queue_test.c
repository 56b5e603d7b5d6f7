// SPDX-License-Identifier: GPL-2.0
/*
 * Connections on their way to somebody who accepts them, and listeners that go
 * away meanwhile: row 21, and what is near it.
 */
#include <kselftest_harness.h>

#include <stdlib.h>

#include "file.h"
#include "scene.h"

SCENE_HOLD_HOOKS

SCENE_BOTH(queue);

/* The end of a connection of which the test never had a descriptor. */
static struct expect *expect_child(struct watch *watch,
				   const struct end *listener,
				   const struct end *client,
				   enum portwatch_reason reason,
				   enum portwatch_first first)
{
	struct end child = *client;
	struct expect *expect;

	child.owner = listener->owner;
	child.facts.cookie = 0;
	child.facts.local = client->facts.remote;
	child.facts.remote = client->facts.local;
	child.facts.retrans = 0;
	child.tx = client->rx;
	child.rx = client->tx;
	child.closing = 0;
	expect = expect_close_connection(watch, &child, reason, first);
	expect->any_sock = true;
	return expect;
}

static void expect_child_reset(struct watch *watch, const struct end *listener,
			       const struct end *client)
{
	expect_child(watch, listener, client, PORTWATCH_REASON_UNACCEPTED, 0);
	expect_close_connection(watch, client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
}

/* A listener on a port that it asked for, and two that wait for it. */
static void wait_in_queue(struct __test_metadata *_metadata,
			  struct scene *scene, struct process *serving,
			  struct end *listener, struct end clients[2])
{
	unsigned int i;

	ASSERT_NE(NULL, serving);
	ASSERT_EQ(0, scene_socket_of(scene, listener, serving, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(listener, scene_loopback(scene, 7200)));
	ASSERT_EQ(0, end_listen(listener, 16));
	expect_socket(&scene->watch, listener);
	expect_bind(&scene->watch, listener, PORTWATCH_HOW_EXPLICIT);
	expect_listen(&scene->watch, listener, 16);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, scene_connect(scene, &clients[i], &scene->self,
					   listener));
		scene_expect_connect(scene, &clients[i]);
	}
	ASSERT_EVENTS(&scene->watch);
	ASSERT_EQ(0, end_wait_queued(listener, 2));
	for (i = 0; i < 2; i++)
		clients[i].begun[1] = clock_boottime();
}

static void expect_listener_again(struct watch *watch, struct end *listener)
{
	listener->begun[0] = 0;
	listener->facts.has_remote = false;
	end_close(listener);
	expect_close_socket(watch, listener);
}

TEST_F(queue, ends_when_the_listener_is_shut)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2];

	wait_in_queue(_metadata, scene, scene_actor(scene, "server"),
		      &listener, clients);
	ASSERT_EQ(0, end_shutdown(&listener, SHUT_RD));
	expect_close_listener(watch, &listener, 0);
	expect_child_reset(watch, &listener, &clients[0]);
	expect_child_reset(watch, &listener, &clients[1]);
	ASSERT_EVENTS(watch);
	/* And it listens again: from now on. */
	listener.listening = false;
	ASSERT_EQ(0, end_listen(&listener, 7));
	expect_listen(watch, &listener, 7);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, end_shutdown(&listener, SHUT_RDWR));
	expect_close_listener(watch, &listener, 0);
	expect_listener_again(watch, &listener);
	EXPECT_EVENTS(watch);
}

TEST_F(queue, ends_when_the_listener_is_disconnected)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2];

	wait_in_queue(_metadata, scene, scene_actor(scene, "server"),
		      &listener, clients);
	expect_close_listener(watch, &listener, 0);
	expect_child_reset(watch, &listener, &clients[0]);
	expect_child_reset(watch, &listener, &clients[1]);
	ASSERT_EQ(0, end_connect(&listener, target_unspec()));
	ASSERT_EVENTS(watch);
	expect_listener_again(watch, &listener);
	EXPECT_EVENTS(watch);
}

/* The owner has another descriptor for it; then a child has the last one. */
TEST_F(queue, ends_with_the_last_descriptor_of_the_listener)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *serving = scene_actor(scene, "server");
	struct end listener, copy, inherited[2], clients[2];
	struct process *child;

	wait_in_queue(_metadata, scene, serving, &listener, clients);
	ASSERT_EQ(0, end_give(&listener, serving, &copy));
	child = scene_fork(scene, serving);
	ASSERT_NE(NULL, child);
	inherited[0] = end_in(&listener, child);
	inherited[1] = end_in(&copy, child);
	ASSERT_EQ(0, end_close(&listener));
	ASSERT_EQ(0, end_close(&copy));
	ASSERT_EQ(0, end_close(&inherited[0]));
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, end_close(&inherited[1]));
	expect_by(expect_close_listener(watch, &listener, 0), child);
	expect_child_reset(watch, &listener, &clients[0]);
	expect_child_reset(watch, &listener, &clients[1]);
	EXPECT_EVENTS(watch);
}

/* What is taken is taken, what is not is not. */
TEST_F(queue, ends_for_those_that_were_not_accepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2], server;

	wait_in_queue(_metadata, scene, scene_actor(scene, "server"),
		      &listener, clients);
	ASSERT_EQ(0, end_accept(&server, &listener));
	expect_accept(watch, &server, &listener);
	end_close(&listener);
	expect_close_listener(watch, &listener, 1);
	expect_child_reset(watch, &listener, &clients[1]);
	ASSERT_EVENTS(watch);
	end_close_in_turn(&server, &clients[0]);
	expect_fin(watch, &server, &clients[0]);
	EXPECT_EVENTS(watch);
}

/* With cookies for every SYN the listener knows of nobody until the last step. */
TEST_F(queue, is_reached_by_syn_cookies)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2], servers[2];
	unsigned int i;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_syncookies", "2"));
	wait_in_queue(_metadata, scene, scene_actor(scene, "server"),
		      &listener, clients);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, end_accept(&servers[i], &listener));
		expect_accept(watch, &servers[i], &listener);
	}
	end_close(&listener);
	expect_close_listener(watch, &listener, 2);
	EXPECT_EVENTS(watch);
}

/* Accepted by nobody's doing: the client has closed before. */
TEST_F(queue, holds_one_that_was_closed_by_its_client)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2], server;

	wait_in_queue(_metadata, scene, scene_actor(scene, "server"),
		      &listener, clients);
	ASSERT_EQ(20, end_send(&clients[0], 20));
	end_close(&clients[0]);
	ASSERT_EQ(0, end_accept(&server, &listener));
	ASSERT_EQ(20, end_receive(&server, 21));
	expect_accept(watch, &server, &listener);
	ASSERT_EVENTS(watch);
	end_close(&server);
	expect_fin(watch, &clients[0], &server);
	EXPECT_EVENTS(watch);
}

/*
 * A reuse-port group hands what waits for one of its listeners to another, of
 * another process, when that one closes (net.ipv4.tcp_migrate_req).
 */
TEST_F(queue, moves_to_another_listener_of_its_group)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listeners[2], clients[2], server;
	struct process *process;
	unsigned int i;

	/* 5.10 has the switch, and nothing that it would switch. */
	if (system("grep -q ' reuseport_migrate_sock$' /proc/kallsyms") ||
	    file_set_net("ipv4/tcp_migrate_req", "1"))
		SKIP(return, "this kernel moves no connections (since 5.14)");
	for (i = 0; i < 2; i++) {
		process = scene_actor(scene, i ? "new" : "old");
		ASSERT_NE(NULL, process);
		ASSERT_EQ(0, scene_socket_of(scene, &listeners[i], process,
					     SOCK_STREAM));
		ASSERT_EQ(0, end_option(&listeners[i], SOL_SOCKET,
					SO_REUSEPORT, 1));
		ASSERT_EQ(0, end_bind(&listeners[i],
				      scene_loopback(scene, 7201)));
		expect_socket(watch, &listeners[i]);
		expect_bind(watch, &listeners[i], PORTWATCH_HOW_EXPLICIT);
	}
	ASSERT_EQ(0, end_listen(&listeners[0], 5));
	expect_listen(watch, &listeners[0], 5);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, scene_connect(scene, &clients[i], &scene->self,
					   &listeners[0]));
		scene_expect_connect(scene, &clients[i]);
	}
	ASSERT_EQ(0, end_wait_queued(&listeners[0], 2));
	ASSERT_EQ(0, end_listen(&listeners[1], 5));
	expect_listen(watch, &listeners[1], 5);
	end_close(&listeners[0]);
	expect_close_listener(watch, &listeners[0], 0);
	ASSERT_EQ(0, end_accept(&server, &listeners[1]));
	expect_accept(watch, &server, &listeners[1]);
	ASSERT_EVENTS(watch);
	/* The one that is left is the new one's too, until it closes. */
	clients[1].begun[1] = clock_boottime();
	end_close(&listeners[1]);
	expect_close_listener(watch, &listeners[1], 1);
	expect_child_reset(watch, &listeners[1], &clients[1]);
	EXPECT_EVENTS(watch);
}

/* The same port in two families is two listeners, and each has its own. */
TEST_F(queue, is_not_that_of_the_other_family)
{
	static const enum family families[] = { IPV4, IPV6 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listeners[2], client, server;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		scene->family = families[i];
		ASSERT_EQ(0, scene_socket(scene, &listeners[i], SOCK_STREAM));
		if (families[i] == IPV6)
			ASSERT_EQ(0, end_option(&listeners[i], IPPROTO_IPV6,
						IPV6_V6ONLY, 1));
		ASSERT_EQ(0, end_bind(&listeners[i],
				      target_any(families[i], 7202)));
		ASSERT_EQ(0, end_listen(&listeners[i], 4));
		expect_socket(watch, &listeners[i]);
		expect_bind(watch, &listeners[i], PORTWATCH_HOW_EXPLICIT);
		expect_listen(watch, &listeners[i], 4);
	}
	for (i = 0; i < 2; i++) {
		scene->family = families[i];
		ASSERT_EQ(0, scene_join(scene, &client, &scene->self,
					&listeners[i], &server));
		scene_expect_join(scene, &client, &listeners[i], &server);
		end_close(&listeners[i]);
		expect_close_listener(watch, &listeners[i], 1);
	}
	EXPECT_EVENTS(watch);
}

/* accept() with an address that is not there takes the connection and drops it. */
TEST_F(queue, gives_what_accept_then_drops)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2], dropped;
	socklen_t length = sizeof(struct sockaddr_storage);
	struct expect *expect;

	wait_in_queue(_metadata, scene, &scene->self, &listener, clients);
	dropped = clients[0];
	dropped.owner = scene->self.who;
	dropped.facts.cookie = 0;
	dropped.facts.local = clients[0].facts.remote;
	dropped.facts.remote = clients[0].facts.local;
	dropped.born[1] = clock_boottime();
	ASSERT_EQ(-1, accept(listener.fd, (void *)16, &length));
	ASSERT_EQ(EFAULT, errno);
	expect = expect_accept(watch, &dropped, &listener);
	expect->any_sock = true;
	expect = expect_close_connection(watch, &dropped, PORTWATCH_REASON_FIN,
					 PORTWATCH_FIRST_LOCAL);
	expect->any_sock = true;
	end_close(&clients[0]);
	expect_close_connection(watch, &clients[0], PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
