// SPDX-License-Identifier: GPL-2.0
/* Rows 2 and 3: who has the port that was not to be had. */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file.h"
#include "scene.h"

#define NOBODY 65534
#define PORT 5432
#define MANY 1500	/* more than the module looks at one by one */

static const int both[] = { SOCK_STREAM, SOCK_DGRAM };

SCENE_HOLD_HOOKS

/* Of all events only those that can name a holder. */
FIXTURE(holder)
{
	struct scene scene;
};

FIXTURE_VARIANT(holder)
{
	enum family family;
};

FIXTURE_SETUP(holder)
{
	struct portwatch_options options = watch_options();

	options.events = PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED);
	ASSERT_EQ(0, scene_prepare(&self->scene, variant->family));
	ASSERT_EQ(0, scene_watch(&self->scene, &options));
}

FIXTURE_TEARDOWN(holder)
{
	scene_close(&self->scene);
}

SCENE_VARIANT(holder, ipv4, IPV4);
SCENE_VARIANT(holder, ipv6, IPV6);
SCENE_VARIANT(holder, mapped, MAPPED);

/* In vain, because of @holder; with NULL nobody may be named. */
static void refused(struct __test_metadata *_metadata, struct scene *scene,
		    struct end *end, struct target target,
		    const struct end *holder, enum portwatch_state state)
{
	struct expect *expect;

	ASSERT_EQ(-EADDRINUSE, end_bind(end, target));
	expect = expect_bind_failed(&scene->watch, end, PORTWATCH_HOW_EXPLICIT,
				    EADDRINUSE);
	if (holder)
		expect_holder(expect, holder, state);
	EXPECT_EVENTS(&scene->watch);
}

/* The same by a new socket of a process, which is closed again. */
static void refused_to(struct __test_metadata *_metadata, struct scene *scene,
		       struct process *process, int type, struct target target,
		       const struct end *holder, enum portwatch_state state)
{
	struct end end;

	ASSERT_EQ(0, scene_socket_of(scene, &end, process, type));
	refused(_metadata, scene, &end, target, holder, state);
	end_close(&end);
}

static struct target somewhere_else(enum family family, uint16_t port)
{
	return target_text(family, family == IPV6 ? "2001:db8::1" :
						    "127.0.0.2", port);
}

/* A socket of a process that has a port, also of an address that is not there. */
static void hold(struct __test_metadata *_metadata, struct scene *scene,
		 struct end *end, struct process *process, int type,
		 struct target target)
{
	ASSERT_EQ(0, scene_socket_of(scene, end, process, type));
	ASSERT_EQ(0, end_option(end, IPPROTO_IP, IP_FREEBIND, 1));
	ASSERT_EQ(0, end_bind(end, target));
}

static void listen_if_tcp(struct __test_metadata *_metadata, struct end *end)
{
	if (end->facts.type != SOCK_STREAM)
		return;
	ASSERT_EQ(0, end_listen(end, 5));
}

TEST_F(holder, listens)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct process *late = scene_actor(scene, "late");
	struct end listener;

	ASSERT_NE(NULL, server);
	ASSERT_NE(NULL, late);
	hold(_metadata, scene, &listener, server, SOCK_STREAM,
	     scene_loopback(scene, PORT));
	ASSERT_EQ(0, end_listen(&listener, 5));
	refused_to(_metadata, scene, late, SOCK_STREAM,
		   scene_loopback(scene, PORT), &listener,
		   PORTWATCH_STATE_LISTENING);
	refused_to(_metadata, scene, server, SOCK_STREAM,
		   scene_loopback(scene, PORT), &listener,
		   PORTWATCH_STATE_LISTENING);
}

TEST_F(holder, is_bound_and_no_more)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct end bound;
	unsigned int i;

	ASSERT_NE(NULL, server);
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		hold(_metadata, scene, &bound, server, both[i],
		     scene_loopback(scene, PORT));
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		end_close(&bound);
	}
}

TEST_F(holder, is_the_local_end_of_an_outgoing_connection)
{
	struct scene *scene = &self->scene;
	struct process *caller = scene_actor(scene, "caller");
	struct end listener, client, server;

	ASSERT_NE(NULL, caller);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, &client, caller, &listener, &server));
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, end_port(&client)), &client,
		   PORTWATCH_STATE_CONNECTED);
}

/* It took the port by bind(), and has it since then. */
TEST_F(holder, is_connected_from_a_port_that_it_asked_for)
{
	struct scene *scene = &self->scene;
	struct end listener, client;
	unsigned int i;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		hold(_metadata, scene, &client, &scene->self, both[i],
		     scene_loopback(scene, PORT));
		ASSERT_EQ(0, end_connect(&client,
					 scene_loopback(scene,
							end_port(&listener))));
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT), &client,
			   PORTWATCH_STATE_CONNECTED);
	}
}

