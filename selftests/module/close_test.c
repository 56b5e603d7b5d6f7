// SPDX-License-Identifier: GPL-2.0
/* A connection is over, in order or by a reset: rows 11, 12 and 21. */
#include <kselftest_harness.h>

#include <netinet/tcp.h>

#include "scene.h"

FIXTURE(close)
{
	struct scene scene;
	struct end listener;
	struct end client;
	struct end server;
};

FIXTURE_VARIANT(close)
{
	enum family family;
};

SCENE_HOLD_HOOKS

SCENE_VARIANT(close, ipv4, IPV4);
SCENE_VARIANT(close, ipv6, IPV6);
SCENE_VARIANT(close, mapped, MAPPED);

/* Everything begins with two processes that are connected. */
FIXTURE_SETUP(close)
{
	struct scene *scene = &self->scene;
	struct process *server, *client;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	server = scene_actor(scene, "server");
	client = scene_actor(scene, "client");
	ASSERT_NE(NULL, server);
	ASSERT_NE(NULL, client);
	ASSERT_EQ(0, scene_listen(scene, &self->listener, server));
	ASSERT_EQ(0, scene_join(scene, &self->client, client, &self->listener,
				&self->server));
	scene_expect_listen(scene, &self->listener);
	scene_expect_join(scene, &self->client, &self->listener,
			  &self->server);
	EXPECT_EVENTS(&scene->watch);
}

FIXTURE_TEARDOWN(close)
{
	scene_close(&self->scene);
}

#define RECEIVED_ALL(end, bytes) ASSERT_EQ(bytes, end_receive(end, bytes))
#define SENT_ALL(end, bytes) ASSERT_EQ(bytes, end_send(end, bytes))

/* Bytes go both ways, are read, and that is confirmed. */
static void talk(struct __test_metadata *_metadata, struct end *client,
		 struct end *server, int there, int back)
{
	ASSERT_EQ(0, end_talk(client, server, there, back));
	ASSERT_EQ(0, end_drain(client));
	ASSERT_EQ(0, end_drain(server));
}

TEST_F(close, by_the_client_first)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 100, 12345);
	end_close_in_turn(&self->client, &self->server);
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, by_the_server_first)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 70000, 1);
	end_close_in_turn(&self->server, &self->client);
	expect_fin(watch, &self->server, &self->client);
	EXPECT_EVENTS(watch);
}

TEST_F(close, without_a_byte_counts_none)
{
	struct watch *watch = &self->scene.watch;

	end_close_in_turn(&self->client, &self->server);
	EXPECT_EQ(0, self->client.tx + self->client.rx);
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, of_many_bytes_counts_each_once)
{
	struct watch *watch = &self->scene.watch;
	int i;

	for (i = 0; i < 8; i++)
		talk(_metadata, &self->client, &self->server, 65536, 131072);
	EXPECT_EQ(8 * 65536, self->client.tx);
	EXPECT_EQ(8 * 131072, self->client.rx);
	end_close_in_turn(&self->client, &self->server);
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

/* The one that shut its half first closed first, whoever let go first. */
TEST_F(close, after_a_half_close_by_the_client)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 10, 0);
	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_receive(&self->server, 1));
	SENT_ALL(&self->server, 5000);
	RECEIVED_ALL(&self->client, 5000);
	end_close(&self->server);
	end_close(&self->client);
	self->client.closing = 0;
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, with_linger_0_by_the_client)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 7, 8);
	ASSERT_EQ(0, end_linger_zero(&self->client));
	end_close(&self->client);
	expect_reset(watch, &self->client, &self->server);
	ASSERT_EVENTS(watch);
	end_close(&self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, with_linger_0_by_the_server)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 7, 8);
	ASSERT_EQ(0, end_linger_zero(&self->server));
	end_close(&self->server);
	expect_reset(watch, &self->server, &self->client);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	EXPECT_EVENTS(watch);
}

/* What arrived was received, although nobody read it. */
TEST_F(close, with_bytes_unread_is_a_reset)
{
	struct watch *watch = &self->scene.watch;

	SENT_ALL(&self->client, 333);
	ASSERT_EQ(0, end_drain(&self->client));
	self->server.rx += 333;
	end_close(&self->server);
	expect_reset(watch, &self->server, &self->client);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	EXPECT_EVENTS(watch);
}

/*
 * The end that closed has all that it waits for, and is gone from the table; what
 * comes then is answered by a reset that it does not tell.
 */
