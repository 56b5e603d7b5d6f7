// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket was is over, and the port is not free: who asked for it by its number
 * has it until he closes the last descriptor. The end says so, and it is true.
 */
#include <kselftest_harness.h>

#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "scene.h"
#include "tool.h"

#define PORT 5432
#define NOBODY_LISTENS 9

SCENE_HOLD_HOOKS

/* @late: a process that wants the port, too */
struct stage {
	struct scene scene;
	struct process *late;
	struct end listener;
	struct end client;
	struct end server;
};

static bool has_protocol(int protocol)
{
	int fd;

	if (protocol == IPPROTO_SCTP && system("modprobe -q sctp"))
		return false;
	fd = socket(AF_INET, SOCK_STREAM, protocol);
	close(fd);
	return fd >= 0;
}

static int stage_prepare(struct stage *stage, enum family family, int protocol)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &stage->scene;

	options.events = PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED) |
			 PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT_FAILED) |
			 PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE);
	if (scene_prepare(scene, family) || scene_watch(scene, &options))
		return -1;
	scene->protocol = protocol;
	stage->late = scene_actor(scene, "late");
	return stage->late ? 0 : -1;
}

/* Somebody else wants the port where the socket has it; 0 or -EADDRINUSE. */
static int try_port(struct __test_metadata *_metadata, struct scene *scene,
		    struct process *late, const struct end *end)
{
	uint16_t port = end_port(end);
	struct expect *expect;
	struct end other;
	int result;

	ASSERT_EQ(0, scene_socket_of(scene, &other, late, SOCK_STREAM));
	result = end_bind(&other, scene_loopback(scene, port));
	if (result) {
		expect = expect_bind_failed(&scene->watch, &other,
					    PORTWATCH_HOW_EXPLICIT, -result);
		/* Of SCTP nobody is named. */
		if (scene->protocol != IPPROTO_SCTP)
			expect_holder(expect, end, PORTWATCH_STATE_BOUND);
		/* While its bytes are counted, since when is not remembered. */
		if (scene->protocol == IPPROTO_MPTCP && !end->listening)
			memset(expect->held_since, 0,
			       sizeof(expect->held_since));
		end_close(&other);
	} else {
		end_close(&other);
		expect_close_socket(&scene->watch, &other);
	}
	EXPECT_EVENTS(&scene->watch);
	return result;
}

/* It was said to be still bound: until it is closed nobody else gets the port. */
static void expect_held(struct __test_metadata *_metadata, struct scene *scene,
			struct process *late, struct end *end)
{
	uint16_t port = end_port(end);

	EXPECT_EVENTS(&scene->watch);
	EXPECT_EQ(-EADDRINUSE, try_port(_metadata, scene, late, end));
	end_close(end);
	end->facts.has_remote = false;
	expect_close_socket(&scene->watch, end)->free_flags =
		PORTWATCH_F_LOCAL | PORTWATCH_F_MAPPED;
	EXPECT_EVENTS(&scene->watch);
	EXPECT_EQ(port, end_port(end));
	EXPECT_EQ(0, try_port(_metadata, scene, late, end));
}

static void open_listener(struct __test_metadata *_metadata,
			  struct scene *scene, struct end *end, uint16_t port)
{
	ASSERT_EQ(0, scene_socket(scene, end, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(end, scene_loopback(scene, port)));
	ASSERT_EQ(0, end_listen(end, 5));
}

static void connect_from(struct __test_metadata *_metadata, struct scene *scene,
			 struct end *listener, struct end *client,
			 struct end *server, uint16_t port)
{
	struct target target;

	ASSERT_EQ(0, scene_listen(scene, listener, &scene->self));
	target = scene_loopback(scene, end_port(listener));
	ASSERT_EQ(0, scene_socket(scene, client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(client, scene_loopback(scene, port)));
	ASSERT_EQ(0, end_connect(client, target));
	ASSERT_EQ(0, end_accept(server, listener));
}

/* What each protocol can tell of a connection differs: not what this is about. */
static struct expect *expect_over(struct watch *watch, const struct end *end,
				  enum portwatch_reason reason,
				  enum portwatch_first first)
{
	struct expect *expect = expect_close_connection(watch, end, reason,
							first);

