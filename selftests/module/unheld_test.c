// SPDX-License-Identifier: GPL-2.0
/*
 * Row 20, too: sockets that were open before the reader, and that no process has a
 * descriptor of. They hold their port like any other.
 */
#include <kselftest_harness.h>

#include <libgen.h>
#include <limits.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"
#include "tool.h"

#define PORT 4711
#define VXLAN_PORT 4789
#define RDS_PORT 16385	/* where RDS listens, in each network namespace */
#define RINGED 3

FIXTURE(unheld)
{
	struct scene scene;
};

FIXTURE_VARIANT(unheld)
{
	enum family family;
};

FIXTURE_SETUP(unheld)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_prepare(&self->scene, variant->family));
}

FIXTURE_TEARDOWN(unheld)
{
	scene_close(&self->scene);
}

SCENE_VARIANT(unheld, ipv4, IPV4);
SCENE_VARIANT(unheld, ipv6, IPV6);

static int watch_with_snapshot(struct scene *scene)
{
	struct portwatch_options options = watch_options();
	int err;

	options.no_snapshot = false;
	scene->watch.old_sockets = true;
	err = scene_watch(scene, &options);
	return err ? err : watch_snapshots(&scene->watch, 1);
}

/* Nobody saw it being made, or knows whose it is. */
static struct expect *of_nobody(struct expect *expect)
{
	memset(expect->begun, 0, sizeof(expect->begun));
	expect->not_before = 0;
	expect->unknown_owner = true;
	return expect;
}

static struct expect *of_kernel(struct expect *expect)
{
	memset(expect->begun, 0, sizeof(expect->begun));
	expect->any_sock = true;
	return expect;
}

/* A socket that a test cannot ask. */
static struct end kernel_end(const struct scene *scene, int type, uint16_t port)
{
	struct end end = { .owner = who_kernel() };
	struct target target = target_any(scene->family, port);

	end.facts.domain = family_domain(scene->family);
	end.facts.type = type;
	end.facts.protocol = type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
	end.facts.v6only = type == SOCK_DGRAM;
	end.facts.local = address_of(&target.any);
	return end;
}

/* What the tool lists, and a line of it that has all three. */
static bool lists(const char *arguments, const char *const words[3])
{
	char path[PATH_MAX] = "", command[PATH_MAX + 128], line[4096];
	bool found = false;
	FILE *pipe;

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		return false;
	snprintf(command, sizeof(command), "%s/../../user/portwatch %s",
		 dirname(path), arguments);
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe))
		found |= strstr(line, words[0]) && strstr(line, words[1]) &&
			 strstr(line, words[2]);
	return pipe && !pclose(pipe) && found;
}

TEST_F(unheld, is_a_tunnel_of_the_kernel)
{
	static const char *const words[] = {
		"\"lport\":4789", "\"pid\":0,\"comm\":\"kernel\"",
		"\"state\":\"bound\"" };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end = kernel_end(scene, SOCK_DGRAM, VXLAN_PORT);
	struct process process;

	ASSERT_EQ(0, tool_line(scene, &process,
			       "ip link add vxlan0 type vxlan id 7 dstport 4789 local %s",
			       scene->family == IPV4 ? "127.0.0.1" : "::1"));
	ASSERT_EQ(0, tool_line(scene, &process, "ip link set vxlan0 up"));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	of_kernel(expect_row(watch, &end, PORTWATCH_BIND,
			     PORTWATCH_STATE_BOUND));
	ASSERT_EVENTS(watch);
	EXPECT_TRUE(lists("ports --json", words));

	/* Once more, by name; and its end is told. */
	ASSERT_EQ(0, portwatch_reader_snapshot(watch->reader));
	ASSERT_EQ(0, watch_snapshots(watch, 2));
	of_kernel(expect_row(watch, &end, PORTWATCH_BIND,
			     PORTWATCH_STATE_BOUND));
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, tool_line(scene, &process, "ip link del vxlan0"));
	expect_by(of_kernel(expect_close_socket(watch, &end)), &process);
	EXPECT_EVENTS(watch);
	ASSERT_EQ(0, portwatch_reader_snapshot(watch->reader));
	ASSERT_EQ(0, watch_snapshots(watch, 3));
	EXPECT_EVENTS(watch);
}

static void open_three(struct __test_metadata *_metadata, struct scene *scene,
		       struct process *process, struct end ends[3])
{
	struct target target = scene_loopback(scene, PORT);

	ASSERT_EQ(0, scene_socket_of(scene, &ends[0], process, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&ends[0], target));
	ASSERT_EQ(0, scene_listen(scene, &ends[1], process));
	ASSERT_EQ(0, scene_socket_of(scene, &ends[2], process, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&ends[2], target));
}

static void expect_three(struct watch *watch, struct end ends[3])
{
	of_nobody(expect_row(watch, &ends[0], PORTWATCH_BIND,
			     PORTWATCH_STATE_BOUND));
	of_nobody(expect_row(watch, &ends[1], PORTWATCH_LISTEN,
			     PORTWATCH_STATE_LISTENING))
		->event.existing.backlog = 16;
	of_nobody(expect_row(watch, &ends[2], PORTWATCH_BIND,
			     PORTWATCH_STATE_BOUND));
}

