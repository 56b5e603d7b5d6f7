// SPDX-License-Identifier: GPL-2.0
/* vsock, over its loopback, and to a virtual machine that is silent: row 34. */
#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <linux/vm_sockets.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"

#define HOOKS		15	/* that are attached with vsock's modules */
#define SILENT		77	/* the context id of a machine that does not answer */
#define NOBODY		65534
#define GONE_MS		10000

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
		if (hook.error || hook.required) {
			fprintf(stderr, "# hook %s has the error %u\n",
				hook.name, hook.error);
			return -1;
		}
		count += hook.state == state;
	}
	return count;
}

static int vsock_modules(bool there)
{
	return system(there ? "modprobe vsock_loopback" :
			      "modprobe -q -r vsock_loopback vhost_vsock "
			      "vmw_vsock_virtio_transport vmw_vsock_virtio_transport_common "
			      "vsock");
}

/* Until the last of what was closed is gone, they are in use. */
static int vsock_modules_go(void)
{
	int waited;

	for (waited = 0; waited < GONE_MS; waited += 50) {
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
		SKIP(return, "this kernel has no vsock_loopback");
	ASSERT_EQ(0, vsock_modules_go());
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
	struct end end;
	int round;

	for (round = 0; round < 2; round++) {
		EXPECT_EQ(HOOKS, vsock_hooks(self->fd, PORTWATCH_HOOK_WAITING));
		ASSERT_EQ(0, vsock_modules(true));
		EXPECT_EQ(HOOKS,
			  vsock_hooks(self->fd, PORTWATCH_HOOK_ATTACHED));
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

FIXTURE(vsock)
{
	struct scene scene;
	int machine;
};

FIXTURE_VARIANT(vsock)
{
	int type;
};

FIXTURE_VARIANT_ADD(vsock, stream)
{
	.type = SOCK_STREAM,
};

FIXTURE_VARIANT_ADD(vsock, seqpacket)
{
	.type = SOCK_SEQPACKET,
};

FIXTURE_SETUP(vsock)
{
	int fd;

	self->machine = -1;
	if (vsock_modules(true))
		SKIP(return, "this kernel has no vsock_loopback");
	fd = socket(AF_VSOCK, variant->type | SOCK_CLOEXEC, 0);
	if (fd < 0 && errno == ESOCKTNOSUPPORT)
		SKIP(return, "this kernel's vsock has no such type");
	ASSERT_LE(0, fd);
	close(fd);
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
}

FIXTURE_TEARDOWN(vsock)
{
	if (self->machine >= 0)
		close(self->machine);
	scene_close(&self->scene);
}

static struct target local(uint32_t port)
{
	return target_vsock(VMADDR_CID_LOCAL, port);
}

static int vsock_open(struct scene *scene, struct end *end,
		      struct process *process, int type)
{
	int err = end_open(end, process, AF_VSOCK, type);

	if (!err)
		expect_socket(&scene->watch, end);
	return err;
}

/* Nothing is counted in a way that could be told. */
static struct expect *expect_over(struct watch *watch, const struct end *end,
				  enum portwatch_reason reason,
				  enum portwatch_first first)
{
	struct expect *expect = expect_close_connection(watch, end, reason,
							first);

	expect->event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.count = PORTWATCH_UNKNOWN32;
	expect->rtt = false;
	expect->retrans_later = false;
	return expect;
}

/* The socket lived on, and ends as one that has a port and no peer. */
static struct expect *expect_port_back(struct watch *watch, struct end *end)
{
	end->facts.has_remote = false;
	end->begun[0] = end->born[0];
	end->begun[1] = end->born[1];
	return expect_close_socket(watch, end);
}

static int serve(struct scene *scene, struct end *listener,
		 struct process *process, int type)
{
	struct watch *watch = &scene->watch;
	int err = vsock_open(scene, listener, process, type);

	err = err ? err : end_bind(listener, local(VMADDR_PORT_ANY));
	expect_bind(watch, listener, PORTWATCH_HOW_EPHEMERAL)->exposure =
		PORTWATCH_EXPOSURE_LOOPBACK;
	err = err ? err : end_listen(listener, 7);
	expect_listen(watch, listener, 7);
	return err;
}

static int call(struct scene *scene, struct end *client,
		struct process *process, const struct end *listener)
{
	int err = vsock_open(scene, client, process, listener->facts.type);
	uint32_t port = address_vsock_port(&listener->facts.local);

	err = err ? err : end_connect(client, local(port));
	expect_connect(&scene->watch, client);
	expect_established(&scene->watch, client);
	return err;
}

/* A listener, a client of another process, and what accept() gave. */
struct joined {
	struct end listener;
	struct end client;
	struct end server;
};

static int join(struct scene *scene, struct joined *all, int type)
{
	struct process *server = scene_actor(scene, "server");
	struct process *client = scene_actor(scene, "client");
	int err = server && client ? 0 : -ECHILD;

	err = err ? err : serve(scene, &all->listener, server, type);
	err = err ? err : call(scene, &all->client, client, &all->listener);
	err = err ? err : end_accept(&all->server, &all->listener);
	expect_accept(&scene->watch, &all->server, &all->listener);
	return err ? err : watch_check(&scene->watch);
}

TEST_F(vsock, bind_listen_and_close)
{
	struct watch *watch = &self->scene.watch;
	struct end end;

	ASSERT_EQ(0, vsock_open(&self->scene, &end, &self->scene.self,
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

	ASSERT_EQ(0, vsock_open(&self->scene, &end, &self->scene.self,
				variant->type));
	ASSERT_EQ(0, end_bind(&end, local(VMADDR_PORT_ANY)));
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

	ASSERT_EQ(0, vsock_open(&self->scene, &end, &self->scene.self,
				variant->type));
	end_close(&end);
	expect_close_unused(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, bind_that_fails)
{
	struct scene *scene = &self->scene;
	struct target shorter = local(6001);
	struct watch *watch = &scene->watch;
	struct process *nobody = scene_actor(scene, "nobody");
	struct end end;

	ASSERT_NE(NULL, nobody);
	ASSERT_EQ(0, process_setuid(nobody, NOBODY));
	ASSERT_EQ(0, vsock_open(scene, &end, nobody, variant->type));
	ASSERT_EQ(-EACCES, end_bind(&end, local(1023)));
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
	ASSERT_EQ(0, end_bind(&end, local(6002)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(-EINVAL, end_bind(&end, local(6003)));
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

	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, type));
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
	struct joined all;
	uint32_t port;
	struct end end;

	ASSERT_NE(NULL, holder);
	ASSERT_EQ(0, vsock_open(scene, &end, holder, variant->type));
	ASSERT_EQ(0, end_bind(&end, local(6100)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	refused(_metadata, scene, variant->type, local(6100), &end,
		PORTWATCH_STATE_BOUND);
	refused(_metadata, scene, variant->type,
		target_vsock(VMADDR_CID_ANY, 6100), &end,
		PORTWATCH_STATE_BOUND);
	ASSERT_EQ(0, end_listen(&end, 1));
	expect_listen(watch, &end, 1);
	refused(_metadata, scene, variant->type, local(6100), &end,
		PORTWATCH_STATE_LISTENING);
	end_close(&end);
	expect_close_listener(watch, &end, 0);

	/* Of a listener and what was accepted from it, it is the listener. */
	ASSERT_EQ(0, join(scene, &all, variant->type));
	port = address_vsock_port(&all.listener.facts.local);
	refused(_metadata, scene, variant->type, local(port), &all.listener,
		PORTWATCH_STATE_LISTENING);
	port = address_vsock_port(&all.client.facts.local);
	refused(_metadata, scene, variant->type, local(port), &all.client,
		PORTWATCH_STATE_CONNECTED);
}

TEST_F(vsock, the_client_closes_first)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	ASSERT_EQ(100, end_receive(&all.server, 100));
	end_close(&all.client);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	end_close(&all.listener);
	expect_close_listener(watch, &all.listener, 1);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, the_server_closes_first)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.client);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* Neither end is over before what was sent is read, or thrown away. */
TEST_F(vsock, closed_while_data_waits_to_be_read)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	end_close(&all.client);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* The kernel waits for 8 seconds, then it sends RST and goes. */
TEST_F(vsock, the_other_end_does_not_answer)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;
	int waited;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(100, end_send(&all.client, 100));
	end_close(&all.client);
	for (waited = 0; waited < 15000 && !watch->nr_got; waited += 500) {
		poll(NULL, 0, 500);
		ASSERT_EQ(0, watch_collect(watch, 0));
	}
	expect_over(watch, &all.client, PORTWATCH_REASON_TIMEOUT, 0);
	ASSERT_EVENTS(watch);
	/* It was told that the other one is done, and then that it is gone. */
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* The first to say that it has no more to say was the first. */
TEST_F(vsock, half_closed_by_the_server)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_shutdown(&all.server, SHUT_WR));
	ASSERT_EQ(0, end_receive(&all.client, 1));
	end_close(&all.client);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* shutdown() of both ways ends the connection; the sockets are there still. */
TEST_F(vsock, shut_down_by_the_client)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_shutdown(&all.client, SHUT_RDWR));
	ASSERT_EQ(0, end_receive(&all.server, 1));
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	ASSERT_EVENTS(watch);
	end_close(&all.client);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	EXPECT_EVENTS(watch);
}

/* The port that the attempt took, or had by bind(), stays the socket's. */
TEST_F(vsock, refused)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ECONNRESET, end_connect(&end, local(6200)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	/* A second time. */
	ASSERT_EQ(-ECONNRESET, end_connect(&end, local(6201)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	end_close(&end);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, refused_without_waiting)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, end_bind(&end, local(6210)));
	expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, local(6211)));
	expect_connect(watch, &end);
	ASSERT_EQ(-ECONNRESET, end_outcome(&end));
	expect_connect_failed(watch, &end, ECONNRESET);
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

/* It is bound there, and nobody listens. */
TEST_F(vsock, refused_by_who_does_not_listen)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end bound, end;

	ASSERT_EQ(0, vsock_open(scene, &bound, &scene->self, variant->type));
	ASSERT_EQ(0, end_bind(&bound, local(6220)));
	expect_bind(watch, &bound, PORTWATCH_HOW_EXPLICIT);
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ECONNRESET, end_connect(&end, local(6220)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ECONNRESET);
	EXPECT_EVENTS(watch);
}

/* No transport leads there: nothing is sent, and no port is taken. */
TEST_F(vsock, no_way_there)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct end end;

	if (!access("/sys/module/vhost_vsock", F_OK))
		ASSERT_EQ(0, system("modprobe -r vhost_vsock"));
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
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

/* A machine that was made, and does not run. 0, or a negative errno. */
static int make_machine(int *machine)
{
	__u64 cid = SILENT;

	if (system("modprobe -q vhost_vsock"))
		return -ENOENT;
	*machine = open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC);
	if (*machine < 0)
		return -errno;
	if (ioctl(*machine, VHOST_SET_OWNER, 0) ||
	    ioctl(*machine, VHOST_VSOCK_SET_GUEST_CID, &cid))
		return -errno;
	return 0;
}

