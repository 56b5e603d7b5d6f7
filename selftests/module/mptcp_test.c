// SPDX-License-Identifier: GPL-2.0
/*
 * MPTCP: the socket that the program has is told of once, its subflows never: row 8.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <linux/mptcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patience.h"
#include "scene.h"
#include "tool.h"

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef MPTCP_INFO	/* headers before 5.16 */
#define MPTCP_INFO 1
#endif
#define PATIENCE 500	/* times 10 ms */

SCENE_HOLD_HOOKS

FIXTURE(mptcp)
{
	struct scene scene;
	struct process *server;
	struct process *client;
	struct end listener;
};

FIXTURE_VARIANT(mptcp)
{
	enum family family;
};

SCENE_VARIANT(mptcp, ipv4, IPV4);
SCENE_VARIANT(mptcp, ipv6, IPV6);
SCENE_VARIANT(mptcp, mapped, MAPPED);

FIXTURE_SETUP(mptcp)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	if (!scene_has(SOCK_STREAM, IPPROTO_MPTCP))
		SCENE_SKIP(scene, "the kernel has no MPTCP");
	ASSERT_EQ(0, watch_skip(&scene->watch));
	scene->protocol = IPPROTO_MPTCP;
	self->server = scene_actor(scene, "server");
	self->client = scene_actor(scene, "client");
	ASSERT_NE(NULL, self->server);
	ASSERT_NE(NULL, self->client);
	ASSERT_EQ(0, scene_listen(scene, &self->listener, self->server));
	ASSERT_EQ(IPPROTO_MPTCP, self->listener.facts.protocol);
	scene_expect_listen(scene, &self->listener);
	EXPECT_EVENTS(&scene->watch);
}

FIXTURE_TEARDOWN(mptcp)
{
	scene_close(&self->scene);
}

/* Two ends that know each other, and what was told of that. */
static int join(struct scene *scene, struct end *listener, struct process *process,
		struct end *client, struct end *server)
{
	int err = scene_join(scene, client, process, listener, server);

	if (!err) {
		scene_expect_join(scene, client, listener, server);
		err = watch_check(&scene->watch);
	}
	return err;
}

TEST_F(mptcp, closed_by_the_client_first)
{
	struct scene *scene = &self->scene;
	struct end client, server;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	ASSERT_EQ(0, end_talk(&client, &server, 100, 54321));
	end_close(&client);
	EXPECT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(&scene->watch, &client, &server);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(mptcp, closed_by_the_server_first)
{
	struct scene *scene = &self->scene;
	struct end client, server;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	ASSERT_EQ(0, end_talk(&client, &server, 70000, 1));
	end_close(&server);
	EXPECT_EQ(0, end_receive(&client, 1));
	end_close(&client);
	expect_fin(&scene->watch, &server, &client);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(mptcp, reset_by_the_client)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	ASSERT_EQ(0, end_talk(&client, &server, 7, 8));
	ASSERT_EQ(0, end_linger_zero(&client));
	end_close(&client);
	expect_reset(watch, &client, &server);
	ASSERT_EVENTS(watch);
	end_close(&server);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, that_lost_its_client_by_a_kill)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	ASSERT_EQ(0, end_talk(&client, &server, 1, 1));
	process_kill(self->client);
	EXPECT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket_of(scene, &client, self->client,
				     SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED, end_connect(&client, scene_loopback(scene, 9)));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	end_close(&client);
	expect_close_failed(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, closed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client;

	scene->protocol = 0;
	ASSERT_EQ(0, scene_listen(scene, &listener, self->server));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, end_deaf(&listener, true));
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_EQ(0, scene_socket_of(scene, &client, self->client,
				     SOCK_STREAM | SOCK_NONBLOCK));
	ASSERT_EQ(-EINPROGRESS, end_connect(&client,
			scene_loopback(scene, end_port(&listener))));
	end_close(&client);
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECANCELED);
	expect_close_failed(watch, &client);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, that_cannot_go_anywhere)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_socket_of(scene, &client, self->client,
				     SOCK_STREAM));
	ASSERT_EQ(-ENETUNREACH,
		  end_connect(&client, target_far(variant->family, 80)));
	expect_socket(watch, &client);
	expect_failed_at_once(watch, &client, ENETUNREACH);
	end_close(&client);
	expect_close_unused(watch, &client);
	EXPECT_EVENTS(watch);
}

