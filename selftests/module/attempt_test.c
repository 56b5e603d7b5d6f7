// SPDX-License-Identifier: GPL-2.0
/*
 * Attempts out of the ordinary: row 24. Each of them, and what became of it, is
 * told once.
 */
#include <kselftest_harness.h>

#include <netinet/tcp.h>

#include "file.h"
#include "scene.h"

/* net.ipv4.tcp_fastopen: both ends; every listener; without a cookie. */
#define FAST_OPEN	"1027"
#define FAST_OPEN_AT_ONCE "1543"

SCENE_HOLD_HOOKS

SCENE_BOTH(attempt);

/* A client that sends 100 bytes with its SYN, if it may, and closes first. */
static void open_fast(struct __test_metadata *_metadata, struct scene *scene,
		      struct end *listener, bool with_syn)
{
	struct end client, server;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(100, end_fast_open(&client, 100, 0,
				     scene_loopback(scene,
						    end_port(listener))));
	ASSERT_EQ(0, end_accept(&server, listener));
	ASSERT_EQ(100, end_receive(&server, 100));
	ASSERT_EQ(30, end_send(&server, 30));
	ASSERT_EQ(30, end_receive(&client, 30));
	EXPECT_EQ(with_syn, server.facts.syn_data);
	scene_expect_join(scene, &client, listener, &server);
	end_close_in_turn(&client, &server);
	expect_fin(&scene->watch, &client, &server);
	EXPECT_EVENTS(&scene->watch);
}

/* The first one asks for the cookie, the second one has it. */
TEST_F(attempt, by_fast_open_with_a_cookie)
{
	struct scene *scene = &self->scene;
	struct end listener;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_fastopen", FAST_OPEN));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	open_fast(_metadata, scene, &listener, false);
	open_fast(_metadata, scene, &listener, true);
	open_fast(_metadata, scene, &listener, true);
}

TEST_F(attempt, by_fast_open_without_a_cookie)
{
	struct scene *scene = &self->scene;
	struct end listener;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_fastopen", FAST_OPEN_AT_ONCE));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	open_fast(_metadata, scene, &listener, true);
}

/*
 * The server accepts, reads and answers while the handshake is not over: the
 * client does not hear the answer to its SYN until later.
 */
TEST_F(attempt, by_fast_open_is_accepted_before_it_is_established)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_fastopen", FAST_OPEN_AT_ONCE));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_deaf(&client, true));
	ASSERT_EQ(100, end_fast_open(&client, 100, MSG_DONTWAIT,
				     scene_loopback(scene,
						    end_port(&listener))));
	ASSERT_EQ(0, end_accept(&server, &listener));
	ASSERT_EQ(100, end_receive(&server, 100));
	ASSERT_EQ(30, end_send(&server, 30));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
	ASSERT_EQ(0, end_deaf(&client, false));
	ASSERT_EQ(0, end_outcome(&client));
	ASSERT_EQ(30, end_receive(&client, 30));
	expect_established(watch, &client);
	end_close_in_turn(&server, &client);
	expect_fin(watch, &server, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(attempt, by_fast_open_that_is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_fastopen", FAST_OPEN_AT_ONCE));
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED, end_fast_open(&client, 100, 0,
					       scene_loopback(scene, 9)));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	EXPECT_EVENTS(watch);
}

/* connect() comes back at once: the attempt is made by the first write. */
TEST_F(attempt, by_fast_open_begins_with_the_first_write)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	ASSERT_EQ(0, file_set_net("ipv4/tcp_fastopen", FAST_OPEN_AT_ONCE));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT,
				1));
	ASSERT_EQ(0, end_connect(&client,
				 scene_loopback(scene, end_port(&listener))));
	expect_socket(watch, &client);
	EXPECT_EVENTS(watch);
	client.begun[0] = clock_boottime();
	ASSERT_EQ(100, end_send(&client, 100));
	client.begun[1] = clock_boottime();
	expect_connect(watch, &client)->not_before = client.begun[0];
	expect_established(watch, &client);
	ASSERT_EQ(0, end_accept(&server, &listener));
	EXPECT_TRUE(server.facts.syn_data);
	ASSERT_EQ(100, end_receive(&server, 100));
	expect_accept(watch, &server, &listener);
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(attempt, to_itself)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 5000)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 5000)));
	expect_connect(watch, &end);
	expect_established(watch, &end);
	ASSERT_EQ(100, end_send(&end, 100));
	ASSERT_EQ(100, end_receive(&end, 100));
	EXPECT_EVENTS(watch);
	end_close(&end);
	expect_close_connection(watch, &end, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/*
 * Two ask each other and nobody listens. The first one hears neither the refusal
 * of its own SYN nor the other's, until that is sent again.
 */
TEST_F(attempt, of_two_that_ask_each_other)
{
	static const uint16_t ports[] = { 5001, 5002 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end ends[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(0, scene_socket(scene, &ends[i], SOCK_STREAM));
		ASSERT_EQ(0, end_bind(&ends[i],
				      scene_loopback(scene, ports[i])));
		ASSERT_EQ(0, end_nonblock(&ends[i]));
		expect_socket(watch, &ends[i]);
		expect_bind(watch, &ends[i], PORTWATCH_HOW_EXPLICIT);
	}
	ASSERT_EQ(0, end_deaf(&ends[0], true));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(-EINPROGRESS,
			  end_connect(&ends[i],
				      scene_loopback(scene, ports[!i])));
		expect_connect(watch, &ends[i]);
	}
	EXPECT_EVENTS(watch);
	ASSERT_EQ(0, end_deaf(&ends[0], false));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(0, end_outcome(&ends[i]));
		expect_established(watch, &ends[i]);
	}
	EXPECT_EVENTS(watch);
	end_close_in_turn(&ends[1], &ends[0]);
	expect_fin(watch, &ends[1], &ends[0]);
	EXPECT_EVENTS(watch);
}