#define REQUIRE_MACHINE() do {						\
	if (variant->type != SOCK_STREAM)				\
		SKIP(return, "a silent machine has streams only");	\
	if (make_machine(&self->machine))				\
		SKIP(return, "this kernel has no vhost_vsock");		\
} while (0)

/* SO_VM_SOCKETS_CONNECT_TIMEOUT takes a struct timeval, not an int. */
static int connect_timeout(int fd, long ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit,
			  sizeof(limit)) ? -errno : 0;
}

TEST_F(vsock, nobody_answers)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	REQUIRE_MACHINE();
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, connect_timeout(end.fd, 200));
	ASSERT_EQ(-ETIMEDOUT, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ETIMEDOUT);
	end_close(&end);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, nobody_answers_who_does_not_wait)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	REQUIRE_MACHINE();
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, connect_timeout(end.fd, 200));
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	ASSERT_EQ(-ETIMEDOUT, end_outcome(&end));
	expect_connect_failed(watch, &end, ETIMEDOUT);
	EXPECT_EVENTS(watch);
}

/* The transport knows at once that there is no such machine. */
TEST_F(vsock, no_such_machine)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	REQUIRE_MACHINE();
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ENODEV, end_connect(&end, target_vsock(SILENT + 1, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ENODEV);
	end_close(&end);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, closed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	REQUIRE_MACHINE();
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_connect_failed(watch, &end, ECANCELED);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

/* Who waits has the socket of another, and is killed. */
TEST_F(vsock, killed_before_an_answer)
{
	struct request request = {
		.verb = DO_CONNECT, .target = target_vsock(SILENT, 80),
	};
	struct request take = { .verb = DO_TAKE, .fd = -1 };
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "impatient");
	struct watch *watch = &scene->watch;
	struct answer answer;
	struct end end;
	int none;

	REQUIRE_MACHINE();
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, vsock_open(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, connect_timeout(end.fd, 60000));
	ASSERT_EQ(0, process_begin(process, &take, end.fd));
	ASSERT_LE(0, process_finish(process, &answer, &none));
	request.fd = answer.result;
	end.begun[0] = clock_boottime();
	ASSERT_EQ(0, process_begin(process, &request, -1));
	ASSERT_TRUE(process_waits(process, process->who.pid, SYS_connect));
	process_kill(process);
	end.begun[1] = clock_boottime();
	ASSERT_EQ(0, end_facts(&end));
	end.facts.remote = address_of(&request.target.any);
	expect_by(expect_connect(watch, &end), process);
	expect_by(expect_connect_failed(watch, &end, ECANCELED), process);
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, accepted_by_another_process_than_the_one_that_listens)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *child;
	struct end listener, client, server;

	ASSERT_EQ(0, serve(scene, &listener, scene_actor(scene, "parent"),
			   variant->type));
	child = scene_fork(scene, listener.process);
	ASSERT_NE(NULL, child);
	ASSERT_EQ(0, call(scene, &client, &scene->self, &listener));
	listener = end_in(&listener, child);
	ASSERT_EQ(0, end_accept(&server, &listener));
	expect_accept(watch, &server, &listener);
	EXPECT_EVENTS(watch);
}