/* @actor: who let go of them, NULL: nobody. */
static void expect_three_closed(struct watch *watch, struct end ends[3],
				const struct process *actor)
{
	size_t i = watch->nr_expects;

	of_nobody(expect_close_socket(watch, &ends[0]));
	of_nobody(expect_close_listener(watch, &ends[1], 0));
	of_nobody(expect_close_socket(watch, &ends[2]));
	for (; actor && i < watch->nr_expects; i++)
		expect_by(&watch->expects[i], actor);
}

/* Nobody received them: they end with the way that they were on. */
TEST_F(unheld, is_in_flight)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *holder = scene_actor(scene, "holder");
	struct end ends[3];
	int pairs[3][2];
	unsigned int i;

	ASSERT_NE(NULL, holder);
	open_three(_metadata, scene, holder, ends);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, end_put_in_flight(&ends[i], pairs[i]));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_three(watch, ends);
	ASSERT_EVENTS(watch);
	for (i = 0; i < 3; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
	expect_three_closed(watch, ends, &scene->self);
	EXPECT_EVENTS(watch);
}

TEST_F(unheld, is_registered_with_an_io_uring_only)
{
	struct io_uring_params params = { 0 };
	int ring = syscall(__NR_io_uring_setup, 4, &params);
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end ends[RINGED];
	int fds[RINGED];
	unsigned int i;

	ASSERT_LE(0, ring);
	open_three(_metadata, scene, &scene->self, ends);
	for (i = 0; i < RINGED; i++)
		fds[i] = ends[i].fd;
	ASSERT_EQ(0, syscall(__NR_io_uring_register, ring,
			     IORING_REGISTER_FILES, fds, RINGED));
	for (i = 0; i < RINGED; i++)
		ASSERT_EQ(0, end_close(&ends[i]));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_three(watch, ends);
	ASSERT_EVENTS(watch);
	/* A thread of the kernel clears up what the ring had. */
	close(ring);
	expect_three_closed(watch, ends, NULL);
	EXPECT_EVENTS(watch);
}

/* Of MPTCP there is the socket, and nothing of what carries it. */
TEST_F(unheld, is_of_mptcp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *holder = scene_actor(scene, "holder");
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), pair[2];
	struct expect *expect;
	struct end end;

	close(fd);
	if (fd < 0)
		SKIP(return, "the kernel has no MPTCP");
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_NE(NULL, holder);
	ASSERT_EQ(0, scene_listen(scene, &end, holder));
	ASSERT_EQ(0, end_put_in_flight(&end, pair));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect = of_nobody(expect_row(watch, &end, PORTWATCH_LISTEN,
				      PORTWATCH_STATE_LISTENING));
	expect->event.existing.backlog = PORTWATCH_UNKNOWN32;
	EXPECT_EVENTS(watch);
	close(pair[0]);
	close(pair[1]);
	expect = of_nobody(expect_close_listener(watch, &end, 0));
	expect_by(expect, &scene->self);
	EXPECT_EVENTS(watch);
}

/* It has no row; what becomes of it is told as of any other, but not whose it was. */
TEST_F(unheld, is_in_the_queue_of_a_listener)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client;
	struct expect *expect;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	ASSERT_EQ(7, end_send(&client, 7));
	ASSERT_EQ(0, end_drain(&client));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	memset(listener.born, 0, sizeof(listener.born));
	memset(client.born, 0, sizeof(client.born));
	expect = expect_row(watch, &listener, PORTWATCH_LISTEN,
			    PORTWATCH_STATE_LISTENING);
	expect->event.existing.backlog = 16;
	memset(expect->begun, 0, sizeof(expect->begun));
	expect = expect_row(watch, &client, PORTWATCH_ESTABLISHED,
			    PORTWATCH_STATE_CONNECTED);
	memset(expect->begun, 0, sizeof(expect->begun));
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 0)->free_span = true;
	of_nobody(expect_unaccepted(watch, &listener, &client));
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE)->free_span = true;
	EXPECT_EVENTS(watch);
}

/* RDS over TCP listens at [::], for IPv4 too. */
FIXTURE(server)
{
	struct scene scene;
};

FIXTURE_SETUP(server)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_prepare(&self->scene, IPV6));
}

FIXTURE_TEARDOWN(server)
{
	scene_close(&self->scene);
}

TEST_F(server, in_the_kernel_is_unheld)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process process;
	struct expect *expect;
	struct end end;

	if (system("modprobe -q rds_tcp"))
		SKIP(return, "the kernel has no RDS over TCP");
	end = kernel_end(scene, SOCK_STREAM, RDS_PORT);
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect = of_kernel(expect_row(watch, &end, PORTWATCH_LISTEN,
				      PORTWATCH_STATE_LISTENING));
	expect->event.existing.backlog = 64;
	ASSERT_EVENTS(watch);
	/* Of all namespaces only this one's. */
	ASSERT_EQ(0, tool_line(scene, &process,
			       "ss -K -H -n -t state listening sport = :%u",
			       RDS_PORT));
	expect = of_kernel(expect_close_listener(watch, &end, 0));
	expect->event.close.reason = PORTWATCH_REASON_ABORTED;
	expect->event.flags |= PORTWATCH_F_STILL_BOUND;
	expect_by(expect, &process);
	EXPECT_EVENTS(watch);
	EXPECT_EQ(0, system("rmmod rds_tcp"));
}

TEST_HARNESS_MAIN