/* The listener is gone, what it accepted is not. */
TEST_F(holder, is_an_accepted_connection)
{
	struct scene *scene = &self->scene;
	struct process *daemon = scene_actor(scene, "daemon");
	struct end listener, client, server;
	uint16_t port;

	ASSERT_NE(NULL, daemon);
	ASSERT_EQ(0, scene_listen(scene, &listener, daemon));
	port = end_port(&listener);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, port), &listener,
		   PORTWATCH_STATE_LISTENING);
	end_close(&listener);
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, port), &server,
		   PORTWATCH_STATE_CONNECTED);
}

/* What is left of a connection is nobody's. */
TEST_F(holder, is_in_time_wait)
{
	struct scene *scene = &self->scene;
	struct process *daemon = scene_actor(scene, "daemon");
	struct end listener, client, server, late;
	struct expect *expect;

	ASSERT_NE(NULL, daemon);
	ASSERT_EQ(0, scene_listen(scene, &listener, daemon));
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	end_close(&server);
	end_close(&client);
	end_close(&listener);
	ASSERT_EQ(0, scene_socket(scene, &late, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE,
		  end_bind(&late, scene_loopback(scene, end_port(&listener))));
	expect = expect_bind_failed(&scene->watch, &late,
				    PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	expect->event.bind_failed.holder_state = PORTWATCH_STATE_TIME_WAIT;
	EXPECT_EVENTS(&scene->watch);
}

/* What does not conflict is not named, whatever it looks like. */
TEST_F(holder, is_at_the_same_address)
{
	struct scene *scene = &self->scene;
	struct end other, bound;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		hold(_metadata, scene, &bound, &scene->self, both[i],
		     scene_loopback(scene, PORT));
		hold(_metadata, scene, &other, &scene->self, both[i],
		     somewhere_else(variant->family, PORT));
		listen_if_tcp(_metadata, &other);
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		end_close(&other);
		end_close(&bound);
	}
}

/* To Linux 6.1 ::ffff:0.0.0.0 is not all of IPv4: it lets others in. [::] is. */
TEST_F(holder, has_all_addresses)
{
	enum family family = variant->family == IPV4 ? IPV4 : IPV6;
	struct scene *scene = &self->scene;
	struct end bound;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		hold(_metadata, scene, &bound, &scene->self, both[i],
		     target_any(family, PORT));
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		refused_to(_metadata, scene, &scene->self, both[i],
			   target_any(variant->family, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		end_close(&bound);
	}
}

TEST_F(holder, has_one_of_all_that_were_asked_for)
{
	struct scene *scene = &self->scene;
	struct end bound;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		hold(_metadata, scene, &bound, &scene->self, both[i],
		     scene_loopback(scene, PORT));
		refused_to(_metadata, scene, &scene->self, both[i],
			   target_any(variant->family, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		end_close(&bound);
	}
}

/* [::] takes IPv4 too, unless it says that it does not. */
TEST_F(holder, has_both_families)
{
	struct scene *scene = &self->scene;
	struct target any = target_any(IPV6, PORT);
	struct end dual, only, four, end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, end_open(&dual, &scene->self, AF_INET6, both[i]));
		ASSERT_EQ(0, end_bind(&dual, any));
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT), &dual,
			   PORTWATCH_STATE_BOUND);
		end_close(&dual);

		ASSERT_EQ(0, end_open(&four, &scene->self, AF_INET, both[i]));
		ASSERT_EQ(0, end_bind(&four, target_loopback(IPV4, PORT)));
		ASSERT_EQ(0, end_open(&only, &scene->self, AF_INET6, both[i]));
		ASSERT_EQ(0, end_option(&only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
		ASSERT_EQ(0, end_bind(&only, any));
		refused_to(_metadata, scene, &scene->self, both[i],
			   scene_loopback(scene, PORT),
			   variant->family == IPV6 ? &only : &four,
			   PORTWATCH_STATE_BOUND);
		/* Which takes both would conflict with either. */
		ASSERT_EQ(0, end_open(&end, &scene->self, AF_INET6, both[i]));
		ASSERT_EQ(0, end_option(&end, IPPROTO_IPV6, IPV6_V6ONLY, 1));
		refused(_metadata, scene, &end, any, &only,
			PORTWATCH_STATE_BOUND);
		end_close(&end);
		end_close(&only);
		ASSERT_EQ(0, end_open(&end, &scene->self, AF_INET6, both[i]));
		refused(_metadata, scene, &end, any, &four,
			PORTWATCH_STATE_BOUND);
		end_close(&end);
		end_close(&four);
	}
}

/* A group of sockets that share a port, which belongs to another user. */
TEST_F(holder, is_a_group_of_another_user)
{
	struct scene *scene = &self->scene;
	struct process *nobody = scene_actor(scene, "nobody");
	struct end first, second, late;
	unsigned int i;

	ASSERT_NE(NULL, nobody);
	ASSERT_EQ(0, process_setuid(nobody, NOBODY));
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &first, both[i]));
		ASSERT_EQ(0, end_option(&first, SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, PORT)));
		ASSERT_EQ(0, scene_socket(scene, &second, both[i]));
		ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, end_bind(&second, scene_loopback(scene, PORT)));
		/* Either would do; the one that listens says more. */
		listen_if_tcp(_metadata, &first);
		if (both[i] == SOCK_DGRAM)
			end_close(&second);
		ASSERT_EQ(0, scene_socket_of(scene, &late, nobody, both[i]));
		ASSERT_EQ(0, end_option(&late, SOL_SOCKET, SO_REUSEPORT, 1));
		refused(_metadata, scene, &late, scene_loopback(scene, PORT),
			&first, both[i] == SOCK_STREAM ?
			PORTWATCH_STATE_LISTENING : PORTWATCH_STATE_BOUND);
		end_close(&late);
		end_close(&first);
		end_close(&second);
	}
}

