// SPDX-License-Identifier: GPL-2.0
/* A socket listens: rows 1, 6 and 9. */
#include <kselftest_harness.h>

#include "scene.h"

#define SOMAXCONN_OF_A_NEW_NETNS 4096

SCENE_HOLD_HOOKS

SCENE_ALL(listen);

/* Binds to that port and listens. */
static int listen_on(struct scene *scene, struct end *end,
		     struct target target, int backlog)
{
	int err = scene_socket(scene, end, SOCK_STREAM);

	if (!err)
		err = end_bind(end, target);
	return err ? err : end_listen(end, backlog);
}

TEST_F(listen, after_an_explicit_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, listen_on(scene, &end, scene_loopback(scene, 8081), 5));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	expect_listen(watch, &end, 5)->exposure = PORTWATCH_EXPOSURE_LOOPBACK;
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_close_listener(watch, &end, 0);
	EXPECT_EVENTS(watch);
}

TEST_F(listen, a_second_time_has_the_new_backlog)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, listen_on(scene, &end, scene_loopback(scene, 0), 5));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	expect_listen(watch, &end, 5);
	ASSERT_EQ(0, end_listen(&end, 50));
	expect_listen(watch, &end, 50);
	end_close(&end);
	expect_close_listener(watch, &end, 0);
	EXPECT_EVENTS(watch);
}

TEST_F(listen, has_a_backlog_that_the_system_limits)
{
	static const int backlogs[] = { 0, 1, 4096, 4097, 1000000, -1 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	uint32_t backlog;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(backlogs); i++) {
		backlog = backlogs[i];
		if (backlog > SOMAXCONN_OF_A_NEW_NETNS)
			backlog = SOMAXCONN_OF_A_NEW_NETNS;
		ASSERT_EQ(0, listen_on(scene, &end, scene_loopback(scene, 0),
				       backlogs[i]));
		expect_socket(watch, &end);
		expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
		expect_listen(watch, &end, backlog);
		end_close(&end);
		expect_close_listener(watch, &end, 0);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(listen, counts_what_was_accepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[3], servers[3];
	unsigned int i;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	for (i = 0; i < ARRAY_SIZE(clients); i++) {
		ASSERT_EQ(0, scene_join(scene, &clients[i], &scene->self,
					&listener, &servers[i]));
		scene_expect_join(scene, &clients[i], &listener, &servers[i]);
	}
	end_close(&listener);
	expect_close_listener(watch, &listener, 3);
	EXPECT_EVENTS(watch);
}

TEST_F(listen, ends_by_shutdown_and_the_socket_later)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, listen_on(scene, &end, scene_loopback(scene, 8082), 5));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	expect_listen(watch, &end, 5);
	ASSERT_EQ(0, end_shutdown(&end, SHUT_RDWR));
	expect_close_listener(watch, &end, 0);
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

SCENE_FIXTURE(listen_any)
SCENE_VARIANT(listen_any, ipv6, IPV6);

TEST_F(listen_any, of_ipv6_is_dual_stack_unless_v6only)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct end end;
	int v6only;

	for (v6only = 0; v6only < 2; v6only++) {
		ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
		ASSERT_EQ(0, end_option(&end, IPPROTO_IPV6, IPV6_V6ONLY,
					v6only));
		ASSERT_EQ(0, end_bind(&end, target_any(IPV6, 8083)));
		ASSERT_EQ(0, end_listen(&end, 1));
		expect_socket(watch, &end);
		expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
		expect = expect_listen(watch, &end, 1);
		expect->exposure = PORTWATCH_EXPOSURE_ANY;
		EXPECT_EQ(v6only ? 0 : PORTWATCH_F_DUAL_STACK,
			  expect->event.flags & PORTWATCH_F_DUAL_STACK);
		end_close(&end);
		expect_close_listener(watch, &end, 0);
	}
	EXPECT_EVENTS(watch);
}

/* The kernel gives the mapped address to both ends of such a connection. */
TEST_F(listen_any, of_ipv6_accepts_ipv4_as_mapped)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	ASSERT_EQ(0, scene_socket(scene, &listener, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&listener, target_any(IPV6, 8084)));
	ASSERT_EQ(0, end_listen(&listener, 1));
	expect_socket(watch, &listener);
	expect_bind(watch, &listener, PORTWATCH_HOW_EXPLICIT);
	expect_listen(watch, &listener, 1);
	ASSERT_EQ(0, end_open(&client, &scene->self, AF_INET, SOCK_STREAM));
	ASSERT_EQ(0, end_connect(&client, target_loopback(IPV4, 8084)));
	ASSERT_EQ(0, end_accept(&server, &listener));
	ASSERT_TRUE(server.facts.local.mapped);
	ASSERT_FALSE(client.facts.local.mapped);
	scene_expect_join(scene, &client, &listener, &server);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
