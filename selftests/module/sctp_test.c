// SPDX-License-Identifier: GPL-2.0
/* SCTP, one-to-one and one-to-many: row 26. */
#include <kselftest_harness.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"
#include "tool.h"

#define SELF_TEST "portwatch status --self-test --wide"

SCENE_HOLD_HOOKS

static int sctp_open(struct scene *scene, struct end *end,
		     struct process *process, int type)
{
	return end_open_protocol(end, process, family_domain(scene->family),
				 type, IPPROTO_SCTP);
}

FIXTURE(sctp_module)
{
	struct scene scene;
	int fd;
	char output[16384];	/* of the tool */
};

FIXTURE_SETUP(sctp_module)
{
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(sctp_module)
{
	close(self->fd);
	scene_close(&self->scene);
}

/* How many hooks are in SCTP's module, all of them in that state; or a negative. */
static int sctp_hooks(int fd, uint32_t state)
{
	struct portwatch_hook hook;
	int count = 0;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++) {
		if (strncmp((char *)hook.symbol, "sctp:", 5))
			continue;
		if (hook.state != state || hook.error || hook.required) {
			fprintf(stderr, "# hook %s is in state %u, error %u\n",
				hook.name, hook.state, hook.error);
			return -1;
		}
		count++;
	}
	return count;
}

/*
 * The first test, for the module is loaded with the first socket, and the kernel has
 * sockets of its own in it that keep it there.
 */
TEST_F(sctp_module, is_followed_when_it_comes)
{
	struct watch *watch = &self->scene.watch;
	struct end end;

	if (!access("/sys/module/sctp", F_OK))
		SKIP(return, "the module sctp is loaded and cannot go");
	EXPECT_EQ(6, sctp_hooks(self->fd, PORTWATCH_HOOK_WAITING));
	/* The test of the hooks is no reason to load it. */
	EXPECT_EQ(0, tool_ask(self->output, sizeof(self->output), SELF_TEST));
	EXPECT_EQ(6, sctp_hooks(self->fd, PORTWATCH_HOOK_WAITING));
	EXPECT_NE(0, access("/sys/module/sctp", F_OK));
	ASSERT_EQ(0, sctp_open(&self->scene, &end, &self->scene.self,
			       SOCK_SEQPACKET));
	EXPECT_EQ(6, sctp_hooks(self->fd, PORTWATCH_HOOK_ATTACHED));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, end_listen(&end, 1));
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_listen(watch, &end, 1);
	end_close(&end);
	expect_close_listener(watch, &end, 0);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp_module, has_hooks_that_the_self_test_sees_fire)
{
	static const char *const hooks[] = {
		"sctp-end", "sctp-reason", "sctp-bindx", "sctp-listen",
		"sctp-connect", "sctp-peel-off",
	};
	struct end end;
	size_t i;

	ASSERT_EQ(0, sctp_open(&self->scene, &end, &self->scene.self,
			       SOCK_STREAM));
	EXPECT_EQ(0, tool_ask(self->output, sizeof(self->output), SELF_TEST));
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		EXPECT_TRUE(tool_hook_is(self->output, hooks[i], "fired"))
			fputs(self->output, stderr);
}

FIXTURE(sctp)
{
	struct scene scene;
};

FIXTURE_VARIANT(sctp)
{
	enum family family;
};

SCENE_VARIANT(sctp, ipv4, IPV4);
SCENE_VARIANT(sctp, ipv6, IPV6);
SCENE_VARIANT(sctp, mapped, MAPPED);

/* With the module loaded, what the kernel opens in each netns is there before. */
FIXTURE_SETUP(sctp)
{
	if (!scene_has(SOCK_STREAM, IPPROTO_SCTP))
		SETUP_SKIP("this kernel has no SCTP");
	ASSERT_EQ(0, scene_open(&self->scene, variant->family));
}

FIXTURE_TEARDOWN(sctp)
{
	scene_close(&self->scene);
}

/* The time in the accept queue is not known, nor anything that was counted. */
static void expect_sctp_accept(struct watch *watch, const struct end *end,
			       const struct end *listener)
{
	struct expect *expect = expect_accept(watch, end, listener);

	expect->begun[0] = 0;
	expect->begun[1] = 0;
}

static struct expect *expect_sctp_close(struct watch *watch,
					const struct end *end,
					enum portwatch_reason reason,
					enum portwatch_first first)
{
	struct expect *expect = expect_close_connection(watch, end, reason,
							first);

