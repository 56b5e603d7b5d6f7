// SPDX-License-Identifier: GPL-2.0
/* Attempts of vsock that are refused, or have no way to go. */
#include <kselftest_harness.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "patience.h"
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

/* The port that the attempt took, or had by bind(), stays the socket's. */
TEST_F(vsock, refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ECONNRESET, end_connect(&end, vsock_local(6200)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	/* A second time. */
	ASSERT_EQ(-ECONNRESET, end_connect(&end, vsock_local(6201)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, refused_without_waiting)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, end_bind(&end, vsock_local(6210)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, vsock_local(6211)));
	expect_connect(watch, &end);
	ASSERT_EQ(-ECONNRESET, end_outcome(&end));
	expect_connect_failed(watch, &end, ECONNRESET);
	ASSERT_EVENTS(watch);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

/* It is bound there, and nobody listens. */
TEST_F(vsock, refused_by_who_does_not_listen)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end bound, end;

	ASSERT_EQ(0, vsock_socket(scene, &bound, &scene->self, variant->type));
	ASSERT_EQ(0, end_bind(&bound, vsock_local(6220)));
	expect_bind(watch, &bound, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ECONNRESET, end_connect(&end, vsock_local(6220)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	EXPECT_EVENTS(watch);
}

/* A socket that called one keeps the transport for as long as connect() may take. */
static int forget_machines(void)
{
	uint64_t limit = clock_boottime() + patient(10000000000ULL);

	while (!access("/sys/module/vhost_vsock", F_OK)) {
		if (clock_boottime() > limit)
			return -EBUSY;
		if (system("modprobe -q -r vhost_vsock"))
			poll(NULL, 0, 50);
	}
	return 0;
}

/* No transport leads there: nothing is sent, and no port is taken. */
TEST_F(vsock, no_way_there)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct end end;

	ASSERT_EQ(0, forget_machines());
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ENODEV, end_connect(&end, target_vsock(4711, 80)));
	expect = expect_connect_failed(watch, &end, ENODEV);
	expect->event.flags &= ~PORTWATCH_F_LOCAL;
	memset(expect->event.laddr, 0, 16);
	expect->begun[0] = 0;
	expect->begun[1] = 0;
	end_close(&end);
	end.begun[0] = end.born[0];
	expect_close_unused(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