/* Who asks for a connection by TCP gets one, also of an MPTCP server. */
TEST_F(mptcp, asked_by_tcp_accepts_tcp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server;

	scene->protocol = 0;
	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	EXPECT_EQ(IPPROTO_TCP, client.facts.protocol);
	EXPECT_EQ(IPPROTO_TCP, server.facts.protocol);
	ASSERT_EQ(0, end_talk(&client, &server, 10, 20));
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

/* And the other way round: the socket stays one of MPTCP, whatever it speaks. */
TEST_F(mptcp, answered_by_tcp_stays_mptcp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	scene->protocol = 0;
	ASSERT_EQ(0, scene_listen(scene, &listener, self->server));
	scene_expect_listen(scene, &listener);
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_EQ(0, join(scene, &listener, self->client, &client, &server));
	EXPECT_EQ(IPPROTO_MPTCP, client.facts.protocol);
	EXPECT_EQ(IPPROTO_TCP, server.facts.protocol);
	ASSERT_EQ(0, end_talk(&client, &server, 10, 20));
	end_close(&client);
	EXPECT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, listener_counts_what_was_accepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	end_close(&self->listener);
	expect_close_listener(watch, &self->listener, 1);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, port_taken_is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket_of(scene, &end, self->client, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE, end_bind(&end,
			scene_loopback(scene, end_port(&self->listener))));
	expect_socket(watch, &end);
	expect_holder(expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT,
					 EADDRINUSE),
		      &self->listener, PORTWATCH_STATE_LISTENING);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, bound_only_gives_its_port_back)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, scene_socket_of(scene, &end, self->client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(mptcp, nobody_accepts_is_the_listeners)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client;

	ASSERT_EQ(0, scene_connect(scene, &client, self->client,
				   &self->listener));
	scene_expect_connect(scene, &client);
	EXPECT_EVENTS(watch);
	end_close(&self->listener);
	expect_close_listener(watch, &self->listener, 0);
	expect_unaccepted(watch, &self->listener, &client);
	expect_close_connection(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
	end_close(&client);
	EXPECT_EVENTS(watch);
}

/* So many besides the first. */
static int wait_for_subflows(const struct end *end, unsigned int wanted)
{
	struct mptcp_info info;
	unsigned int i;

	for (i = 0; i < patient(PATIENCE); i++) {
		socklen_t length = sizeof(info);

		memset(&info, 0, sizeof(info));
		if (getsockopt(end->fd, SOL_MPTCP, MPTCP_INFO, &info, &length))
			return -errno;
		if (info.mptcpi_subflows == wanted)
			return 0;
		poll(NULL, 0, 10);
	}
	return -ETIME;
}

static int run(const char *format, const char *address)
{
	char command[128];

	snprintf(command, sizeof(command), format, address);
	return system(command);
}

/* A client goes to its server from this address too. */
static int allow_join(const char *address)
{
	return run("ip address add %s dev lo", address) ?:
	       run("ip mptcp endpoint add %s dev lo subflow", address);
}

static int allow_joins(enum family family)
{
	int err = run("ip mptcp limits set subflow %s", "2");

	if (!err)
		err = allow_join(family == IPV6 ? "fd00::2" : "10.0.0.2");
	return err ?: allow_join(family == IPV6 ? "fd00::3" : "10.0.0.3");
}

/* A number by its name in two lines, "GROUP: NAME..." and "GROUP: NUMBER..."; < 0: none. */
static int64_t number_of(char *names, const char *group, const char *wanted)
{
	char *numbers, *name, *number;

	names = strstr(names, group);
	numbers = names ? strstr(names + 1, group) : NULL;
	if (!numbers)
		return -ENOENT;
	numbers[-1] = 0;
	do {
		name = strsep(&names, " ");
		number = strsep(&numbers, " ");
	} while (name && number && strcmp(name, wanted));
	return name && number ? strtoll(number, NULL, 10) : -ENOENT;
}

/* Segments that MPTCP has sent over a second subflow in this namespace; < 0: not known. */
static int64_t sent_again(void)
{
	FILE *file = fopen("/proc/net/netstat", "r");
	int64_t segments = -ENOENT;
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return -errno;
	if (getdelim(&text, &size, 0, file) > 0)
		segments = number_of(text, "MPTcpExt:", "MPTCPRetrans");
	free(text);
	fclose(file);
	return segments;
}

/* Two ends that talk over three subflows, the client closes first; 0 or a negative errno. */
static int talk_over_three(struct end *client, struct end *server)
{
	int i, err = end_talk(client, server, 1, 1);

	if (!err)
		err = wait_for_subflows(client, 2);
	if (!err)
		err = wait_for_subflows(server, 2);
	for (i = 0; i < 16 && !err; i++)
		err = end_talk(client, server, 50000, 30000);
	end_close(client);
	if (!err)
		err = end_receive(server, 1);
	end_close(server);
	return err;
}

/*
 * Three subflows, and each byte went over one of them. A machine that is slow lets MPTCP
 * take one for stuck and send what is on it over another one, too: then once more.
 */
TEST_F(mptcp, of_many_subflows_is_one_connection)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct expect *closes;
	int64_t before = -1, after = 0;
	int i;

	ASSERT_EQ(0, allow_joins(variant->family));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	for (i = 0; i < 10 && before != after; i++) {
		before = sent_again();
		ASSERT_LE(0, before);
		ASSERT_EQ(0, join(scene, &listener, &scene->self, &client,
				  &server));
		ASSERT_EQ(0, talk_over_three(&client, &server));
		after = sent_again();
		closes = expect_fin(watch, &client, &server);
		closes[0].free_close = closes[1].free_close = before != after;
		ASSERT_EVENTS(watch);
	}
	EXPECT_EQ(before, after);
}

