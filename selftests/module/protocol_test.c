// SPDX-License-Identifier: GPL-2.0
/* UDP-Lite, raw and ping sockets: row 26. */
#include <kselftest_harness.h>

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "file.h"
#include "module.h"
#include "scene.h"

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

SCENE_HOLD_HOOKS

static int open_socket(struct scene *scene, struct end *end, int type,
		       int protocol)
{
	return end_open_protocol(end, &scene->self,
				 family_domain(scene->family), type, protocol);
}

#define NO_UDPLITE "this kernel has no UDP-Lite (7.2)"

SCENE_ALL(udplite);

TEST_F(udplite, bind_connect_and_close)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end server, client;

	if (!scene_has(SOCK_DGRAM, IPPROTO_UDPLITE))
		SKIP(return, NO_UDPLITE);
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, open_socket(scene, &server, SOCK_DGRAM, IPPROTO_UDPLITE));
	ASSERT_EQ(0, end_bind(&server, scene_loopback(scene, 7000)));
	expect_socket(watch, &server);
	expect_bind(watch, &server, PORTWATCH_HOW_EXPLICIT)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	ASSERT_EQ(0, open_socket(scene, &client, SOCK_DGRAM, IPPROTO_UDPLITE));
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene, 7000)));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_AUTO);
	expect_connect(watch, &client);
	ASSERT_EQ(9, end_send(&client, 9));
	ASSERT_EQ(9, end_receive(&server, 9));
	end_close(&client);
	expect_close_socket(watch, &client);
	end_close(&server);
	expect_close_socket(watch, &server);
	EXPECT_EVENTS(watch);
}

/* A port of UDP is another one. */
TEST_F(udplite, bind_that_is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end udp, first, second;

	if (!scene_has(SOCK_DGRAM, IPPROTO_UDPLITE))
		SKIP(return, NO_UDPLITE);
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, open_socket(scene, &udp, SOCK_DGRAM, 0));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, 7001)));
	expect_socket(watch, &udp);
	expect_bind(watch, &udp, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, open_socket(scene, &first, SOCK_DGRAM, IPPROTO_UDPLITE));
	ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, 7001)));
	expect_socket(watch, &first);
	expect_bind(watch, &first, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, open_socket(scene, &second, SOCK_DGRAM, IPPROTO_UDPLITE));
	ASSERT_EQ(-EADDRINUSE, end_bind(&second, scene_loopback(scene, 7001)));
	expect_socket(watch, &second);
	expect_holder(expect_bind_failed(watch, &second, PORTWATCH_HOW_EXPLICIT,
					 EADDRINUSE),
		      &first, PORTWATCH_STATE_BOUND);
	EXPECT_EVENTS(watch);
}

