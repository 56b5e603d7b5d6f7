// SPDX-License-Identifier: GPL-2.0
/* vsock, over its loopback: who has a port, and who accepts. Row 34. */
#include <kselftest_harness.h>

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "scene.h"
#include "vsock.h"

#define HOOKS		15	/* that are attached with vsock's modules */
#define NOBODY		65534
#define GONE_NS		10000000000ULL

SCENE_HOLD_HOOKS

/* How many hooks for vsock are in that state; or a negative: one has an error. */
static int vsock_hooks(int fd, uint32_t state)
{
	struct portwatch_hook hook;
	int count = 0;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++) {
		if (strncmp((char *)hook.name, "vsock-", 6))
			continue;
		if ((hook.error && hook.state != PORTWATCH_HOOK_ABSENT) ||
		    hook.required) {
			fprintf(stderr, "# hook %s has the error %u\n",
				hook.name, hook.error);
			return -1;
		}
		count += hook.state == state;
	}
	return count;
}

/* Until the last of what was closed is gone, they are in use. */
static int vsock_modules_go(void)
{
	uint64_t limit = clock_boottime() + patient(GONE_NS);

	while (clock_boottime() < limit) {
		vsock_modules(false);
		if (access("/sys/module/vsock", F_OK))
			return 0;
		poll(NULL, 0, 50);
	}
	return -EBUSY;
}

FIXTURE(vsock_module)
{
	struct scene scene;
	int fd;
};

