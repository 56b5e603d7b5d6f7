// SPDX-License-Identifier: GPL-2.0
/*
 * Files that the tool can still open, make, rename and delete once it is confined, and
 * those that it cannot.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine/calls.h"
#include "confine/landlock.h"
#include "confined.h"

static void files_follow_each_other(void **state)
{
	struct folder *folder = *state;
	const struct pw_limits limits = { .archive = folder->file };
	char command[128];

	setenv(PW_CALLS_REPORT, "1", 1);
	assert_int_equal(confined(&limits, rotate, folder), 0);
	unsetenv(PW_CALLS_REPORT);
	snprintf(command, sizeof(command), "test $(ls %s | wc -l) = 2",
		 folder->path);
	assert_int_equal(system(command), 0);
}

static int reach_outside(void *context)
{
	const struct folder *folder = context;
	char elsewhere[80];

	if (errno_of_open(folder->file, O_WRONLY | O_CREAT))
		return 1;
	if (errno_of_open(folder->beside, O_WRONLY | O_CREAT) != EACCES)
		return 2;
	if (errno_of_open("/etc/passwd", O_RDONLY) != EACCES ||
	    errno_of_open("/dev/null", O_WRONLY) != EACCES)
		return 3;
	if (errno_of_open("/proc/self/status", O_RDONLY))
		return 4;	/* as the limits say */
	if (errno_of_open("/proc/self/status", O_RDWR) != EACCES)
		return 5;
	snprintf(elsewhere, sizeof(elsewhere), "%s/../there", folder->path);
	if (!rename(folder->file, elsewhere))
		return 6;
	return unlink(folder->beside) && errno == ENOENT ? 0 : 7;
}

static void nothing_outside_of_the_folder_is_reached(void **state)
{
	static const char *const files[] = { "/proc/self/status", "/no/such", NULL };
	struct folder *folder = *state;
	const struct pw_limits limits = {
		.archive = folder->file, .files = files,
	};

	if (!pw_landlock_version())
		skip();
	assert_int_equal(confined(&limits, reach_outside, folder), 0);
}

/* A link that leads elsewhere: the file may be written that the user named. */
static int write_by_link(void *context)
{
	struct folder *folder = context;

	return errno_of_open(folder->file, O_WRONLY | O_TRUNC);
}

static void a_link_is_followed(void **state)
{
	struct folder *folder = *state;
	const struct pw_limits limits = { .archive = folder->file };

	close(open(folder->beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(symlink(folder->beside, folder->file), 0);
	assert_int_equal(confined(&limits, write_by_link, folder), 0);
}

/* Landlock alone. */
static int land_and_open(void *context)
{
	(void)context;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    pw_landlock_restrict(&nothing))
		return REFUSED;
	if (errno_of_open("/etc/passwd", O_RDONLY) != EACCES ||
	    errno_of_open("/etc/passwd", O_WRONLY) != EACCES ||
	    errno_of_open("/", O_RDONLY) != EACCES)
		return 1;
	if (errno_of(mkdir("/tmp/portwatch-landlock", 0700)) != EACCES)
		return 2;
	if (pw_landlock_version() >= 6 && errno_of(kill(getppid(), 0)) != EPERM)
		return 3;
	return errno_of(execl("/bin/true", "true", NULL)) == EACCES ? 0 : 4;
}

static void landlock_alone_refuses_files(void **state)
{
	(void)state;
	if (!pw_landlock_version())
		skip();
	assert_int_equal(apart(land_and_open, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(files_follow_each_other),
		WITH_FOLDER(nothing_outside_of_the_folder_is_reached),
		WITH_FOLDER(a_link_is_followed),
		cmocka_unit_test(landlock_alone_refuses_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