TEST_F(udplite, bind_is_auto_when_it_sends_without_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	if (!scene_has(SOCK_DGRAM, IPPROTO_UDPLITE))
		SKIP(return, NO_UDPLITE);
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, open_socket(scene, &end, SOCK_DGRAM, IPPROTO_UDPLITE));
	ASSERT_EQ(1, end_send_to(&end, 1, scene_loopback(scene, 7002)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

SCENE_BOTH(raw);

/* Whatever it carries, it is raw, and no port is taken, asked for or given back. */
TEST_F(raw, is_made_and_closed)
{
	static const int protocols[] = {
		IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
		IPPROTO_RAW, 253,
	};
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct target remote = target_text(variant->family,
					   variant->family == IPV4 ?
					   "192.0.2.9" : "2001:db8::9", 0);
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		ASSERT_EQ(0, open_socket(scene, &end, SOCK_RAW, protocols[i]));
		end.facts.protocol = IPPROTO_RAW;
		expect_socket(watch, &end);
		ASSERT_EQ(-EADDRNOTAVAIL, end_bind(&end, remote));
		ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
		ASSERT_EQ(-ENETUNREACH, end_connect(&end, remote));
		ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 0)));
		end_close(&end);
		end.facts.protocol = IPPROTO_RAW;
		expect_close_unused(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

FIXTURE(ping)
{
	struct scene scene;
	int protocol;
};

FIXTURE_VARIANT(ping)
{
	enum family family;
};

SCENE_VARIANT(ping, ipv4, IPV4);
SCENE_VARIANT(ping, ipv6, IPV6);

FIXTURE_SETUP(ping)
{
	self->protocol = variant->family == IPV4 ? IPPROTO_ICMP :
						   IPPROTO_ICMPV6;
	ASSERT_EQ(0, scene_open(&self->scene, variant->family));
	/* Who may ping is a setting of the netns, and of none by default. */
	ASSERT_EQ(0, file_set_net("ipv4/ping_group_range", "0 0"));
}

FIXTURE_TEARDOWN(ping)
{
	scene_close(&self->scene);
}

/* The number by which answers find the socket is taken as a port is. */
TEST_F(ping, bind_takes_an_identifier)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end, other;

	/* These sockets share unless told otherwise. */
	ASSERT_EQ(0, open_socket(scene, &end, SOCK_DGRAM, self->protocol));
	EXPECT_EQ(PORTWATCH_F_REUSE_ADDR, end.facts.flags);
	ASSERT_EQ(0, end_option(&end, SOL_SOCKET, SO_REUSEADDR, 0));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 1234)));
	EXPECT_EQ(1234, end_port(&end));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	ASSERT_EQ(0, open_socket(scene, &other, SOCK_DGRAM, self->protocol));
	ASSERT_EQ(-EADDRINUSE, end_bind(&other, scene_loopback(scene, 1234)));
	expect_socket(watch, &other);
	expect_bind_failed(watch, &other, PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	ASSERT_EQ(0, end_bind(&other, scene_loopback(scene, 0)));
	EXPECT_NE(0, end_port(&other));
	expect_bind(watch, &other, PORTWATCH_HOW_EPHEMERAL);
	end_close(&other);
	expect_close_socket(watch, &other);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* It has a host for a peer, and no port of it, whatever was asked for. */
TEST_F(ping, connect_has_no_remote_port)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, open_socket(scene, &end, SOCK_DGRAM, self->protocol));
	ASSERT_EQ(0, end_connect(&end, scene_loopback(scene, 80)));
	end.facts.remote = end.asked;
	end.facts.remote.port = 0;
	end.facts.has_remote = true;
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_connect(watch, &end);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(ping, send_takes_an_identifier)
{
	static const char echo[8] = { 8 }, echo6[8] = { (char)128 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct request request = {
		.verb = DO_SEND_TO, .a = 8, .target = scene_loopback(scene, 0),
	};
	struct answer answer;
	struct end end;

	memcpy(request.text, variant->family == IPV4 ? echo : echo6, 8);
	ASSERT_EQ(0, open_socket(scene, &end, SOCK_DGRAM, self->protocol));
	request.fd = end.fd;
	ASSERT_EQ(8, process_do(end.process, &request, &answer));
	ASSERT_EQ(0, end_facts(&end));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

#define PROTOCOL_SMC	256

SCENE_BOTH(smc);

/* How it ends no hook sees, so nothing of it is kept; its TCP socket is the kernel's. */
TEST_F(smc, leaves_nothing_behind)
{
	struct scene *scene = &self->scene;
	struct portwatch_status before;
	struct end end;
	int fd, i;

	if (!scene_has(SOCK_STREAM, PROTOCOL_SMC))
		SKIP(return, "SMC is no protocol of IP here (since 6.11)");
	fd = module_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_status(fd, &before));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, open_socket(scene, &end, SOCK_STREAM,
					 PROTOCOL_SMC));
		ASSERT_EQ(0, end_close(&end));
	}
	EXPECT_EQ(0, module_wait_sockets(fd, before.sockets));
	close(fd);
}

TEST_HARNESS_MAIN
