// SPDX-License-Identifier: GPL-2.0
/*
 * Row 14: places that cannot be reached, for each reason that there is. Nothing was
 * sent, so there was no attempt to connect; only the failure is told.
 */
#include <kselftest_harness.h>

#include "scene.h"
#include "tool.h"

SCENE_HOLD_HOOKS

FIXTURE(reach)
{
	struct scene scene;
};

FIXTURE_VARIANT(reach)
{
	enum family family;
	const char *route;
	int error;
};

#define ROUTE(name, family_, route_, error_)				\
FIXTURE_VARIANT_ADD(reach, name)					\
{									\
	.family = family_, .route = route_, .error = error_,		\
}

ROUTE(ipv4_prohibit, IPV4, "prohibit", EACCES);
ROUTE(ipv4_unreachable, IPV4, "unreachable", EHOSTUNREACH);
ROUTE(ipv4_blackhole, IPV4, "blackhole", EINVAL);
ROUTE(ipv4_throw, IPV4, "throw", ENETUNREACH);
ROUTE(ipv6_prohibit, IPV6, "prohibit", EACCES);
ROUTE(ipv6_unreachable, IPV6, "unreachable", EHOSTUNREACH);
ROUTE(ipv6_blackhole, IPV6, "blackhole", EINVAL);
ROUTE(mapped_prohibit, MAPPED, "prohibit", EACCES);

FIXTURE_SETUP(reach)
{
	bool ipv6 = variant->family == IPV6;
	struct scene *scene = &self->scene;
	struct process ip;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	ASSERT_EQ(0, tool_line(scene, &ip, "ip %s route add %s %s",
			       ipv6 ? "-6" : "-4", variant->route,
			       ipv6 ? "2001:db8::/32" : "198.51.100.0/24"));
}

FIXTURE_TEARDOWN(reach)
{
	scene_close(&self->scene);
}

TEST_F(reach, fails_for_tcp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	expect_socket(watch, &end);
	EXPECT_EQ(-variant->error,
		  end_connect(&end, target_far(variant->family, 80)));
	expect_failed_at_once(watch, &end, variant->error);
	EXPECT_EVENTS(watch);
}

/* The port was taken before the way was looked for, and stays. */
TEST_F(reach, fails_for_udp)
{
	struct target target = target_far(variant->family, 53);
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	EXPECT_EQ(-variant->error, end_connect(&end, target));
	memset(&end.facts.remote, 0, sizeof(end.facts.remote));
	ASSERT_EQ(0, end_facts(&end));
	EXPECT_NE(0, end_port(&end));
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_failed_at_once(watch, &end, variant->error);
	EXPECT_EVENTS(watch);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* A socket that bind() gave a port keeps it, for no attempt was made. */
TEST_F(reach, fails_for_a_socket_that_is_bound)
{
	static const uint16_t ports[] = { 7600, 0 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct address local;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
		ASSERT_EQ(0, end_bind(&end, target_any(variant->family,
						       ports[i])));
		expect_socket(watch, &end);
		expect_bind(watch, &end, ports[i] ? PORTWATCH_HOW_EXPLICIT :
						    PORTWATCH_HOW_EPHEMERAL);
		local = end.facts.local;
		EXPECT_EQ(-variant->error,
			  end_connect(&end, target_far(variant->family, 80)));
		expect_failed_at_once(watch, &end, variant->error)->event.flags |=
			PORTWATCH_F_STILL_BOUND;
		EXPECT_EVENTS(watch);
		end.facts.local = local;
		end_close(&end);
		expect_close_socket(watch, &end);
		EXPECT_EVENTS(watch);
	}
}

TEST_HARNESS_MAIN
