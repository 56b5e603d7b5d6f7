/* SPDX-License-Identifier: GPL-2.0 */
#include "rights.h"

#ifdef PORTWATCH_CAPNG

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fmt/memory.h"

/* Younger than the C library of Debian 11. */
#ifndef SYS_faccessat2
#define SYS_faccessat2	439
#endif

/* That of the C library leaves out capabilities, in some releases of it. */
static bool may(const char *path, int mode)
{
	return !syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS);
}

/* Can that file be written, and others made beside it? */
static bool is_reached(const char *archive)
{
	char *copy = pw_memory_text(archive);
	bool reached = may(dirname(copy), W_OK | X_OK) &&
		       (may(archive, R_OK | W_OK) || errno == ENOENT);

	free(copy);
	return reached;
}

/* Whether the set is what was asked for, whatever the library returned. */
static bool holds_only(capng_type_t type, bool override)
{
	int capability;

	for (capability = 0; capability <= CAP_LAST_CAP; capability++)
		if (capng_have_capability(type, (unsigned int)capability) &&
		    !(override && capability == CAP_DAC_OVERRIDE))
			return false;
	return true;
}

/* With @permitted nothing but CAP_DAC_OVERRIDE stays, and counts if @effective. */
static int apply(bool permitted, bool effective)
{
	capng_select_t sets = CAPNG_SELECT_CAPS;

	if (capng_get_caps_process())
		return -EIO;
	/* the bounding set is for those who have this */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		sets = CAPNG_SELECT_BOTH;
	permitted = permitted &&
		    capng_have_capability(CAPNG_PERMITTED, CAP_DAC_OVERRIDE);
	capng_clear(CAPNG_SELECT_BOTH);
	if (permitted &&
	    capng_update(CAPNG_ADD, effective ? CAPNG_EFFECTIVE | CAPNG_PERMITTED :
						CAPNG_PERMITTED,
			 CAP_DAC_OVERRIDE))
		return -EINVAL;
	if (capng_apply(sets))
		return -EPERM;
	if (capng_get_caps_process())
		return -EIO;
	return holds_only(CAPNG_PERMITTED, permitted) &&
	       holds_only(CAPNG_EFFECTIVE, permitted && effective) ? 0 : -EPERM;
}

int pw_rights_drop(const char *archive)
{
	int err = apply(archive, false);

	if (err || !archive)
		return err;
	return is_reached(archive) ? apply(false, false) : apply(true, true);
}

int pw_rights_become(uid_t uid, gid_t gid)
{
	uid_t real, effective, saved;

	if (capng_get_caps_process())
		return -EIO;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_change_id((int)uid, (int)gid, CAPNG_INIT_SUPP_GRP |
						CAPNG_CLEAR_BOUNDING))
		return -EPERM;
	if (getresuid(&real, &effective, &saved) || real != uid ||
	    effective != uid || saved != uid || getegid() != gid)
		return -EPERM;
	if (capng_get_caps_process())
		return -EIO;
	return holds_only(CAPNG_PERMITTED, false) ? 0 : -EPERM;
}

#else

#include <errno.h>

int pw_rights_drop(const char *archive)
{
	(void)archive;
	return 0;
}

int pw_rights_become(uid_t uid, gid_t gid)
{
	(void)uid;
	(void)gid;
	return -EOPNOTSUPP;
}

#endif
