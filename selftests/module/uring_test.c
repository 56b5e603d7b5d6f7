// SPDX-License-Identifier: GPL-2.0
/*
 * Row 23: sockets by io_uring. Whoever has the ring has done it, be it by a thread
 * that the kernel made in its name; and a socket need not have a descriptor.
 */
#include <kselftest_harness.h>

#include <dirent.h>
#include <liburing.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"

#define NOBODY_LISTENS 9
#define SLOTS 8

/* What an older <liburing.h> has no names for. */
#define OP_SOCKET 45
#define OP_BIND 56
#define OP_LISTEN 57
#define MULTISHOT (1U << 0)
#define OWN_THREADS (1U << 9)	/* IORING_FEAT_NATIVE_WORKERS */

SCENE_HOLD_HOOKS

/* @doer: the test, by the thread in which the ring works */
FIXTURE(uring)
{
	struct scene scene;
	struct io_uring ring;
	struct process doer;
	bool own_threads;
};

FIXTURE_VARIANT(uring)
{
	enum family family;
	unsigned int flags;
};

FIXTURE_VARIANT_ADD(uring, ipv4)
{
	.family = IPV4,
};

FIXTURE_VARIANT_ADD(uring, ipv6)
{
	.family = IPV6,
};

/* A thread of the kernel looks for work in the ring, nobody makes a call. */
FIXTURE_VARIANT_ADD(uring, ipv4_polled)
{
	.family = IPV4, .flags = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(uring, ipv6_polled)
{
	.family = IPV6, .flags = IORING_SETUP_SQPOLL,
};

static pid_t find_thread(const char *name)
{
	DIR *threads = opendir("/proc/self/task");
	char path[64], comm[32];
	struct dirent *entry;
	pid_t tid = 0;
	FILE *file;

	while (threads && (entry = readdir(threads))) {
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm",
			 entry->d_name);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file) &&
		    !strncmp(comm, name, strlen(name)))
			tid = atoi(entry->d_name);
		if (file)
			fclose(file);
	}
	if (threads)
		closedir(threads);
	return tid;
}

/* The thread of this process that the kernel gave such a name, or soon will; or 0. */
static pid_t thread_named(const char *name)
{
	pid_t tid = 0;
	int i;

	for (i = 0; i < 5000 && !tid; i++) {
		tid = find_thread(name);
		if (!tid)
			poll(NULL, 0, 1);
	}
	return tid;
}

FIXTURE_SETUP(uring)
{
	struct io_uring_params params = {
		.flags = variant->flags, .sq_thread_idle = 1000,
	};
	bool polled = variant->flags & IORING_SETUP_SQPOLL;

	ASSERT_EQ(0, scene_open(&self->scene, variant->family));
	/* After that, for a thread of the ring stays in the netns it was made in. */
	ASSERT_EQ(0, io_uring_queue_init_params(32, &self->ring, &params));
	self->own_threads = params.features & OWN_THREADS;
	if (polled && !self->own_threads)
		SCENE_SKIP(&self->scene, "no threads of the process here (since 5.12)");
	self->doer = self->scene.self;
	if (polled)
		self->doer.who.tid = thread_named("iou-sqp-");
	ASSERT_NE(0U, self->doer.who.tid);
}

FIXTURE_TEARDOWN(uring)
{
	io_uring_queue_exit(&self->ring);
	scene_close(&self->scene);
}

static void ring_begin(struct io_uring *ring, struct io_uring_sqe order)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	*sqe = order;
	io_uring_submit(ring);
}

static int ring_finish(struct io_uring *ring)
{
	struct __kernel_timespec patience = { .tv_sec = 10 };
	struct io_uring_cqe *cqe;
	int result = io_uring_wait_cqe_timeout(ring, &cqe, &patience);

	if (result)
		return result;
	result = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return result;
}

static int ring_do(struct io_uring *ring, struct io_uring_sqe order)
{
	ring_begin(ring, order);
	return ring_finish(ring);
}

static bool ring_can(struct io_uring *ring, int op)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool can = probe && io_uring_opcode_supported(probe, op);

	free(probe);
	return can;
}

/* The order's target must stay where it is until the end. */
static struct io_uring_sqe connect_order(int fd, const struct target *target)
{
	return (struct io_uring_sqe){
		.opcode = IORING_OP_CONNECT, .fd = fd,
		.addr = (uintptr_t)&target->any, .off = target->length,
	};
}

/* Where the descriptor of a new socket goes: into the ring, and nowhere else. */
static void set_slot(struct io_uring_sqe *order, unsigned int slot)
{
	order->splice_fd_in = slot + 1; /* file_index has the same place */
}

