// SPDX-License-Identifier: GPL-2.0
/* A port is taken: rows 1, 5, 6, 9, 10, 22 and 25. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>

#include "scene.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

static const int both[] = { SOCK_STREAM, SOCK_DGRAM };

SCENE_HOLD_HOOKS

SCENE_ALL(bind);

/* Binds, closes, and expects a bind of that kind and the close. */
static int bind_and_close(struct scene *scene, struct end *end,
			  struct target target, enum portwatch_how how,
			  enum portwatch_exposure exposure)
{
	int err = end_bind(end, target);

	expect_socket(&scene->watch, end);
	expect_bind(&scene->watch, end, how)->exposure = exposure;
	end_close(end);
	expect_close_socket(&scene->watch, end);
	return err;
}

TEST_F(bind, to_a_port_is_explicit)
{
	struct scene *scene = &self->scene;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, bind_and_close(scene, &end,
					    scene_loopback(scene, 8080),
					    PORTWATCH_HOW_EXPLICIT,
					    PORTWATCH_EXPOSURE_LOOPBACK));
		EXPECT_EQ(8080, end_port(&end));
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, to_port_0_is_ephemeral_and_has_the_real_port)
{
	struct scene *scene = &self->scene;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, bind_and_close(scene, &end,
					    scene_loopback(scene, 0),
					    PORTWATCH_HOW_EPHEMERAL,
					    PORTWATCH_EXPOSURE_LOOPBACK));
		EXPECT_NE(0, end_port(&end));
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, to_any_address_is_exposed_everywhere)
{
	enum family family = variant->family == IPV4 ? IPV4 : IPV6;
	struct scene *scene = &self->scene;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, bind_and_close(scene, &end,
					    target_any(family, 53),
					    PORTWATCH_HOW_EXPLICIT,
					    PORTWATCH_EXPOSURE_ANY));
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, tells_each_option_alone)
{
	static const struct {
		int level, name;
		uint16_t flag;
	} options[] = {
		{ SOL_SOCKET, SO_REUSEADDR, PORTWATCH_F_REUSE_ADDR },
		{ SOL_SOCKET, SO_REUSEPORT, PORTWATCH_F_REUSE_PORT },
		{ IPPROTO_IP, IP_FREEBIND, PORTWATCH_F_FREEBIND },
		{ IPPROTO_IP, IP_TRANSPARENT, PORTWATCH_F_TRANSPARENT },
	};
	struct scene *scene = &self->scene;
	struct end end;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(options); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i % 2]));
		ASSERT_EQ(0, end_option(&end, options[i / 2].level,
					options[i / 2].name, 1));
		EXPECT_EQ(options[i / 2].flag, end.facts.flags);
		ASSERT_EQ(0, bind_and_close(scene, &end,
					    scene_loopback(scene, 0),
					    PORTWATCH_HOW_EPHEMERAL, 0));
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, of_a_socket_that_is_bound_to_a_device_names_it)
{
	struct scene *scene = &self->scene;
	struct expect *expect;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, end_device(&end, "lo"));
		ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
		expect_socket(&scene->watch, &end);
		expect = expect_bind(&scene->watch, &end,
				     PORTWATCH_HOW_EPHEMERAL);
		memcpy(expect->event.bind.ifname, "lo", 2);
		end_close(&end);
		expect_close_socket(&scene->watch, &end);
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, is_auto_when_udp_connects_without_it)
{
	struct scene *scene = &self->scene;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 53)));
	expect_socket(&scene->watch, &end);
	expect_bind(&scene->watch, &end, PORTWATCH_HOW_AUTO)->exposure =
		PORTWATCH_EXPOSURE_ANY;
	expect_connect(&scene->watch, &end);
	EXPECT_EQ(1, end_send(&end, 1));
	end_close(&end);
	expect_close_socket(&scene->watch, &end);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, is_auto_when_udp_sends_without_it)
{
	struct scene *scene = &self->scene;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(1, end_send_to(&end, 1, scene_loopback(scene, 53)));
	ASSERT_EQ(1, end_send_to(&end, 1, scene_loopback(scene, 54)));
	expect_socket(&scene->watch, &end);
	expect_bind(&scene->watch, &end, PORTWATCH_HOW_AUTO);
	end_close(&end);
	expect_close_socket(&scene->watch, &end);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, is_auto_when_tcp_listens_without_it)
{
	struct scene *scene = &self->scene;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(0, end_listen(&end, 3));
	EXPECT_NE(0, end_port(&end));
	expect_socket(&scene->watch, &end);
	expect_bind(&scene->watch, &end, PORTWATCH_HOW_AUTO);
	expect_listen(&scene->watch, &end, 3)->exposure =
		PORTWATCH_EXPOSURE_ANY;
	end_close(&end);
	expect_close_listener(&scene->watch, &end, 0);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, of_an_address_alone_takes_no_port)
{
	struct scene *scene = &self->scene;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, end_option(&end, IPPROTO_IP,
					IP_BIND_ADDRESS_NO_PORT, 1));
		ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
		EXPECT_EQ(0, end_port(&end));
		expect_socket(&scene->watch, &end);
		end_close(&end);
		expect_close_unused(&scene->watch, &end);
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind, of_a_reuse_port_group_names_both_owners)
{
	struct scene *scene = &self->scene;
	struct process *process;
	struct end ends[4];
	uint16_t port = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		process = scene_actor(scene, i & 1 ? "second" : "first");
		ASSERT_NE(NULL, process);
		ASSERT_EQ(0, scene_socket_of(scene, &ends[i], process,
					     both[i / 2]));
		ASSERT_EQ(0, end_option(&ends[i], SOL_SOCKET, SO_REUSEPORT, 1));
		port = i & 1 ? end_port(&ends[i - 1]) : 7000;
		ASSERT_EQ(0, end_bind(&ends[i], scene_loopback(scene, port)));
		expect_socket(&scene->watch, &ends[i]);
		expect_bind(&scene->watch, &ends[i], PORTWATCH_HOW_EXPLICIT);
	}
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		end_close(&ends[i]);
		expect_close_socket(&scene->watch, &ends[i]);
	}
	EXPECT_EVENTS(&scene->watch);
}

