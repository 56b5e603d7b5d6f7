/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tool may still do once it has opened what it reads.
 *
 * It reads what strangers had a part in: names of processes and programs, paths of
 * cgroups, whole recordings. Whoever found a way in by these shall find nothing there:
 * no capability, no file to open, no socket to make, no program to start.
 *
 * Four things see to that, one after the other: no_new_privs and the capabilities
 * (rights.h), the files that can be named (landlock.h), the system calls (calls.h).
 * Descriptors that are open already go on working.
 */
#ifndef PW_CONFINE_H
#define PW_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct pw_user - a user to become
 *
 * @name:	NULL: stay who we are
 */
struct pw_user {
	const char *name;
	uid_t uid;
	gid_t gid;
};

/**
 * struct pw_limits - what is still needed
 *
 * @archive:	a file that is written, renamed and followed by others in its folder,
 *		or NULL
 * @files:	others that are opened for reading, or NULL; the last one is NULL
 * @asks:	sockets that are open are used to ask the kernel
 * @user:	whom to become
 */
struct pw_limits {
	const char *archive;
	const char *const *files;
	bool asks;
	struct pw_user user;
};

/*
 * Finds the user called @name. Return: 0, or an exit status when there is none, or we
 * cannot become him: that has been said.
 */
int pw_confine_find_user(struct pw_user *user, const char *name);

/*
 * From here on nothing but @limits. What this kernel, or this build, cannot limit is
 * not. Return: 0, or an exit status when something went wrong, which has been said.
 */
int pw_confine(const struct pw_limits *limits);

#endif
