// SPDX-License-Identifier: GPL-2.0
/* A socket asks another one in vain: rows 13, 14 and 15. */
#include <kselftest_harness.h>

#include <net/route.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "file.h"
#include "scene.h"

#define NOBODY_LISTENS 9
/* linux/ipv6_route.h and netinet/in.h do not go together. */
struct route6 {
	struct in6_addr dst, src, gateway;
	uint32_t type;
	uint16_t dst_len, src_len;
	uint32_t metric;
	unsigned long info;
	uint32_t flags;
	int ifindex;
};
#define UNREACHABLE 7

SCENE_HOLD_HOOKS

SCENE_ALL(connect_failed);

/* A socket that asks a listener that does not hear, and is not answered. */
static void ask_the_deaf(struct __test_metadata *_metadata,
			 struct scene *scene, struct end *client,
			 struct process *process)
{
	struct end listener;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, end_deaf(&listener, true));
	ASSERT_EQ(0, scene_socket_of(scene, client, process,
				     SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(client, scene_loopback(scene,
						     end_port(&listener))));
	expect_socket(&scene->watch, client);
	expect_connect(&scene->watch, client);
}

TEST_F(connect_failed, is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED,
		  end_connect(&end, scene_loopback(scene, NOBODY_LISTENS)));
	expect_socket(watch, &end);
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNREFUSED);
	end_close(&end);
	expect_close_failed(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, is_refused_without_blocking)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(&end, scene_loopback(scene, NOBODY_LISTENS)));
	ASSERT_EQ(-ECONNREFUSED, end_outcome(&end));
	expect_socket(watch, &end);
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNREFUSED);
	end_close(&end);
	expect_close_failed(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, is_refused_to_a_socket_that_is_bound)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 5001)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(-ECONNREFUSED,
		  end_connect(&end, scene_loopback(scene, NOBODY_LISTENS)));
	EXPECT_EQ(5001, end_port(&end));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNREFUSED);
	end_close(&end);
	end.facts.has_remote = false;
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* Until it is closed, the kernel keeps whom it did not reach. */
TEST_F(connect_failed, leaves_a_bound_socket_without_a_peer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 5001)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(-EINPROGRESS,
		  end_connect(&end, scene_loopback(scene, NOBODY_LISTENS)));
	ASSERT_EQ(-ECONNREFUSED, end_outcome(&end));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNREFUSED);
	end_close(&end);
	end.facts.has_remote = false;
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, and_later_is_established_on_the_same_socket)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, listener;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED,
		  end_connect(&client, scene_loopback(scene, NOBODY_LISTENS)));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	ASSERT_EQ(0, end_connect(&client,
				 scene_loopback(scene, end_port(&listener))));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, when_the_network_is_unreachable)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(-ENETUNREACH,
		  end_connect(&end, target_far(variant->family, 80)));
	expect_socket(watch, &end);
	expect_failed_at_once(watch, &end, ENETUNREACH);
	end_close(&end);
	expect_close_unused(watch, &end);
	EXPECT_EVENTS(watch);
}

/* UDP has its port by then, and keeps it. */
TEST_F(connect_failed, when_the_network_is_unreachable_for_udp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(-ENETUNREACH,
		  end_connect(&end, target_far(variant->family, 53)));
	ASSERT_EQ(0, end_facts(&end));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_failed_at_once(watch, &end, ENETUNREACH);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

static int add_unreachable4(void)
{
	struct target target = target_text(IPV4, "203.0.113.9", 0);
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST | RTF_REJECT };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), err;

	route.rt_dst = target.any;
	err = ioctl(fd, SIOCADDRT, &route) ? -errno : 0;
	close(fd);
	return err;
}

