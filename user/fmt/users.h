/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_USERS_H
#define PW_USERS_H

#include <stdint.h>

/* Names of users, each asked for once. */
struct pw_users;

struct pw_users *pw_users_new(void);
void pw_users_free(struct pw_users *users);

/* The name of a user, or NULL when he has none; it lives as long as @users. */
const char *pw_user_name(struct pw_users *users, uint32_t uid);

#endif
