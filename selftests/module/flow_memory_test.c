// SPDX-License-Identifier: GPL-2.0
/* How many peers are remembered, and what is said when there is no room: row 33. */
#include <kselftest_harness.h>

#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"

/* The module with places for few, all of which are taken. */
FIXTURE(flow_memory)
{
	struct scene scene;
	int fd;
};

#define PLACES 16
#define FEW "flows_max=16"

FIXTURE_SETUP(flow_memory)
{
	struct portwatch_options options = watch_options();

	options.events |= PORTWATCH_EVENT_BIT(PORTWATCH_FLOW);
	if (!module_file())
		SETUP_SKIP("PORTWATCH_KO does not say where the module is");
	ASSERT_EQ(0, module_reload(FEW));
	ASSERT_EQ(0, scene_prepare(&self->scene, IPV4));
	ASSERT_EQ(0, scene_watch(&self->scene, &options));
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(flow_memory)
{
	close(self->fd);
	scene_close(&self->scene);
	EXPECT_EQ(0, module_reload(""));
}

/* Datagrams that were sent and found no room. */
static uint64_t missed(int fd)
{
	struct portwatch_hook hook;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++)
		if (!strcmp((char *)hook.name, "flow-out4"))
			return hook.misses;
	return -1;
}

/* Sends to that many ports at which nobody listens, and expects the first flows. */
static int send_around(struct scene *scene, struct end *end, unsigned int count,
		       unsigned int told)
{
	struct address local, peer;
	struct target target;
	struct expect *expect;
	unsigned int i;

	for (i = 0; i < count; i++) {
		target = scene_loopback(scene, 20000 + i);
		if (end_send_to(end, 1, target) != 1)
			return -EIO;
		peer = address_of(&target.any);
		local = peer;
		local.port = end_port(end);
		if (!i)
			expect_bind(&scene->watch, end, PORTWATCH_HOW_AUTO);
		if (i >= told)
			continue;
		expect = expect_flow(&scene->watch, end, PORTWATCH_DIR_OUT,
				     &local, &peer);
		if (i == told - 1)
			expect->event.flags |= PORTWATCH_F_FULL;
	}
	return 0;
}

TEST_F(flow_memory, is_bounded_and_says_when_it_is_full)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	unsigned int i;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	ASSERT_EQ(0, send_around(scene, &end, PLACES + 5, PLACES));
	ASSERT_EVENTS(watch);
	EXPECT_EQ(5, missed(self->fd));
	/* Those that were told are not told again. */
	for (i = 0; i < PLACES; i++)
		ASSERT_EQ(1, end_send_to(&end, 1,
					 scene_loopback(scene, 20000 + i)));
	EXPECT_EQ(5, missed(self->fd));
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* With the socket its flows are forgotten, soon after there is need. */
TEST_F(flow_memory, has_room_again_when_sockets_are_closed)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	uint64_t before;
	struct end end;
	unsigned int i;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	ASSERT_EQ(0, send_around(scene, &end, PLACES, 0));
	end_close(&end);
	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	for (i = 0; i < 100; i++) {
		before = missed(self->fd);
		ASSERT_EQ(1, end_send_to(&end, 1, scene_loopback(scene, 19999)));
		if (missed(self->fd) == before)
			break;
		usleep(100000);
	}
	EXPECT_LT(i, 100);
	end_close(&end);
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	ASSERT_EQ(0, send_around(scene, &end, PLACES / 2, PLACES));
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
