// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define PORT_CLASS "/sys/class/virtio-ports"
#define PORT_TRIES 500
#define PORT_PAUSE_US 10000

static bool port_is_named(const char *entry, const char *name)
{
	char path[PATH_MAX], found[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), PORT_CLASS "/%s/name", entry);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (!fgets(found, sizeof(found), f))
		found[0] = '\0';
	fclose(f);
	found[strcspn(found, "\n")] = '\0';
	return !strcmp(found, name);
}

static int port_find(const char *name)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int fd = -1;
	DIR *dir;

	dir = opendir(PORT_CLASS);
	if (!dir)
		return -1;
	while (fd < 0 && (entry = readdir(dir))) {
		if (!port_is_named(entry->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	closedir(dir);
	return fd;
}

/* The device announces its ports one by one, after its module is loaded. */
int port_open(const char *name)
{
	int tries, fd;

	for (tries = 0; tries < PORT_TRIES; tries++) {
		fd = port_find(name);
		if (fd >= 0)
			return fd;
		usleep(PORT_PAUSE_US);
	}
	errno = ENODEV;
	die(name);
}
