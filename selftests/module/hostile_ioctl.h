/* SPDX-License-Identifier: GPL-2.0 */
/* ioctl() as nobody means it: every request, size, flag and pointer. */
#ifndef HOSTILE_IOCTL_H
#define HOSTILE_IOCTL_H

#include <stdbool.h>

#include "chance.h"

/* Memory for arguments that ends where no memory is; below 4 GiB. */
struct arguments {
	unsigned char *end;
	bool compat;		/* this kernel takes calls of 32-bit programs */
};

int arguments_open(struct arguments *arguments);
void arguments_close(struct arguments *arguments);

/*
 * One call by chance on one of some descriptors. Says on stderr what is wrong with the
 * answer; returns whether something is.
 */
bool hostile_ioctl(struct arguments *arguments, struct chance *chance, int fd);

#endif /* HOSTILE_IOCTL_H */
