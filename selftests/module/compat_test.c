// SPDX-License-Identifier: GPL-2.0
/*
 * Row 23: a 32-bit program. Its calls come to the kernel by another door, with
 * structures of another shape, and its C library puts them all through one,
 * socketcall().
 */
#include <kselftest_harness.h>

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "scene.h"

SCENE_HOLD_HOOKS

FIXTURE(compat)
{
	struct scene scene;
	struct process *server;
	struct process *client;
};

FIXTURE_VARIANT(compat)
{
	enum family family;
};

SCENE_VARIANT(compat, ipv4, IPV4);
SCENE_VARIANT(compat, ipv6, IPV6);
SCENE_VARIANT(compat, mapped, MAPPED);

static int elf_class(const char *path)
{
	unsigned char start[EI_NIDENT] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, start, sizeof(start));

	close(fd);
	return got == sizeof(start) ? start[EI_CLASS] : -1;
}

FIXTURE_SETUP(compat)
{
	struct scene *scene = &self->scene;
	int err;

	ASSERT_EQ(0, scene_open(scene, variant->family));
	err = scene_actor_of(scene, "actor32", "server32", &self->server);
	if (err == -ENOENT)
		SCENE_SKIP(scene, "no 32-bit actor was built (gcc-multilib)");
	if (err == -EPIPE)
		SCENE_SKIP(scene, "this kernel runs no 32-bit programs");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, scene_actor_of(scene, "actor32", "client32",
				    &self->client));
	ASSERT_EQ(ELFCLASS32, elf_class(self->server->who.exe));
}

FIXTURE_TEARDOWN(compat)
{
	scene_close(&self->scene);
}

TEST_F(compat, is_seen_on_both_sides)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;

	ASSERT_EQ(0, scene_socket_of(scene, &listener, self->server,
				     SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&listener, scene_loopback(scene, 7400)));
	ASSERT_EQ(0, end_listen(&listener, 5));
	expect_socket(watch, &listener);
	expect_bind(watch, &listener, PORTWATCH_HOW_EXPLICIT);
	expect_listen(watch, &listener, 5);
	ASSERT_EQ(0, end_accept_begin(&listener, true));
	ASSERT_EQ(0, scene_connect(scene, &client, self->client, &listener));
	ASSERT_EQ(0, end_accept_finish(&server, &listener));
	ASSERT_EQ(100, end_send(&client, 100));
	ASSERT_EQ(100, end_receive(&server, 100));
	scene_expect_join(scene, &client, &listener, &server);
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	process_kill(self->server);
	expect_close_listener(watch, &listener, 1);
	EXPECT_EVENTS(watch);
}

TEST_F(compat, fails_as_others_do)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end holder, end, client;

	ASSERT_EQ(0, scene_socket(scene, &holder, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&holder, scene_loopback(scene, 7401)));
	expect_socket(watch, &holder);
	expect_bind(watch, &holder, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, scene_socket_of(scene, &end, self->server, SOCK_STREAM));
	ASSERT_EQ(-EADDRINUSE, end_bind(&end, scene_loopback(scene, 7401)));
	expect_socket(watch, &end);
	expect_holder(expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT,
					 EADDRINUSE),
		      &holder, PORTWATCH_STATE_BOUND);
	ASSERT_EQ(0, scene_socket_of(scene, &client, self->client,
				     SOCK_STREAM));
	ASSERT_EQ(-ECONNREFUSED, end_connect(&client,
					     scene_loopback(scene, 9)));
	expect_socket(watch, &client);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	EXPECT_EVENTS(watch);
}

TEST_F(compat, uses_udp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end ends[2];

	ASSERT_EQ(0, scene_socket_of(scene, &ends[0], self->server,
				     SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&ends[0], scene_loopback(scene, 0)));
	expect_socket(watch, &ends[0]);
	expect_bind(watch, &ends[0], PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(0, scene_socket_of(scene, &ends[1], self->client,
				     SOCK_DGRAM));
	expect_socket(watch, &ends[1]);
	ASSERT_EQ(8, end_send_to(&ends[1], 8,
				 scene_loopback(scene, end_port(&ends[0]))));
	expect_bind(watch, &ends[1], PORTWATCH_HOW_AUTO);
	ASSERT_EQ(0, end_connect(&ends[1],
				 scene_loopback(scene, end_port(&ends[0]))));
	expect_connect(watch, &ends[1]);
	process_exit(self->client);
	expect_close_socket(watch, &ends[1]);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