	expect->free_close = true;
	return expect;
}

static int kill_port(struct scene *scene, struct process *killer,
		     const char *kind, uint16_t port)
{
	return tool_line(scene, killer, "ss -K -H -n -a %s sport = :%u", kind,
			 port);
}

/* What all of them do. */
FIXTURE(still_bound)
{
	struct stage stage;
};

FIXTURE_VARIANT(still_bound)
{
	enum family family;
	int protocol;
};

FIXTURE_VARIANT_ADD(still_bound, ipv4)
{
	.family = IPV4, .protocol = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(still_bound, ipv6)
{
	.family = IPV6, .protocol = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(still_bound, mptcp)
{
	.family = IPV4, .protocol = IPPROTO_MPTCP,
};

FIXTURE_VARIANT_ADD(still_bound, sctp)
{
	.family = IPV4, .protocol = IPPROTO_SCTP,
};

FIXTURE_SETUP(still_bound)
{
	if (!has_protocol(variant->protocol))
		SETUP_SKIP("the kernel has no such protocol");
	ASSERT_EQ(0, stage_prepare(&self->stage, variant->family,
				   variant->protocol));
}

FIXTURE_TEARDOWN(still_bound)
{
	scene_close(&self->stage.scene);
}

TEST_F(still_bound, not_after_the_last_close)
{
	struct scene *scene = &self->stage.scene;

	open_listener(_metadata, scene, &self->stage.listener, PORT);
	end_close(&self->stage.listener);
	EXPECT_FALSE(expect_close_listener(&scene->watch, &self->stage.listener,
					   0)->event.flags &
		     PORTWATCH_F_STILL_BOUND);
	EXPECT_EVENTS(&scene->watch);
	EXPECT_EQ(0, try_port(_metadata, scene, self->stage.late,
			      &self->stage.listener));
}

TEST_F(still_bound, after_a_reset)
{
	struct scene *scene = &self->stage.scene;
	struct watch *watch = &scene->watch;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	ASSERT_EQ(0, end_linger_zero(&self->stage.server));
	end_close(&self->stage.server);
	expect_over(watch, &self->stage.server, PORTWATCH_REASON_RST_SENT,
		    PORTWATCH_FIRST_LOCAL);
	expect_over(watch, &self->stage.client, PORTWATCH_REASON_RST_RECEIVED,
		    PORTWATCH_FIRST_REMOTE);
	expect_held(_metadata, scene, self->stage.late, &self->stage.client);
}

TEST_F(still_bound, after_an_attempt_was_refused)
{
	struct scene *scene = &self->stage.scene;
	struct end *end = &self->stage.client;

	ASSERT_EQ(0, scene_socket(scene, end, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(end, scene_loopback(scene, PORT)));
	ASSERT_EQ(-ECONNREFUSED,
		  end_connect(end, scene_loopback(scene, NOBODY_LISTENS)));
	end->facts.remote = end->asked;
	expect_connect_failed(&scene->watch, end, ECONNREFUSED)->free_span =
		true;
	expect_held(_metadata, scene, self->stage.late, end);
}

/* A listener that shutdown() ends: SCTP has none. */
FIXTURE(listener)
{
	struct stage stage;
};

FIXTURE_VARIANT(listener)
{
	enum family family;
	int protocol;
};

FIXTURE_VARIANT_ADD(listener, ipv4)
{
	.family = IPV4, .protocol = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(listener, ipv6)
{
	.family = IPV6, .protocol = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(listener, mptcp)
{
	.family = IPV4, .protocol = IPPROTO_MPTCP,
};

FIXTURE_SETUP(listener)
{
	if (!has_protocol(variant->protocol))
		SETUP_SKIP("the kernel has no such protocol");
	ASSERT_EQ(0, stage_prepare(&self->stage, variant->family,
				   variant->protocol));
}

FIXTURE_TEARDOWN(listener)
{
	scene_close(&self->stage.scene);
}

TEST_F(listener, is_still_bound_after_the_shutdown_of_a_listener)
{
	struct scene *scene = &self->stage.scene;

	open_listener(_metadata, scene, &self->stage.listener, PORT);
	ASSERT_EQ(0, end_shutdown(&self->stage.listener, SHUT_RDWR));
	expect_close_listener(&scene->watch, &self->stage.listener, 0);
	expect_held(_metadata, scene, self->stage.late, &self->stage.listener);
}

/* The kernel gave it the port, and takes it back. */
TEST_F(listener, is_not_bound_where_the_port_was_not_asked_for)
{
	struct scene *scene = &self->stage.scene;

	open_listener(_metadata, scene, &self->stage.listener, 0);
	ASSERT_EQ(0, end_shutdown(&self->stage.listener, SHUT_RDWR));
	EXPECT_FALSE(expect_close_listener(&scene->watch, &self->stage.listener,
					   0)->event.flags &
		     PORTWATCH_F_STILL_BOUND);
	EXPECT_EVENTS(&scene->watch);
	EXPECT_EQ(0, try_port(_metadata, scene, self->stage.late,
			      &self->stage.listener));
	end_close(&self->stage.listener);
	EXPECT_EVENTS(&scene->watch);
}

/* What only TCP has: ss -K, limits, an end in two halves. */
FIXTURE(tcp)
{
	struct stage stage;
};

FIXTURE_VARIANT(tcp)
{
	enum family family;
	int protocol;
};

FIXTURE_VARIANT_ADD(tcp, ipv4)
{
	.family = IPV4, .protocol = IPPROTO_TCP,
};

FIXTURE_VARIANT_ADD(tcp, ipv6)
{
	.family = IPV6, .protocol = IPPROTO_TCP,
};

FIXTURE_SETUP(tcp)
{
	ASSERT_EQ(0, stage_prepare(&self->stage, variant->family,
				   variant->protocol));
}

FIXTURE_TEARDOWN(tcp)
{
	scene_close(&self->stage.scene);
}

TEST_F(tcp, is_still_bound_after_a_disconnect)
{
	struct scene *scene = &self->stage.scene;
	struct watch *watch = &scene->watch;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	ASSERT_EQ(0, end_connect(&self->stage.client, target_unspec()));
	self->stage.client.facts.remote = self->stage.server.facts.local;
	expect_over(watch, &self->stage.client, PORTWATCH_REASON_RST_SENT,
		    PORTWATCH_FIRST_LOCAL);
	expect_over(watch, &self->stage.server, PORTWATCH_REASON_RST_RECEIVED,
		    PORTWATCH_FIRST_REMOTE);
	expect_held(_metadata, scene, self->stage.late, &self->stage.client);
}

/* Both have said all that they had to say, and nobody has closed anything. */
TEST_F(tcp, is_still_bound_after_both_ends_were_shut)
{
	struct scene *scene = &self->stage.scene;
	struct watch *watch = &scene->watch;
	char byte;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	ASSERT_EQ(0, end_shutdown(&self->stage.server, SHUT_WR));
	ASSERT_EQ(0, read(self->stage.client.fd, &byte, 1));
	ASSERT_EQ(0, end_shutdown(&self->stage.client, SHUT_WR));
	expect_over(watch, &self->stage.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	expect_over(watch, &self->stage.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	expect_held(_metadata, scene, self->stage.late, &self->stage.client);
}

TEST_F(tcp, is_still_bound_after_silence)
{
	struct scene *scene = &self->stage.scene;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	ASSERT_EQ(0, end_option(&self->stage.client, IPPROTO_TCP, TCP_USER_TIMEOUT,
				300));
	ASSERT_EQ(0, end_deaf(&self->stage.server, true));
	ASSERT_EQ(50, end_send(&self->stage.client, 50));
	expect_over(&scene->watch, &self->stage.client, PORTWATCH_REASON_TIMEOUT, 0);
	expect_held(_metadata, scene, self->stage.late, &self->stage.client);
}

TEST_F(tcp, is_still_bound_after_a_connection_was_killed)
{
	struct scene *scene = &self->stage.scene;
	struct watch *watch = &scene->watch;
	struct process killer;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	ASSERT_EQ(0, kill_port(scene, &killer, "-t", PORT));
	expect_by(expect_over(watch, &self->stage.client, PORTWATCH_REASON_ABORTED,
			      0), &killer);
	expect_over(watch, &self->stage.server, PORTWATCH_REASON_RST_RECEIVED,
		    PORTWATCH_FIRST_REMOTE);
	expect_held(_metadata, scene, self->stage.late, &self->stage.client);
}

TEST_F(tcp, is_still_bound_after_a_listener_was_killed)
{
	struct scene *scene = &self->stage.scene;
	struct process killer;
	struct expect *expect;

	open_listener(_metadata, scene, &self->stage.listener, PORT);
	ASSERT_EQ(0, kill_port(scene, &killer, "-t state listening", PORT));
	expect = expect_close_listener(&scene->watch, &self->stage.listener, 0);
	expect->event.close.reason = PORTWATCH_REASON_ABORTED;
	expect_by(expect, &killer);
	expect_held(_metadata, scene, self->stage.late, &self->stage.listener);
}

/* Nothing was sent, so the port was not given back, whoever had chosen it. */
TEST_F(tcp, is_still_bound_after_an_attempt_that_came_to_nothing)
{
	struct scene *scene = &self->stage.scene;
	struct end *end = &self->stage.client;
	struct expect *expect;
	struct address local;
	struct target target = target_text(scene->family, scene->family == IPV6 ?
					   "2001:db8::1" : "192.0.2.1", PORT);

	ASSERT_EQ(0, scene_socket(scene, end, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(end, target_any(scene->family, 0)));
	local = end->facts.local;
	ASSERT_EQ(-ENETUNREACH, end_connect(end, target));
	end->facts.local = local;
	end->facts.remote = end->asked;
	expect = expect_connect_failed(&scene->watch, end, ENETUNREACH);
	expect->event.flags |= PORTWATCH_F_STILL_BOUND;
	expect->event.flags &= (uint16_t)~PORTWATCH_F_LOCAL;
	expect->event.lport = 0;
	memset(expect->event.laddr, 0, sizeof(expect->event.laddr));
	memset(expect->begun, 0, sizeof(expect->begun));
	expect_held(_metadata, scene, self->stage.late, end);
}

/* An association has the port of the listener that it came from. */
FIXTURE(sctp)
{
	struct stage stage;
};

FIXTURE_VARIANT(sctp)
{
	enum family family;
	int protocol;
};

FIXTURE_VARIANT_ADD(sctp, ipv4)
{
	.family = IPV4, .protocol = IPPROTO_SCTP,
};

FIXTURE_SETUP(sctp)
{
	if (!has_protocol(variant->protocol))
		SETUP_SKIP("the kernel has no such protocol");
	ASSERT_EQ(0, stage_prepare(&self->stage, variant->family,
				   variant->protocol));
}

FIXTURE_TEARDOWN(sctp)
{
	scene_close(&self->stage.scene);
}

/* The port of a listener that is gone is what it accepted has, too. */
TEST_F(sctp, is_still_bound_after_the_association_that_was_accepted)
{
	struct scene *scene = &self->stage.scene;
	struct watch *watch = &scene->watch;

	connect_from(_metadata, scene, &self->stage.listener, &self->stage.client,
		     &self->stage.server, PORT);
	end_close(&self->stage.listener);
	expect_close_listener(watch, &self->stage.listener, 1);
	end_close(&self->stage.client);
	expect_over(watch, &self->stage.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	expect_over(watch, &self->stage.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	expect_held(_metadata, scene, self->stage.late, &self->stage.server);
}

TEST_HARNESS_MAIN
