/* SPDX-License-Identifier: GPL-2.0 */
/* Control groups that a test makes, in a hierarchy that it mounts. */
#ifndef GROUP_H
#define GROUP_H

#include <sys/types.h>

/**
 * struct group - one of them, and what it is in
 *
 * @top:	where the hierarchy is mounted
 * @path:	the group's folder, empty until group_make()
 */
struct group {
	char top[96];
	char path[4096];
};

/* Mounts it below @directory; 0 or a negative errno, as the others. */
int group_mount(struct group *group, const char *directory);

/* A group and those on the way to it, some of which may be there already. */
int group_make(struct group *group, const char *path);
int group_enter(const struct group *group, pid_t pid);

/* Removes what is empty, inside out. */
void group_unmount(struct group *group);

#endif /* GROUP_H */