/* The second netns is made before, for making one opens sockets in it. */
TEST_F(bind, of_the_same_port_in_two_netns_is_two_binds)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	uint32_t netns[2] = { scene_netns() };
	int first = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct end ends[2];
	unsigned int i;

	ASSERT_EQ(0, scene_unshare());
	netns[1] = scene_netns();
	ASSERT_NE(netns[0], netns[1]);
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, scene_socket(scene, &ends[1], SOCK_STREAM));
	ASSERT_EQ(0, setns(first, CLONE_NEWNET));
	ASSERT_EQ(0, scene_socket(scene, &ends[0], SOCK_STREAM));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		watch->netns = netns[i];
		ASSERT_EQ(0, end_bind(&ends[i], scene_loopback(scene, 80)));
		expect_socket(watch, &ends[i]);
		expect_bind(watch, &ends[i], PORTWATCH_HOW_EXPLICIT);
		end_close(&ends[i]);
		expect_close_socket(watch, &ends[i]);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(bind, comes_without_socket_events_where_they_are_not_asked_for)
{
	struct portwatch_options options = { .size = sizeof(options) };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end used, unused;

	options.no_snapshot = true;
	portwatch_reader_close(watch->reader);
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, scene_socket(scene, &unused, SOCK_STREAM));
	end_close(&unused);
	ASSERT_EQ(0, scene_socket(scene, &used, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&used, scene_loopback(scene, 0)));
	expect_bind(watch, &used, PORTWATCH_HOW_EPHEMERAL);
	end_close(&used);
	expect_close_socket(watch, &used);
	ASSERT_EQ(0, watch_collect(watch, 2));
	ASSERT_EQ(2, watch->nr_got);
	EXPECT_EQ(2, watch->got[0].event.sock_seq);
	EXPECT_EQ(3, watch->got[1].event.sock_seq);
	EXPECT_EVENTS(watch);
}

SCENE_BOTH(bind_address);

