// SPDX-License-Identifier: GPL-2.0
/*
 * Who may open the device: whoever has CAP_AUDIT_READ where the machine's own
 * capabilities count, and nobody else, whatever the mode of the file.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"

#define NOBODY 65534

FIXTURE(access)
{
	char node[64];		/* the same device with mode 0666 */
};

FIXTURE_SETUP(access)
{
	struct stat info;

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, stat(PORTWATCH_DEVICE, &info));
	ASSERT_TRUE(S_ISCHR(info.st_mode));
	snprintf(self->node, sizeof(self->node), "/dev/portwatch-test-%d",
		 getpid());
	ASSERT_EQ(0, mknod(self->node, S_IFCHR | 0666, info.st_rdev));
	ASSERT_EQ(0, chmod(self->node, 0666));
}

FIXTURE_TEARDOWN(access)
{
	unlink(self->node);
}

static int set_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = capabilities, .permitted = capabilities },
		{ .effective = capabilities >> 32,
		  .permitted = capabilities >> 32 },
	};

	return syscall(SYS_capset, &header, data);
}

static uint64_t all_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return 0;
	return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

/* In a child that made itself less: what open() says there. */
static int try_open(const char *node, int (*become)(void), int flags)
{
	int status, fd;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (become())
			_exit(255);
		fd = open(node, flags | O_CLOEXEC);
		_exit(fd < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int become_root(void)
{
	return 0;
}

static int become_nobody(void)
{
	return setresgid(NOBODY, NOBODY, NOBODY) ||
	       setresuid(NOBODY, NOBODY, NOBODY);
}

static int become_nobody_that_may(void)
{
	return prctl(PR_SET_KEEPCAPS, 1) || become_nobody() ||
	       set_capabilities(1ULL << CAP_AUDIT_READ);
}

static int become_root_that_may_not(void)
{
	return set_capabilities(all_capabilities() &
				~(1ULL << CAP_AUDIT_READ));
}

/* Neither of these stands in for it. */
static int become_root_with_the_powerful_ones(void)
{
	return set_capabilities(1ULL << CAP_SYS_ADMIN |
				1ULL << CAP_NET_ADMIN |
				1ULL << CAP_DAC_OVERRIDE |
				1ULL << CAP_AUDIT_CONTROL);
}

static int become_root_of_a_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

/* What Docker leaves to the root of a container in the machine's own namespace. */
static int become_root_of_a_plain_container(void)
{
	return unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
		       CLONE_NEWIPC | CLONE_NEWUTS) ||
	       set_capabilities(1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE |
				1ULL << CAP_FSETID | 1ULL << CAP_FOWNER |
				1ULL << CAP_MKNOD | 1ULL << CAP_NET_RAW |
				1ULL << CAP_SETGID | 1ULL << CAP_SETUID |
				1ULL << CAP_SETFCAP | 1ULL << CAP_SETPCAP |
				1ULL << CAP_NET_BIND_SERVICE |
				1ULL << CAP_SYS_CHROOT | 1ULL << CAP_KILL |
				1ULL << CAP_AUDIT_WRITE);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 &&
		       write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	close(fd);
	return !written;
}

/* The other kind: root, with every capability, in namespaces of its own. */
static int become_root_of_a_container(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
		    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP))
		return -1;
	return write_text("/proc/self/uid_map", "0 0 1") ||
	       write_text("/proc/self/setgroups", "deny") ||
	       write_text("/proc/self/gid_map", "0 0 1") || getuid() ||
	       !(all_capabilities() >> CAP_AUDIT_READ & 1);
}

TEST_F(access, is_for_root_only_by_the_mode)
{
	struct stat info;

	ASSERT_EQ(0, stat(PORTWATCH_DEVICE, &info));
	EXPECT_EQ(0U, info.st_uid);
	EXPECT_EQ(0U, info.st_mode & 0007);
	EXPECT_EQ(EACCES, try_open(PORTWATCH_DEVICE, become_nobody, O_RDWR));
}

TEST_F(access, is_given_to_root)
{
	EXPECT_EQ(0, try_open(self->node, become_root, O_RDWR));
	EXPECT_EQ(0, try_open(self->node, become_root, O_RDONLY));
}

TEST_F(access, is_refused_to_nobody_even_if_the_mode_allows_it)
{
	EXPECT_EQ(EPERM, try_open(self->node, become_nobody, O_RDWR));
	EXPECT_EQ(EPERM, try_open(self->node, become_nobody, O_RDONLY));
}

TEST_F(access, is_given_to_nobody_with_the_capability)
{
	EXPECT_EQ(0, try_open(self->node, become_nobody_that_may, O_RDWR));
}

TEST_F(access, is_refused_to_root_without_the_capability)
{
	EXPECT_EQ(EPERM, try_open(self->node, become_root_that_may_not,
				  O_RDWR));
}

TEST_F(access, is_refused_to_other_capabilities)
{
	EXPECT_EQ(EPERM, try_open(self->node,
				  become_root_with_the_powerful_ones, O_RDWR));
}

/* It has every capability there, and none here. */
TEST_F(access, is_refused_to_the_root_of_a_user_namespace)
{
	int err = try_open(self->node, become_root_of_a_namespace, O_RDWR);

	if (err == 255)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(EPERM, err);
}

TEST_F(access, is_refused_to_the_root_of_a_container)
{
	EXPECT_EQ(EPERM, try_open(self->node, become_root_of_a_container,
				  O_RDWR));
	EXPECT_EQ(EPERM, try_open(PORTWATCH_DEVICE, become_root_of_a_container,
				  O_RDWR));
}

TEST_F(access, is_refused_to_the_root_of_a_container_that_is_not_a_user_namespace)
{
	EXPECT_EQ(EPERM, try_open(self->node, become_root_of_a_plain_container,
				  O_RDWR));
}

TEST_F(access, refused_takes_no_session)
{
	struct portwatch_status status;
	int fd = module_open(), i;

	ASSERT_LE(0, fd);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(EPERM, try_open(self->node, become_nobody, O_RDWR));
	ASSERT_EQ(0, module_status(fd, &status));
	EXPECT_EQ(1U, status.sessions);
	close(fd);
}

TEST_HARNESS_MAIN
