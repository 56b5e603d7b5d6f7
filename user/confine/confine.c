/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"
#include "cmd/command.h"
#include "cmd/error.h"
#include "confine.h"
#include "landlock.h"
#include "rights.h"

/*
 * What looks for errors while a program runs opens files, starts threads and traces,
 * all that is forbidden here: such a build is confined by capabilities only.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED	true
#else
#define SANITIZED	false
#endif

#ifdef PORTWATCH_CAPNG
#define CHANGES_USER	true
#else
#define CHANGES_USER	false
#endif

int pw_confine_find_user(struct pw_user *user, const char *name)
{
	const struct passwd *entry = getpwnam(name);

	if (!entry)
		return pw_error(PW_STATUS_USAGE,
				"--user %s: there is no such user; make one, or name another",
				name);
	if (!CHANGES_USER && entry->pw_uid != geteuid())
		return pw_error(PW_STATUS_DEVICE,
				"--user %s: this portwatch was built without libcap-ng; build it with that, or use setpriv",
				name);
	if (geteuid() && entry->pw_uid != geteuid())
		return pw_error(PW_STATUS_DEVICE,
				"--user %s: only root can become somebody else; start it as root",
				name);
	user->name = name;
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	return 0;
}

/*
 * The C library looks again and again whether /etc/localtime is another file now, and
 * takes UTC when it cannot; a zone that is named it reads once.
 */
static void settle_time_zone(void)
{
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
}

static int fail(const char *what, int err)
{
	return pw_error(PW_STATUS_IO,
			"%s: %s; nothing was read, for it would not be confined",
			what, strerror(-err));
}

static int give_up_rights(const struct pw_limits *limits)
{
	const struct pw_user *user = &limits->user;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail("no_new_privs", -errno);
	if (user->name && user->uid != geteuid()) {
		err = pw_rights_become(user->uid, user->gid);
		return err ? fail(user->name, err) : 0;
	}
	err = pw_rights_drop(limits->archive);
	return err ? fail("capabilities", err) : 0;
}

int pw_confine(const struct pw_limits *limits)
{
	int status, err;

	settle_time_zone();
	status = give_up_rights(limits);
	if (status || SANITIZED)
		return status;
	err = pw_landlock_restrict(limits);
	if (err)
		return fail("landlock", err);
	err = pw_calls_restrict(limits);
	return err ? fail("seccomp", err) : 0;
}