/* One that breaks while others go on is nobody's end, and no reason for a later one. */
TEST_F(mptcp, that_lost_a_subflow_goes_on)
{
	const char *from = variant->family == IPV6 ? "[fd00::2]" : "10.0.0.2";
	struct scene *scene = &self->scene;
	struct end listener, client, server;
	struct process killer;

	ASSERT_EQ(0, allow_joins(variant->family));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, join(scene, &listener, &scene->self, &client, &server));
	ASSERT_EQ(0, end_talk(&client, &server, 1, 1));
	ASSERT_EQ(0, wait_for_subflows(&client, 2));
	ASSERT_EQ(0, wait_for_subflows(&server, 2));
	ASSERT_EQ(0, end_drain(&client));
	ASSERT_EQ(0, end_drain(&server));
	/* And none comes in its place. */
	ASSERT_EQ(0, run("ip mptcp limits set subflow %s", "0"));
	ASSERT_EQ(0, tool_line(scene, &killer, "ss -K -H -n -t src %s", from));
	ASSERT_EQ(0, wait_for_subflows(&client, 1));
	ASSERT_EQ(0, wait_for_subflows(&server, 1));
	ASSERT_EQ(0, end_talk(&client, &server, 1000, 2000));
	EXPECT_EVENTS(&scene->watch);
	end_close(&client);
	EXPECT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(&scene->watch, &client, &server);
	EXPECT_EVENTS(&scene->watch);
}

/* Sockets that were there before the reader, all of whose life the module saw. */
TEST_F(mptcp, open_before_has_a_row)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end client, server, bound;
	struct expect *expect;

	ASSERT_EQ(0, join(scene, &self->listener, self->client, &client,
			  &server));
	ASSERT_EQ(0, scene_socket_of(scene, &bound, self->client, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&bound, scene_loopback(scene, 0)));
	server.born[0] = client.begun[0];
	watch_close(watch);
	options.no_snapshot = false;
	/* The kernel has some of its own in every netns, that nobody uses. */
	options.events &= ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET);
	watch->old_sockets = true;
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	expect = expect_row(watch, &self->listener, PORTWATCH_LISTEN,
			    PORTWATCH_STATE_LISTENING);
	expect->event.existing.backlog = 16;
	expect->event.existing.accepted = 1;
	expect->event.existing.how = PORTWATCH_HOW_EPHEMERAL;
	expect_row(watch, &client, PORTWATCH_ESTABLISHED,
		   PORTWATCH_STATE_CONNECTED);
	expect_row(watch, &server, PORTWATCH_ACCEPT, PORTWATCH_STATE_CONNECTED);
	expect = expect_row(watch, &bound, PORTWATCH_BIND,
			    PORTWATCH_STATE_BOUND);
	expect->event.existing.how = PORTWATCH_HOW_EPHEMERAL;
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
