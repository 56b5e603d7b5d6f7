/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_CGROUP_H
#define PW_CGROUP_H

#include <stddef.h>

/*
 * The systemd unit, or the container, that a cgroup path belongs to: the innermost
 * one. Writes its name, cut to @size with the 0 byte, and returns its length; 0
 * when the path belongs to none.
 *
 * A slice is a place for units, and never the answer.
 */
size_t pw_cgroup_unit(const char *path, char *name, size_t size);
size_t pw_cgroup_container(const char *path, char *id, size_t size);

#endif
