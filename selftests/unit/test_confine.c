// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that the tool can still make once it is confined, and those that it
 * cannot.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <portwatch.h>

#include "confine/calls.h"
#include "confined.h"

/* A call that fails with ENOSYS, or ends the program. */
struct forbidden {
	const char *name;
	int (*call)(void *context);
	int result;
};

static int open_for_reading(void *context)
{
	(void)context;
	return errno_of(open("/etc/passwd", O_RDONLY));
}

static int open_for_writing(void *context)
{
	(void)context;
	return errno_of(open("/dev/null", O_WRONLY));
}

static int make_internet_socket(void *context)
{
	(void)context;
	return errno_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int make_unix_socket(void *context)
{
	(void)context;
	return errno_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int send_somewhere(void *context)
{
	(void)context;
	return errno_of(send(STDERR_FILENO, "", 1, 0));
}

static int start_process(void *context)
{
	pid_t pid = fork();

	(void)context;
	if (!pid)
		_exit(0);
	return errno_of(pid);
}

static int signal_parent(void *context)
{
	(void)context;
	return errno_of(kill(getppid(), 0));
}

static int signal_other_thread(void *context)
{
	(void)context;
	return errno_of(syscall(SYS_tgkill, 1, 1, 0));
}

static int map_code(void *context)
{
	(void)context;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
		errno : 0;
}

static int make_memory_code(void *context)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	return errno_of(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int type_for_the_user(void *context)
{
	(void)context;
	return errno_of(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int begin_session(void *context)
{
	struct portwatch_start start = { .size = sizeof(start) };

	(void)context;
	return errno_of(ioctl(STDIN_FILENO, PORTWATCH_IOC_START, &start));
}

static int become_root(void *context)
{
	(void)context;
	return errno_of(setuid(0));
}

static int look_at_path(void *context)
{
	struct stat info;

	(void)context;
	return errno_of(stat("/etc/passwd", &info));
}

static int delete_file(void *context)
{
	(void)context;
	return errno_of(unlink("/tmp/there/is/no/such/file"));
}

static int run_program(void *context)
{
	(void)context;
	return errno_of(execl("/bin/true", "true", NULL));
}

static int trace(void *context)
{
	(void)context;
	return errno_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int mount_something(void *context)
{
	(void)context;
	return errno_of(mount("none", "/", "tmpfs", 0, NULL));
}

static int load_module(void *context)
{
	(void)context;
	return errno_of(syscall(SYS_init_module, "", 0, ""));
}

static int enter_namespace(void *context)
{
	(void)context;
	return errno_of(syscall(SYS_setns, 0, 0));
}

static int load_program(void *context)
{
	(void)context;
	return errno_of(syscall(SYS_bpf, 0, NULL, 0));
}

#define DEADLY	(SIGNALLED + SIGSYS)

static const struct forbidden forbidden[] = {
	{ "open for reading", open_for_reading, ENOSYS },
	{ "open for writing", open_for_writing, ENOSYS },
	{ "socket AF_INET", make_internet_socket, ENOSYS },
	{ "socket AF_UNIX", make_unix_socket, ENOSYS },
	{ "send", send_somewhere, ENOSYS },
	{ "fork", start_process, ENOSYS },
	{ "kill", signal_parent, ENOSYS },
	{ "tgkill", signal_other_thread, ENOSYS },
	{ "mmap PROT_EXEC", map_code, ENOSYS },
	{ "mprotect PROT_EXEC", make_memory_code, ENOSYS },
	{ "ioctl TIOCSTI", type_for_the_user, ENOSYS },
	{ "ioctl PORTWATCH_IOC_START", begin_session, ENOSYS },
	{ "setuid", become_root, ENOSYS },
	{ "stat", look_at_path, ENOSYS },
	{ "unlink", delete_file, ENOSYS },
	{ "execve", run_program, DEADLY },
	{ "ptrace", trace, DEADLY },
	{ "mount", mount_something, DEADLY },
	{ "init_module", load_module, DEADLY },
	{ "setns", enter_namespace, DEADLY },
	{ "bpf", load_program, DEADLY },
};

static void what_is_not_needed_is_refused(void **state)
{
	size_t i;
	int result, wrong = 0;

	(void)state;
	NEED_SECCOMP();
	for (i = 0; i < ARRAY_SIZE(forbidden); i++) {
		result = confined(&nothing, forbidden[i].call, NULL);
		if (result == forbidden[i].result)
			continue;
		print_message("%s: %d, not %d\n", forbidden[i].name, result,
			      forbidden[i].result);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* Those who record may do more, but none of these. */
static int (*const never[])(void *) = {
	make_internet_socket, make_unix_socket, send_somewhere,
	start_process, signal_parent, map_code, make_memory_code,
	type_for_the_user, begin_session, become_root,
};

static void recording_needs_none_of_these(void **state)
{
	const struct pw_limits limits = { .archive = "/tmp/portwatch.pwrec" };
	size_t i;

	(void)state;
	NEED_SECCOMP();
	for (i = 0; i < ARRAY_SIZE(never); i++)
		assert_int_equal(confined(&limits, never[i], NULL), ENOSYS);
	assert_int_equal(confined(&limits, run_program, NULL), DEADLY);
	assert_int_equal(confined(&limits, trace, NULL), DEADLY);
}

static int read_and_print(void *context)
{
	int *fds = context;
	struct pollfd poller = { .fd = fds[0], .events = POLLIN };
	struct timespec now;
	struct tm broken_down;
	char *memory, *more, byte = 0;
	time_t second = 0;

	memory = malloc(64 << 20);
	if (!memory)
		return 1;
	memset(memory, 1, 64 << 20);
	more = realloc(memory, 128 << 20);
	if (!more) {
		free(memory);
		return 2;
	}
	free(more);
	if (write(fds[1], "x", 1) != 1 || poll(&poller, 1, 1000) != 1 ||
	    read(fds[0], &byte, 1) != 1 || byte != 'x')
		return 3;
	if (syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now) ||
	    !localtime_r(&second, &broken_down))
		return 4;
	if (fprintf(stderr, "%s", "") < 0 || isatty(fds[0]) || errno != ENOTTY)
		return 5;
	return close(fds[0]) ? 6 : 0;
}

static void reading_and_printing_work(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	setenv(PW_CALLS_REPORT, "1", 1);
	assert_int_equal(confined(&nothing, read_and_print, fds), 0);
	unsetenv(PW_CALLS_REPORT);
	close(fds[0]);
	close(fds[1]);
}

static int give_up(void *context)
{
	(void)context;
	abort();
}

static void a_bug_ends_as_one(void **state)
{
	(void)state;
	assert_int_equal(confined(&nothing, give_up, NULL), SIGNALLED + SIGABRT);
}

/* As on a machine whose zone is not that of the environment. */
static int tell_hour(void *context)
{
	time_t second = 1000000000;
	struct tm before, after, *again;
	char text[64];

	(void)context;
	unsetenv("TZ");
	localtime_r(&second, &before);
	if (pw_confine(&nothing))
		return REFUSED;
	localtime_r(&second, &after);
	strftime(text, sizeof(text), "%c %Z", &after);
	tzset();
	again = localtime(&second);
	return before.tm_hour != again->tm_hour || before.tm_min != again->tm_min;
}

static void the_time_zone_stays(void **state)
{
	(void)state;
	setenv(PW_CALLS_REPORT, "1", 1);
	assert_int_equal(apart(tell_hour, NULL), 0);
	unsetenv(PW_CALLS_REPORT);
}

static void a_report_names_the_call(void **state)
{
	char text[256] = "";
	int fds[2], saved;

	(void)state;
	NEED_SECCOMP();
	assert_int_equal(pipe(fds), 0);
	saved = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	setenv(PW_CALLS_REPORT, "1", 1);
	assert_int_equal(confined(&nothing, make_unix_socket, NULL),
			 PW_CALLS_STATUS);
	assert_int_equal(confined(&nothing, run_program, NULL),
			 PW_CALLS_STATUS);
	unsetenv(PW_CALLS_REPORT);
	dup2(saved, STDERR_FILENO);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "system call socket ("));
	assert_non_null(strstr(text, "system call execve ("));
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

/* A socket that is open already, and no other. */
static int ask_kernel(void *context)
{
	const int *fds = context;
	struct sockaddr_un elsewhere = { .sun_family = AF_UNIX, .sun_path = "/x" };
	char byte;

	if (send(fds[0], "x", 1, 0) != 1 || recv(fds[1], &byte, 1, 0) != 1)
		return 1;
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != ENOSYS)
		return 2;
	if (sendto(fds[0], "x", 1, 0, (struct sockaddr *)&elsewhere,
		   sizeof(elsewhere)) >= 0 || errno != ENOSYS)
		return 3;
	return open_for_reading(NULL) == ENOSYS ? 0 : 4;
}

static void an_open_socket_can_be_asked(void **state)
{
	const struct pw_limits limits = { .asks = true };
	int fds[2];

	(void)state;
	NEED_SECCOMP();
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_int_equal(confined(&limits, ask_kernel, fds), 0);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_needed_is_refused),
		cmocka_unit_test(recording_needs_none_of_these),
		cmocka_unit_test(reading_and_printing_work),
		cmocka_unit_test(a_bug_ends_as_one),
		cmocka_unit_test(the_time_zone_stays),
		cmocka_unit_test(a_report_names_the_call),
		cmocka_unit_test(an_open_socket_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
