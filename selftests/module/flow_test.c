// SPDX-License-Identifier: GPL-2.0
/* Whom an unconnected UDP socket speaks with: row 33. */
#include <kselftest_harness.h>

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"

SCENE_HOLD_HOOKS

#define OUT PORTWATCH_DIR_OUT
#define IN PORTWATCH_DIR_IN

FIXTURE(flow)
{
	struct scene scene;
	struct end end;
	struct end peers[3];
};

FIXTURE_VARIANT(flow)
{
	enum family family;
	int protocol;
};

FIXTURE_VARIANT_ADD(flow, ipv4) { .family = IPV4, .protocol = IPPROTO_UDP };
FIXTURE_VARIANT_ADD(flow, ipv6) { .family = IPV6, .protocol = IPPROTO_UDP };
FIXTURE_VARIANT_ADD(flow, mapped) { .family = MAPPED, .protocol = IPPROTO_UDP };
FIXTURE_VARIANT_ADD(flow, udplite4)
{
	.family = IPV4, .protocol = IPPROTO_UDPLITE,
};
FIXTURE_VARIANT_ADD(flow, udplite6)
{
	.family = IPV6, .protocol = IPPROTO_UDPLITE,
};

static struct portwatch_options flow_options(void)
{
	struct portwatch_options options = watch_options();

	options.events |= PORTWATCH_EVENT_BIT(PORTWATCH_FLOW);
	return options;
}

/* A socket of an actor, bound to a port of the loopback. */
static int open_bound(struct scene *scene, struct end *end, const char *name,
		      int protocol)
{
	struct process *process = scene_actor(scene, name);
	int err;

	if (!process)
		return -ECHILD;
	err = end_open_protocol(end, process, family_domain(scene->family),
				SOCK_DGRAM, protocol);
	return err ? err : end_bind(end, scene_loopback(scene, 0));
}

FIXTURE_SETUP(flow)
{
	static const char *const names[] = { "first", "second", "third" };
	struct portwatch_options options = flow_options();
	struct scene *scene = &self->scene;
	unsigned int i;

	ASSERT_EQ(0, scene_prepare(scene, variant->family));
	ASSERT_EQ(0, scene_watch(scene, &options));
	if (!scene_has(SOCK_DGRAM, variant->protocol))
		SCENE_SKIP(scene, "this kernel has no UDP-Lite (7.2)");
	ASSERT_EQ(0, open_bound(scene, &self->end, "server",
				variant->protocol));
	for (i = 0; i < ARRAY_SIZE(self->peers); i++)
		ASSERT_EQ(0, open_bound(scene, &self->peers[i], names[i],
					variant->protocol));
	ASSERT_EQ(0, watch_skip(&scene->watch));
}

FIXTURE_TEARDOWN(flow)
{
	scene_close(&self->scene);
}

static struct target target_of(const struct scene *scene, const struct end *end)
{
	return scene_loopback(scene, end_port(end));
}

/* So many datagrams of one byte. */
static int speak(const struct scene *scene, struct end *from, struct end *to,
		 unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (end_send_to(from, 1, target_of(scene, to)) != 1 ||
		    end_receive(to, 1) != 1)
			return -EIO;
	return 0;
}

static void expect_both(struct watch *watch, const struct end *from,
			const struct end *to)
{
	expect_flow(watch, from, OUT, &from->facts.local, &to->facts.local);
	expect_flow(watch, to, IN, &to->facts.local, &from->facts.local);
}

TEST_F(flow, is_one_for_each_peer_and_direction)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	unsigned int round, i;

	for (round = 0; round < 3; round++)
		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, speak(scene, &self->end, &self->peers[i],
					   7));
	for (i = 0; i < 3; i++)
		expect_both(watch, &self->end, &self->peers[i]);
	ASSERT_EVENTS(watch);
	for (round = 0; round < 3; round++)
		for (i = 0; i < 2; i++)
			ASSERT_EQ(0, speak(scene, &self->peers[i], &self->end,
					   7));
	for (i = 0; i < 2; i++)
		expect_both(watch, &self->peers[i], &self->end);
	ASSERT_EVENTS(watch);
	/* Another socket in its place has flows of its own. */
	end_close(&self->peers[0]);
	expect_close_socket(watch, &self->peers[0]);
	ASSERT_EVENTS(watch);
}