static int add_unreachable6(void)
{
	struct target target = target_text(IPV6, "2001:db8:1::9", 0);
	struct route6 route = {
		.dst = target.in6.sin6_addr, .dst_len = 128, .ifindex = 1,
		.type = UNREACHABLE, .flags = RTF_UP | RTF_HOST | RTF_REJECT,
		.metric = 1,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), err;

	err = ioctl(fd, SIOCADDRT, &route) ? -errno : 0;
	close(fd);
	return err;
}

TEST_F(connect_failed, when_the_host_is_unreachable)
{
	const char *text = variant->family == IPV6 ? "2001:db8:1::9" :
						     "203.0.113.9";
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, variant->family == IPV6 ? add_unreachable6() :
					       add_unreachable4());
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(-EHOSTUNREACH,
		  end_connect(&end, target_text(variant->family, text, 80)));
	expect_socket(watch, &end);
	expect_failed_at_once(watch, &end, EHOSTUNREACH);
	end_close(&end);
	expect_close_unused(watch, &end);
	EXPECT_EVENTS(watch);
}

/* One port is left for connections to one place: the second one finds none. */
TEST_F(connect_failed, when_no_port_is_free)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, clients[2];

	ASSERT_EQ(0, scene_socket(scene, &listener, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&listener, scene_loopback(scene, 8085)));
	ASSERT_EQ(0, end_listen(&listener, 5));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, file_set_net("ipv4/ip_local_port_range", "40000 40000"));
	ASSERT_EQ(0, scene_connect(scene, &clients[0], &scene->self,
				   &listener));
	scene_expect_connect(scene, &clients[0]);
	EXPECT_EQ(40000, end_port(&clients[0]));
	ASSERT_EQ(-EADDRNOTAVAIL,
		  scene_connect(scene, &clients[1], &scene->self, &listener));
	expect_socket(watch, &clients[1]);
	expect_failed_at_once(watch, &clients[1], EADDRNOTAVAIL);
	/* The mark in the stream takes a port too. */
	ASSERT_EQ(0, file_set_net("ipv4/ip_local_port_range", "32768 60999"));
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, when_nobody_answers)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, end;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, end_deaf(&listener, true));
	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&end, IPPROTO_TCP, TCP_SYNCNT, 1));
	ASSERT_EQ(-ETIMEDOUT,
		  end_connect(&end, scene_loopback(scene,
						   end_port(&listener))));
	expect_socket(watch, &end);
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ETIMEDOUT);
	end_close(&end);
	expect_close_failed(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, when_it_is_closed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ask_the_deaf(_metadata, scene, &client, &scene->self);
	ASSERT_EVENTS(watch);
	end_close(&client);
	expect_connect_failed(watch, &client, ECANCELED)->not_before =
		client.closing;
	expect_close_failed(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, when_it_is_shut_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ask_the_deaf(_metadata, scene, &client, &scene->self);
	ASSERT_EQ(0, end_shutdown(&client, SHUT_RDWR));
	expect_connect_failed(watch, &client, ECANCELED);
	ASSERT_EVENTS(watch);
	end_close(&client);
	expect_close_failed(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(connect_failed, when_its_process_is_killed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *victim = scene_actor(scene, "victim");
	struct end client;

	ASSERT_NE(NULL, victim);
	ask_the_deaf(_metadata, scene, &client, victim);
	ASSERT_EVENTS(watch);
	process_kill(victim);
	expect_connect_failed(watch, &client, ECANCELED);
	expect_close_failed(watch, &client);
	EXPECT_EVENTS(watch);
}

/* A child that has the descriptor too lets it go last: it is the one who did it. */
TEST_F(connect_failed, by_the_process_that_let_go_last)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct process *child;
	struct end client;

	ASSERT_NE(NULL, parent);
	ask_the_deaf(_metadata, scene, &client, parent);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	end_close(&client);
	ASSERT_EVENTS(watch);
	process_kill(child);
	expect_by(expect_connect_failed(watch, &client, ECANCELED), child);
	expect_by(expect_close_failed(watch, &client), child);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
