// SPDX-License-Identifier: GPL-2.0
/*
 * Capabilities that are given up, and users that are become.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "cmd/users.h"
#include "confine/calls.h"
#include "confine/rights.h"
#include "confined.h"

/* The number of a line of /proc/self/status. */
static unsigned long long status_of(const char *name)
{
	char line[256];
	unsigned long long value = ~0ULL;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %llx", &value);
	if (file)
		fclose(file);
	return value;
}

static bool has_no_capability(void)
{
	return !status_of("CapPrm") && !status_of("CapEff") &&
	       !status_of("CapInh") && !status_of("CapAmb");
}

static int drop(void *context)
{
	bool may_bound = status_of("CapEff") >> CAP_SETPCAP & 1;

	(void)context;
	if (pw_rights_drop(NULL) || !has_no_capability())
		return 1;
	return may_bound && status_of("CapBnd") ? 2 : 0;
}

static void no_capability_is_left(void **state)
{
	(void)state;
	NEED_CAPNG();
	assert_int_equal(apart(drop, NULL), 0);
}

static int drop_for_own_folder(void *context)
{
	struct folder *folder = context;

	return pw_rights_drop(folder->file) || !has_no_capability();
}

static int drop_for_foreign_folder(void *context)
{
	struct folder *folder = context;

	if (pw_rights_drop(folder->file))
		return 1;
	if (status_of("CapEff") != 1ULL << CAP_DAC_OVERRIDE ||
	    status_of("CapPrm") != 1ULL << CAP_DAC_OVERRIDE ||
	    status_of("CapBnd"))
		return 2;
	return errno_of_open(folder->file, O_WRONLY | O_CREAT);
}

static void root_keeps_what_the_folder_needs(void **state)
{
	struct folder *folder = *state;

	NEED_CAPNG();
	if (geteuid())
		skip();
	assert_int_equal(apart(drop_for_own_folder, folder), 0);
	assert_int_equal(chown(folder->path, NOBODY, NOBODY), 0);
	assert_int_equal(apart(drop_for_foreign_folder, folder), 0);
	/* a file that cannot be read in a folder that can be written */
	assert_int_equal(chown(folder->path, 0, 0), 0);
	assert_int_equal(chown(folder->file, NOBODY, NOBODY), 0);
	assert_int_equal(apart(drop_for_foreign_folder, folder), 0);
}

static int become(void *context)
{
	const struct folder *folder = context;
	uid_t real, effective, saved;

	if (pw_rights_become(NOBODY, NOBODY) || !has_no_capability() ||
	    status_of("CapBnd"))
		return 1;
	if (getresuid(&real, &effective, &saved) || real != NOBODY ||
	    effective != NOBODY || saved != NOBODY)
		return 2;
	if (getgid() != NOBODY || getegid() != NOBODY)
		return 3;
	if (!setuid(0) || !setgid(0))
		return 4;
	return errno_of_open(folder->file, O_RDONLY) == EACCES ? 0 : 5;
}

static void root_becomes_somebody_else(void **state)
{
	struct folder *folder = *state;

	NEED_CAPNG();
	if (geteuid())
		skip();
	assert_int_equal(errno_of_open(folder->file, O_WRONLY | O_CREAT), 0);
	assert_int_equal(chmod(folder->path, 0755), 0);
	assert_int_equal(apart(become, folder), 0);
}

static int rotate_as_nobody(void *context)
{
	struct folder *folder = context;
	struct pw_limits limits = { .archive = folder->file };
	int status = pw_confine_find_user(&limits.user, "nobody");

	return status ? REFUSED : confined(&limits, rotate, folder);
}

static void somebody_else_records(void **state)
{
	struct folder *folder = *state;

	NEED_CAPNG();
	if (geteuid())
		skip();
	assert_int_equal(chown(folder->path, NOBODY, NOBODY), 0);
	assert_int_equal(apart(rotate_as_nobody, folder), 0);
}

static int find_user(void *context)
{
	struct pw_user user = { NULL };

	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	if (pw_confine_find_user(&user, "no-such-user") != 2)
		return 1;
	if (!geteuid() && setresuid(NOBODY, NOBODY, NOBODY))
		return 2;
	if (pw_confine_find_user(&user, "root") != 3)
		return 3;
	(void)context;
	return 0;
}

static void a_user_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(apart(find_user, NULL), 0);
}

static int know_names(void *context)
{
	struct pw_users *users = pw_users_new();

	(void)context;
	if (pw_confine(&nothing))
		return REFUSED;
	if (strcmp(pw_user_name(users, 0), "root"))
		return 1;
	if (pw_user_name(users, 4294967294U))
		return 2;
	if (strcmp(pw_user_name(users, 0), "root"))
		return 3;
	pw_users_free(users);
	return 0;
}

static void names_of_users_are_known(void **state)
{
	(void)state;
	setenv(PW_CALLS_REPORT, "1", 1);
	assert_int_equal(apart(know_names, NULL), 0);
	unsetenv(PW_CALLS_REPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_capability_is_left),
		WITH_FOLDER(root_keeps_what_the_folder_needs),
		WITH_FOLDER(root_becomes_somebody_else),
		WITH_FOLDER(somebody_else_records),
		cmocka_unit_test(a_user_that_cannot_be_is_refused),
		cmocka_unit_test(names_of_users_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
