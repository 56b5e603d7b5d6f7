// SPDX-License-Identifier: GPL-2.0
/* How connections of vsock end, and by whom. */
#include <kselftest_harness.h>

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "hung.h"
#include "module.h"
#include "scene.h"
#include "vsock.h"

SCENE_HOLD_HOOKS

VSOCK_FIXTURE

FIXTURE_SETUP(vsock)
{
	const char *lacking = vsock_lacking(variant->type);

	if (lacking)
		SETUP_SKIP("%s", lacking);
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
}

TEST_F(vsock, the_client_closes_first)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	ASSERT_EQ(100, end_receive(&all.server, 100));
	end_close(&all.client);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	end_close(&all.listener);
	expect_close_listener(watch, &all.listener, 1);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, the_server_closes_first)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.client);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The kernel keeps the socket for as long as connect() might have taken. */
TEST_F(vsock, over_although_the_socket_is_kept)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct watch *watch = &scene->watch;
	struct end listener, client, served;
	uint32_t port;

	ASSERT_NE(NULL, server);
	ASSERT_EQ(0, vsock_serve(scene, &listener, server, variant->type));
	port = address_vsock_port(&listener.facts.local);
	ASSERT_EQ(0, vsock_socket(scene, &client, &scene->self, variant->type));
	ASSERT_EQ(0, end_nonblock(&client));
	ASSERT_EQ(-EINPROGRESS, end_connect(&client, vsock_local(port)));
	expect_connect(watch, &client);
	ASSERT_EQ(0, end_outcome(&client));
	expect_established(watch, &client);
	ASSERT_EQ(0, end_accept(&served, &listener));
	expect_accept(watch, &served, &listener);
	ASSERT_EVENTS(watch);
	end_close(&client);
	ASSERT_EQ(0, watch_collect(watch, 1));
	ASSERT_EQ(1, watch->nr_got);
	EXPECT_GT(client.closing + 1000000000ULL, watch->got[0].event.time);
	vsock_expect_over(watch, &client, PORTWATCH_REASON_FIN,
			  PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* Neither end is over before what was sent is read, or thrown away. */
TEST_F(vsock, closed_while_data_waits_to_be_read)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	end_close(&all.client);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* The kernel waits for 8 seconds, then it sends RST and goes. */
TEST_F(vsock, the_other_end_does_not_answer)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;
	int waited;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	end_close(&all.client);
	for (waited = 0; waited < 15000 && !watch->nr_got; waited += 500) {
		poll(NULL, 0, 500);
		ASSERT_EQ(0, watch_collect(watch, 0));
	}
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_TIMEOUT, 0);
	ASSERT_EVENTS(watch);
	/* It was told that the other one is done, and then that it is gone. */
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/*
 * The client is promised room, and sends; before that is under way there is less. The
 * server cannot but reset it. The client has its port until it is closed.
 */
TEST_F(vsock, more_than_there_is_room_for)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct pollfd done = { .events = POLLRDHUP };
	struct end listener, client, served;
	uint64_t little = 128;
	struct hung hung;

	ASSERT_EQ(0, vsock_serve(scene, &listener, &scene->self, variant->type));
	ASSERT_EQ(0, vsock_socket(scene, &client, &scene->self, variant->type));
	ASSERT_EQ(0, end_bind(&client, vsock_local(6400)));
	expect_bind(watch, &client, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_connect(&client,
			vsock_local(address_vsock_port(&listener.facts.local))));
	expect_connect(watch, &client);
	expect_established(watch, &client);
	ASSERT_EQ(0, end_accept(&served, &listener));
	expect_accept(watch, &served, &listener);

	ASSERT_EQ(0, hung_begin(&hung, client.fd));
	ASSERT_EQ(0, setsockopt(served.fd, AF_VSOCK,
				SO_VM_SOCKETS_BUFFER_SIZE, &little,
				sizeof(little)));
	ASSERT_EQ(0, hung_end(&hung));
	done.fd = client.fd;
	if (!poll(&done, 1, 2000))
		SKIP(return, "this kernel throws away what it has no room for");
	ASSERT_EVENTS(watch);

	end_close(&served);
	vsock_expect_over(watch, &served, PORTWATCH_REASON_RST_SENT,
			  PORTWATCH_FIRST_LOCAL)->not_before = 0;
	ASSERT_EVENTS(watch);
	end_close(&client);
	vsock_expect_over(watch, &client, PORTWATCH_REASON_RST_RECEIVED,
			  PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The first to say that it has no more to say was the first. */
TEST_F(vsock, half_closed_by_the_server)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_shutdown(&all.server, SHUT_WR));
	ASSERT_EQ(0, end_receive(&all.client, 1));
	end_close(&all.client);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* shutdown() of both ways ends the connection; the sockets are there still. */
TEST_F(vsock, shut_down_by_the_client)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_shutdown(&all.client, SHUT_RDWR));
	ASSERT_EQ(0, end_receive(&all.server, 1));
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	end_close(&all.client);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* Whoever lets go of it last has done it, not whom it belongs to. */
TEST_F(vsock, closed_by_a_child)
{
	struct watch *watch = &self->scene.watch;
	struct process *child;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	child = scene_fork(&self->scene, all.client.process);
	ASSERT_NE(NULL, child);
	end_close(&all.client);
	ASSERT_EVENTS(watch);
	process_exit(child);
	expect_by(vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
			      PORTWATCH_FIRST_LOCAL), child);
	ASSERT_EVENTS(watch);
}

TEST_F(vsock, passed_to_another_process)
{
	struct watch *watch = &self->scene.watch;
	struct process *heir = scene_actor(&self->scene, "heir");
	struct vsock_joined all;
	struct end copy;

	ASSERT_NE(NULL, heir);
	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_give(&all.server, heir, &copy));
	end_close(&all.server);
	ASSERT_EVENTS(watch);
	end_close(&copy);
	all.server.closing = copy.closing;
	expect_by(vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
			      PORTWATCH_FIRST_LOCAL), heir);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, killed_with_a_connection)
{
	struct watch *watch = &self->scene.watch;
	struct vsock_joined all;

	ASSERT_EQ(0, vsock_join(&self->scene, &all, variant->type));
	all.client.closing = clock_boottime();
	process_kill(all.client.process);
	vsock_expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	vsock_expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* What nobody accepted ends with its listener, and belongs to who had that. */
TEST_F(vsock, unaccepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct portwatch_vsock_addr caller;
	struct end listener, client;

	ASSERT_EQ(0, vsock_serve(scene, &listener, scene_actor(scene, "lazy"),
			   variant->type));
	ASSERT_EQ(0, vsock_call(scene, &client, &scene->self, &listener));
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 0);
	expect = expect_unaccepted(watch, &listener, &client);
	expect->event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.count = PORTWATCH_UNKNOWN32;
	expect->rtt = false;
	expect->retrans_later = false;
	/* The client has a port and no address; who it calls knows both. */
	caller.cid = VMADDR_CID_LOCAL;
	caller.port = address_vsock_port(&client.facts.local);
	memcpy(expect->event.raddr, &caller, sizeof(caller));
	ASSERT_EVENTS(watch);
	end_close(&client);
	vsock_expect_over(watch, &client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
