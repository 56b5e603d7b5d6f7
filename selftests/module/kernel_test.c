// SPDX-License-Identifier: GPL-2.0
/*
 * Row 28: the kernel takes a port for itself. The socket is its own; who asked for
 * the tunnel has done it.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "scene.h"
#include "tool.h"

#define VXLAN_PORT 4789

SCENE_HOLD_HOOKS

SCENE_BOTH(kernel);

/* A tunnel between two places on this machine, which is not up yet. */
static int make_tunnel(struct scene *scene, struct process *ip)
{
	bool ipv4 = scene->family == IPV4;

	return tool_line(scene, ip, "ip link add pw0 type vxlan id 42 dev lo dstport %u local %s remote %s",
			 VXLAN_PORT, ipv4 ? "127.0.0.1" : "::1",
			 ipv4 ? "127.0.0.2" : "::2");
}

static int set_up(struct scene *scene, struct process *ip)
{
	return tool_line(scene, ip, "ip link set pw0 up");
}

/* What the test knows of a socket that it never has. */
static struct end tunnel_end(struct scene *scene)
{
	struct target any = target_any(scene->family, VXLAN_PORT);
	struct end end = { .fd = -1, .owner = who_kernel() };

	end.asked = address_of(&any.any);
	end.facts.domain = family_domain(scene->family);
	end.facts.type = SOCK_DGRAM;
	end.facts.protocol = IPPROTO_UDP;
	end.facts.local = end.asked;
	end.facts.v6only = true;
	return end;
}

static void expect_tunnel(struct scene *scene, struct end *end,
			  const struct process *ip)
{
	struct expect *expect;

	end->born[1] = clock_boottime();
	expect = expect_socket(&scene->watch, end);
	expect->any_sock = !end->facts.cookie;
	expect_by(expect, ip);
	expect = expect_bind(&scene->watch, end, PORTWATCH_HOW_EXPLICIT);
	expect->any_sock = !end->facts.cookie;
	expect_by(expect, ip);
}

TEST_F(kernel, takes_a_port_for_a_tunnel)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = tunnel_end(scene);
	struct expect *expect;
	struct process ip;

	if (make_tunnel(scene, &ip))
		SKIP(return, "ip makes no vxlan here");
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, set_up(scene, &ip));
	expect_tunnel(scene, &end, &ip);
	EXPECT_EVENTS(watch);
	end.closing = clock_boottime();
	ASSERT_EQ(0, tool_line(scene, &ip, "ip link del pw0"));
	expect = expect_close_socket(watch, &end);
	expect->any_sock = true;
	expect_by(expect, &ip);
	EXPECT_EVENTS(watch);
}

TEST_F(kernel, does_not_get_a_port_that_is_taken)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = tunnel_end(scene), holder;
	struct expect *expect;
	struct process ip;

	if (make_tunnel(scene, &ip))
		SKIP(return, "ip makes no vxlan here");
	ASSERT_EQ(0, scene_socket(scene, &holder, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&holder, scene_loopback(scene, VXLAN_PORT)));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_NE(0, set_up(scene, &ip));
	end.born[1] = clock_boottime();
	expect = expect_socket(watch, &end);
	expect->any_sock = true;
	expect_by(expect, &ip);
	expect = expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT,
				    EADDRINUSE);
	expect->any_sock = true;
	expect_by(expect, &ip);
	expect = expect_close_unused(watch, &end);
	expect->any_sock = true;
	expect_by(expect, &ip);
	EXPECT_EVENTS(watch);
	tool_line(scene, &ip, "ip link del pw0");
	EXPECT_EVENTS(watch);
}

static const struct got *find_bind(const struct watch *watch, uint16_t port)
{
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		if (watch->got[i].event.type == PORTWATCH_BIND &&
		    watch->got[i].event.lport == port)
			return &watch->got[i];
	return NULL;
}

/* A worker of the kernel clears up what is left of a netns: nobody does it. */
TEST_F(kernel, gives_its_port_back_with_the_netns)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	int first = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct end end = tunnel_end(scene);
	const struct got *bind;
	struct process ip;

	ASSERT_EQ(0, scene_unshare());
	watch->netns = scene_netns();
	watch->whole_netns = false;
	if (make_tunnel(scene, &ip))
		SKIP(return, "ip makes no vxlan here");
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, set_up(scene, &ip));
	ASSERT_EQ(0, watch_collect(watch, 2));
	bind = find_bind(watch, VXLAN_PORT);
	ASSERT_NE(NULL, bind);
	end.facts.cookie = bind->event.sock;
	expect_tunnel(scene, &end, &ip);
	EXPECT_EVENTS(watch);
	end.closing = clock_boottime();
	expect_close_socket(watch, &end);
	ASSERT_EQ(0, setns(first, CLONE_NEWNET));
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