/* Of two in the way the one in the same group is not. */
TEST_F(holder, is_not_who_shares)
{
	struct scene *scene = &self->scene;
	struct end alone, group, late;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &group, both[i]));
		ASSERT_EQ(0, end_option(&group, SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, end_bind(&group, scene_loopback(scene, PORT)));
		listen_if_tcp(_metadata, &group);
		hold(_metadata, scene, &alone, &scene->self, both[i],
		     somewhere_else(variant->family, PORT));
		ASSERT_EQ(0, scene_socket(scene, &late, both[i]));
		ASSERT_EQ(0, end_option(&late, SOL_SOCKET, SO_REUSEPORT, 1));
		refused(_metadata, scene, &late,
			target_any(variant->family, PORT), &alone,
			PORTWATCH_STATE_BOUND);
		end_close(&late);
		end_close(&alone);
		end_close(&group);
	}
}

TEST_F(holder, is_on_the_same_device)
{
	struct scene *scene = &self->scene;
	struct end bound, other, late;
	unsigned int i;

	ASSERT_EQ(0, system("ip link add pw0 type veth peer name pw1"));
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &bound, both[i]));
		ASSERT_EQ(0, end_device(&bound, "lo"));
		ASSERT_EQ(0, end_bind(&bound, target_any(variant->family, PORT)));
		ASSERT_EQ(0, scene_socket(scene, &other, both[i]));
		ASSERT_EQ(0, end_device(&other, "pw0"));
		ASSERT_EQ(0, end_bind(&other, target_any(variant->family, PORT)));
		listen_if_tcp(_metadata, &other);
		ASSERT_EQ(0, scene_socket(scene, &late, both[i]));
		ASSERT_EQ(0, end_device(&late, "lo"));
		refused(_metadata, scene, &late,
			target_any(variant->family, PORT), &bound,
			PORTWATCH_STATE_BOUND);
		end_close(&late);
		end_close(&other);
		/* On no device is on all of them. */
		refused_to(_metadata, scene, &scene->self, both[i],
			   target_any(variant->family, PORT), &bound,
			   PORTWATCH_STATE_BOUND);
		end_close(&bound);
	}
}

/* Two may share a port until one of them listens. */
TEST_F(holder, listened_first)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct end first, second;

	ASSERT_NE(NULL, server);
	ASSERT_EQ(0, scene_socket_of(scene, &first, server, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&first, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, PORT)));
	ASSERT_EQ(0, scene_socket(scene, &second, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, end_bind(&second, scene_loopback(scene, PORT)));
	ASSERT_EQ(0, end_listen(&first, 5));
	ASSERT_EQ(-EADDRINUSE, end_listen(&second, 5));
	expect_holder(expect_bind_failed(&scene->watch, &second,
					 PORTWATCH_HOW_EXPLICIT, EADDRINUSE),
		      &first, PORTWATCH_STATE_LISTENING);
	EXPECT_EVENTS(&scene->watch);
}

