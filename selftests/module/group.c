// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "group.h"

int group_mount(struct group *group, const char *directory)
{
	group->path[0] = 0;
	snprintf(group->top, sizeof(group->top), "%s/cgroup", directory);
	if (mkdir(group->top, 0755))
		return -errno;
	return mount("none", group->top, "cgroup2", 0, NULL) ? -errno : 0;
}

int group_make(struct group *group, const char *path)
{
	const char *end = path;

	do {
		end += 1 + strcspn(end + 1, "/");
		snprintf(group->path, sizeof(group->path), "%s/%.*s",
			 group->top, (int)(end - path), path);
		if (mkdir(group->path, 0755) && errno != EEXIST)
			return -errno;
	} while (*end);
	return 0;
}

int group_enter(const struct group *group, pid_t pid)
{
	char file[sizeof(group->path) + 16], text[16];

	snprintf(file, sizeof(file), "%s/cgroup.procs", group->path);
	snprintf(text, sizeof(text), "%d", pid);
	return file_write(file, text);
}

void group_unmount(struct group *group)
{
	while (strlen(group->path) > strlen(group->top) && !rmdir(group->path))
		*strrchr(group->path, '/') = 0;
	umount(group->top);
	rmdir(group->top);
}
