// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "patience.h"
#include "process.h"

/* Reads a file of /proc/PID as it is, and ends it with a 0. */
static ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	text[got < 0 ? 0 : got] = 0;
	return got;
}

static void who_read_status(struct who *who, pid_t pid)
{
	char text[4096];
	char *at;

	proc_read(pid, "status", text, sizeof(text));
	at = strstr(text, "\nPPid:");
	if (at)
		sscanf(at, "\nPPid: %u", &who->ppid);
	at = strstr(text, "\nUid:");
	if (at)
		sscanf(at, "\nUid: %*u %u", &who->uid);
	proc_read(pid, "loginuid", text, sizeof(text));
	who->auid = *text ? strtoul(text, NULL, 10) : (uint32_t)-1;
}

static void who_read_start(struct who *who, pid_t pid)
{
	unsigned long long ticks = 0;
	char text[4096];
	unsigned int field;
	char *at;

	proc_read(pid, "stat", text, sizeof(text));
	/* Field 22; the second one, the name in brackets, may have blanks. */
	at = strrchr(text, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		sscanf(at, " %llu", &ticks);
	who->start_ticks = ticks;
}

static void who_read_cgroup(struct who *who, pid_t pid)
{
	char text[4096];
	char *at;

	proc_read(pid, "cgroup", text, sizeof(text));
	at = strstr(text, "0::");
	if (!at)
		return;
	at += 3;
	at[strcspn(at, "\n")] = 0;
	snprintf(who->cgroup, sizeof(who->cgroup), "%s", at);
}

int who_read(struct who *who, pid_t pid)
{
	char path[64], comm[sizeof(who->comm) + 1];
	ssize_t length;

	memset(who, 0, sizeof(*who));
	who->pid = pid;
	who->tid = pid;
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, who->exe, sizeof(who->exe) - 1);
	if (length < 0)
		return -errno;
	length = proc_read(pid, "comm", comm, sizeof(comm));
	if (length > 0)
		memcpy(who->comm, comm, length - 1);
	who_read_status(who, pid);
	who_read_start(who, pid);
	who_read_cgroup(who, pid);
	return 0;
}

struct who who_kernel(void)
{
	struct who who = { .auid = (uint32_t)-1, .comm = "kernel" };

	strcpy(who.exe, "(none)");
	return who;
}

void process_self(struct process *self)
{
	who_read(&self->who, getpid());
	self->control = -1;
	self->ours = false;
}