static int register_no_files(struct io_uring *ring)
{
	int none[SLOTS];

	memset(none, -1, sizeof(none));
	return io_uring_register_files(ring, none, SLOTS);
}

/* A descriptor that came out of the ring since @before. */
static void end_came(struct end *end, struct scene *scene,
		     const struct process *doer, int fd, uint64_t before)
{
	memset(end, 0, sizeof(*end));
	end->process = &scene->self;
	end->fd = fd;
	end->owner = doer->who;
	end->born[0] = before;
	end->born[1] = clock_boottime();
	end->begun[1] = end->born[1];
	end_facts(end);
}

/* What a connection is at its other end, which has no descriptor. */
static struct end other_end(const struct end *client,
			    const struct process *doer)
{
	struct end end = *client;

	end.owner = doer->who;
	end.facts.cookie = 0;
	end.facts.local = client->facts.remote;
	end.facts.remote = client->facts.local;
	end.born[1] = clock_boottime();
	end.begun[1] = end.born[1];
	end.tx = client->rx;
	end.rx = client->tx;
	return end;
}

TEST_F(uring, opens_connects_accepts_and_closes)
{
	struct io_uring_sqe order = {
		.opcode = OP_SOCKET, .fd = family_domain(variant->family),
		.off = SOCK_STREAM,
	};
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server;
	struct target target;
	uint64_t before;
	int fd;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	target = scene_loopback(scene, end_port(&listener));
	before = clock_boottime();
	if (ring_can(&self->ring, OP_SOCKET)) {
		fd = ring_do(&self->ring, order);
		ASSERT_LE(0, fd);
		end_came(&client, scene, &self->doer, fd, before);
	} else {
		TH_LOG("this kernel's io_uring opens no sockets (since 5.19)");
		ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	}
	client.begun[0] = clock_boottime();
	ASSERT_EQ(0, ring_do(&self->ring, connect_order(client.fd, &target)));
	client.begun[1] = clock_boottime();
	end_facts(&client);
	before = clock_boottime();
	fd = ring_do(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_ACCEPT, .fd = listener.fd });
	ASSERT_LE(0, fd);
	end_came(&server, scene, &self->doer, fd, before);
	scene_expect_join(scene, &client, &listener, &server);
	EXPECT_EVENTS(watch);
	client.closing = clock_boottime();
	ASSERT_EQ(0, ring_do(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_CLOSE, .fd = client.fd }));
	ASSERT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
}

/* The order is there before the connection is. */
TEST_F(uring, waits_for_what_it_accepts)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "client");
	struct end listener, client, server;
	int fd;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ring_begin(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_ACCEPT, .fd = listener.fd });
	ASSERT_EQ(0, scene_connect(scene, &client, process, &listener));
	fd = ring_finish(&self->ring);
	ASSERT_LE(0, fd);
	end_came(&server, scene, &self->doer, fd, scene->watch.start);
	scene_expect_join(scene, &client, &listener, &server);
	EXPECT_EVENTS(&scene->watch);
}

/* In a worker of the ring, which blocks as any thread would. */
TEST_F(uring, accepts_in_a_worker)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "client");
	struct end listener, client, server;
	struct process worker = self->doer;
	int fd;

	if (!self->own_threads)
		SKIP(return, "a ring has no threads of its process here (since 5.12)");
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_connect(scene, &client, process, &listener));
	ring_begin(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_ACCEPT, .fd = listener.fd,
		.flags = IOSQE_ASYNC });
	fd = ring_finish(&self->ring);
	ASSERT_LE(0, fd);
	worker.who.tid = thread_named("iou-wrk-");
	ASSERT_NE(0U, worker.who.tid);
	end_came(&server, scene, &worker, fd, scene->watch.start);
	scene_expect_join(scene, &client, &listener, &server);
	EXPECT_EVENTS(&scene->watch);
}

/* One order, many connections. */
TEST_F(uring, accepts_again_and_again)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "client");
	struct end listener, clients[3], servers[3];
	unsigned int i;
	int fd;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ring_begin(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_ACCEPT, .fd = listener.fd,
		.ioprio = MULTISHOT });
	for (i = 0; i < ARRAY_SIZE(servers); i++) {
		ASSERT_EQ(0, scene_connect(scene, &clients[i], process,
					   &listener));
		fd = ring_finish(&self->ring);
		if (fd == -EINVAL)
			SKIP(return, "one order accepts once here (since 5.19 more)");
		ASSERT_LE(0, fd);
		end_came(&servers[i], scene, &self->doer, fd,
			 scene->watch.start);
		scene_expect_join(scene, &clients[i], &listener, &servers[i]);
	}
	EXPECT_EVENTS(&scene->watch);
}

