// SPDX-License-Identifier: GPL-2.0
/*
 * Row 31: a browser asks a web server on port 80, a page comes back, the
 * connection closes. What both ends say must be one story.
 */
#include <kselftest_harness.h>

#include "scene.h"

#define REQUEST 78
#define PAGE 51200

SCENE_HOLD_HOOKS

SCENE_ALL(exchange);

static const struct portwatch_event *find_event(const struct watch *watch,
						enum portwatch_type type,
						uint64_t sock)
{
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		if (watch->got[i].event.type == type &&
		    watch->got[i].event.sock == sock)
			return &watch->got[i].event;
	return NULL;
}

/* What one end calls local the other one calls remote. */
static bool is_mirrored(const struct portwatch_event *one,
			const struct portwatch_event *other)
{
	return one->lport == other->rport && one->rport == other->lport &&
	       one->family == other->family && one->netns == other->netns &&
	       !memcmp(one->laddr, other->raddr, 16) &&
	       !memcmp(one->raddr, other->laddr, 16);
}

static void web_server(struct __test_metadata *_metadata, struct scene *scene,
		       struct end *listener)
{
	struct process *process = scene_actor(scene, "nginx");

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_socket_of(scene, listener, process, SOCK_STREAM));
	ASSERT_EQ(0, end_option(listener, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(0, end_bind(listener, scene_loopback(scene, 80)));
	ASSERT_EQ(0, end_listen(listener, 511));
	expect_socket(&scene->watch, listener);
	expect_bind(&scene->watch, listener, PORTWATCH_HOW_EXPLICIT);
	expect_listen(&scene->watch, listener, 511);
	/* A server: another user than it was when it took the port. */
	ASSERT_EQ(0, process_setuid(process, 33));
}

/* The browser asks, the server answers and closes, as in HTTP/1.0. */
static void fetch_page(struct __test_metadata *_metadata, struct scene *scene,
		       struct end *listener, struct end *client,
		       struct end *server)
{
	struct process *browser = scene_actor(scene, "browser");

	ASSERT_NE(NULL, browser);
	ASSERT_EQ(0, end_accept_begin(listener, false));
	ASSERT_EQ(0, scene_connect(scene, client, browser, listener));
	ASSERT_EQ(0, end_accept_finish(server, listener));
	ASSERT_EQ(REQUEST, end_send(client, REQUEST));
	ASSERT_EQ(REQUEST, end_receive(server, REQUEST));
	ASSERT_EQ(PAGE, end_send(server, PAGE));
	ASSERT_EQ(PAGE, end_receive(client, PAGE));
	ASSERT_EQ(0, end_close(server));
	ASSERT_EQ(0, end_receive(client, 1));
	ASSERT_EQ(0, end_close(client));
}

TEST_F(exchange, is_told_by_both_ends)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	const struct portwatch_event *one, *other;
	struct end listener, client, server;

	web_server(_metadata, scene, &listener);
	fetch_page(_metadata, scene, &listener, &client, &server);
	EXPECT_EQ(80, server.facts.local.port);
	EXPECT_EQ(80, client.facts.remote.port);
	EXPECT_EQ(33U, server.owner.uid);
	scene_expect_join(scene, &client, &listener, &server);
	expect_fin(watch, &server, &client);

	ASSERT_EQ(0, watch_collect(watch, watch->nr_expects));
	one = find_event(watch, PORTWATCH_CLOSE, client.facts.cookie);
	other = find_event(watch, PORTWATCH_CLOSE, server.facts.cookie);
	ASSERT_NE(NULL, one);
	ASSERT_NE(NULL, other);
	EXPECT_TRUE(is_mirrored(one, other));
	EXPECT_EQ(REQUEST, (int)one->close.tx_bytes);
	EXPECT_EQ(PAGE, (int)one->close.rx_bytes);
	EXPECT_EQ(one->close.tx_bytes, other->close.rx_bytes);
	EXPECT_EQ(one->close.rx_bytes, other->close.tx_bytes);
	one = find_event(watch, PORTWATCH_CONNECT, client.facts.cookie);
	other = find_event(watch, PORTWATCH_ACCEPT, server.facts.cookie);
	ASSERT_NE(NULL, one);
	ASSERT_NE(NULL, other);
	EXPECT_TRUE(is_mirrored(one, other));
	EXPECT_EVENTS(watch);
}

FIXTURE(outside)
{
	struct scene scene;
};

FIXTURE_SETUP(outside)
{
	ASSERT_EQ(0, scene_open_outside(&self->scene, IPV4));
}

FIXTURE_TEARDOWN(outside)
{
	scene_close(&self->scene);
}

/* The same where the machine's own services are: in the first netns. */
TEST_F(outside, is_told_by_both_ends_too)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	web_server(_metadata, scene, &listener);
	fetch_page(_metadata, scene, &listener, &client, &server);
	scene_expect_join(scene, &client, &listener, &server);
	expect_fin(watch, &server, &client);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
