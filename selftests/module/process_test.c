// SPDX-License-Identifier: GPL-2.0
/* Who a process is: its name, program, user, cgroup, even if it lives a moment. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "scene.h"

SCENE_HOLD_HOOKS

SCENE_FIXTURE(process)
SCENE_VARIANT(process, ipv4, IPV4);

/* A socket is opened and bound by a process; its identity then is its owner. */
static void bind_one(struct __test_metadata *_metadata, struct scene *scene,
		     struct process *process, struct end *end)
{
	ASSERT_EQ(0, scene_socket_of(scene, end, process, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(end, scene_loopback(scene, 0)));
	expect_socket(&scene->watch, end);
	expect_bind(&scene->watch, end, PORTWATCH_HOW_EPHEMERAL);
}

static const struct portwatch_identity *owner_of(const struct watch *watch,
						 uint64_t sock)
{
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		if (watch->got[i].event.sock == sock &&
		    watch->got[i].has_owner)
			return &watch->got[i].owner;
	return NULL;
}

TEST_F(process, is_the_same_key_as_long_as_it_does_not_change)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "steady");
	struct end ends[3];
	unsigned int i;

	ASSERT_NE(NULL, process);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		bind_one(_metadata, scene, process, &ends[i]);
	ASSERT_EQ(0, watch_collect(&scene->watch, 6));
	for (i = 1; i < 6; i++)
		EXPECT_EQ(scene->watch.got[0].event.owner,
			  scene->watch.got[i].event.owner);
	EXPECT_GT(scene->watch.got[0].event.owner, PORTWATCH_PROCESS_KERNEL);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, has_a_new_key_after_a_new_name)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "old-name");
	struct end before, after;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &before);
	ASSERT_EQ(0, process_rename(process, "new-name"));
	EXPECT_STREQ("new-name", process->who.comm);
	bind_one(_metadata, scene, process, &after);
	ASSERT_EQ(0, watch_collect(&scene->watch, 4));
	EXPECT_NE(scene->watch.got[0].event.owner,
		  scene->watch.got[2].event.owner);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, has_a_new_key_after_a_new_user)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "user");
	struct end before, after;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &before);
	ASSERT_EQ(0, process_setuid(process, 1234));
	EXPECT_EQ(1234U, process->who.uid);
	bind_one(_metadata, scene, process, &after);
	ASSERT_EQ(0, watch_collect(&scene->watch, 4));
	EXPECT_NE(scene->watch.got[0].event.owner,
		  scene->watch.got[2].event.owner);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, has_a_new_key_after_another_program)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "program");
	struct end before, after;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &before);
	ASSERT_EQ(0, process_exec(process, scene->directory, "successor",
				  before.fd));
	EXPECT_STREQ("successor", process->who.comm);
	bind_one(_metadata, scene, process, &after);
	ASSERT_EQ(0, watch_collect(&scene->watch, 4));
	EXPECT_NE(scene->watch.got[0].event.owner,
		  scene->watch.got[2].event.owner);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, keeps_hostile_bytes_in_its_name)
{
	static const char *const names[] = {
		"\033[2J\033[31mred", "two\nlines", "\",\"uid\":0", "\xff\xfe\x9b",
		"\342\200\256evil", "tab\tand\\", "%s%n", " ", "fifteen-bytes-x",
	};
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "hostile");
	struct end ends[ARRAY_SIZE(names)];
	unsigned int i;

	ASSERT_NE(NULL, process);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ASSERT_EQ(0, process_rename(process, names[i]));
		EXPECT_STREQ(names[i], process->who.comm);
		bind_one(_metadata, scene, process, &ends[i]);
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, keeps_hostile_bytes_in_its_path)
{
	static const char *const names[] = {
		"with space", "new\nline", "\033]0;title\007", "quo\"te", "\xff\xc0",
	};
	struct scene *scene = &self->scene;
	struct process *process;
	struct end ends[ARRAY_SIZE(names)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		process = scene_actor(scene, names[i]);
		ASSERT_NE(NULL, process);
		bind_one(_metadata, scene, process, &ends[i]);
	}
	EXPECT_EVENTS(&scene->watch);
}

