/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * What the module says about itself. Each answer is asked for on a descriptor of
 * its own, which never starts a session.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "portwatch.h"

int pw_device_open_fd(const char *path)
{
	int fd = open(path ? path : PORTWATCH_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* a node is left, but no module stands behind it */
	if (errno == ENXIO || errno == ENODEV)
		return -ENOENT;
	return -errno;
}

int pw_device_ioctl(int fd, unsigned long request, void *argument)
{
	int ret = ioctl(fd, request, argument);

	if (ret >= 0)
		return ret;
	/*
	 * A device that does not know the request, or whose structure is shorter
	 * than ours: another version, or not our device at all.
	 */
	if (errno == ENOTTY || errno == E2BIG)
		return -EPROTO;
	return -errno;
}

static int ask(const char *device, unsigned long request, void *argument)
{
	int fd, err;

	fd = pw_device_open_fd(device);
	if (fd < 0)
		return fd;
	err = pw_device_ioctl(fd, request, argument);
	close(fd);
	return err < 0 ? err : 0;
}

/* Texts come from the kernel; that they end is not left to it. */
#define TERMINATE(text) ((text)[sizeof(text) - 1] = 0)

int portwatch_status_get(const char *device, struct portwatch_status *status)
{
	int err;

	memset(status, 0, sizeof(*status));
	status->size = sizeof(*status);
	err = ask(device, PORTWATCH_IOC_STATUS, status);
	TERMINATE(status->version);
	return err;
}

int portwatch_hook_get(const char *device, uint32_t index,
		       struct portwatch_hook *hook)
{
	int err;

	memset(hook, 0, sizeof(*hook));
	hook->size = sizeof(*hook);
	hook->index = index;
	err = ask(device, PORTWATCH_IOC_HOOK, hook);
	TERMINATE(hook->name);
	TERMINATE(hook->symbol);
	TERMINATE(hook->purpose);
	return err;
}

int portwatch_session_get(const char *device, uint32_t index,
			  struct portwatch_session_info *session)
{
	int err;

	memset(session, 0, sizeof(*session));
	session->size = sizeof(*session);
	session->index = index;
	err = ask(device, PORTWATCH_IOC_SESSION, session);
	TERMINATE(session->comm);
	return err;
}