/* A socket that was disconnected is as good as new, whatever it was before. */
TEST_F(attempt, after_a_disconnect_is_another)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, servers[3];
	unsigned int i;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	expect_socket(watch, &client);
	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		ASSERT_EQ(0, end_connect(&client,
					 scene_loopback(scene,
							end_port(&listener))));
		ASSERT_EQ(0, end_accept(&servers[i], &listener));
		ASSERT_EQ(10 + (int)i, end_send(&client, 10 + i));
		ASSERT_EQ(10 + (int)i, end_receive(&servers[i], 10 + i));
		expect_connect(watch, &client);
		expect_established(watch, &client);
		expect_accept(watch, &servers[i], &listener);
		EXPECT_EVENTS(watch);
		expect_reset(watch, &client, &servers[i]);
		ASSERT_EQ(0, end_connect(&client, target_unspec()));
		EXPECT_EVENTS(watch);
		client.tx = 0;
	}
	end_close(&client);
	EXPECT_EVENTS(watch);
}

/* With a port of its own that it keeps through all this. */
TEST_F(attempt, after_a_disconnect_comes_from_the_port_that_was_asked_for)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	unsigned int i;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 5003)));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_EXPLICIT);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, end_connect(&client,
					 scene_loopback(scene,
							end_port(&listener))));
		ASSERT_EQ(0, end_accept(&server, &listener));
		EXPECT_EQ(5003, end_port(&client));
		expect_connect(watch, &client);
		expect_established(watch, &client);
		expect_accept(watch, &server, &listener);
		EXPECT_EVENTS(watch);
		expect_reset(watch, &client, &server);
		ASSERT_EQ(0, end_connect(&client, target_unspec()));
		EXPECT_EVENTS(watch);
	}
	/* The port is given back with the descriptor. */
	client.facts.has_remote = false;
	client.begun[0] = client.born[0];
	end_close(&client);
	expect_close_socket(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(attempt, that_is_disconnected_before_an_answer_and_made_again)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct target target;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	target = scene_loopback(scene, end_port(&listener));
	ASSERT_EQ(0, end_deaf(&listener, true));
	ASSERT_EQ(0, scene_socket(scene, &client,
				  SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS, end_connect(&client, target));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECANCELED);
	ASSERT_EQ(0, end_connect(&client, target_unspec()));
	ASSERT_EQ(0, end_deaf(&listener, false));
	ASSERT_EQ(-EINPROGRESS, end_connect(&client, target));
	ASSERT_EQ(0, end_outcome(&client));
	ASSERT_EQ(0, end_accept(&server, &listener));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
}

/* A port that bind() was asked for by no number goes with the connection. */
TEST_F(attempt, that_is_over_gives_back_a_port_that_was_given)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server, refused;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 0)));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(0, end_connect(&client,
				 scene_loopback(scene, end_port(&listener))));
	ASSERT_EQ(0, end_accept(&server, &listener));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	expect_accept(watch, &server, &listener);
	ASSERT_EQ(0, end_linger_zero(&server));
	end_close(&server);
	expect_reset(watch, &server, &client);
	ASSERT_EQ(0, scene_socket(scene, &refused, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&refused, scene_loopback(scene, 0)));
	expect_socket(watch, &refused);
	expect_bind(watch, &refused, PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(-ECONNREFUSED,
		  end_connect(&refused, scene_loopback(scene, 9)));
	expect_connect(watch, &refused);
	expect_connect_failed(watch, &refused, ECONNREFUSED);
	EXPECT_EVENTS(watch);
	end_close(&client);
	end_close(&refused);
	expect_close_unused(watch, &refused)->event.flags = 0;
	EXPECT_EVENTS(watch);
}

/* A datagram socket gives back a port that it never asked for. */
TEST_F(attempt, of_udp_after_a_disconnect_takes_a_port_again)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	unsigned int i;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	/* The same one is found again: it is all that there is. */
	ASSERT_EQ(0, file_set_net("ipv4/ip_local_port_range", "40000 40000"));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 53 + i)));
		EXPECT_EQ(40000, end_port(&end));
		expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
		expect_connect(watch, &end);
		end.facts.has_remote = true;
		expect_close_socket(watch, &end);
		ASSERT_EQ(0, end_connect(&end, target_unspec()));
	}
	ASSERT_EQ(0, file_set_net("ipv4/ip_local_port_range", "32768 60999"));
	EXPECT_EVENTS(watch);
	/* Nor one that bind() was asked for by no number. */
	memset(&end.facts.remote, 0, sizeof(end.facts.remote));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	end.facts.has_remote = false;
	expect_close_socket(watch, &end);
	ASSERT_EQ(0, end_connect(&end, target_unspec()));
	EXPECT_EVENTS(watch);
	end_close(&end);
	EXPECT_EVENTS(watch);
}

/* One that it asked for stays. */
TEST_F(attempt, of_udp_after_a_disconnect_comes_from_the_port_asked_for)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	unsigned int i;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 5004)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 53 + i)));
		expect_connect(watch, &end);
		ASSERT_EQ(0, end_connect(&end, target_unspec()));
	}
	end.facts.has_remote = false;
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
