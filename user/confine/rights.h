/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Capabilities, and the user that a program runs as. Without libcap-ng none is given
 * up, and nobody can be become.
 */
#ifndef PW_RIGHTS_H
#define PW_RIGHTS_H

#include <sys/types.h>

/*
 * Gives up every capability, for the bounding set, too, where that may be changed: but
 * root keeps CAP_DAC_OVERRIDE where without it the file @archive (NULL: there is none)
 * could not be written, or its folder. Return: 0 or -errno.
 */
int pw_rights_drop(const char *archive);

/* Becomes that user, with his groups and no capability. Return: 0 or -errno. */
int pw_rights_become(uid_t uid, gid_t gid);

#endif