	expect->event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.count = PORTWATCH_UNKNOWN32;
	expect->rtt = false;
	expect->retrans_later = false;
	return expect;
}

/* A listener, a client of another process, and what accept() gave. */
struct joined {
	struct end listener;
	struct end client;
	struct end server;
};

static int join(struct scene *scene, struct joined *joined,
		const struct target *from)
{
	struct watch *watch = &scene->watch;
	struct process *server = scene_actor(scene, "server");
	struct process *client = scene_actor(scene, "client");
	int err;

	if (!server || !client)
		return -ECHILD;
	err = sctp_open(scene, &joined->listener, server, SOCK_STREAM);
	err = err ? err : end_bind(&joined->listener, scene_loopback(scene, 0));
	expect_socket(watch, &joined->listener);
	expect_bind(watch, &joined->listener, PORTWATCH_HOW_EPHEMERAL)
		->exposure = PORTWATCH_EXPOSURE_LOOPBACK;
	err = err ? err : end_listen(&joined->listener, 7);
	expect_listen(watch, &joined->listener, 7);
	err = err ? err : sctp_open(scene, &joined->client, client, SOCK_STREAM);
	expect_socket(watch, &joined->client);
	if (from) {
		err = err ? err : end_bind(&joined->client, *from);
		expect_bind(watch, &joined->client, PORTWATCH_HOW_EXPLICIT);
	}
	err = err ? err : end_connect(&joined->client,
			scene_loopback(scene, end_port(&joined->listener)));
	expect_connect(watch, &joined->client);
	expect_established(watch, &joined->client);
	err = err ? err : end_accept(&joined->server, &joined->listener);
	expect_sctp_accept(watch, &joined->server, &joined->listener);
	return err ? err : watch_check(watch);
}

/* Its association was over before: what it gives back now is the port. */
static void close_rest(struct watch *watch, struct end *end)
{
	end->facts.has_remote = false;
	end_close(end);
	expect_close_socket(watch, end);
}

TEST_F(sctp, one_to_one_by_the_client_first)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, NULL));
	ASSERT_EQ(0, end_talk(&all.client, &all.server, 100, 50));
	end_close(&all.client);
	expect_sctp_close(watch, &all.client, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_LOCAL);
	expect_sctp_close(watch, &all.server, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	close_rest(watch, &all.server);
	end_close(&all.listener);
	expect_close_listener(watch, &all.listener, 1);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, one_to_one_by_the_server_first)
{
	struct target from = scene_loopback(&self->scene, 4000);
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, &from));
	end_close(&all.server);
	expect_sctp_close(watch, &all.server, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_LOCAL);
	expect_sctp_close(watch, &all.client, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	/* The client still has the port that it asked for. */
	close_rest(watch, &all.client);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, one_to_one_that_bound_its_port_ends_once)
{
	struct target from = scene_loopback(&self->scene, 4001);
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, &from));
	end_close(&all.client);
	expect_sctp_close(watch, &all.client, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_LOCAL);
	expect_sctp_close(watch, &all.server, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, one_to_one_with_linger_0_is_a_reset)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, NULL));
	ASSERT_EQ(0, end_linger_zero(&all.client));
	end_close(&all.client);
	expect_sctp_close(watch, &all.client, PORTWATCH_REASON_RST_SENT,
			  PORTWATCH_FIRST_LOCAL);
	expect_sctp_close(watch, &all.server, PORTWATCH_REASON_RST_RECEIVED,
			  PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	close_rest(watch, &all.server);
	EXPECT_EVENTS(watch);
}

