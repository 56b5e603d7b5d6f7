/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that can be named, where the kernel has Landlock (Debian 12 and later).
 */
#ifndef PW_LANDLOCK_H
#define PW_LANDLOCK_H

#include "confine.h"

/* The version of Landlock that this kernel has, 0: none. */
int pw_landlock_version(void);

/*
 * From here on no file but those of @limits can be opened, made, renamed or deleted;
 * no connection be made; no process outside be sent a signal, as far as this kernel's
 * version goes. It takes no_new_privs. Return: 0, also where there is none, or -errno.
 */
int pw_landlock_restrict(const struct pw_limits *limits);

#endif
