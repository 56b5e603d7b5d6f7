/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_DEVICE_H
#define PW_DEVICE_H

#include "source.h"

/* Opens @path, or PORTWATCH_DEVICE when it is NULL; a descriptor or -errno. */
int pw_device_open_fd(const char *path);

/* An ioctl; what it returns or -errno. */
int pw_device_ioctl(int fd, unsigned long request, void *argument);

/* Starts a session. Returns 0 or -errno. */
int pw_device_open(struct pw_source **source,
		   const struct portwatch_options *options);

#endif