/* Deeper than a record of one slot holds. */
TEST_F(process, has_a_long_path)
{
	struct scene *scene = &self->scene;
	struct process *process;
	char name[200];
	struct end end;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	process = scene_actor(scene, name);
	ASSERT_NE(NULL, process);
	ASSERT_GT(strlen(process->who.exe), 200U);
	bind_one(_metadata, scene, process, &end);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, has_its_command_line)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "arguments");
	const struct portwatch_identity *owner;
	char want[512], path[64];
	ssize_t length;
	struct end end;
	int fd;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &end);
	snprintf(path, sizeof(path), "/proc/%u/cmdline", process->who.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = read(fd, want, sizeof(want));
	close(fd);
	ASSERT_LT(0, length);
	ASSERT_EQ(0, watch_collect(watch, 2));
	owner = owner_of(watch, end.facts.cookie);
	ASSERT_NE(NULL, owner);
	/* Where it can be had. */
	if (owner->cmdline) {
		EXPECT_EQ((size_t)length, owner->cmdline_len);
		EXPECT_EQ(0, memcmp(want, owner->cmdline, length));
	} else {
		TH_LOG("no command line");
	}
	EXPECT_EVENTS(watch);
}

/*
 * fork, exec, socket, bind, exit: the process is long gone when its events are
 * read, and nothing can be looked up in /proc any more.
 */
TEST_F(process, that_lived_a_millisecond_has_its_program)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *process = scene_actor(scene, "mayfly");
	struct end end;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &end);
	process_exit(process);
	EXPECT_NE(0, kill(process->who.pid, 0));
	expect_close_socket(watch, &end);
	EXPECT_EVENTS(watch);
}

/* A child that does nothing but rename a directory and back again. */
static pid_t start_renaming(const char *one, const char *other)
{
	pid_t child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!rename(one, other) && !rename(other, one))
		;
	_exit(1);
}

/*
 * To ask for a path is to meet those who rename. The kernel's log, which is looked at
 * after each run, would have it if a handler slept on their locks.
 */
TEST_F(process, has_its_program_while_files_are_renamed)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "busy");
	char one[128], other[128], name[16];
	struct end end;
	pid_t renamer;
	int i, status;

	snprintf(one, sizeof(one), "%s/one", scene->directory);
	snprintf(other, sizeof(other), "%s/other", scene->directory);
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, mkdir(one, 0700));
	renamer = start_renaming(one, other);
	ASSERT_LT(0, renamer);
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "busy-%d", i);
		ASSERT_EQ(0, process_rename(process, name));
		bind_one(_metadata, scene, process, &end);
		end_close(&end);
		expect_close_socket(&scene->watch, &end);
		ASSERT_EVENTS(&scene->watch);
	}
	EXPECT_EQ(0, kill(renamer, SIGKILL));
	EXPECT_EQ(renamer, waitpid(renamer, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_TRUE(!rmdir(one) || !rmdir(other));
}

/* A forked child that is killed at once: the same program, its own pid. */
TEST_F(process, that_was_forked_and_only_closes_is_known)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *parent = scene_actor(scene, "forker");
	struct process *child;
	struct end end;

	ASSERT_NE(NULL, parent);
	bind_one(_metadata, scene, parent, &end);
	child = scene_fork(scene, parent);
	ASSERT_NE(NULL, child);
	end_close(&end);
	EXPECT_STREQ(parent->who.exe, child->who.exe);
	EXPECT_EQ(parent->who.pid, child->who.ppid);
	process_kill(child);
	expect_by(expect_close_socket(watch, &end), child);
	EXPECT_EVENTS(watch);
}

