// SPDX-License-Identifier: GPL-2.0
/*
 * MPTCP without the hook that sees its subflows being made, as where that missed one:
 * they have been taken for any other sockets, until they carry a connection.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <netinet/in.h>

#include "module.h"
#include "scene.h"

FIXTURE(mptcp_missed)
{
	struct scene scene;
	struct portwatch_reader *holder;	/* of the hooks */
	struct portwatch_options options;
};

FIXTURE_VARIANT(mptcp_missed)
{
	enum family family;
};

SCENE_VARIANT(mptcp_missed, ipv4, IPV4);
SCENE_VARIANT(mptcp_missed, ipv6, IPV6);

/* The kernel's sockets are not asked for: those are the ones that it would miss. */
FIXTURE_SETUP(mptcp_missed)
{
	if (!module_file())
		SETUP_SKIP("PORTWATCH_KO does not say where the module is");
	if (!scene_has(SOCK_STREAM, IPPROTO_MPTCP))
		SETUP_SKIP("the kernel has no MPTCP");
	ASSERT_EQ(0, module_reload("without=mptcp-subflow"));
	ASSERT_EQ(0, scene_prepare(&self->scene, variant->family));
	self->options = watch_options();
	self->options.events &= ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET);
	ASSERT_EQ(0, portwatch_reader_open(&self->holder, &self->options));
	ASSERT_EQ(0, scene_watch(&self->scene, &self->options));
}

FIXTURE_TEARDOWN(mptcp_missed)
{
	scene_close(&self->scene);
	portwatch_reader_close(self->holder);
	EXPECT_EQ(0, module_reload(""));
}

static void expect_joined(struct watch *watch, const struct end *listener,
			  const struct end *client, const struct end *server)
{
	expect_bind(watch, listener, PORTWATCH_HOW_EPHEMERAL);
	expect_listen(watch, listener, 16);
	expect_connect(watch, client);
	expect_established(watch, client);
	expect_accept(watch, server, listener);
}

/* The program's sockets, and no more. */
static void expect_rows(struct watch *watch, const struct end *listener,
			const struct end *client, const struct end *server)
{
	struct expect *expect = expect_row(watch, listener, PORTWATCH_LISTEN,
					   PORTWATCH_STATE_LISTENING);

	expect->event.existing.backlog = 16;
	expect->event.existing.accepted = 1;
	expect->event.existing.how = PORTWATCH_HOW_EPHEMERAL;
	expect_row(watch, client, PORTWATCH_ESTABLISHED,
		   PORTWATCH_STATE_CONNECTED);
	expect_row(watch, server, PORTWATCH_ACCEPT, PORTWATCH_STATE_CONNECTED);
}

TEST_F(mptcp_missed, is_the_subflow_of_a_connection_all_the_same)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene->protocol = IPPROTO_MPTCP;
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	ASSERT_EQ(IPPROTO_MPTCP, client.facts.protocol);
	expect_joined(watch, &listener, &client, &server);
	EXPECT_EVENTS(watch);
	ASSERT_EQ(0, end_talk(&client, &server, 100, 200));
	/* When the next reader comes, it has begun. */
	server.born[0] = client.begun[0];
	server.begun[0] = client.begun[0];
	watch_close(watch);
	self->options.no_snapshot = false;
	watch->old_sockets = true;
	ASSERT_EQ(0, scene_watch(scene, &self->options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	expect_rows(watch, &listener, &client, &server);
	EXPECT_EVENTS(watch);
	end_close(&client);
	EXPECT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