/* An actor stands beside the test program. */
static int actor_open(const char *program)
{
	char path[512];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	if (length < 0)
		return -errno;
	path[length] = 0;
	slash = strrchr(path, '/');
	snprintf(slash + 1, 16, "%s", program);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int actor_copy(const char *program, const char *path)
{
	char block[65536];
	int from, into;
	ssize_t got = 0;

	if (!access(path, X_OK))
		return 0;
	from = actor_open(program);
	if (from < 0)
		return -errno;
	into = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (into >= 0) {
		while ((got = read(from, block, sizeof(block))) > 0)
			if (write(into, block, got) != got)
				break;
		fchmod(into, 0755);
		close(into);
	}
	close(from);
	return into < 0 || got ? -EIO : 0;
}

static void actor_become(const char *path, int control)
{
	char text[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(control, F_SETFD, 0);
	snprintf(text, sizeof(text), "%d", control);
	execl(path, path, text, NULL);
	_exit(127);
}

int process_start(struct process *process, const char *directory,
		  const char *name)
{
	return process_start_of(process, "actor", directory, name);
}

int process_start_of(struct process *process, const char *program,
		     const char *directory, const char *name)
{
	struct answer hello;
	int pair[2], err, carried;
	char path[256];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	err = actor_copy(program, path);
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid)
		actor_become(path, pair[1]);
	close(pair[1]);
	if (pid < 0)
		return -errno;
	process->control = pair[0];
	process->ours = true;
	err = process_finish(process, &hello, &carried);
	return err < 0 ? err : who_read(&process->who, pid);
}

int process_begin(struct process *process, const struct request *request,
		  int carried)
{
	return message_send(process->control, request, sizeof(*request),
			    carried);
}

int process_finish(struct process *process, struct answer *answer, int *carried)
{
	int err = message_receive(process->control, answer, sizeof(*answer),
				  carried);

	if (err)
		return err;
	process->who.tid = answer->tid;
	return answer->result;
}

int process_do(struct process *process, const struct request *request,
	       struct answer *answer)
{
	int carried, err;

	if (process->control < 0) {
		perform(request, -1, answer);
		process->who.tid = answer->tid;
		return answer->result;
	}
	err = process_begin(process, request, -1);
	if (err)
		return err;
	return process_finish(process, answer, &carried);
}

int process_fork(struct process *parent, struct process *child)
{
	struct request request = { .verb = DO_FORK, .fd = -1 };
	struct answer answer;
	int pair[2], err, carried;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = process_begin(parent, &request, pair[1]);
	close(pair[1]);
	if (!err)
		err = process_finish(parent, &answer, &carried);
	if (err < 0)
		return err;
	child->control = pair[0];
	child->ours = false;
	err = process_finish(child, &answer, &carried);
	return err < 0 ? err : who_read(&child->who, answer.pid);
}

int process_rename(struct process *process, const char *name)
{
	struct request request = { .verb = DO_RENAME, .fd = -1 };
	struct answer answer;
	int err;

	snprintf(request.text, sizeof(request.text), "%s", name);
	err = process_do(process, &request, &answer);
	return err ? err : who_read(&process->who, process->who.pid);
}

int process_setuid(struct process *process, uid_t uid)
{
	struct request request = { .verb = DO_SETUID, .fd = -1, .a = uid };
	struct answer answer;
	int err = process_do(process, &request, &answer);

	return err ? err : who_read(&process->who, process->who.pid);
}

static int exec_by(struct process *process, const char *directory,
		   const char *name, int fd, bool thread)
{
	struct request request = {
		.verb = DO_EXEC, .fd = fd, .thread = thread,
	};
	struct answer hello;
	int err, carried;

	snprintf(request.text, sizeof(request.text), "%s/%s", directory, name);
	err = actor_copy("actor", request.text);
	if (!err)
		err = process_begin(process, &request, -1);
	if (!err)
		err = process_finish(process, &hello, &carried);
	return err ? err : who_read(&process->who, process->who.pid);
}

int process_exec(struct process *process, const char *directory,
		 const char *name, int fd)
{
	return exec_by(process, directory, name, fd, false);
}

int process_exec_by_thread(struct process *process, const char *directory,
			   const char *name, int fd)
{
	return exec_by(process, directory, name, fd, true);
}

int process_vfork(struct process *parent, struct process *child)
{
	struct request request = { .verb = DO_VFORK, .fd = -1 };
	struct answer hello;
	int pair[2], err, carried;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = process_begin(parent, &request, pair[1]);
	close(pair[1]);
	child->control = pair[0];
	child->ours = false;
	if (!err)
		err = process_finish(child, &hello, &carried);
	return err < 0 ? err : who_read(&child->who, hello.pid);
}

int process_leave(struct process *process)
{
	struct request request = { .verb = DO_LEAVE, .fd = -1 };
	struct answer answer;

	return process_do(process, &request, &answer);
}

static bool waits_now(pid_t pid, pid_t tid, int call)
{
	char name[64], text[64];

	snprintf(name, sizeof(name), "task/%d/syscall", tid);
	return proc_read(pid, name, text, sizeof(text)) > 0 &&
	       isdigit((unsigned char)*text) && atoi(text) == call;
}

bool process_waits(const struct process *process, pid_t tid, int call)
{
	int i;

	for (i = 0; i < patient(10000); i++) {
		if (waits_now(process->who.pid, tid, call))
			return true;
		poll(NULL, 0, 1);
	}
	return false;
}

/* The thread that is there besides the first one, or 0. */
static pid_t second_thread(pid_t pid)
{
	struct dirent *entry;
	char path[64];
	pid_t tid = 0;
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads)))
		if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != pid)
			tid = atoi(entry->d_name);
	if (threads)
		closedir(threads);
	return tid;
}

bool process_waits_in_thread(const struct process *process, int call)
{
	pid_t tid = 0;
	int i;

	for (i = 0; i < patient(10000) && !tid; i++) {
		tid = second_thread(process->who.pid);
		poll(NULL, 0, !tid);
	}
	return tid && process_waits(process, tid, call);
}

/* One that is not a child of the test can be polled for its end only. */
static int process_watch(const struct process *process)
{
	return process->ours ? -1 : syscall(SYS_pidfd_open, process->who.pid,
					    0);
}

/* Until it has closed all that it had, which is before it can be waited for. */
static void process_wait(struct process *process, int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	if (process->ours)
		waitpid(process->who.pid, NULL, 0);
	else if (pidfd >= 0)
		poll(&end, 1, -1);
	close(pidfd);
	close(process->control);
	process->control = -1;
	process->ended = true;
}

void process_exit(struct process *process)
{
	struct request request = { .verb = DO_EXIT, .fd = -1 };
	int pidfd = process_watch(process);

	process_begin(process, &request, -1);
	process_wait(process, pidfd);
}

void process_kill(struct process *process)
{
	int pidfd = process_watch(process);

	kill(process->who.pid, SIGKILL);
	process_wait(process, pidfd);
}
