/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine.h"

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"

/* Two hexadecimal digits a byte, whatever stands between the pairs. */
static void take_bytes(const char *text, uint8_t *bytes, size_t size)
{
	size_t done = 0;

	while (*text && done < size) {
		if (sscanf(text, "%2hhx", &bytes[done]) == 1) {
			done++;
			text++;
		}
		text++;
	}
}

static void read_boot_id(uint8_t *bytes, size_t size)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t length;

	if (fd < 0)
		return;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return;
	text[length] = 0;
	take_bytes(text, bytes, size);
}

void pw_machine_describe(struct portwatch_recording *recording)
{
	struct utsname name;

	read_boot_id(recording->boot_id, sizeof(recording->boot_id));
	if (uname(&name))
		return;
	memcpy(recording->release, name.release,
	       strnlen(name.release, sizeof(recording->release) - 1));
	memcpy(recording->host, name.nodename,
	       strnlen(name.nodename, sizeof(recording->host) - 1));
}
