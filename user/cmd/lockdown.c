/* SPDX-License-Identifier: GPL-2.0 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lockdown.h"

/* What stands in brackets holds: "none [integrity] confidentiality". */
static bool take_mode(char *mode, size_t size, const char *text)
{
	const char *begin = strchr(text, '[');
	size_t length = begin ? strcspn(++begin, "]") : 0;

	if (!length || !begin[length] || length >= size)
		return false;
	memcpy(mode, begin, length);
	mode[length] = 0;
	return true;
}

bool pw_lockdown(struct pw_lockdown *lockdown, const char *file)
{
	char text[128];
	ssize_t got;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got < 0)
		return false;
	text[got] = 0;
	return take_mode(lockdown->mode, sizeof(lockdown->mode), text) &&
	       strcmp(lockdown->mode, "none") != 0;
}
