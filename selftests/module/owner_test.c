// SPDX-License-Identifier: GPL-2.0
/* Who opened it and who did it: rows 16, 17 and 18. */
#include <kselftest_harness.h>

#include "module.h"
#include "scene.h"

SCENE_HOLD_HOOKS

SCENE_BOTH(owner);

/* Row 16. */
TEST_F(owner, is_the_parent_and_the_child_closes)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end listener, client, server;
	struct process *child;

	ASSERT_NE(NULL, parent);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, &client, parent, &listener, &server));
	scene_expect_listen(scene, &listener);
	scene_expect_join(scene, &client, &listener, &server);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	end_close(&client);
	ASSERT_EVENTS(watch);
	process_exit(child);
	expect_by(expect_close_connection(watch, &client, PORTWATCH_REASON_FIN,
					  PORTWATCH_FIRST_LOCAL), child);
	end_close(&server);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

TEST_F(owner, is_the_parent_and_the_killed_child_closes)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end listener, udp;
	struct process *child;

	ASSERT_NE(NULL, parent);
	ASSERT_EQ(0, scene_listen(scene, &listener, parent));
	ASSERT_EQ(0, scene_socket_of(scene, &udp, parent, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, 0)));
	scene_expect_listen(scene, &listener);
	expect_socket(watch, &udp);
	expect_bind(watch, &udp, PORTWATCH_HOW_EPHEMERAL);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	process_exit(parent);
	/* It has another parent now. */
	ASSERT_EQ(0, who_read(&child->who, child->who.pid));
	ASSERT_EVENTS(watch);
	process_kill(child);
	expect_by(expect_close_listener(watch, &listener, 0), child);
	expect_by(expect_close_socket(watch, &udp), child);
	EXPECT_EVENTS(watch);
}

/* The child may do everything with what the parent opened. */
TEST_F(owner, stays_when_another_binds_listens_and_connects)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end ends[2], client, listener, server;
	struct process *child;

	ASSERT_NE(NULL, parent);
	ASSERT_EQ(0, scene_socket_of(scene, &ends[0], parent, SOCK_STREAM));
	ASSERT_EQ(0, scene_socket_of(scene, &ends[1], parent, SOCK_STREAM));
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	listener = end_in(&ends[0], child);
	client = end_in(&ends[1], child);
	expect_socket(watch, &listener);
	expect_socket(watch, &client);
	ASSERT_EQ(0, end_bind(&listener, scene_loopback(scene, 7777)));
	expect_by(expect_bind(watch, &listener, PORTWATCH_HOW_EXPLICIT), child);
	ASSERT_EQ(0, end_listen(&listener, 4));
	expect_by(expect_listen(watch, &listener, 4), child);
	ASSERT_EQ(0, end_connect(&client, scene_loopback(scene, 7777)));
	expect_by(expect_connect(watch, &client), child);
	expect_established(watch, &client);
	ASSERT_EQ(0, end_accept(&server, &listener));
	EXPECT_EQ(child->who.pid, server.owner.pid);
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
}

TEST_F(owner, stays_when_another_fails_to_bind_and_to_connect)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end end, holder;
	struct process *child;
	struct expect *expect;

	ASSERT_NE(NULL, parent);
	ASSERT_EQ(0, scene_socket(scene, &holder, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&holder, scene_loopback(scene, 7778)));
	expect_socket(watch, &holder);
	expect_bind(watch, &holder, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, scene_socket_of(scene, &end, parent, SOCK_STREAM));
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	end.process = child;
	expect_socket(watch, &end);
	ASSERT_EQ(-EADDRINUSE, end_bind(&end, scene_loopback(scene, 7778)));
	expect = expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT,
				    EADDRINUSE);
	expect_by(expect, child);
	expect_holder(expect, &holder, PORTWATCH_STATE_BOUND);
	ASSERT_EQ(-ECONNREFUSED, end_connect(&end, scene_loopback(scene, 9)));
	expect_by(expect_connect(watch, &end), child);
	/* The refusal came from the network: nobody did it. */
	expect_connect_failed(watch, &end, ECONNREFUSED);
	EXPECT_EVENTS(watch);
}

/* Row 17. */
TEST_F(owner, stays_when_a_descriptor_is_passed_on)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *opener = scene_actor(scene, "opener");
	struct process *user = scene_actor(scene, "user");
	struct end listener, passed, client, server, udp, passed_udp;

	ASSERT_NE(NULL, opener);
	ASSERT_NE(NULL, user);
	ASSERT_EQ(0, scene_listen(scene, &listener, opener));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, end_give(&listener, user, &passed));
	ASSERT_EQ(0, scene_join(scene, &client, opener, &passed, &server));
	EXPECT_EQ(user->who.pid, server.owner.pid);
	scene_expect_join(scene, &client, &listener, &server);

	ASSERT_EQ(0, scene_socket_of(scene, &udp, opener, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, 0)));
	expect_socket(watch, &udp);
	expect_bind(watch, &udp, PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(0, end_give(&udp, user, &passed_udp));

	end_close(&listener);
	end_close(&udp);
	ASSERT_EVENTS(watch);
	end_close(&passed);
	expect_by(expect_close_listener(watch, &passed, 1), user);
	end_close(&passed_udp);
	expect_by(expect_close_socket(watch, &passed_udp), user);
	EXPECT_EVENTS(watch);
}

