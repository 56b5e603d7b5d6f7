// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that go from hand to hand: rows 16 and 17. Who made one stays its owner;
 * who lets go of it last has closed it.
 */
#include <kselftest_harness.h>

#include <unistd.h>

#include "module.h"
#include "scene.h"

SCENE_HOLD_HOOKS

SCENE_BOTH(passed);

/* A connection of a new process with the test's listener, told so far. */
static void join(struct __test_metadata *_metadata, struct scene *scene,
		 struct process *process, struct end *client,
		 struct end *server)
{
	struct end listener;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, client, process, &listener, server));
	scene_expect_listen(scene, &listener);
	scene_expect_join(scene, client, &listener, server);
	ASSERT_EVENTS(&scene->watch);
}

TEST_F(passed, to_a_grandchild_that_is_the_last)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct process *child, *grandchild;
	struct end client, server;

	join(_metadata, scene, parent, &client, &server);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	grandchild = scene_fork(scene, child);
	ASSERT_NE(NULL, grandchild);
	process_exit(parent);
	process_kill(child);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, who_read(&grandchild->who, grandchild->who.pid));
	process_exit(grandchild);
	end_close(&server);
	expect_by(expect_fin(watch, &client, &server), grandchild);
	EXPECT_EVENTS(watch);
}

/* The parent is the last one after all: it is the owner, and nobody else did it. */
TEST_F(passed, to_a_child_that_is_not_the_last)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end client, server, copy;
	struct process *child;

	join(_metadata, scene, parent, &client, &server);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	/* Used by both of them, which changes nothing. */
	copy = end_in(&client, child);
	ASSERT_EQ(10, end_send(&copy, 10));
	ASSERT_EQ(5, end_send(&client, 5));
	ASSERT_EQ(15, end_receive(&server, 15));
	client.tx = 15;
	process_kill(child);
	ASSERT_EVENTS(watch);
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

TEST_F(passed, to_itself)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "process");
	struct end client, server, copy;

	join(_metadata, scene, process, &client, &server);
	ASSERT_EQ(0, end_give(&client, process, &copy));
	EXPECT_NE(client.fd, copy.fd);
	end_close(&client);
	ASSERT_EVENTS(watch);
	end_close_in_turn(&copy, &server);
	expect_fin(watch, &copy, &server);
	EXPECT_EVENTS(watch);
}

/* Between two owners: who had it is gone, who will have it has not got it yet. */
TEST_F(passed, while_its_sender_ends)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *sender = scene_actor(scene, "sender");
	struct end client, server;
	int pair[2], carried;
	char byte;

	join(_metadata, scene, sender, &client, &server);
	ASSERT_EQ(0, end_put_in_flight(&client, pair));
	process_kill(sender);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, message_receive(pair[1], &byte, 1, &carried));
	ASSERT_LE(0, carried);
	client.process = &scene->self;
	client.fd = carried;
	ASSERT_EQ(7, end_send(&client, 7));
	ASSERT_EQ(7, end_receive(&server, 7));
	end_close_in_turn(&client, &server);
	expect_by(expect_fin(watch, &client, &server), &scene->self);
	EXPECT_EVENTS(watch);
}

/* Nobody takes it: who closes the way that it is on has closed it. */
TEST_F(passed, and_never_taken)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *sender = scene_actor(scene, "sender");
	struct end client, server;
	int pair[2];

	join(_metadata, scene, sender, &client, &server);
	ASSERT_EQ(0, end_put_in_flight(&client, pair));
	process_exit(sender);
	close(pair[0]);
	ASSERT_EVENTS(watch);
	client.closing = clock_boottime();
	close(pair[1]);
	end_close(&server);
	expect_by(expect_fin(watch, &client, &server), &scene->self);
	EXPECT_EVENTS(watch);
}

/* The way ends with the process that put it there. */
TEST_F(passed, to_nobody_by_a_process_that_is_killed)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *sender = scene_actor(scene, "sender");
	struct portwatch_status before;
	struct end client, server;
	int fd = module_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_status(fd, &before));
	join(_metadata, scene, sender, &client, &server);
	ASSERT_EQ(0, end_strand(&client));
	ASSERT_EVENTS(watch);
	client.closing = clock_boottime();
	process_kill(sender);
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
	EXPECT_EQ(0, module_wait_sockets(fd, before.sockets + 1));
}

/* A debugger takes a copy of a descriptor that it was never given. */
TEST_F(passed, to_one_who_took_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *owner = scene_actor(scene, "owner");
	struct process *thief = scene_actor(scene, "thief");
	struct end listener, taken, client, server;

	ASSERT_NE(NULL, owner);
	ASSERT_NE(NULL, thief);
	ASSERT_EQ(0, scene_listen(scene, &listener, owner));
	ASSERT_EQ(0, end_steal(&listener, thief, &taken));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &taken, &server));
	EXPECT_EQ(thief->who.pid, server.owner.pid);
	scene_expect_join(scene, &client, &listener, &server);
	process_kill(owner);
	ASSERT_EVENTS(watch);
	end_close(&taken);
	expect_by(expect_close_listener(watch, &taken, 1), thief);
	EXPECT_EVENTS(watch);
}

/* As inetd does: one accepts, another serves with what it inherited. */
TEST_F(passed, to_a_service_that_inherits_what_was_accepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *inetd = scene_actor(scene, "inetd");
	struct end listener, client, server, inherited;
	struct process *service;

	ASSERT_NE(NULL, inetd);
	ASSERT_EQ(0, scene_listen(scene, &listener, inetd));
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	scene_expect_listen(scene, &listener);
	scene_expect_join(scene, &client, &listener, &server);
	service = scene_fork(scene, inetd);
	ASSERT_NE(NULL, service);
	ASSERT_EQ(0, process_exec(service, scene->directory, "service",
				  server.fd));
	inherited = end_in(&server, service);
	end_close(&server);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(10, end_send(&inherited, 10));
	ASSERT_EQ(10, end_receive(&client, 10));
	process_exit(service);
	end_close(&client);
	expect_by(expect_fin(watch, &inherited, &client), service);
	EXPECT_EVENTS(watch);
}

/* Two workers take from a listener that neither of them made, in turn. */
TEST_F(passed, to_workers_that_accept_in_turn)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *master = scene_actor(scene, "master");
	struct end listener, clients[4], servers[4];
	struct process *workers[2];
	struct end copies[2];
	unsigned int i;

	ASSERT_NE(NULL, master);
	ASSERT_EQ(0, scene_listen(scene, &listener, master));
	scene_expect_listen(scene, &listener);
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i] = scene_fork(scene, master);
		ASSERT_NE(NULL, workers[i]);
		ASSERT_EQ(0, process_setuid(workers[i], 33 + i));
		copies[i] = end_in(&listener, workers[i]);
	}
	end_close(&listener);
	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		ASSERT_EQ(0, scene_join(scene, &clients[i], &scene->self,
					&copies[i & 1], &servers[i]));
		EXPECT_EQ(33U + (i & 1), servers[i].owner.uid);
		scene_expect_join(scene, &clients[i], &listener, &servers[i]);
	}
	end_close(&copies[0]);
	ASSERT_EVENTS(watch);
	end_close(&copies[1]);
	expect_by(expect_close_listener(watch, &copies[1], 4), workers[1]);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