TEST_F(close, and_bytes_after_it_are_a_reset_for_the_other)
{
	struct watch *watch = &self->scene.watch;

	/*
	 * The FIN is confirmed after close() is done with the socket: one that is just
	 * letting go of it when that comes keeps it until a timer ends it.
	 */
	ASSERT_EQ(0, end_option(&self->server, IPPROTO_TCP, TCP_QUICKACK, 0));
	end_close(&self->client);
	ASSERT_EQ(0, end_receive(&self->server, 1));
	ASSERT_EQ(0, end_option(&self->server, IPPROTO_TCP, TCP_QUICKACK, 1));
	expect_close_connection(watch, &self->client, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	SENT_ALL(&self->server, 20);
	expect_close_connection(watch, &self->server,
				PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	end_close(&self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, with_bytes_unread_after_a_half_close_is_a_reset)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_receive(&self->server, 1));
	SENT_ALL(&self->server, 444);
	ASSERT_EQ(0, end_drain(&self->server));
	self->client.rx += 444;
	end_close(&self->client);
	expect_reset(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, with_linger_0_after_a_half_close_is_a_reset)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_receive(&self->server, 1));
	ASSERT_EQ(0, end_linger_zero(&self->client));
	end_close(&self->client);
	expect_reset(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

/* It reads no more, but is still there to be asked: nobody let go of it. */
TEST_F(close, after_shutting_both_ways_is_a_reset_when_bytes_come)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_RDWR));
	ASSERT_EQ(0, end_receive(&self->server, 1));
	SENT_ALL(&self->server, 20);
	expect_reset(watch, &self->client, &self->server);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	end_close(&self->server);
	EXPECT_EVENTS(watch);
}

/* An earlier attempt that failed leaves nothing behind in the next one's end. */
TEST_F(close, after_an_attempt_that_was_refused_is_in_order)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server;
	uint16_t port = end_port(&self->listener);

	ASSERT_EQ(0, scene_socket_of(scene, &client, self->client.process,
				     SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED, end_connect(&client,
					     scene_loopback(scene, 9)));
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene, port)));
	ASSERT_EQ(0, end_accept(&server, &self->listener));
	ASSERT_EQ(0, watch_skip(watch));
	talk(_metadata, &client, &server, 5, 6);
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(close, by_disconnecting_is_a_reset)
{
	struct end client = self->client;
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 1, 1);
	client.tx = client.rx = 1;
	ASSERT_EQ(0, end_connect(&self->client, target_unspec()));
	expect_reset(watch, &client, &self->server);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	EXPECT_EVENTS(watch);
}

/* Shut at both ends it is over, while both descriptors are open still. */
TEST_F(close, by_two_shutdowns_comes_before_the_descriptors_are_closed)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 11, 22);
	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_shutdown(&self->server, SHUT_WR));
	expect_fin(watch, &self->client, &self->server);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	end_close(&self->server);
	EXPECT_EVENTS(watch);
}

/* Row 18: the process is dead; its sockets were its own, so nobody else did it. */
TEST_F(close, by_the_death_of_the_client)
{
	struct watch *watch = &self->scene.watch;

	talk(_metadata, &self->client, &self->server, 1000, 2000);
	process_kill(self->client.process);
	expect_close_connection(watch, &self->client, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	end_close(&self->server);
	expect_close_connection(watch, &self->server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

TEST_F(close, by_the_death_of_the_server)
{
	struct watch *watch = &self->scene.watch;

	process_kill(self->server.process);
	expect_close_listener(watch, &self->listener, 1);
	expect_close_connection(watch, &self->server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	end_close(&self->client);
	expect_close_connection(watch, &self->client, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* It lasts as long as it lasts, to the millisecond. */
TEST_F(close, has_the_duration)
{
	struct request breathe = { .verb = DO_BREATHE, .fd = -1, .a = 120 };
	struct watch *watch = &self->scene.watch;
	uint64_t duration;
	struct answer answer;

	process_do(&self->scene.self, &breathe, &answer);
	end_close_in_turn(&self->client, &self->server);
	expect_fin(watch, &self->client, &self->server);
	ASSERT_EQ(0, watch_collect(watch, 2));
	duration = watch->got[0].event.close.duration;
	EXPECT_GE(duration, 120000000ULL);
	EXPECT_EVENTS(watch);
}

SCENE_ALL(unaccepted);

TEST_F(unaccepted, when_the_listener_closes_first)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "slow-server");
	struct end listener, clients[3];
	unsigned int i;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, process));
	scene_expect_listen(scene, &listener);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		ASSERT_EQ(0, scene_connect(scene, &clients[i], &scene->self,
					   &listener));
		scene_expect_connect(scene, &clients[i]);
		if (!i)
			continue;
		ASSERT_EQ(100, end_send(&clients[i], 100));
		ASSERT_EQ(0, end_drain(&clients[i]));
	}
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 0);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		expect_unaccepted(watch, &listener, &clients[i]);
		expect_close_connection(watch, &clients[i],
					PORTWATCH_REASON_RST_RECEIVED,
					PORTWATCH_FIRST_REMOTE);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(unaccepted, when_the_listener_is_killed_first)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "slow-server");
	struct end listener, client;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, process));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	scene_expect_listen(scene, &listener);
	scene_expect_connect(scene, &client);
	ASSERT_EVENTS(watch);
	process_kill(process);
	expect_close_listener(watch, &listener, 0);
	expect_unaccepted(watch, &listener, &client);
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The client gave up before anyone came: its reset is why it ended. */
TEST_F(unaccepted, and_reset_by_the_client)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client;
	struct expect *expect;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	scene_expect_listen(scene, &listener);
	scene_expect_connect(scene, &client);
	ASSERT_EQ(0, end_linger_zero(&client));
	end_close(&client);
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_SENT,
				PORTWATCH_FIRST_LOCAL);
	expect = expect_unaccepted(watch, &listener, &client);
	expect->event.close.reason = PORTWATCH_REASON_RST_RECEIVED;
	expect->event.close.first = PORTWATCH_FIRST_REMOTE;
	EXPECT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 0);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