/* A service that systemd started with its listening socket. */
TEST_F(owner, of_a_socket_inherited_by_exec_is_who_made_it)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *init = scene_actor(scene, "init");
	struct process *client = scene_actor(scene, "client");
	struct end listener, inherited, end, server;
	struct process *service;

	ASSERT_NE(NULL, init);
	ASSERT_NE(NULL, client);
	ASSERT_EQ(0, scene_listen(scene, &listener, init));
	scene_expect_listen(scene, &listener);
	service = scene_fork(scene, init);
	ASSERT_NE(NULL, service);
	ASSERT_EQ(0, process_exec(service, scene->directory, "service",
				  listener.fd));
	ASSERT_STREQ("service", service->who.comm);
	inherited = end_in(&listener, service);
	ASSERT_EQ(0, scene_join(scene, &end, client, &inherited, &server));
	EXPECT_STREQ("service", server.owner.comm);
	scene_expect_join(scene, &end, &listener, &server);
	end_close(&listener);
	ASSERT_EVENTS(watch);
	process_exit(service);
	expect_by(expect_close_listener(watch, &listener, 1), service);
	/*
	 * The kernel ends its connection when the FIN is acknowledged; or, if that came
	 * while it was still closing, with the client's.
	 */
	ASSERT_EQ(0, end_receive(&end, 1));
	end_close(&end);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	expect_close_connection(watch, &end, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The process is the same, whatever it calls itself: nobody else did it. */
TEST_F(owner, is_still_itself_after_a_new_name_and_a_new_user)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "before");
	struct end ends[2];
	unsigned int i;

	ASSERT_NE(NULL, process);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		ASSERT_EQ(0, scene_socket_of(scene, &ends[i], process,
					     SOCK_STREAM));
	ASSERT_EQ(0, process_rename(process, "after"));
	ASSERT_EQ(0, process_setuid(process, 65534));
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		EXPECT_STREQ("before", ends[i].owner.comm);
		EXPECT_EQ(0U, ends[i].owner.uid);
		expect_socket(watch, &ends[i]);
		ASSERT_EQ(0, end_bind(&ends[i], scene_loopback(scene, 0)));
		expect_bind(watch, &ends[i], PORTWATCH_HOW_EPHEMERAL);
		end_close(&ends[i]);
		expect_close_socket(watch, &ends[i]);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(owner, has_the_thread_that_opened_and_the_actor_the_one_that_did)
{
	struct request open_it = {
		.verb = DO_OPEN, .fd = -1, .b = SOCK_STREAM, .thread = true,
		.a = family_domain(variant->family),
	};
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "threaded");
	struct request close_it = { .verb = DO_CLOSE, .thread = true };
	struct end end = { .process = process }, copy;
	struct process *child;
	struct answer answer;

	ASSERT_NE(NULL, process);
	ASSERT_LE(0, process_do(process, &open_it, &answer));
	EXPECT_NE(answer.tid, answer.pid);
	end.owner = process->who;
	end.fd = answer.result;
	end.facts = answer.facts;
	end.born[0] = answer.before;
	end.born[1] = answer.after;
	expect_socket(watch, &end);
	EXPECT_EQ(answer.tid, end.owner.tid);
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	child = scene_fork(scene, process);
	ASSERT_NE(NULL, child);
	copy = end_in(&end, child);
	end_close(&end);
	close_it.fd = copy.fd;
	ASSERT_EQ(0, process_do(child, &close_it, &answer));
	EXPECT_NE(answer.tid, answer.pid);
	expect_by(expect_close_socket(watch, &copy), child);
	EXPECT_EQ(answer.tid, (pid_t)child->who.tid);
	EXPECT_EVENTS(watch);
}

/* A thread accepts: the owner's tid is its own, not that of the main thread. */
TEST_F(owner, is_the_thread_that_accepted)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "threaded");
	struct end listener, client, server;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, process));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, end_accept_begin(&listener, true));
	ASSERT_EQ(0, scene_connect(scene, &client, &scene->self, &listener));
	ASSERT_EQ(0, end_accept_finish(&server, &listener));
	EXPECT_NE(server.owner.tid, server.owner.pid);
	scene_expect_join(scene, &client, &listener, &server);
	EXPECT_EVENTS(&scene->watch);
}

/*
 * Row 18: killed with everything open. What the table held of its sockets is
 * gone with them.
 */
TEST_F(owner, that_is_killed_leaves_nothing_behind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *victim = scene_actor(scene, "victim");
	struct end listener, server, client, outside, outside_server;
	struct end udp, bound, unused, outside_client;
	struct portwatch_status before;
	int fd = module_open();

	ASSERT_NE(NULL, victim);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scene_listen(scene, &outside, &scene->self));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, module_status(fd, &before));
	ASSERT_EQ(0, scene_listen(scene, &listener, victim));
	ASSERT_EQ(0, scene_join(scene, &client, victim, &outside,
				&outside_server));
	ASSERT_EQ(0, scene_join(scene, &outside_client, &scene->self,
				&listener, &server));
	ASSERT_EQ(0, scene_socket_of(scene, &udp, victim, SOCK_DGRAM));
	ASSERT_EQ(0, end_connect(&udp, scene_loopback(scene, 53)));
	ASSERT_EQ(0, scene_socket_of(scene, &bound, victim, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&bound, scene_loopback(scene, 0)));
	ASSERT_EQ(0, scene_socket_of(scene, &unused, victim, SOCK_STREAM));
	ASSERT_EQ(0, watch_skip(watch));
	process_kill(victim);
	expect_close_listener(watch, &listener, 1);
	expect_close_connection(watch, &client, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	expect_close_socket(watch, &udp);
	expect_close_socket(watch, &bound);
	expect_close_unused(watch, &unused);
	EXPECT_EVENTS(watch);
	/* The two ends that are left are the test's. */
	EXPECT_EQ(0, module_wait_sockets(fd, before.sockets + 2));
}

TEST_HARNESS_MAIN
