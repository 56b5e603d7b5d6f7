// SPDX-License-Identifier: GPL-2.0
/* The kernel itself takes a port, for somebody or by itself: row 28. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"
#include "tool.h"

SCENE_HOLD_HOOKS

SCENE_BOTH(kernel_socket);

/* What a socket that a test cannot ask must be: bound to that port, for UDP. */
static struct end kernel_end(const struct scene *scene, uint16_t port)
{
	struct end end = { .owner = who_kernel() };
	struct target target = target_any(scene->family, port);

	end.facts.domain = family_domain(scene->family);
	end.facts.type = SOCK_DGRAM;
	end.facts.protocol = IPPROTO_UDP;
	end.facts.v6only = true;
	end.facts.local = address_of(&target.any);
	end.asked = end.facts.local;
	return end;
}

static void by_if(struct expect *expect, const struct process *process)
{
	expect->any_sock = true;
	if (process)
		expect_by(expect, process);
}

/* The kernel takes the port because of what this process asked for. */
static void expect_taken(struct watch *watch, struct end *end,
			 const struct process *process)
{
	struct expect *expect;

	end->born[1] = clock_boottime();
	by_if(expect_socket(watch, end), process);
	expect = expect_bind(watch, end, PORTWATCH_HOW_EXPLICIT);
	expect->exposure = PORTWATCH_EXPOSURE_ANY;
	by_if(expect, process);
}

/* Its module is not loaded by who asks for it. */
static const char *fou(const struct scene *scene, const char *verb)
{
	static char text[128];

	if (access("/sys/module/fou", F_OK) && system("modprobe fou"))
		return "false";
	snprintf(text, sizeof(text), "ip %s fou %s port 5555 ipproto %d",
		 scene->family == IPV4 ? "-4" : "-6", verb,
		 scene->family == IPV4 ? IPPROTO_IPIP : IPPROTO_IPV6);
	return text;
}

TEST_F(kernel_socket, of_a_tunnel_has_the_kernel_for_an_owner)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = kernel_end(scene, 5555);
	struct process process;

	ASSERT_EQ(0, tool_line(scene, &process, "%s", fou(scene, "add")));
	expect_taken(watch, &end, &process);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, tool_line(scene, &process, "%s", fou(scene, "del")));
	by_if(expect_close_socket(watch, &end), &process);
	EXPECT_EVENTS(watch);
}

/* One that opens its port when it is set up, and closes it when it goes. */
TEST_F(kernel_socket, of_a_vxlan_is_opened_by_who_sets_it_up)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = kernel_end(scene, 4789);
	struct process process;

	ASSERT_EQ(0, tool_line(scene, &process,
			       "ip link add vxlan0 type vxlan id 7 dstport 4789 local %s",
			       scene->family == IPV4 ? "127.0.0.1" : "::1"));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, tool_line(scene, &process, "ip link set vxlan0 up"));
	expect_taken(watch, &end, &process);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, tool_line(scene, &process, "ip link del vxlan0"));
	by_if(expect_close_socket(watch, &end), &process);
	EXPECT_EVENTS(watch);
}

TEST_F(kernel_socket, that_finds_its_port_taken)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = kernel_end(scene, 5555), taken;
	struct process process;
	struct expect *failed;

	ASSERT_EQ(0, scene_socket(scene, &taken, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&taken, scene_loopback(scene, 5555)));
	expect_socket(watch, &taken);
	expect_bind(watch, &taken, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EVENTS(watch);
	ASSERT_LT(0, tool_line(scene, &process, "%s", fou(scene, "add")));
	end.born[1] = clock_boottime();
	by_if(expect_socket(watch, &end), &process);
	failed = expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT,
				    EADDRINUSE);
	by_if(failed, &process);
	expect_holder(failed, &taken, PORTWATCH_STATE_BOUND);
	by_if(expect_close_unused(watch, &end), &process);
	EXPECT_EVENTS(watch);
}

/* A netns without anybody in it is taken down by a thread of the kernel. */
TEST_F(kernel_socket, that_ends_with_its_netns_has_no_actor)
{
	struct portwatch_options options = {
		.size = sizeof(options),
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE),
		.no_snapshot = true,
	};
	int first = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = kernel_end(scene, 5555);
	struct process process;

	portwatch_reader_close(watch->reader);
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, scene_unshare());
	watch->netns = scene_netns();
	ASSERT_EQ(0, tool_line(scene, &process, "%s", fou(scene, "add")));
	end.born[1] = clock_boottime();
	ASSERT_EQ(0, setns(first, CLONE_NEWNET));
	by_if(expect_close_socket(watch, &end), NULL);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
