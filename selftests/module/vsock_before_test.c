// SPDX-License-Identifier: GPL-2.0
/* Sockets of vsock that were open before the hooks, and after them. */
#include <kselftest_harness.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "module.h"
#include "scene.h"

FIXTURE(vsock_before)
{
	struct scene scene;
	struct process *server;
	struct process *client_process;
	struct end bound;
	struct end listener;
	struct end client;
	struct end accepted;
};

static struct target local(uint32_t port)
{
	return target_vsock(VMADDR_CID_LOCAL, port);
}

static int call(struct end *client, struct process *process, uint32_t port)
{
	int err = end_open(client, process, AF_VSOCK, SOCK_STREAM);

	return err ? err : end_connect(client, local(port));
}

FIXTURE_SETUP(vsock_before)
{
	struct scene *scene = &self->scene;

	if (system("modprobe vsock_loopback"))
		SETUP_SKIP("this kernel has no vsock_loopback");
	ASSERT_EQ(0, scene_prepare(scene, IPV4));
	self->server = scene_actor(scene, "server");
	self->client_process = scene_actor(scene, "client");
	ASSERT_NE(NULL, self->server);
	ASSERT_NE(NULL, self->client_process);
	ASSERT_EQ(0, end_open(&self->bound, &scene->self, AF_VSOCK,
			      SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&self->bound, local(6300)));
	ASSERT_EQ(0, end_open(&self->listener, self->server, AF_VSOCK,
			      SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&self->listener, local(6301)));
	ASSERT_EQ(0, end_listen(&self->listener, 9));
	ASSERT_EQ(0, call(&self->client, self->client_process, 6301));
	ASSERT_EQ(0, end_accept(&self->accepted, &self->listener));
}

FIXTURE_TEARDOWN(vsock_before)
{
	scene_close(&self->scene);
}

/* When it was made is not known, and how it got its port neither. */
static struct expect *expect_old_row(struct watch *watch, const struct end *end,
				     enum portwatch_type type,
				     enum portwatch_state state)
{
	struct expect *expect = expect_row(watch, end, type, state);

	expect->begun[0] = 0;
	expect->begun[1] = 0;
	return expect;
}

static struct expect *expect_old_close(struct watch *watch,
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
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	return expect;
}

static int watch_with_rows(struct scene *scene)
{
	struct portwatch_options options = watch_options();
	int err;

	options.no_snapshot = false;
	scene->watch.old_sockets = true;
	err = scene_watch(scene, &options);
	return err ? err : watch_snapshots(&scene->watch, 1);
}

TEST_F(vsock_before, rows_and_what_follows)
{
	struct watch *watch = &self->scene.watch;
	struct expect *expect;

	ASSERT_EQ(0, watch_with_rows(&self->scene));
	expect_old_row(watch, &self->bound, PORTWATCH_BIND,
		       PORTWATCH_STATE_BOUND);
	expect_old_row(watch, &self->listener, PORTWATCH_LISTEN,
		       PORTWATCH_STATE_LISTENING)->event.existing.backlog = 9;
	expect_old_row(watch, &self->client, PORTWATCH_ESTABLISHED,
		       PORTWATCH_STATE_CONNECTED);
	expect_old_row(watch, &self->accepted, PORTWATCH_ESTABLISHED,
		       PORTWATCH_STATE_CONNECTED);
	ASSERT_EVENTS(watch);

	end_close(&self->client);
	expect_old_close(watch, &self->client, PORTWATCH_REASON_FIN,
			 PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&self->accepted);
	expect_old_close(watch, &self->accepted, PORTWATCH_REASON_FIN,
			 PORTWATCH_FIRST_REMOTE);
	end_close(&self->bound);
	self->bound.begun[0] = 0;
	expect = expect_close_socket(watch, &self->bound);
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	end_close(&self->listener);
	expect = expect_close_listener(watch, &self->listener, 0);
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	EXPECT_EVENTS(watch);
}

/* Nobody can tell any more why it ended, and who was first. */
TEST_F(vsock_before, a_connection_that_was_over_before)
{
	struct watch *watch = &self->scene.watch;

	end_close(&self->accepted);
	ASSERT_EQ(0, end_receive(&self->client, 1));
	ASSERT_EQ(0, watch_with_rows(&self->scene));
	ASSERT_EQ(0, watch_skip(watch));
	end_close(&self->client);
	expect_old_close(watch, &self->client, 0, 0);
	EXPECT_EVENTS(watch);
}

/* What waited in the queue before is accepted by somebody, of a listener unknown. */
TEST_F(vsock_before, accepted_from_an_old_queue)
{
	struct watch *watch = &self->scene.watch;
	struct expect *expect;
	struct end client, accepted;

	ASSERT_EQ(0, call(&client, self->client_process, 6301));
	ASSERT_EQ(0, watch_with_rows(&self->scene));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, end_accept(&accepted, &self->listener));
	expect = expect_accept(watch, &accepted, &self->listener);
	expect->event.accept.listener = 0;
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	ASSERT_EVENTS(watch);
	end_close(&accepted);
	expect_old_close(watch, &accepted, PORTWATCH_REASON_FIN,
			 PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* A thread that waited in accept() before the module was there, too. */
TEST_F(vsock_before, accepted_by_who_waited_before)
{
	struct watch *watch = &self->scene.watch;
	struct end client, accepted;

	if (module_is_loaded())
		ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, end_accept_begin(&self->listener, false));
	ASSERT_TRUE(process_waits(self->server, self->server->who.pid,
				  SYS_accept4));
	ASSERT_EQ(0, watch_with_rows(&self->scene));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, call(&client, self->client_process, 6301));
	ASSERT_EQ(0, end_accept_finish(&accepted, &self->listener));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_established(watch, &client);
	expect_accept(watch, &accepted, &self->listener);
	EXPECT_EVENTS(watch);
}

/* Sockets outlive the module, and those that end without it leave nothing behind. */
TEST_F(vsock_before, unloaded_while_they_are_open)
{
	struct scene *scene = &self->scene;
	struct portwatch_status status;
	int fd;

	ASSERT_EQ(0, watch_with_rows(scene));
	watch_close(&scene->watch);
	ASSERT_EQ(0, module_unload());
	end_close(&self->client);
	ASSERT_EQ(0, module_load());
	end_close(&self->accepted);
	end_close(&self->listener);
	end_close(&self->bound);
	fd = module_open();
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_status(fd, &status));
	EXPECT_EQ(0, status.sockets);
	close(fd);
}

TEST_HARNESS_MAIN