/* Whoever lets go of it last has done it, not whom it belongs to. */
TEST_F(sctp, one_to_one_names_the_process_that_closed)
{
	struct watch *watch = &self->scene.watch;
	struct process *child;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, NULL));
	child = scene_fork(&self->scene, all.client.process);
	ASSERT_NE(NULL, child);
	end_close(&all.client);
	process_exit(child);
	expect_by(expect_sctp_close(watch, &all.client, PORTWATCH_REASON_FIN,
				    PORTWATCH_FIRST_LOCAL), child);
	expect_sctp_close(watch, &all.server, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The port that the attempt took stays the socket's. */
TEST_F(sctp, one_to_one_is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, sctp_open(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED, end_connect(&end, scene_loopback(scene, 9)));
	end.facts.remote = end.asked;
	expect_socket(watch, &end);
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNREFUSED);
	end_close(&end);
	end.begun[0] = end.born[0];
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, one_to_one_is_given_up)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, sctp_open(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, end_deaf(&end, true));
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, scene_loopback(scene, 9)));
	end.facts.remote = end.asked;
	expect_socket(watch, &end);
	expect_connect(watch, &end);
	end_close(&end);
	expect_connect_failed(watch, &end, ECANCELED);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, bind_that_is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end first, second;

	ASSERT_EQ(0, sctp_open(scene, &first, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, 132)));
	expect_socket(watch, &first);
	expect_bind(watch, &first, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, sctp_open(scene, &second, &scene->self, SOCK_SEQPACKET));
	ASSERT_EQ(-EADDRINUSE, end_bind(&second, scene_loopback(scene, 132)));
	expect_socket(watch, &second);
	expect_bind_failed(watch, &second, PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	end_close(&second);
	expect_close_unused(watch, &second);
	end_close(&first);
	expect_close_socket(watch, &first);
	EXPECT_EVENTS(watch);
}

