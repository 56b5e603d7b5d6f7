/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of users, each asked for once.
 *
 * Who knows them is a matter of the machine: a file, a directory on the network, a
 * daemon that is asked by a socket, libraries that are loaded for it. A process of its
 * own does that, without a capability and without the device; it is started before the
 * tool is confined, hears numbers and says names.
 */
#ifndef PW_USERS_H
#define PW_USERS_H

#include <stdint.h>

struct pw_users;

/* Starts that process. Where none can be, nobody has a name. */
struct pw_users *pw_users_new(void);

/* Ends it. */
void pw_users_free(struct pw_users *users);

/* The name of a user, or NULL when he has none; it lives as long as @users. */
const char *pw_user_name(struct pw_users *users, uint32_t uid);

#endif
