// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length = strlen(text);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, text, length) == length ? 0 : -errno;
	close(fd);
	return err;
}

int file_set_net(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	return file_write(path, text);
}
