// SPDX-License-Identifier: GPL-2.0
/*
 * The port was taken before the module looked, by a process (row 3) or by the kernel
 * (row 28); the hooks are not held.
 */
#include <kselftest_harness.h>

#include <stdlib.h>

#include "scene.h"
#include "tool.h"

#define PORT 5432

FIXTURE(before)
{
	struct scene scene;
	struct process *holder;
};

FIXTURE_VARIANT(before)
{
	enum family family;
};

FIXTURE_SETUP(before)
{
	ASSERT_EQ(0, scene_prepare(&self->scene, variant->family));
	self->holder = scene_actor(&self->scene, "holder");
	ASSERT_NE(NULL, self->holder);
}

FIXTURE_TEARDOWN(before)
{
	scene_close(&self->scene);
}

SCENE_VARIANT(before, ipv4, IPV4);
SCENE_VARIANT(before, ipv6, IPV6);

static void watch_failures(struct __test_metadata *_metadata,
			   struct scene *scene)
{
	struct portwatch_options options = watch_options();

	options.events = PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED);
	ASSERT_EQ(0, scene_watch(scene, &options));
}

/* Its process is known, and its user; since when it has the port is not. */
static void refused(struct __test_metadata *_metadata, struct scene *scene,
		    int type, struct target target, struct end *holder,
		    enum portwatch_state state)
{
	struct end late;

	ASSERT_EQ(0, scene_socket(scene, &late, type));
	ASSERT_EQ(-EADDRINUSE, end_bind(&late, target));
	holder->taken[0] = 0;
	holder->taken[1] = 0;
	holder->begun[0] = 0;
	holder->begun[1] = 0;
	expect_holder(expect_bind_failed(&scene->watch, &late,
					 PORTWATCH_HOW_EXPLICIT, EADDRINUSE),
		      holder, state);
	EXPECT_EVENTS(&scene->watch);
	end_close(&late);
}

TEST_F(before, listening)
{
	struct scene *scene = &self->scene;
	struct end listener;

	ASSERT_EQ(0, scene_listen(scene, &listener, self->holder));
	watch_failures(_metadata, scene);
	refused(_metadata, scene, SOCK_STREAM,
		scene_loopback(scene, end_port(&listener)), &listener,
		PORTWATCH_STATE_LISTENING);
}

TEST_F(before, listening_with_mptcp)
{
	struct scene *scene = &self->scene;
	struct end listener;
	int err;

	scene->protocol = IPPROTO_MPTCP;
	err = scene_listen(scene, &listener, self->holder);
	if (err == -EPROTONOSUPPORT || err == -ENOPROTOOPT || err == -EINVAL)
		SKIP(return, "the kernel has no MPTCP");
	ASSERT_EQ(0, err);
	scene->protocol = 0;
	watch_failures(_metadata, scene);
	refused(_metadata, scene, SOCK_STREAM,
		scene_loopback(scene, end_port(&listener)), &listener,
		PORTWATCH_STATE_LISTENING);
}

TEST_F(before, bound)
{
	struct scene *scene = &self->scene;
	struct end tcp, udp;

	ASSERT_EQ(0, scene_socket_of(scene, &tcp, self->holder, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&tcp, scene_loopback(scene, PORT)));
	ASSERT_EQ(0, scene_socket_of(scene, &udp, self->holder, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, PORT)));
	watch_failures(_metadata, scene);
	refused(_metadata, scene, SOCK_STREAM, scene_loopback(scene, PORT),
		&tcp, PORTWATCH_STATE_BOUND);
	refused(_metadata, scene, SOCK_DGRAM, scene_loopback(scene, PORT),
		&udp, PORTWATCH_STATE_BOUND);
}

TEST_F(before, connected)
{
	struct scene *scene = &self->scene;
	struct end listener, client, server;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, &client, self->holder, &listener,
				&server));
	watch_failures(_metadata, scene);
	refused(_metadata, scene, SOCK_STREAM,
		scene_loopback(scene, end_port(&client)), &client,
		PORTWATCH_STATE_CONNECTED);
}

TEST_F(before, in_time_wait)
{
	struct scene *scene = &self->scene;
	struct end listener, client, server, late;
	struct expect *expect;

	ASSERT_EQ(0, scene_listen(scene, &listener, self->holder));
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	end_close(&server);
	end_close(&client);
	end_close(&listener);
	watch_failures(_metadata, scene);
	ASSERT_EQ(0, scene_socket(scene, &late, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE,
		  end_bind(&late, scene_loopback(scene, end_port(&listener))));
	expect = expect_bind_failed(&scene->watch, &late,
				    PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	expect->event.bind_failed.holder_state = PORTWATCH_STATE_TIME_WAIT;
	EXPECT_EVENTS(&scene->watch);
}

static int tunnel(struct scene *scene, struct process *process, const char *verb)
{
	return tool_line(scene, process, "ip %s fou %s port %d ipproto %d",
			 scene->family == IPV4 ? "-4" : "-6", verb, PORT,
			 scene->family == IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6);
}

/* A socket of the kernel does not become that of the first process that uses it. */
TEST_F(before, by_the_kernel)
{
	struct portwatch_options options = watch_options();
	struct target target = target_any(variant->family, PORT);
	struct scene *scene = &self->scene;
	struct end end = { .owner = who_kernel() };
	struct process process;
	struct expect *expect;

	ASSERT_EQ(0, system("modprobe fou"));
	ASSERT_EQ(0, tunnel(scene, &process, "add"));
	options.events = PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE);
	ASSERT_EQ(0, scene_watch(scene, &options));
	end.facts.domain = family_domain(variant->family);
	end.facts.protocol = IPPROTO_UDP;
	end.facts.local = address_of(&target.any);
	ASSERT_EQ(0, tunnel(scene, &process, "del"));
	expect = expect_close_socket(&scene->watch, &end);
	expect->any_sock = true;
	expect->free_span = true;
	expect_by(expect, &process);
	EXPECT_EVENTS(&scene->watch);
}

TEST_HARNESS_MAIN
