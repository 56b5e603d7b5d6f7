/* SPDX-License-Identifier: GPL-2.0 */
#include <pwd.h>
#include <stdlib.h>

#include "memory.h"
#include "users.h"

struct user {
	uint32_t uid;
	char *name;
};

/* A machine's ports belong to a dozen users: a list is as good as anything. */
struct pw_users {
	struct user *list;
	size_t count;
};

struct pw_users *pw_users_new(void)
{
	return pw_memory_new(sizeof(struct pw_users));
}

void pw_users_free(struct pw_users *users)
{
	size_t i;

	if (!users)
		return;
	for (i = 0; i < users->count; i++)
		free(users->list[i].name);
	free(users->list);
	free(users);
}

const char *pw_user_name(struct pw_users *users, uint32_t uid)
{
	struct passwd *entry;
	struct user *list;
	size_t i;

	for (i = 0; i < users->count; i++)
		if (users->list[i].uid == uid)
			return users->list[i].name;
	list = pw_memory_resize(users->list,
				(users->count + 1) * sizeof(*list));
	users->list = list;
	entry = getpwuid(uid);
	list[users->count].uid = uid;
	list[users->count].name = entry ? pw_memory_text(entry->pw_name) : NULL;
	return list[users->count++].name;
}
