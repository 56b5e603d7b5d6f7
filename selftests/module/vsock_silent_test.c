// SPDX-License-Identifier: GPL-2.0
/* Attempts of vsock with a machine that runs, and looks at nothing that it gets. */
#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scene.h"
#include "vsock.h"

#define SILENT	77	/* the context id of the machine */
#define NOBODY_THERE	(SILENT + 1)

SCENE_HOLD_HOOKS

/* Such machines have streams only, on all kernels at hand. */
FIXTURE(silent)
{
	struct scene scene;
	int machine;
};

/* Its two queues, which it never looks at: descriptors, and rings of those. */
static int make_queue(int machine, unsigned int index)
{
	static struct {
		__u8 descriptors[1024];
		__u8 available[1024];
		__u8 used[2048];
	} __attribute__((aligned(4096))) queues[2];
	struct vhost_vring_state state = { .index = index, .num = 16 };
	struct vhost_vring_addr address = {
		.index = index,
		.desc_user_addr = (uintptr_t)queues[index].descriptors,
		.avail_user_addr = (uintptr_t)queues[index].available,
		.used_user_addr = (uintptr_t)queues[index].used,
	};

	return ioctl(machine, VHOST_SET_VRING_NUM, &state) ||
	       ioctl(machine, VHOST_SET_VRING_ADDR, &address);
}

/* What this kernel lacks for such a machine; NULL: nothing, and it is there. */
static const char *make_machine(int *machine)
{
	struct vhost_memory memory = { .nregions = 0 };
	__u64 cid = SILENT;
	int running = 1;

	if (system("modprobe -q vhost_vsock"))
		return "this kernel has no vhost_vsock";
	*machine = open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC);
	if (*machine < 0 || ioctl(*machine, VHOST_SET_OWNER, 0) ||
	    ioctl(*machine, VHOST_SET_MEM_TABLE, &memory) ||
	    make_queue(*machine, 0) || make_queue(*machine, 1) ||
	    ioctl(*machine, VHOST_VSOCK_SET_GUEST_CID, &cid) ||
	    ioctl(*machine, VHOST_VSOCK_SET_RUNNING, &running))
		return "no machine can be made";
	return NULL;
}

FIXTURE_SETUP(silent)
{
	const char *lacking = vsock_lacking(SOCK_STREAM);

	self->machine = -1;
	if (!lacking)
		lacking = make_machine(&self->machine);
	if (lacking)
		SETUP_SKIP("%s", lacking);
	ASSERT_EQ(0, scene_open(&self->scene, IPV4));
}

FIXTURE_TEARDOWN(silent)
{
	if (self->machine >= 0)
		close(self->machine);
	scene_close(&self->scene);
}

#define NO_HOOK	"this kernel has no function that shows it"

/* SO_VM_SOCKETS_CONNECT_TIMEOUT takes a struct timeval, not an int. */
static int connect_timeout(int fd, long ms)
{
	const struct timeval limit = { ms / 1000, ms % 1000 * 1000 };

	return setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &limit,
			  sizeof(limit)) ? -errno : 0;
}

TEST_F(silent, nobody_answers)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	if (!vsock_hook_is_attached("vsock-gave-up"))
		SKIP(return, NO_HOOK);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, connect_timeout(end.fd, 200));
	ASSERT_EQ(-ETIMEDOUT, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ETIMEDOUT);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(silent, nobody_answers_who_does_not_wait)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	if (!vsock_hook_is_attached("vsock-connect"))
		SKIP(return, NO_HOOK);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(0, connect_timeout(end.fd, 200));
	ASSERT_EQ(0, end_nonblock(&end));
	ASSERT_EQ(-EINPROGRESS, end_connect(&end, target_vsock(SILENT, 80)));
	expect_connect(watch, &end);
	ASSERT_EQ(-ETIMEDOUT, end_outcome(&end));
	expect_connect_failed(watch, &end, ETIMEDOUT);
	EXPECT_EVENTS(watch);
}

/* The transport knows at once that there is no such machine. */
TEST_F(silent, no_such_machine)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	if (!vsock_hook_is_attached("vsock-connect"))
		SKIP(return, NO_HOOK);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, SOCK_STREAM));
	ASSERT_EQ(-ENODEV, end_connect(&end, target_vsock(NOBODY_THERE, 80)));
	expect_connect(watch, &end);
	expect_connect_failed(watch, &end, ENODEV);
	end_close(&end);
	vsock_expect_port_back(watch, &end);
	EXPECT_EVENTS(watch);
}

TEST_F(silent, closed_before_an_answer)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;

	if (!vsock_hook_is_attached("vsock-connect"))
		SKIP(return, NO_HOOK);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, SOCK_STREAM));
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
TEST_F(silent, killed_before_an_answer)
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

	if (!vsock_hook_is_attached("vsock-gave-up"))
		SKIP(return, NO_HOOK);
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, vsock_socket(scene, &end, &scene->self, SOCK_STREAM));
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
