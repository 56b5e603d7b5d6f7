// SPDX-License-Identifier: GPL-2.0
/*
 * A process that changes while it works with its sockets: it is the same one, and
 * what it was when it made a socket is what the owner of that socket stays.
 */
#include <kselftest_harness.h>

#include "module.h"
#include "scene.h"

SCENE_HOLD_HOOKS

SCENE_BOTH(who);

/* Asks for something in a thread of its own; no thread is the same twice. */
static int in_thread(struct end *end, struct request request)
{
	struct answer answer;
	int result;

	request.thread = true;
	if (request.verb != DO_OPEN)
		request.fd = end->fd;
	result = process_do(end->process, &request, &answer);
	if (answer.facts.cookie)
		end->facts = answer.facts;
	if (request.verb == DO_OPEN && result >= 0) {
		end->fd = result;
		end->owner = end->process->who;
		end->born[0] = answer.before;
		end->born[1] = answer.after;
	}
	if (answer.tid == answer.pid)
		return -EDOM;
	return result < 0 ? result : 0;
}

TEST_F(who, executes_between_socket_and_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "before");
	struct end listener, client, server;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_socket_of(scene, &listener, process, SOCK_STREAM));
	expect_socket(watch, &listener);
	ASSERT_EQ(0, process_exec(process, scene->directory, "after",
				  listener.fd));
	EXPECT_STREQ("after", process->who.comm);
	EXPECT_STREQ("before", listener.owner.comm);
	ASSERT_EQ(0, end_bind(&listener, scene_loopback(scene, 7100)));
	expect_bind(watch, &listener, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_listen(&listener, 3));
	expect_listen(watch, &listener, 3);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	EXPECT_STREQ("after", server.owner.comm);
	scene_expect_join(scene, &client, &listener, &server);
	process_exit(process);
	expect_close_listener(watch, &listener, 1);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* It takes over the number of the first thread, which is gone. */
TEST_F(who, executes_from_another_thread)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "before");
	struct end before, after;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_socket_of(scene, &before, process, SOCK_STREAM));
	expect_socket(watch, &before);
	ASSERT_EQ(0, process_exec_by_thread(process, scene->directory, "after",
					    before.fd));
	ASSERT_EQ(0, end_bind(&before, scene_loopback(scene, 7101)));
	expect_bind(watch, &before, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, scene_socket_of(scene, &after, process, SOCK_STREAM));
	EXPECT_STREQ("after", after.owner.comm);
	expect_socket(watch, &after);
	process_kill(process);
	expect_close_socket(watch, &before);
	expect_close_unused(watch, &after);
	EXPECT_EVENTS(watch);
}

TEST_F(who, changes_its_user_between_socket_and_bind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "daemon");
	struct end ends[3];

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_socket_of(scene, &ends[0], process, SOCK_STREAM));
	ASSERT_EQ(0, scene_socket_of(scene, &ends[1], process, SOCK_DGRAM));
	expect_socket(watch, &ends[0]);
	expect_socket(watch, &ends[1]);
	ASSERT_EQ(0, process_setuid(process, 33));
	/* It is somebody now who may not have this port. */
	ASSERT_EQ(-EACCES, end_bind(&ends[0], scene_loopback(scene, 81)));
	expect_bind_failed(watch, &ends[0], PORTWATCH_HOW_EXPLICIT, EACCES);
	ASSERT_EQ(0, end_connect(&ends[1], scene_loopback(scene, 53)));
	expect_bind(watch, &ends[1], PORTWATCH_HOW_AUTO);
	expect_connect(watch, &ends[1]);
	ASSERT_EQ(0, scene_socket_of(scene, &ends[2], process, SOCK_STREAM));
	EXPECT_EQ(33U, ends[2].owner.uid);
	EXPECT_EQ(0U, ends[0].owner.uid);
	expect_socket(watch, &ends[2]);
	EXPECT_EVENTS(watch);
}

/* Every call by another thread, none of them the first one. */
TEST_F(who, does_it_all_in_threads)
{
	struct target target = scene_loopback(&self->scene, 7102);
	struct request open_it = {
		.verb = DO_OPEN, .a = family_domain(variant->family),
		.b = SOCK_STREAM, .fd = -1,
	};
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "threaded");
	struct end listener = { .process = process };
	struct end client = { .process = process };
	struct end server;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, in_thread(&listener, open_it));
	expect_socket(watch, &listener);
	listener.asked = address_of(&target.any);
	ASSERT_EQ(0, in_thread(&listener, (struct request){
		.verb = DO_BIND, .target = target }));
	expect_bind(watch, &listener, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, in_thread(&listener, (struct request){
		.verb = DO_LISTEN, .a = 6 }));
	expect_listen(watch, &listener, 6);
	ASSERT_EQ(0, in_thread(&client, open_it));
	expect_socket(watch, &client);
	client.begun[0] = clock_boottime();
	ASSERT_EQ(0, in_thread(&client, (struct request){
		.verb = DO_CONNECT, .target = target }));
	client.begun[1] = clock_boottime();
	expect_connect(watch, &client);
	expect_established(watch, &client);
	ASSERT_EQ(0, end_accept_begin(&listener, true));
	ASSERT_EQ(0, end_accept_finish(&server, &listener));
	EXPECT_NE(server.owner.tid, server.owner.pid);
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
	client.closing = clock_boottime();
	ASSERT_EQ(0, in_thread(&client, (struct request){ .verb = DO_CLOSE }));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

