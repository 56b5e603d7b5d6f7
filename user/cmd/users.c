/* SPDX-License-Identifier: GPL-2.0 */
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine/rights.h"
#include "fmt/memory.h"
#include "users.h"

struct user {
	uint32_t uid;
	char *name;
};

/**
 * struct pw_users - those that were asked for
 *
 * A machine's ports belong to a dozen users: a list is as good as anything.
 *
 * @fd:		to the process that knows them, or -1
 */
struct pw_users {
	struct user *list;
	size_t count;
	int fd;
};

/* Longer names are cut by nobody: they are none. */
struct answer {
	char name[256];
};

/* A question and its answer are one packet each. */
static void answer_all(int fd)
{
	struct answer answer;
	struct passwd *entry;
	uint32_t uid;

	while (read(fd, &uid, sizeof(uid)) == sizeof(uid)) {
		memset(&answer, 0, sizeof(answer));
		entry = getpwuid(uid);
		if (entry && strlen(entry->pw_name) < sizeof(answer.name))
			strcpy(answer.name, entry->pw_name);
		if (write(fd, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
}

/* Nothing of ours stays open in there: who reads our output would wait for its end. */
static void become_helper(int fd)
{
	int nowhere = open("/dev/null", O_RDWR), i;

	for (i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		dup2(nowhere, i);
	if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !pw_rights_drop(NULL))
		answer_all(fd);
	_exit(0);
}

/* It ends when we do: then nobody holds the other end. */
static int start_helper(void)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -1;
	pid = fork();
	if (!pid) {
		close(fds[0]);
		become_helper(fds[1]);
	}
	close(fds[1]);
	if (pid > 0)
		return fds[0];
	close(fds[0]);
	return -1;
}

struct pw_users *pw_users_new(void)
{
	struct pw_users *users = pw_memory_new(sizeof(*users));

	users->fd = start_helper();
	return users;
}

void pw_users_free(struct pw_users *users)
{
	size_t i;

	if (!users)
		return;
	if (users->fd >= 0)
		close(users->fd);
	for (i = 0; i < users->count; i++)
		free(users->list[i].name);
	free(users->list);
	free(users);
}

static char *ask(const struct pw_users *users, uint32_t uid)
{
	struct answer answer;

	if (users->fd < 0 ||
	    write(users->fd, &uid, sizeof(uid)) != sizeof(uid) ||
	    read(users->fd, &answer, sizeof(answer)) != sizeof(answer))
		return NULL;
	answer.name[sizeof(answer.name) - 1] = 0;
	return *answer.name ? pw_memory_text(answer.name) : NULL;
}

const char *pw_user_name(struct pw_users *users, uint32_t uid)
{
	struct user *list;
	size_t i;

	for (i = 0; i < users->count; i++)
		if (users->list[i].uid == uid)
			return users->list[i].name;
	list = pw_memory_resize(users->list,
				(users->count + 1) * sizeof(*list));
	users->list = list;
	list[users->count].uid = uid;
	list[users->count].name = ask(users, uid);
	return list[users->count++].name;
}