/* It takes a port the first time, and another address later. */
TEST_F(sctp, bindx_is_a_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end, other;

	ASSERT_EQ(0, sctp_open(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, end_bindx(&end, scene_loopback(scene, 2905)));
	EXPECT_EQ(2905, end_port(&end));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	ASSERT_EQ(0, sctp_open(scene, &other, &scene->self, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE, end_bindx(&other, scene_loopback(scene, 2905)));
	expect_socket(watch, &other);
	expect_bind_failed(watch, &other, PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	if (scene->family == IPV4)
		ASSERT_EQ(0, end_bindx(&end, target_text(IPV4, "127.0.0.2",
							 2905)));
	end_close(&other);
	expect_close_unused(watch, &other);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* A backlog of 0 ends it, and leaves the port. */
TEST_F(sctp, listen_without_bind_and_its_end)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, sctp_open(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, end_listen(&end, 3));
	EXPECT_NE(0, end_port(&end));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_listen(watch, &end, 3)->exposure = PORTWATCH_EXPOSURE_ANY;
	ASSERT_EQ(0, end_listen(&end, 4));
	expect_listen(watch, &end, 4);
	ASSERT_EQ(0, end_listen(&end, 0));
	expect_close_listener(watch, &end, 0);
	end_close(&end);
	end.begun[0] = end.born[0];
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* A one-to-many socket that serves on a port of its own. */
static int serve(struct scene *scene, struct end *end, const char *name)
{
	struct process *process = scene_actor(scene, name);
	int err = process ? 0 : -ECHILD;

	err = err ? err : sctp_open(scene, end, process, SOCK_SEQPACKET);
	err = err ? err : end_bind(end, scene_loopback(scene, 0));
	err = err ? err : end_listen(end, 5);
	expect_socket(&scene->watch, end);
	expect_bind(&scene->watch, end, PORTWATCH_HOW_EPHEMERAL);
	expect_listen(&scene->watch, end, 5);
	return err;
}

/* The association that a one-to-many socket begins: its socket shows no peer. */
static void expect_association(struct watch *watch, struct end *end,
			       const struct end *server)
{
	end->facts.remote = server->facts.local;
	expect_connect(watch, end);
}

TEST_F(sctp, one_to_many_has_many_peers)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end servers[2], end;
	struct target target;

	ASSERT_EQ(0, serve(scene, &servers[0], "first"));
	ASSERT_EQ(0, serve(scene, &servers[1], "second"));
	ASSERT_EQ(0, sctp_open(scene, &end, &scene->self, SOCK_SEQPACKET));
	expect_socket(watch, &end);
	target = scene_loopback(scene, end_port(&servers[0]));
	ASSERT_EQ(0, end_connect(&end, target));
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_association(watch, &end, &servers[0]);
	target = scene_loopback(scene, end_port(&servers[1]));
	ASSERT_EQ(4, end_send_to(&end, 4, target));
	ASSERT_EQ(4, end_receive(&servers[1], 4));
	expect_association(watch, &end, &servers[1]);
	ASSERT_EQ(5, end_send_to(&end, 5, target));
	ASSERT_EQ(5, end_receive(&servers[1], 5));
	end_close(&end);
	expect_close_socket(watch, &end);
	end_close(&servers[0]);
	expect_close_listener(watch, &servers[0], 0);
	end_close(&servers[1]);
	expect_close_listener(watch, &servers[1], 0);
	EXPECT_EVENTS(watch);
}

TEST_F(sctp, one_to_many_gives_a_peer_a_socket_of_its_own)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end server, client, near, far;
	struct expect *expect;
	struct target target;

	ASSERT_EQ(0, serve(scene, &server, "server"));
	ASSERT_EQ(0, sctp_open(scene, &client, &scene->self, SOCK_SEQPACKET));
	target = scene_loopback(scene, end_port(&server));
	ASSERT_EQ(0, end_connect(&client, target));
	expect_socket(watch, &client);
	expect_bind(watch, &client, PORTWATCH_HOW_AUTO);
	expect_association(watch, &client, &server);
	/* The one that called, and then the one that was called. */
	ASSERT_EQ(0, end_peel_off(&near, &client, 0));
	expect_socket(watch, &near);
	expect = expect_established(watch, &near);
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	ASSERT_EQ(0, end_peel_off(&far, &server, 0));
	expect_socket(watch, &far);
	expect_sctp_accept(watch, &far, &server);
	ASSERT_EVENTS(watch);
	end_close(&near);
	expect_sctp_close(watch, &near, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_LOCAL);
	expect_sctp_close(watch, &far, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	close_rest(watch, &far);
	end_close(&client);
	expect_close_socket(watch, &client);
	end_close(&server);
	expect_close_listener(watch, &server, 1);
	EXPECT_EVENTS(watch);
}

/*
 * The record of a connection outlives its last descriptor, but not the connection.
 * Sockets of network namespaces that ended before may go meanwhile, and few come.
 */
TEST_F(sctp, nothing_is_left_behind)
{
	struct scene *scene = &self->scene;
	struct end listener, client, server;
	struct portwatch_status status;
	int i, fd = module_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_status(fd, &status));
	ASSERT_EQ(0, sctp_open(scene, &listener, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, end_listen(&listener, 1));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, sctp_open(scene, &client, &scene->self,
				       SOCK_STREAM));
		ASSERT_EQ(0, end_connect(&client, scene_loopback(scene,
						end_port(&listener))));
		ASSERT_EQ(0, end_accept(&server, &listener));
		end_close(&client);
		end_close(&server);
	}
	end_close(&listener);
	EXPECT_EQ(0, module_wait_sockets(fd, status.sockets + 20));
	close(fd);
}

/* What a row of an open socket tells of it. */
static void expect_sctp_row(struct watch *watch, const struct end *end,
			    enum portwatch_type type, enum portwatch_state state,
			    uint32_t backlog, uint32_t accepted)
{
	struct expect *expect = expect_row(watch, end, type, state);

	expect->event.existing.backlog = backlog;
	expect->event.existing.accepted = accepted;
	expect->event.existing.how = PORTWATCH_HOW_EPHEMERAL;
	if (type != PORTWATCH_BIND && type != PORTWATCH_LISTEN)
		expect->event.existing.how = 0;
}

TEST_F(sctp, sockets_that_are_open_have_a_row)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct portwatch_options options = watch_options();
	struct end bound;
	struct joined all;

	ASSERT_EQ(0, join(scene, &all, NULL));
	ASSERT_EQ(0, sctp_open(scene, &bound, &scene->self, SOCK_SEQPACKET));
	ASSERT_EQ(0, end_bind(&bound, scene_loopback(scene, 0)));
	watch_close(watch);
	watch->old_sockets = true;
	watch->nr_got = watch->nr_expects = 0;
	watch->room_got = watch->room_expects = 0;
	/* The kernel's own sockets in this netns have no port. */
	options.events &= ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET);
	options.no_snapshot = false;
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	expect_sctp_row(watch, &all.listener, PORTWATCH_LISTEN,
			PORTWATCH_STATE_LISTENING, 7, 1);
	expect_sctp_row(watch, &all.client, PORTWATCH_ESTABLISHED,
			PORTWATCH_STATE_CONNECTED, 0, 0);
	expect_sctp_row(watch, &all.server, PORTWATCH_ACCEPT,
			PORTWATCH_STATE_CONNECTED, 0, 0);
	expect_sctp_row(watch, &bound, PORTWATCH_BIND, PORTWATCH_STATE_BOUND,
			0, 0);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