TEST_F(bind_address, says_how_far_it_is_exposed)
{
	static const struct {
		const char *text[2];
		enum portwatch_exposure exposure;
	} places[] = {
		{ { "10.1.2.3", "fd12:3456::1" }, PORTWATCH_EXPOSURE_PRIVATE },
		{ { "192.168.7.1", "fd00::7" }, PORTWATCH_EXPOSURE_PRIVATE },
		{ { "172.16.0.1", "fc00::1" }, PORTWATCH_EXPOSURE_PRIVATE },
		{ { "8.8.8.8", "2606:4700::1111" }, PORTWATCH_EXPOSURE_GLOBAL },
		{ { "172.32.0.1", "2a00:1450::1" }, PORTWATCH_EXPOSURE_GLOBAL },
		{ { "127.8.9.10", "::1" }, PORTWATCH_EXPOSURE_LOOPBACK },
	};
	struct scene *scene = &self->scene;
	struct target target;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		target = target_text(variant->family,
				     places[i].text[variant->family], 443);
		ASSERT_EQ(0, scene_socket(scene, &end, both[i % 2]));
		ASSERT_EQ(0, end_option(&end, IPPROTO_IP, IP_FREEBIND, 1));
		ASSERT_EQ(0, bind_and_close(scene, &end, target,
					    PORTWATCH_HOW_EXPLICIT,
					    places[i].exposure));
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind_address, of_udp_may_be_multicast)
{
	const char *text = variant->family == IPV4 ? "224.0.0.251" : "ff02::fb";
	struct target target = target_text(variant->family, text, 5353);
	struct scene *scene = &self->scene;
	struct expect *expect;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	if (variant->family == IPV6)
		target.in6.sin6_scope_id = 1;
	ASSERT_EQ(0, end_bind(&end, target));
	expect_socket(&scene->watch, &end);
	expect = expect_bind(&scene->watch, &end, PORTWATCH_HOW_EXPLICIT);
	expect->exposure = PORTWATCH_EXPOSURE_MULTICAST;
	/* The scope of a link-local address binds to the device. */
	if (variant->family == IPV6)
		memcpy(expect->event.bind.ifname, "lo", 2);
	end_close(&end);
	expect_close_socket(&scene->watch, &end);
	EXPECT_EVENTS(&scene->watch);
}

FIXTURE(bind_any)
{
	struct scene scene;
};

FIXTURE_VARIANT(bind_any)
{
	int type;
};

FIXTURE_VARIANT_ADD(bind_any, tcp)
{
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(bind_any, udp)
{
	.type = SOCK_DGRAM,
};

FIXTURE_SETUP(bind_any)
{
	ASSERT_EQ(0, scene_open(&self->scene, IPV6));
}

FIXTURE_TEARDOWN(bind_any)
{
	scene_close(&self->scene);
}

TEST_F(bind_any, of_ipv6_is_dual_stack_unless_v6only)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct end end;
	int v6only;

	for (v6only = 0; v6only < 2; v6only++) {
		ASSERT_EQ(0, scene_socket(scene, &end, variant->type));
		ASSERT_EQ(0, end_option(&end, IPPROTO_IPV6, IPV6_V6ONLY,
					v6only));
		ASSERT_EQ(0, end_bind(&end, target_any(IPV6, 9000)));
		expect_socket(watch, &end);
		expect = expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
		EXPECT_EQ(v6only ? 0 : PORTWATCH_F_DUAL_STACK,
			  expect->event.flags & PORTWATCH_F_DUAL_STACK);
		end_close(&end);
		expect_close_socket(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(bind_any, of_ipv4_may_be_asked_for_without_a_family)
{
	struct scene *scene = &self->scene;
	struct target target = target_any(IPV4, 9001);
	struct end end;

	target.in4.sin_family = AF_UNSPEC;
	ASSERT_EQ(0, end_open(&end, &scene->self, AF_INET, variant->type));
	ASSERT_EQ(0, end_bind(&end, target));
	end.asked = end.facts.local;
	expect_socket(&scene->watch, &end);
	expect_bind(&scene->watch, &end, PORTWATCH_HOW_EXPLICIT);
	end_close(&end);
	expect_close_socket(&scene->watch, &end);
	EXPECT_EVENTS(&scene->watch);
}

TEST_HARNESS_MAIN
