/* SPDX-License-Identifier: GPL-2.0 */
#include "calls.h"

#ifdef PORTWATCH_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <portwatch.h>

#include "cmd/error.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/* TCGETS2 of <asm/ioctls.h>, which is at odds with <termios.h>: isatty() since glibc 2.42. */
#define GET_TERMIOS2	_IOC(_IOC_READ, 'T', 0x2a, 44)

/* They are named: an older libseccomp, or another machine, does not know them all. */
static const char *const always[] = {
	/* reading and printing */
	"read", "readv", "write", "writev", "lseek", "_llseek", "close", "poll",
	"ppoll", "ppoll_time64", "fstat", "fstat64", "sched_yield",
	/* memory */
	"brk", "munmap", "mremap", "madvise",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_nanosleep",
	"clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
	/* what the C library does by itself, abort() for instance */
	"futex", "futex_time64", "getpid", "gettid", "getrandom",
	"restart_syscall", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
	"sigreturn", "sysinfo", "uname", "exit", "exit_group",
};

/* What a folder of files needs that follow each other. */
static const char *const archive[] = {
	"open", "openat", "stat", "stat64", "lstat", "lstat64", "newfstatat",
	"fstatat64", "statx", "access", "faccessat", "faccessat2", "rename",
	"renameat", "renameat2", "unlink", "unlinkat", "getdents", "getdents64",
	"flock", "pwrite64", "ftruncate", "ftruncate64", "fsync",
};

/* Nobody makes one of these by accident. */
static const char *const deadly[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
	"pidfd_getfd", "kcmp",
	"mount", "umount", "umount2", "pivot_root", "chroot", "move_mount",
	"open_tree", "fsopen", "fsmount", "mount_setattr",
	"setns", "unshare", "open_by_handle_at",
	"init_module", "finit_module", "delete_module", "kexec_load",
	"kexec_file_load", "bpf", "perf_event_open", "userfaultfd",
	"io_uring_setup", "io_uring_enter", "io_uring_register",
	"add_key", "request_key", "keyctl",
	"iopl", "ioperm", "reboot", "swapon", "swapoff", "settimeofday",
	"clock_settime", "acct", "quotactl",
};

/* The device's, but for those that begin a session, and the size of a terminal. */
static const unsigned long requests[] = {
	PORTWATCH_IOC_SNAPSHOT, PORTWATCH_IOC_FLUSH, PORTWATCH_IOC_STATUS,
	TIOCGWINSZ, TCGETS, GET_TERMIOS2,
};

static const unsigned int descriptor_commands[] = { F_GETFD, F_SETFD, F_GETFL };

/* Adds one; that this machine or libseccomp does not have it is no error. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name,
	       unsigned int count, const struct scmp_arg_cmp *arguments)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, action, number, count, arguments);
}

static int add_list(scmp_filter_ctx filter, uint32_t action,
		    const char *const *names, size_t count)
{
	size_t i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = add(filter, action, names[i], 0, NULL);
	return err;
}

/* Where one argument, of which only the bits of @mask count, is @value. */
static int add_where(scmp_filter_ctx filter, const char *name,
		     unsigned int argument, uint64_t mask, uint64_t value)
{
	const struct scmp_arg_cmp compare =
		SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, value);

	return add(filter, SCMP_ACT_ALLOW, name, 1, &compare);
}

/* ioctl() and fcntl() take an int there: the upper half is not looked at. */
static int add_requests(scmp_filter_ctx filter)
{
	size_t i;
	int err = 0;

	for (i = 0; i < LENGTH(requests) && !err; i++)
		err = add_where(filter, "ioctl", 1, UINT32_MAX, requests[i]);
	for (i = 0; i < LENGTH(descriptor_commands) && !err; i++)
		err = add_where(filter, "fcntl", 1, UINT32_MAX,
				descriptor_commands[i]);
	for (i = 0; i < LENGTH(descriptor_commands) && !err; i++)
		err = add_where(filter, "fcntl64", 1, UINT32_MAX,
				descriptor_commands[i]);
	return err;
}

