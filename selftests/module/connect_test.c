// SPDX-License-Identifier: GPL-2.0
/* A socket asks another one and is heard: rows 6 and 7. */
#include <kselftest_harness.h>

#include <netinet/in.h>

#include "scene.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#define SECOND 1000000000ULL

SCENE_HOLD_HOOKS

FIXTURE(connect)
{
	struct scene scene;
	struct end listener;
};

FIXTURE_VARIANT(connect)
{
	enum family family;
};

SCENE_VARIANT(connect, ipv4, IPV4);
SCENE_VARIANT(connect, ipv6, IPV6);
SCENE_VARIANT(connect, mapped, MAPPED);

/* Everything begins with a listener. */
FIXTURE_SETUP(connect)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	ASSERT_EQ(0, scene_listen(scene, &self->listener, &scene->self));
	scene_expect_listen(scene, &self->listener);
}

FIXTURE_TEARDOWN(connect)
{
	scene_close(&self->scene);
}

TEST_F(connect, of_tcp_without_bind_has_no_bind)
{
	struct scene *scene = &self->scene;
	struct end client;

	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self,
				   &self->listener));
	EXPECT_NE(0, end_port(&client));
	scene_expect_connect(scene, &client);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(connect, of_tcp_after_bind_to_port_0_has_one_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 0)));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene,
						end_port(&self->listener))));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect, of_tcp_after_bind_to_a_port_comes_from_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 5555)));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene,
						end_port(&self->listener))));
	EXPECT_EQ(5555, end_port(&client));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect, of_tcp_after_bind_to_an_address_alone_has_no_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT,
				1));
	ASSERT_EQ(0, end_bind(&client, scene_loopback(scene, 0)));
	expect_socket(watch, &client);
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene,
						end_port(&self->listener))));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect, without_blocking_is_established_too)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(&client, scene_loopback(scene,
						end_port(&self->listener))));
	ASSERT_EQ(0, end_outcome(&client));
	scene_expect_connect(scene, &client);
	EXPECT_EVENTS(watch);
}

/* Deaf for its first SYN, the listener hears the one that is sent after 1 s. */
TEST_F(connect, that_was_answered_late_says_so)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;
	size_t last;

	ASSERT_EQ(0, end_deaf(&self->listener, true));
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(&client, scene_loopback(scene,
						end_port(&self->listener))));
	ASSERT_EQ(0, end_deaf(&self->listener, false));
	ASSERT_EQ(0, end_outcome(&client));
	scene_expect_connect(scene, &client);
	ASSERT_EQ(0, watch_collect(watch, watch->nr_expects));
	last = watch->nr_got - 1;
	ASSERT_EQ(PORTWATCH_ESTABLISHED, watch->got[last].event.type);
	EXPECT_GT(watch->got[last].event.established.latency, SECOND / 2);
	EXPECT_EVENTS(watch);
}

TEST_F(connect, of_a_connected_socket_is_no_attempt)
{
	struct scene *scene = &self->scene;
	struct end client, before;

	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self,
				   &self->listener));
	before = client;
	ASSERT_EQ(-EISCONN, end_connect(&client, scene_loopback(scene, 1)));
	scene_expect_connect(scene, &before);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(connect, of_udp_after_bind_has_that_bind_only)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 4000)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 4001)));
	expect_connect(watch, &end);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(connect, of_udp_to_another_peer_is_another)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 4001)));
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_connect(watch, &end);
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 4002)));
	EXPECT_EQ(4002, end.facts.remote.port);
	expect_connect(watch, &end);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