FIXTURE_SETUP(vsock_module)
{
	if (vsock_modules(true))
		SETUP_SKIP("this kernel has no vsock_loopback");
	if (vsock_modules_go())
		SETUP_SKIP("the module vsock is used, and cannot go");
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(vsock_module)
{
	close(self->fd);
	scene_close(&self->scene);
}

/*
 * They come while the hooks of the kernel itself are attached, and go again, with
 * those functions of the kernel that are hooked for their sake.
 */
TEST_F(vsock_module, is_followed_whenever_it_comes)
{
	struct watch *watch = &self->scene.watch;
	int round, absent;
	struct end end;

	for (round = 0; round < 2; round++) {
		EXPECT_EQ(HOOKS, vsock_hooks(self->fd, PORTWATCH_HOOK_WAITING));
		ASSERT_EQ(0, vsock_modules(true));
		/* One function is not there in every kernel. */
		absent = !vsock_hook_is_attached("vsock-gave-up");
		EXPECT_EQ(HOOKS - absent,
			  vsock_hooks(self->fd, PORTWATCH_HOOK_ATTACHED));
		EXPECT_EQ(absent,
			  vsock_hooks(self->fd, PORTWATCH_HOOK_ABSENT));
		ASSERT_EQ(0, end_open(&end, &self->scene.self, AF_VSOCK,
				      SOCK_STREAM));
		expect_socket(watch, &end);
		ASSERT_EQ(0, end_bind(&end, target_vsock(VMADDR_CID_LOCAL,
							 5000 + round)));
		expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
		end_close(&end);
		expect_close_socket(watch, &end);
		EXPECT_EVENTS(watch);
		ASSERT_EQ(0, vsock_modules_go());
	}
	EXPECT_EQ(HOOKS, vsock_hooks(self->fd, PORTWATCH_HOOK_WAITING));
}

VSOCK_FIXTURE

FIXTURE_SETUP(vsock)
{
	const char *lacking = vsock_lacking(variant->type);

	if (lacking)
		SETUP_SKIP("%s", lacking);
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
}

TEST_F(vsock, bind_listen_and_close)
{
	struct watch *watch = &self->scene.watch;
	struct end end;

	ASSERT_EQ(0, vsock_socket(&self->scene, &end, &self->scene.self,
				variant->type));
	ASSERT_EQ(0, end_bind(&end, target_vsock(VMADDR_CID_ANY, 3000000000)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT)->exposure =
		PORTWATCH_EXPOSURE_ANY;
	ASSERT_EQ(0, end_listen(&end, 3));
	expect_listen(watch, &end, 3)->exposure = PORTWATCH_EXPOSURE_ANY;
	ASSERT_EQ(0, end_listen(&end, 4));
	expect_listen(watch, &end, 4);
	end_close(&end);
	expect_close_listener(watch, &end, 0);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, bind_to_any_port)
{
	struct watch *watch = &self->scene.watch;
	struct end end;

	ASSERT_EQ(0, vsock_socket(&self->scene, &end, &self->scene.self,
				variant->type));
	ASSERT_EQ(0, end_bind(&end, vsock_local(VMADDR_PORT_ANY)));
	EXPECT_NE(VMADDR_PORT_ANY, address_vsock_port(&end.facts.local));
	expect_bind(watch, &end, PORTWATCH_HOW_EPHEMERAL);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, a_socket_that_did_nothing)
{
	struct watch *watch = &self->scene.watch;
	struct end end;

	ASSERT_EQ(0, vsock_socket(&self->scene, &end, &self->scene.self,
				variant->type));
	end_close(&end);
	expect_close_unused(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, bind_that_fails)
{
	struct scene *scene = &self->scene;
	struct target shorter = vsock_local(6001);
	struct watch *watch = &scene->watch;
	struct process *nobody = scene_actor(scene, "nobody");
	struct end end;

	ASSERT_NE(NULL, nobody);
	ASSERT_EQ(0, process_setuid(nobody, NOBODY));
	ASSERT_EQ(0, vsock_socket(scene, &end, nobody, variant->type));
	ASSERT_EQ(-EACCES, end_bind(&end, vsock_local(1023)));
	expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT, EACCES);
	ASSERT_EQ(-EADDRNOTAVAIL, end_bind(&end, target_vsock(4711, 6000)));
	expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT, EADDRNOTAVAIL);
	ASSERT_EQ(-EADDRNOTAVAIL,
		  end_bind(&end, target_vsock(4711, VMADDR_PORT_ANY)));
	expect_bind_failed(watch, &end, PORTWATCH_HOW_EPHEMERAL, EADDRNOTAVAIL);
	/* No address, so there is none to show. */
	shorter.length -= 1;
	ASSERT_EQ(-EINVAL, end_bind(&end, shorter));
	expect_bind_failed(watch, &end, 0, EINVAL)->event.flags = 0;
	watch->expects[watch->nr_expects - 1].event.family = AF_VSOCK;
	memset(watch->expects[watch->nr_expects - 1].event.laddr, 0, 16);
	ASSERT_EQ(0, end_bind(&end, vsock_local(6002)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(-EINVAL, end_bind(&end, vsock_local(6003)));
	expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT, EINVAL);
	end_close(&end);
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

static void refused(struct __test_metadata *_metadata, struct scene *scene,
		    int type, struct target target, const struct end *holder,
		    enum portwatch_state state)
{
	struct expect *expect;
	struct end end;

	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, type));
	ASSERT_EQ(-EADDRINUSE, end_bind(&end, target));
	expect = expect_bind_failed(&scene->watch, &end,
				    PORTWATCH_HOW_EXPLICIT, EADDRINUSE);
	expect_holder(expect, holder, state);
	end_close(&end);
	expect_close_unused(&scene->watch, &end);
	EXPECT_EVENTS(&scene->watch);
}

/* Whether he is bound, listens or has called somebody from there. */
TEST_F(vsock, the_holder_of_a_port_is_named)
{
	struct scene *scene = &self->scene;
	struct process *holder = scene_actor(scene, "holder");
	struct watch *watch = &scene->watch;
	struct vsock_joined all;
	uint32_t port;
	struct end end;

	ASSERT_NE(NULL, holder);
	ASSERT_EQ(0, vsock_socket(scene, &end, holder, variant->type));
	ASSERT_EQ(0, end_bind(&end, vsock_local(6100)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	refused(_metadata, scene, variant->type, vsock_local(6100), &end,
		PORTWATCH_STATE_BOUND);
	refused(_metadata, scene, variant->type,
		target_vsock(VMADDR_CID_ANY, 6100), &end,
		PORTWATCH_STATE_BOUND);
	ASSERT_EQ(0, end_listen(&end, 1));
	expect_listen(watch, &end, 1);
	refused(_metadata, scene, variant->type, vsock_local(6100), &end,
		PORTWATCH_STATE_LISTENING);
	end_close(&end);
	expect_close_listener(watch, &end, 0);

	/* Of a listener and what was accepted from it, it is the listener. */
	ASSERT_EQ(0, vsock_join(scene, &all, variant->type));
	port = address_vsock_port(&all.listener.facts.local);
	refused(_metadata, scene, variant->type, vsock_local(port), &all.listener,
		PORTWATCH_STATE_LISTENING);
	port = address_vsock_port(&all.client.facts.local);
	refused(_metadata, scene, variant->type, vsock_local(port), &all.client,
		PORTWATCH_STATE_CONNECTED);
}

TEST_F(vsock, accepted_by_another_process_than_the_one_that_listens)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *child;
	struct end listener, client, server;

	ASSERT_EQ(0, vsock_serve(scene, &listener, scene_actor(scene, "parent"),
			   variant->type));
	child = scene_fork(scene, listener.process);
	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, vsock_call(scene, &client, &scene->self, &listener));
	listener = end_in(&listener, child);
	ASSERT_EQ(0, end_accept(&server, &listener));
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
}

/* A thread and another process wait in accept() at once, and get a connection each. */
TEST_F(vsock, two_wait_in_accept)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct end listener, inherited, client[2], served[2];
	struct watch *watch = &scene->watch;
	struct process *child;
	int i;

	ASSERT_NE(NULL, server);
	ASSERT_EQ(0, vsock_serve(scene, &listener, server, variant->type));
	child = scene_fork(scene, server);
	ASSERT_NE(NULL, child);
	inherited = end_in(&listener, child);
	ASSERT_EQ(0, end_accept_begin(&listener, true));
	ASSERT_TRUE(process_waits_in_thread(server, SYS_accept4));
	ASSERT_EQ(0, end_accept_begin(&inherited, false));
	ASSERT_TRUE(process_waits(child, child->who.pid, SYS_accept4));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, vsock_call(scene, &client[i], &scene->self, &listener));
	ASSERT_EQ(0, end_accept_finish(&served[0], &listener));
	ASSERT_EQ(0, end_accept_finish(&served[1], &inherited));
	EXPECT_NE(server->who.pid, served[0].owner.tid);
	expect_accept(watch, &served[0], &listener);
	expect_accept(watch, &served[1], &listener);
	ASSERT_EVENTS(watch);
	process_exit(child);
	served[1].closing = clock_boottime();
	vsock_expect_over(watch, &served[1], PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL)->not_before = 0;
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 2);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