/* Whoever lets go of it last has done it, not whom it belongs to. */
TEST_F(vsock, closed_by_a_child)
{
	struct watch *watch = &self->scene.watch;
	struct process *child;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	child = scene_fork(&self->scene, all.client.process);
	ASSERT_NE(NULL, child);
	end_close(&all.client);
	ASSERT_EVENTS(watch);
	process_exit(child);
	expect_by(expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
			      PORTWATCH_FIRST_LOCAL), child);
	ASSERT_EVENTS(watch);
}

TEST_F(vsock, passed_to_another_process)
{
	struct watch *watch = &self->scene.watch;
	struct process *heir = scene_actor(&self->scene, "heir");
	struct joined all;
	struct end copy;

	ASSERT_NE(NULL, heir);
	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	ASSERT_EQ(0, end_give(&all.server, heir, &copy));
	end_close(&all.server);
	ASSERT_EVENTS(watch);
	end_close(&copy);
	all.server.closing = copy.closing;
	expect_by(expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
			      PORTWATCH_FIRST_LOCAL), heir);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, killed_with_a_connection)
{
	struct watch *watch = &self->scene.watch;
	struct joined all;

	ASSERT_EQ(0, join(&self->scene, &all, variant->type));
	all.client.closing = clock_boottime();
	process_kill(all.client.process);
	expect_over(watch, &all.client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_LOCAL);
	ASSERT_EVENTS(watch);
	end_close(&all.server);
	expect_over(watch, &all.server, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* What nobody accepted ends with its listener, and belongs to who had that. */
TEST_F(vsock, unaccepted)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct portwatch_vsock_addr caller;
	struct end listener, client;

	ASSERT_EQ(0, serve(scene, &listener, scene_actor(scene, "lazy"),
			   variant->type));
	ASSERT_EQ(0, call(scene, &client, &scene->self, &listener));
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 0);
	expect = expect_unaccepted(watch, &listener, &client);
	expect->event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	expect->event.close.count = PORTWATCH_UNKNOWN32;
	expect->rtt = false;
	expect->retrans_later = false;
	/* The client has a port and no address; who it calls knows both. */
	caller.cid = VMADDR_CID_LOCAL;
	caller.port = address_vsock_port(&client.facts.local);
	memcpy(expect->event.raddr, &caller, sizeof(caller));
	ASSERT_EVENTS(watch);
	end_close(&client);
	expect_over(watch, &client, PORTWATCH_REASON_FIN,
		    PORTWATCH_FIRST_REMOTE);
	EXPECT_EVENTS(watch);
}

/* Two threads that wait in accept() get one connection each. */
TEST_F(vsock, two_threads_accept)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "server");
	struct watch *watch = &scene->watch;
	struct end listener, client[2], served[2];
	int i;

	ASSERT_NE(NULL, server);
	ASSERT_EQ(0, serve(scene, &listener, server, variant->type));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, end_accept_begin(&listener, true));
		ASSERT_TRUE(process_waits_in_thread(server, SYS_accept4));
		ASSERT_EQ(0, call(scene, &client[i], &scene->self, &listener));
		ASSERT_EQ(0, end_accept_finish(&served[i], &listener));
		expect_accept(watch, &served[i], &listener);
		EXPECT_NE(server->who.pid, served[i].owner.tid);
	}
	ASSERT_EVENTS(watch);
	end_close(&listener);
	expect_close_listener(watch, &listener, 2);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