/* Who asks, by this protocol, has the port himself: that is not what is in his way. */
static void ask_beside(struct __test_metadata *_metadata, struct scene *scene,
		       int protocol)
{
	struct end first, second;

	ASSERT_EQ(0, scene_socket(scene, &first, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&first, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, PORT)));
	scene->protocol = protocol;
	ASSERT_EQ(0, scene_socket(scene, &second, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, end_bind(&second, scene_loopback(scene, PORT)));
	ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEADDR, 0));
	ASSERT_EQ(-EADDRINUSE, end_listen(&second, 5));
	expect_holder(expect_bind_failed(&scene->watch, &second,
					 PORTWATCH_HOW_EXPLICIT, EADDRINUSE),
		      &first, PORTWATCH_STATE_BOUND);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(holder, is_another_than_who_asks)
{
	ask_beside(_metadata, &self->scene, 0);
}

/* Nor is the subflow by which he has it. */
TEST_F(holder, is_another_than_who_asks_by_mptcp)
{
	if (!scene_has(SOCK_STREAM, IPPROTO_MPTCP))
		SKIP(return, "the kernel has no MPTCP");
	ask_beside(_metadata, &self->scene, IPPROTO_MPTCP);
}

/* The same port in another network namespace is another port. */
TEST_F(holder, is_in_the_same_namespace)
{
	struct scene *scene = &self->scene;
	struct process *elsewhere = scene_actor(scene, "elsewhere");
	struct end listener, bound;

	ASSERT_NE(NULL, elsewhere);
	hold(_metadata, scene, &listener, elsewhere, SOCK_STREAM,
	     scene_loopback(scene, PORT));
	ASSERT_EQ(0, end_listen(&listener, 5));
	ASSERT_EQ(0, scene_unshare());
	scene->watch.netns = scene_netns();
	hold(_metadata, scene, &bound, &scene->self, SOCK_STREAM,
	     scene_loopback(scene, PORT));
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, PORT), &bound, PORTWATCH_STATE_BOUND);
}

/* MPTCP has its ports by sockets of TCP; the one that the program has is named. */
TEST_F(holder, is_a_socket_of_mptcp)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct end mptcp, late;

	if (!scene_has(SOCK_STREAM, IPPROTO_MPTCP))
		SKIP(return, "the kernel has no MPTCP");
	ASSERT_NE(NULL, server);
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_EQ(0, scene_socket_of(scene, &mptcp, server, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&mptcp, scene_loopback(scene, PORT)));
	scene->protocol = 0;
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, PORT), &mptcp, PORTWATCH_STATE_BOUND);
	ASSERT_EQ(0, end_listen(&mptcp, 5));
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, PORT), &mptcp,
		   PORTWATCH_STATE_LISTENING);
	/* And one of MPTCP is refused as one of TCP is. */
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_EQ(0, scene_socket(scene, &late, SOCK_STREAM));
	refused(_metadata, scene, &late, scene_loopback(scene, PORT), &mptcp,
		PORTWATCH_STATE_LISTENING);
}

/* Where any port would have done, nobody is to blame. */
TEST_F(holder, is_nobody_where_any_port_was_asked_for)
{
	struct scene *scene = &self->scene;
	struct end bound, late;

	ASSERT_EQ(0, file_set_net("ipv4/ip_local_port_range", "40001 40001"));
	hold(_metadata, scene, &bound, &scene->self, SOCK_STREAM,
	     scene_loopback(scene, 40001));
	ASSERT_EQ(0, scene_socket(scene, &late, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE, end_bind(&late, scene_loopback(scene, 0)));
	expect_bind_failed(&scene->watch, &late, PORTWATCH_HOW_EPHEMERAL,
			   EADDRINUSE);
	EXPECT_EVENTS(&scene->watch);
}

/* Behind all its connections the listener is found. */
TEST_F(holder, listens_and_has_many_connections)
{
	struct rlimit files = { 2 * MANY + 100, 2 * MANY + 100 };
	struct scene *scene = &self->scene;
	struct target target;
	struct end listener;
	int fd, i;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	ASSERT_EQ(0, scene_socket(scene, &listener, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&listener, scene_loopback(scene, PORT)));
	ASSERT_EQ(0, end_listen(&listener, 5));
	target = scene_loopback(scene, PORT);
	for (i = 0; i < MANY; i++) {
		fd = socket(family_domain(variant->family), SOCK_STREAM, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, connect(fd, &target.any, target.length));
		ASSERT_LE(0, accept(listener.fd, NULL, NULL));
	}
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   scene_loopback(scene, PORT), &listener,
		   PORTWATCH_STATE_LISTENING);
	refused_to(_metadata, scene, &scene->self, SOCK_STREAM,
		   target_any(variant->family, PORT), &listener,
		   PORTWATCH_STATE_LISTENING);
}

TEST_HARNESS_MAIN
