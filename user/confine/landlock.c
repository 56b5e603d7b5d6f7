/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The oldest headers that we are built with do not know Landlock: what we use of
 * <linux/landlock.h> is said here.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fmt/memory.h"
#include "landlock.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

#define CREATE_VERSION	(1U << 0)
#define RULE_PATH	1

#define FS_WRITE_FILE	(1ULL << 1)
#define FS_READ_FILE	(1ULL << 2)
#define FS_READ_DIR	(1ULL << 3)
#define FS_REMOVE_FILE	(1ULL << 5)
#define FS_MAKE_REG	(1ULL << 8)
#define FS_TRUNCATE	(1ULL << 14)
#define FS_IOCTL_DEV	(1ULL << 15)

/* Rights that a file itself has; the others are those of its folder. */
#define FS_FILE		(FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* Each version knows more; what it does not know it refuses. */
#define FS_ALL(version)	((version) < 2 ? (1ULL << 13) - 1 :		\
			 (version) < 3 ? (1ULL << 14) - 1 :		\
			 (version) < 5 ? (1ULL << 15) - 1 : (1ULL << 16) - 1)
#define NET_ALL(version)	((version) < 4 ? 0 : 3ULL)
#define SCOPE_ALL(version)	((version) < 6 ? 0 : 3ULL)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scope;
};

/* The kernel reads the first 12 bytes. */
struct rule {
	uint64_t allowed;
	int32_t parent;
};

int pw_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       CREATE_VERSION);

	return version > 0 ? (int)version : 0;
}

/* One that is not there needs no rule: it cannot be opened. */
static int allow(int ruleset, const char *path, uint64_t rights)
{
	struct rule rule = { .parent = open(path, O_PATH | O_CLOEXEC) };
	struct stat info;
	int err = 0;

	if (rule.parent < 0)
		return 0;
	if (fstat(rule.parent, &info))
		err = -errno;
	rule.allowed = S_ISDIR(info.st_mode) ? rights : rights & FS_FILE;
	if (!err && rule.allowed &&
	    syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &rule, 0))
		err = -errno;
	close(rule.parent);
	return err;
}

/* The folder; and the file itself, to which a link may lead that is elsewhere. */
static int allow_archive(int ruleset, const char *archive, uint64_t known)
{
	const uint64_t rights = known & (FS_FILE | FS_READ_DIR | FS_REMOVE_FILE |
					 FS_MAKE_REG);
	char *copy = pw_memory_text(archive);
	int err = allow(ruleset, dirname(copy), rights);

	free(copy);
	return err ? err : allow(ruleset, archive, rights & FS_FILE);
}

static int allow_all(int ruleset, const struct pw_limits *limits, uint64_t known)
{
	const char *const *file = limits->files;
	int err = 0;

	if (limits->archive)
		err = allow_archive(ruleset, limits->archive, known);
	for (; !err && file && *file; file++)
		err = allow(ruleset, *file, known & FS_READ_FILE);
	return err;
}

int pw_landlock_restrict(const struct pw_limits *limits)
{
	int version = pw_landlock_version(), ruleset, err;
	const struct ruleset handled = {
		.fs = FS_ALL(version),
		.net = NET_ALL(version),
		.scope = SCOPE_ALL(version),
	};

	if (!version)
		return 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled,
			       sizeof(handled), 0);
	if (ruleset < 0)
		return -errno;
	err = allow_all(ruleset, limits, handled.fs);
	if (!err && syscall(SYS_landlock_restrict_self, ruleset, 0))
		err = -errno;
	close(ruleset);
	return err;
}