/* Its program is removed while it runs: the path is what it was started as. */
TEST_F(process, of_which_the_program_was_removed)
{
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "removed");
	struct end end;

	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, unlink(process->who.exe));
	ASSERT_EQ(0, who_read(&process->who, process->who.pid));
	bind_one(_metadata, scene, process, &end);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(process, has_the_path_and_the_id_of_its_cgroup)
{
	const struct portwatch_identity *owner;
	struct scene *scene = &self->scene;
	struct process *process = scene_actor(scene, "grouped");
	char mount_at[96], group[128], file[160], pid[16];
	struct stat info;
	struct end before, after;

	ASSERT_NE(NULL, process);
	bind_one(_metadata, scene, process, &before);
	snprintf(mount_at, sizeof(mount_at), "%s/cgroup", scene->directory);
	ASSERT_EQ(0, mkdir(mount_at, 0755));
	if (mount("none", mount_at, "cgroup2", 0, NULL))
		SKIP(return, "no cgroup2: %s", strerror(errno));
	snprintf(group, sizeof(group), "%s/portwatch-test", mount_at);
	snprintf(file, sizeof(file), "%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%u", process->who.pid);
	EXPECT_EQ(0, mkdir(group, 0755));
	EXPECT_EQ(0, file_write(file, pid));
	EXPECT_EQ(0, stat(group, &info));
	EXPECT_EQ(0, who_read(&process->who, process->who.pid));
	EXPECT_NE(NULL, strstr(process->who.cgroup, "/portwatch-test"));
	bind_one(_metadata, scene, process, &after);
	EXPECT_EQ(0, watch_collect(&scene->watch, 4));
	owner = owner_of(&scene->watch, after.facts.cookie);
	EXPECT_NE(NULL, owner);
	if (owner)
		EXPECT_EQ(info.st_ino, owner->cgroup_id);
	EXPECT_EVENTS(&scene->watch);
	process_exit(process);
	EXPECT_EQ(0, rmdir(group));
	umount(mount_at);
	rmdir(mount_at);
}

/*
 * Inside a user and a pid namespace it is root and number 1; the event says what
 * the machine says.
 */
TEST_F(process, in_namespaces_has_the_numbers_of_the_first_ones)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);
	const struct portwatch_identity *owner;
	int pipes[2], fd, status;
	char map[64];
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (setresuid(4321, 4321, 4321) || unshare(CLONE_NEWUSER))
			_exit(1);
		prctl(PR_SET_DUMPABLE, 1);
		snprintf(map, sizeof(map), "0 4321 1");
		if (file_write("/proc/self/uid_map", map) || geteuid())
			_exit(2);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		getsockopt(fd, SOL_SOCKET, 57, &cookie, &length);
		write(pipes[1], &cookie, sizeof(cookie));
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
		SKIP(return, "no user namespaces");
	ASSERT_EQ(0, status);
	ASSERT_EQ((ssize_t)sizeof(cookie),
		  read(pipes[0], &cookie, sizeof(cookie)));
	ASSERT_EQ(0, watch_collect(watch, 2));
	owner = owner_of(watch, cookie);
	ASSERT_NE(NULL, owner);
	EXPECT_EQ(4321U, owner->uid);
	EXPECT_EQ((uint32_t)pid, owner->pid);
}

static int in_pid_namespace(void *argument)
{
	int *pipes = argument;
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (getpid() != 1)
		return 1;
	getsockopt(fd, SOL_SOCKET, 57, &cookie, &length);
	return write(pipes[1], &cookie, sizeof(cookie)) < 0;
}

TEST_F(process, in_a_pid_namespace_has_the_outer_pid)
{
	static char stack[65536] __attribute__((aligned(16)));
	struct watch *watch = &self->scene.watch;
	const struct portwatch_identity *owner;
	uint64_t cookie = 0;
	int pipes[2], status;
	pid_t pid;

	ASSERT_EQ(0, pipe(pipes));
	fflush(NULL);
	pid = clone(in_pid_namespace, stack + sizeof(stack),
		    CLONE_NEWPID | SIGCHLD, pipes);
	if (pid < 0)
		SKIP(return, "no pid namespaces: %s", strerror(errno));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	ASSERT_EQ((ssize_t)sizeof(cookie),
		  read(pipes[0], &cookie, sizeof(cookie)));
	ASSERT_EQ(0, watch_collect(watch, 2));
	owner = owner_of(watch, cookie);
	ASSERT_NE(NULL, owner);
	EXPECT_EQ((uint32_t)pid, owner->pid);
	EXPECT_EQ((uint32_t)getpid(), owner->ppid);
	EXPECT_EQ((uint32_t)pid, watch->got[0].event.owner_tid);
}

TEST_HARNESS_MAIN