/* A connection without a descriptor, which the ring is told to close. */
TEST_F(uring, accepts_without_a_descriptor)
{
	struct io_uring_sqe order = { .opcode = IORING_OP_ACCEPT };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "client");
	struct end listener, client, server;
	struct expect *expect;
	int result;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, register_no_files(&self->ring));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EQ(0, scene_connect(scene, &client, process, &listener));
	order.fd = listener.fd;
	set_slot(&order, 3);
	result = ring_do(&self->ring, order);
	if (result)
		SKIP(return, "this kernel has no direct descriptors (since 5.15)");
	server = other_end(&client, &self->doer);
	scene_expect_connect(scene, &client);
	expect = expect_accept(watch, &server, &listener);
	expect->any_sock = true;
	EXPECT_EVENTS(watch);
	order = (struct io_uring_sqe){ .opcode = IORING_OP_CLOSE };
	set_slot(&order, 3);
	server.closing = clock_boottime();
	ASSERT_EQ(0, ring_do(&self->ring, order));
	ASSERT_EQ(0, end_receive(&client, 1));
	end_close(&client);
	expect_fin(watch, &server, &client);
	EXPECT_EVENTS(watch);
}

/* The ring goes, and with it what only it had. A worker of the kernel closes it. */
TEST_F(uring, that_is_closed_closes_what_it_has)
{
	struct io_uring ring = { .ring_fd = -1 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client, server, udp;
	int fds[2];

	ASSERT_EQ(0, io_uring_queue_init(8, &ring, 0));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener, &server));
	ASSERT_EQ(0, scene_socket(scene, &udp, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, 0)));
	ASSERT_EQ(0, watch_skip(watch));
	fds[0] = client.fd;
	fds[1] = udp.fd;
	ASSERT_EQ(0, io_uring_register_files(&ring, fds, 2));
	end_close(&client);
	end_close(&udp);
	ASSERT_EVENTS(watch);
	client.closing = clock_boottime();
	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	expect_close_socket(watch, &udp);
	EXPECT_EVENTS(watch);
}

/* A connection that only a ring has, of a process that waits to be killed. */
static void hold_by_ring(struct scene *scene, unsigned int flags,
			 const struct target *target, int report)
{
	struct request request = { .verb = DO_FACTS };
	struct io_uring_sqe order = connect_order(0, target);
	struct io_uring_params params = { .flags = flags };
	struct answer answer;
	struct io_uring ring;
	int fd;

	fd = socket(family_domain(scene->family), SOCK_STREAM, 0);
	order.flags = IOSQE_FIXED_FILE;
	if (io_uring_queue_init_params(8, &ring, &params) ||
	    io_uring_register_files(&ring, &fd, 1) || ring_do(&ring, order))
		_exit(1);
	request.fd = fd;
	perform(&request, -1, &answer);
	close(fd);
	if (write(report, &answer, sizeof(answer)) != sizeof(answer))
		_exit(1);
	pause();
	_exit(1);
}

TEST_F(uring, of_a_killed_process_leaves_nothing_behind)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, server, client = { .fd = -1 };
	int report[2], fd = module_open();
	struct portwatch_status before;
	struct answer answer;
	struct target target;
	pid_t pid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, pipe(report));
	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, module_status(fd, &before));
	target = scene_loopback(scene, end_port(&listener));
	fflush(NULL);
	pid = fork();
	if (!pid)
		hold_by_ring(scene, variant->flags, &target, report[1]);
	watch_add_pid(watch, pid);
	ASSERT_EQ(0, end_accept(&server, &listener));
	ASSERT_EQ((ssize_t)sizeof(answer),
		  read(report[0], &answer, sizeof(answer)));
	ASSERT_EQ(0, who_read(&client.owner, pid));
	client.facts = answer.facts;
	client.begun[1] = clock_boottime();
	scene_expect_join(scene, &client, &listener, &server);
	ASSERT_EVENTS(watch);
	client.closing = clock_boottime();
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ASSERT_EQ(0, end_receive(&server, 1));
	end_close(&server);
	expect_fin(watch, &client, &server);
	EXPECT_EVENTS(watch);
	EXPECT_EQ(0, module_wait_sockets(fd, before.sockets));
}

