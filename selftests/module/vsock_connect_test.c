// SPDX-License-Identifier: GPL-2.0
/* Attempts of vsock that fail: by a refusal, or with a machine that is silent. */
#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"
#include "vsock.h"

#define SILENT	77	/* the context id of a machine that does not answer */
#define NOBODY_THERE	(SILENT + 1)

SCENE_HOLD_HOOKS

VSOCK_FIXTURE

FIXTURE_SETUP(vsock)
{
	const char *lacking = vsock_lacking(variant->type);

	self->machine = -1;
	if (lacking)
		SKIP(return, "%s", lacking);
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
	uint64_t limit = clock_boottime() + 10000000000ULL;

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

/*
 * A machine that was made, and does not run. Returns what is missing for that, or for
 * seeing what @hook shows; NULL: nothing.
 */
static const char *make_machine(int *machine, int type, const char *hook)
{
	__u64 cid = SILENT;

	if (type != SOCK_STREAM)
		return "a silent machine has streams only";
	if (system("modprobe -q vhost_vsock"))
		return "this kernel has no vhost_vsock";
	*machine = open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC);
	if (*machine < 0 || ioctl(*machine, VHOST_SET_OWNER, 0) ||
	    ioctl(*machine, VHOST_VSOCK_SET_GUEST_CID, &cid))
		return "no machine can be made";
	if (!vsock_hook_is_attached(hook))
		return "this kernel has no function that shows it";
	return NULL;
}

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
	const char *lacking;
	struct end end;

	lacking = make_machine(&self->machine, variant->type,
			       "vsock-gave-up");
	if (lacking)
		SKIP(return, "%s", lacking);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, connect_timeout(end.fd, 200));
	ASSERT_EQ(-ETIMEDOUT, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ETIMEDOUT);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, nobody_answers_who_does_not_wait)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	const char *lacking;
	struct end end;

	lacking = make_machine(&self->machine, variant->type,
			       "vsock-connect");
	if (lacking)
		SKIP(return, "%s", lacking);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
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
	const char *lacking;
	struct end end;

	lacking = make_machine(&self->machine, variant->type,
			       "vsock-connect");
	if (lacking)
		SKIP(return, "%s", lacking);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(-ENODEV, end_connect(&end, target_vsock(NOBODY_THERE, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ENODEV);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(vsock, closed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	const char *lacking;
	struct end end;

	lacking = make_machine(&self->machine, variant->type,
			       "vsock-connect");
	if (lacking)
		SKIP(return, "%s", lacking);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	ASSERT_EVENTS(watch);
	end_close(&end);
	expect_connect_failed(watch, &end, ECANCELED);
	vsock_expect_port_back(watch, &end);
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
	const char *lacking;
	struct answer answer;
	struct end end;
	int none;

	lacking = make_machine(&self->machine, variant->type,
			       "vsock-gave-up");
	if (lacking)
		SKIP(return, "%s", lacking);
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, variant->type));
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
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
