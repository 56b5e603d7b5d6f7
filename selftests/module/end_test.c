// SPDX-License-Identifier: GPL-2.0
/* Ends that are not so simple: rows 11 and 12, retransmissions and time-outs. */
#include <kselftest_harness.h>

#include <netinet/tcp.h>
#include <poll.h>

#include "patience.h"
#include "scene.h"

FIXTURE(end)
{
	struct scene scene;
	struct end listener;
	struct end client;
	struct end server;
};

FIXTURE_VARIANT(end)
{
	enum family family;
};

SCENE_HOLD_HOOKS

SCENE_VARIANT(end, ipv4, IPV4);
SCENE_VARIANT(end, ipv6, IPV6);

/* The client has a port that it asked for. */
FIXTURE_SETUP(end)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	ASSERT_EQ(0, scene_listen(scene, &self->listener, &scene->self));
	scene_expect_listen(scene, &self->listener);
	ASSERT_EQ(0, scene_socket(scene, &self->client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&self->client, scene_loopback(scene, 5500)));
	expect_socket(watch, &self->client);
	expect_bind(watch, &self->client, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_connect(&self->client,
				 scene_loopback(scene,
						end_port(&self->listener))));
	ASSERT_EQ(0, end_accept(&self->server, &self->listener));
	expect_connect(watch, &self->client);
	expect_established(watch, &self->client);
	expect_accept(watch, &self->server, &self->listener);
	EXPECT_EVENTS(watch);
}

FIXTURE_TEARDOWN(end)
{
	scene_close(&self->scene);
}

/* Polls a fact of the socket until it is so, for five seconds or so. */
static bool wait_retrans(struct end *end, uint32_t segments)
{
	int i;

	for (i = 0; i < patient(5000); i++) {
		end_facts(end);
		if (end->facts.retrans >= segments)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

static bool wait_closed(struct end *end)
{
	int i;

	for (i = 0; i < patient(5000); i++) {
		end_facts(end);
		if (!end->facts.has_remote)
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* A socket that is closed now gives back the port that it asked for. */
static void expect_close_bound(struct watch *watch, struct end *end)
{
	end->facts.has_remote = false;
	expect_close_socket(watch, end);
}

TEST_F(end, of_a_socket_that_asked_for_its_port_comes_twice_after_a_reset)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_linger_zero(&self->server));
	end_close(&self->server);
	expect_reset(watch, &self->server, &self->client);
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	expect_close_bound(watch, &self->client);
	EXPECT_EVENTS(watch);
}

TEST_F(end, of_a_socket_that_asked_for_its_port_comes_once_after_a_close)
{
	struct watch *watch = &self->scene.watch;

	end_close_in_turn(&self->client, &self->server);
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

/*
 * Both shut while neither hears: both have sent a FIN before they got one.
 */
TEST_F(end, by_both_at_once_is_local_at_both)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_deaf(&self->client, true));
	ASSERT_EQ(0, end_deaf(&self->server, true));
	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_shutdown(&self->server, SHUT_WR));
	ASSERT_EQ(0, end_deaf(&self->client, false));
	ASSERT_EQ(0, end_deaf(&self->server, false));
	ASSERT_TRUE(wait_closed(&self->client));
	ASSERT_TRUE(wait_closed(&self->server));
	expect_close_connection(watch, &self->client, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL)->retrans_later = false;
	expect_close_connection(watch, &self->server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL)->retrans_later = false;
	EXPECT_GE(self->client.facts.retrans + self->server.facts.retrans, 1U);
	EXPECT_EVENTS(watch);
}

TEST_F(end, counts_bytes_once_that_were_sent_again)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_deaf(&self->server, true));
	ASSERT_EQ(1000, end_send(&self->client, 1000));
	ASSERT_TRUE(wait_retrans(&self->client, 1));
	ASSERT_EQ(0, end_deaf(&self->server, false));
	ASSERT_EQ(1000, end_receive(&self->server, 1000));
	ASSERT_EQ(0, end_drain(&self->client));
	EXPECT_GE(self->client.facts.retrans, 1U);
	end_close_in_turn(&self->client, &self->server);
	expect_fin(watch, &self->client, &self->server);
	EXPECT_EVENTS(watch);
}

TEST_F(end, by_silence_is_a_timeout)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_option(&self->client, IPPROTO_TCP, TCP_USER_TIMEOUT,
				300));
	ASSERT_EQ(0, end_deaf(&self->server, true));
	ASSERT_EQ(50, end_send(&self->client, 50));
	ASSERT_TRUE(wait_closed(&self->client));
	expect_close_connection(watch, &self->client,
				PORTWATCH_REASON_TIMEOUT,
				0)->retrans_later = false;
	ASSERT_EVENTS(watch);
	end_close(&self->client);
	expect_close_bound(watch, &self->client);
	/* It does not know: its FIN is the first word after a long time. */
	ASSERT_EQ(0, end_deaf(&self->server, false));
	end_close(&self->server);
	expect_close_connection(watch, &self->server,
				PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* A reset that comes after a FIN of this end: this end was first. */
TEST_F(end, by_a_reset_after_its_own_fin_is_local)
{
	struct watch *watch = &self->scene.watch;

	ASSERT_EQ(0, end_shutdown(&self->client, SHUT_WR));
	ASSERT_EQ(0, end_receive(&self->server, 1));
	ASSERT_EQ(0, end_linger_zero(&self->server));
	end_close(&self->server);
	expect_close_connection(watch, &self->server,
				PORTWATCH_REASON_RST_SENT,
				PORTWATCH_FIRST_REMOTE)->not_before =
		self->server.closing;
	self->client.closing = 0;
	expect_close_connection(watch, &self->client,
				PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