/* Its port is taken before its first datagram goes, by which it has an address. */
TEST_F(flow, of_a_socket_without_a_port_comes_after_its_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct address local;
	struct end end;

	ASSERT_EQ(0, end_open_protocol(&end, &scene->self,
				       family_domain(scene->family),
				       SOCK_DGRAM, variant->protocol));
	ASSERT_EQ(0, speak(scene, &end, &self->peers[1], 2));
	local = self->peers[1].facts.local;
	local.port = end_port(&end);
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_flow(watch, &end, OUT, &local, &self->peers[1].facts.local);
	expect_flow(watch, &self->peers[1], IN, &self->peers[1].facts.local,
		    &local);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* It has its peer by connect(), and only the other end has a flow. */
TEST_F(flow, of_a_connected_socket_is_none)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end *peer = &self->peers[2];

	ASSERT_EQ(0, end_connect(&self->end, target_of(scene, peer)));
	expect_connect(watch, &self->end);
	ASSERT_EQ(5, end_send(&self->end, 5));
	ASSERT_EQ(5, end_receive(peer, 5));
	expect_flow(watch, peer, IN, &peer->facts.local,
		    &self->end.facts.local);
	ASSERT_EQ(0, speak(scene, peer, &self->end, 3));
	expect_flow(watch, peer, OUT, &peer->facts.local,
		    &self->end.facts.local);
	EXPECT_EVENTS(watch);
}

TEST_F(flow, is_told_with_the_process_that_sends)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end *peer = &self->peers[0], there;
	struct process *child;

	child = scene_fork(scene, self->end.process);
	ASSERT_NE(NULL, child);
	there = end_in(&self->end, child);
	ASSERT_EQ(0, speak(scene, &there, peer, 2));
	expect_by(expect_flow(watch, &self->end, OUT, &self->end.facts.local,
			      &peer->facts.local), child);
	expect_flow(watch, peer, IN, &peer->facts.local,
		    &self->end.facts.local);
	EXPECT_EVENTS(watch);
}

/* A reader that comes later is told as if it had been first; the others are not. */
TEST_F(flow, is_told_to_each_reader_once)
{
	struct portwatch_options options = flow_options();
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch, second = *watch;
	unsigned int i;

	ASSERT_EQ(0, speak(scene, &self->end, &self->peers[0], 2));
	expect_both(watch, &self->end, &self->peers[0]);
	ASSERT_EVENTS(watch);
	second.got = NULL;
	second.expects = NULL;
	second.room_got = second.room_expects = 0;
	second.old_sockets = true;
	second.nr_counted = 0;
	ASSERT_EQ(0, watch_open(&second, &options));
	ASSERT_EQ(0, speak(scene, &self->end, &self->peers[0], 2));
	ASSERT_EQ(0, speak(scene, &self->end, &self->peers[1], 2));
	for (i = 0; i < 2; i++)
		expect_both(&second, &self->end, &self->peers[i]);
	EXPECT_EVENTS(&second);
	/* What the second one was told has a number, too. */
	watch->old_sockets = true;
	watch->nr_counted = 0;
	memcpy(watch->markers, second.markers, sizeof(second.markers));
	watch->nr_markers = second.nr_markers;
	expect_both(watch, &self->end, &self->peers[1]);
	EXPECT_EVENTS(watch);
	watch_close(&second);
}

static uint32_t state_of_hook(int fd, const char *name)
{
	struct portwatch_hook hook;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++)
		if (!strcmp((char *)hook.name, name))
			return hook.state;
	return -1;
}

TEST_F(flow, has_hooks_only_while_somebody_asks_for_it)
{
	static const char *const names[] = {
		"flow-out4", "flow-out6", "flow-in",
	};
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	int fd = module_open();
	unsigned int i;

	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_EQ(PORTWATCH_HOOK_ATTACHED, state_of_hook(fd, names[i]));
	watch_close(&scene->watch);
	ASSERT_EQ(0, watch_open(&scene->watch, &options));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_EQ(PORTWATCH_HOOK_IDLE, state_of_hook(fd, names[i]));
	close(fd);
}

TEST_HARNESS_MAIN