TEST_F(uring, is_refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct target target = scene_loopback(scene, NOBODY_LISTENS);
	struct end client;

	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	expect_socket(watch, &client);
	client.begun[0] = clock_boottime();
	ASSERT_EQ(-ECONNREFUSED,
		  ring_do(&self->ring, connect_order(client.fd, &target)));
	client.begun[1] = clock_boottime();
	ASSERT_EQ(0, watch_collect(watch, 3));
	client.facts.remote = address_of(&target.any);
	client.facts.local = client.facts.remote;
	client.facts.local.port = watch->got[1].event.lport;
	EXPECT_NE(0, client.facts.local.port);
	expect_connect(watch, &client);
	expect_connect_failed(watch, &client, ECONNREFUSED);
	EXPECT_EVENTS(watch);
}

/* The order is given up; the attempt goes on until the socket is closed. */
TEST_F(uring, gives_up_waiting_before_an_answer)
{
	struct __kernel_timespec soon = { .tv_nsec = 10000000 };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end listener, client;
	struct io_uring_sqe order;
	struct target target;
	int results[2];

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, end_deaf(&listener, true));
	ASSERT_EQ(0, scene_socket(scene, &client, SOCK_STREAM));
	ASSERT_EQ(0, watch_skip(watch));
	target = scene_loopback(scene, end_port(&listener));
	order = connect_order(client.fd, &target);
	order.flags = IOSQE_IO_LINK;
	client.begun[0] = clock_boottime();
	*io_uring_get_sqe(&self->ring) = order;
	ring_begin(&self->ring, (struct io_uring_sqe){
		.opcode = IORING_OP_LINK_TIMEOUT, .len = 1, .fd = -1,
		.addr = (uintptr_t)&soon });
	results[0] = ring_finish(&self->ring);
	results[1] = ring_finish(&self->ring);
	EXPECT_TRUE(results[0] == -ECANCELED || results[1] == -ECANCELED);
	client.begun[1] = clock_boottime();
	end_facts(&client);
	client.facts.remote = address_of(&target.any);
	expect_connect(watch, &client);
	EXPECT_EVENTS(watch);
	expect_connect_failed(watch, &client, ECANCELED);
	end_close(&client);
	expect_close_unused(watch, &client)->event.flags = 0;
	EXPECT_EVENTS(watch);
}

TEST_F(uring, connects_udp)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct target target = scene_loopback(scene, 53);
	struct end end;

	ASSERT_EQ(0, scene_socket(scene, &end, SOCK_DGRAM));
	expect_socket(watch, &end);
	ASSERT_EQ(0, ring_do(&self->ring, connect_order(end.fd, &target)));
	end_facts(&end);
	expect_bind(watch, &end, PORTWATCH_HOW_AUTO);
	expect_connect(watch, &end);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(uring, binds_and_listens)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct target target = scene_loopback(scene, 7300);
	struct end ends[2], client, server;
	struct io_uring_sqe order = {
		.opcode = OP_BIND, .addr = (uintptr_t)&target.any,
		.off = target.length,
	};

	if (!ring_can(&self->ring, OP_BIND))
		SKIP(return, "this kernel's io_uring has no bind (since 6.11)");
	ASSERT_EQ(0, scene_socket(scene, &ends[0], SOCK_STREAM));
	ASSERT_EQ(0, scene_socket(scene, &ends[1], SOCK_STREAM));
	expect_socket(watch, &ends[0]);
	expect_socket(watch, &ends[1]);
	order.fd = ends[0].fd;
	ends[0].taken[0] = clock_boottime();
	ASSERT_EQ(0, ring_do(&self->ring, order));
	ends[0].taken[1] = clock_boottime();
	ends[0].asked = address_of(&target.any);
	end_facts(&ends[0]);
	expect_bind(watch, &ends[0], PORTWATCH_HOW_EXPLICIT);
	order.fd = ends[1].fd;
	ASSERT_EQ(-EADDRINUSE, ring_do(&self->ring, order));
	ends[1].asked = address_of(&target.any);
	expect_holder(expect_bind_failed(watch, &ends[1], PORTWATCH_HOW_EXPLICIT,
					 EADDRINUSE),
		      &ends[0], PORTWATCH_STATE_BOUND);
	ASSERT_EQ(0, ring_do(&self->ring, (struct io_uring_sqe){
		.opcode = OP_LISTEN, .fd = ends[0].fd, .len = 9 }));
	expect_listen(watch, &ends[0], 9);
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &ends[0], &server));
	scene_expect_join(scene, &client, &ends[0], &server);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