/* Memory, but none that can be run; and an end by abort(), but nobody else's. */
static int add_safe_forms(scmp_filter_ctx filter)
{
	int err;

	err = add_where(filter, "mmap", 2, PROT_EXEC, 0);
	if (!err)
		err = add_where(filter, "mmap2", 2, PROT_EXEC, 0);
	if (!err)
		err = add_where(filter, "mprotect", 2, PROT_EXEC, 0);
	if (!err)
		err = add_where(filter, "tgkill", 0, UINT32_MAX,
				(uint32_t)getpid());
	return err ? err : add_requests(filter);
}

/* fstat() of some releases: no path, says this flag. */
static int add_own_stat(scmp_filter_ctx filter)
{
	int err;

	err = add_where(filter, "newfstatat", 3, AT_EMPTY_PATH, AT_EMPTY_PATH);
	if (!err)
		err = add_where(filter, "fstatat64", 3, AT_EMPTY_PATH,
				AT_EMPTY_PATH);
	return err ? err : add_where(filter, "statx", 2, AT_EMPTY_PATH,
				     AT_EMPTY_PATH);
}

static int add_reading(scmp_filter_ctx filter)
{
	const uint64_t others = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	int err = add_where(filter, "openat", 2, others, O_RDONLY);

	return err ? err : add_where(filter, "open", 1, others, O_RDONLY);
}

/* To nowhere but where the socket is connected to. */
static int add_asking(scmp_filter_ctx filter)
{
	const uint64_t all = UINT64_MAX;
	int err = add_where(filter, "sendto", 4, all, 0);

	if (!err)
		err = add(filter, SCMP_ACT_ALLOW, "send", 0, NULL);
	if (!err)
		err = add(filter, SCMP_ACT_ALLOW, "recv", 0, NULL);
	return err ? err : add(filter, SCMP_ACT_ALLOW, "recvfrom", 0, NULL);
}

static int add_calls(scmp_filter_ctx filter, const struct pw_limits *limits)
{
	int err = add_list(filter, SCMP_ACT_ALLOW, always, LENGTH(always));

	if (!err)
		err = add_safe_forms(filter);
	if (!err && limits->asks)
		err = add_asking(filter);
	if (err)
		return err;
	if (limits->archive)
		return add_list(filter, SCMP_ACT_ALLOW, archive,
				LENGTH(archive));
	err = add_own_stat(filter);
	if (!err && limits->files)
		err = add_reading(filter);
	return err;
}

/* It runs once, in tests, and ends the program: that it allocates is no harm. */
static void report(int number, siginfo_t *info, void *context)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE,
						      info->si_syscall);

	(void)number;
	(void)context;
	pw_error(0, "system call %s (%d) may not be made",
		 name ? name : "?", info->si_syscall);
	_exit(PW_CALLS_STATUS);
}

static int catch_reports(void)
{
	struct sigaction action = {
		.sa_sigaction = report,
		.sa_flags = SA_SIGINFO,
	};

	return sigaction(SIGSYS, &action, NULL) ? -errno : 0;
}

/*
 * We run nobody else's code, so that what a filter does on older kernels beside
 * filtering, to forbid the processor to guess, would only make us slow.
 */
static int set_up(scmp_filter_ctx filter, bool reports,
		  const struct pw_limits *limits)
{
	int err;

	err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			       SCMP_ACT_KILL_PROCESS);
	if (!err)
		err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	if (!err && !reports)
		err = add_list(filter, SCMP_ACT_KILL_PROCESS, deadly,
			       LENGTH(deadly));
	if (!err)
		err = add_calls(filter, limits);
	return err ? err : seccomp_load(filter);
}

static bool kernel_has_filters(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return !syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

int pw_calls_restrict(const struct pw_limits *limits)
{
	bool reports = secure_getenv(PW_CALLS_REPORT);
	scmp_filter_ctx filter;
	int err;

	if (!kernel_has_filters())
		return 0;
	err = reports ? catch_reports() : 0;
	if (err)
		return err;
	filter = seccomp_init(reports ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	err = set_up(filter, reports, limits);
	seccomp_release(filter);
	return err;
}

#else

int pw_calls_restrict(const struct pw_limits *limits)
{
	(void)limits;
	return 0;
}

#endif