/* Row 18, with threads that wait in accept() and in connect(). */
TEST_F(who, is_killed_while_its_threads_wait)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *victim = scene_actor(scene, "victim");
	struct process *waiting;
	struct end listener, deaf, client, server, outside;
	struct request connect_it = { .verb = DO_CONNECT };
	struct portwatch_status before;
	int fd = module_open();

	ASSERT_NE(NULL, victim);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, scene_listen(scene, &deaf, &scene->self));
	ASSERT_EQ(0, end_deaf(&deaf, true));
	ASSERT_EQ(0, watch_skip(watch));
	ASSERT_EQ(0, module_status(fd, &before));
	ASSERT_EQ(0, scene_listen(scene, &listener, victim));
	ASSERT_EQ(0, scene_join(scene, &outside, &scene->self, &listener,
				&server));
	ASSERT_EQ(0, scene_socket_of(scene, &client, victim, SOCK_STREAM));
	waiting = scene_fork(scene, victim);
	ASSERT_NE(NULL, waiting);
	ASSERT_EQ(0, watch_skip(watch));
	connect_it.fd = client.fd;
	connect_it.thread = true;
	connect_it.target = scene_loopback(scene, end_port(&deaf));
	client.begun[0] = clock_boottime();
	ASSERT_EQ(0, process_begin(victim, &connect_it, -1));
	ASSERT_EQ(0, watch_collect(watch, 1));
	client.begun[1] = clock_boottime();
	client.facts.local = address_of(&connect_it.target.any);
	client.facts.local.port = watch->got[0].event.lport;
	client.facts.remote = address_of(&connect_it.target.any);
	expect_connect(watch, &client);
	ASSERT_EVENTS(watch);
	/* The other process has the same descriptors, and is the last. */
	process_kill(victim);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, who_read(&waiting->who, waiting->who.pid));
	process_kill(waiting);
	expect_by(expect_connect_failed(watch, &client, ECANCELED), waiting);
	expect_by(expect_close_listener(watch, &listener, 1), waiting);
	expect_by(expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
					  PORTWATCH_FIRST_LOCAL), waiting);
	expect_by(expect_close_unused(watch, &client), waiting);
	watch->expects[3].event.flags = 0;
	watch->expects[3].event.family = client.facts.domain;
	EXPECT_EVENTS(watch);
	EXPECT_EQ(0, module_wait_sockets(fd, before.sockets + 1));
}

/* What /proc shows of it is little, for its first thread is a mere shell. */
TEST_F(who, goes_on_without_its_first_thread)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "headless");
	struct end before, after, client, server;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_socket_of(scene, &before, process, SOCK_STREAM));
	expect_socket(watch, &before);
	ASSERT_EQ(0, process_leave(process));
	ASSERT_EQ(0, scene_listen(scene, &after, process));
	EXPECT_NE(after.owner.tid, after.owner.pid);
	scene_expect_listen(scene, &after);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &after, &server));
	scene_expect_join(scene, &client, &after, &server);
	ASSERT_EVENTS(watch);
	process_kill(process);
	expect_close_unused(watch, &before);
	expect_close_listener(watch, &after, 1);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* It runs in its parent's memory, and is another process all the same. */
TEST_F(who, is_a_child_by_vfork)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "parent");
	struct end inherited, listener, client, server;
	struct process *child;

	ASSERT_NE(NULL, parent);
	ASSERT_EQ(0, scene_socket_of(scene, &inherited, parent, SOCK_STREAM));
	expect_socket(watch, &inherited);
	child = scene_vfork(scene, parent);
	ASSERT_NE(NULL, child);
	ASSERT_NE(parent->who.pid, child->who.pid);
	inherited = end_in(&inherited, child);
	ASSERT_EQ(0, end_bind(&inherited, scene_loopback(scene, 7103)));
	expect_by(expect_bind(watch, &inherited, PORTWATCH_HOW_EXPLICIT),
		  child);
	ASSERT_EQ(0, scene_listen(scene, &listener, child));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&server));
	EXPECT_EQ(child->who.pid, server.owner.pid);
	scene_expect_join(scene, &client, &listener, &server);
	ASSERT_EVENTS(watch);
	process_exit(child);
	expect_close_listener(watch, &listener, 1);
	expect_close_connection(watch, &server, PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	process_kill(parent);
	expect_close_socket(watch, &inherited);
	EXPECT_EVENTS(watch);
}

/* A thread's own name is not the name of its process. */
TEST_F(who, has_a_thread_with_another_name)
{
	struct request rename_it = {
		.verb = DO_RENAME, .fd = -1, .text = "thread",
	};
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "process");
	struct answer answer;
	struct end end;

	ASSERT_NE(NULL, process);
	/* From here on all is done by a second thread. */
	ASSERT_EQ(0, process_leave(process));
	ASSERT_EQ(0, process_do(process, &rename_it, &answer));
	EXPECT_NE(answer.tid, answer.pid);
	ASSERT_EQ(0, scene_socket_of(scene, &end, process, SOCK_STREAM));
	EXPECT_STREQ("process", end.owner.comm);
	ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 0)));
	expect_socket(watch, &end);
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
