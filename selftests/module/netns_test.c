// SPDX-License-Identifier: GPL-2.0
/*
 * Row 22: the same addresses and ports in two network namespaces are two of each.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "scene.h"

#define SERVER 7500
#define CLIENT 7501

SCENE_HOLD_HOOKS

/* @spaces: descriptors of the two, @numbers: their inodes */
FIXTURE(netns)
{
	struct scene scene;
	int spaces[2];
	uint32_t numbers[2];
};

FIXTURE_VARIANT(netns)
{
	enum family family;
};

SCENE_VARIANT(netns, ipv4, IPV4);
SCENE_VARIANT(netns, ipv6, IPV6);

static int own_netns(void)
{
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* What is made with the second one is told before the tests begin. */
FIXTURE_SETUP(netns)
{
	ASSERT_EQ(0, scene_open(&self->scene, variant->family));
	self->spaces[0] = own_netns();
	self->numbers[0] = scene_netns();
	ASSERT_EQ(0, scene_unshare());
	self->spaces[1] = own_netns();
	self->numbers[1] = scene_netns();
	ASSERT_NE(self->numbers[0], self->numbers[1]);
	ASSERT_EQ(0, watch_skip(&self->scene.watch));
}

FIXTURE_TEARDOWN(netns)
{
	scene_close(&self->scene);
	close(self->spaces[0]);
	close(self->spaces[1]);
}

#define ENTER(i)							\
do {									\
	ASSERT_EQ(0, setns(self->spaces[i], CLONE_NEWNET));		\
	self->scene.watch.netns = self->numbers[i];			\
} while (0)

TEST_F(netns, has_connections_of_its_own)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listeners[2], clients[2], servers[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ENTER(i);
		ASSERT_EQ(0, scene_socket(scene, &listeners[i], SOCK_STREAM));
		ASSERT_EQ(0, end_bind(&listeners[i],
				      scene_loopback(scene, SERVER)));
		ASSERT_EQ(0, end_listen(&listeners[i], 5));
		ASSERT_EQ(0, scene_socket(scene, &clients[i], SOCK_STREAM));
		ASSERT_EQ(0, end_bind(&clients[i],
				      scene_loopback(scene, CLIENT)));
		expect_socket(watch, &listeners[i]);
		expect_bind(watch, &listeners[i], PORTWATCH_HOW_EXPLICIT);
		expect_listen(watch, &listeners[i], 5);
		expect_socket(watch, &clients[i]);
		expect_bind(watch, &clients[i], PORTWATCH_HOW_EXPLICIT);
		ASSERT_EQ(0, end_connect(&clients[i],
					 scene_loopback(scene, SERVER)));
		ASSERT_EQ(0, end_accept(&servers[i], &listeners[i]));
		expect_connect(watch, &clients[i]);
		expect_established(watch, &clients[i]);
		expect_accept(watch, &servers[i], &listeners[i]);
	}
	ASSERT_EVENTS(watch);
	/* They end crosswise, and from where they are not. */
	for (i = 0; i < 2; i++) {
		watch->netns = self->numbers[i];
		end_close(i ? &servers[i] : &clients[i]);
		end_close(i ? &clients[i] : &servers[i]);
		expect_close_connection(watch, i ? &servers[i] : &clients[i],
					PORTWATCH_REASON_FIN,
					PORTWATCH_FIRST_LOCAL);
		expect_close_connection(watch, i ? &clients[i] : &servers[i],
					PORTWATCH_REASON_FIN,
					PORTWATCH_FIRST_REMOTE);
		end_close(&listeners[i]);
		expect_close_listener(watch, &listeners[i], 1);
	}
	EXPECT_EVENTS(watch);
}

/* A socket stays where it was made, wherever its process goes. */
TEST_F(netns, is_that_of_the_socket_and_not_of_the_process)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end, udp;

	ENTER(0);
	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(0, scene_socket(scene, &udp, SOCK_DGRAM));
	expect_socket(watch, &end);
	expect_socket(watch, &udp);
	ASSERT_EQ(0, setns(self->spaces[1], CLONE_NEWNET));
	ASSERT_EQ(0, end_listen(&end, 2));
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_listen(watch, &end, 2);
	ASSERT_EQ(0, end_connect(&udp, scene_loopback(scene, 53)));
	expect_bind(watch, &udp, PORTWATCH_HOW_AUTO);
	expect_connect(watch, &udp);
	end_close(&end);
	end_close(&udp);
	expect_close_listener(watch, &end, 0);
	expect_close_socket(watch, &udp);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
