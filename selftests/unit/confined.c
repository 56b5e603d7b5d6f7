// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/archive.h"
#include "confined.h"

const struct pw_limits nothing;

int confined(const struct pw_limits *limits, int (*act)(void *),
		    void *context)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(pw_confine(limits) ? REFUSED : act(context));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   SIGNALLED + WTERMSIG(status);
}

int apart(int (*act)(void *), void *context)
{
	pid_t pid;
	int status;

	fflush(NULL);
	pid = fork();
	if (!pid)
		_exit(act(context));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   SIGNALLED + WTERMSIG(status);
}

int errno_of(long result)
{
	return result < 0 ? errno : 0;
}

int errno_of_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

int make_folder(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	*state = folder;
	strcpy(folder->path, "/tmp/portwatch-XXXXXX");
	if (!mkdtemp(folder->path))
		return -1;
	snprintf(folder->file, sizeof(folder->file), "%s/a.pwrec", folder->path);
	snprintf(folder->beside, sizeof(folder->beside), "%s.beside", folder->path);
	return 0;
}

int remove_folder(void **state)
{
	struct folder *folder = *state;
	char command[128];
	int status;

	snprintf(command, sizeof(command), "rm -rf %s*", folder->path);
	status = system(command);
	free(folder);
	return status;
}

static int begin_and_write(struct pw_archive *archive, char what)
{
	if (pw_archive_begin(archive))
		return 1;
	return pw_archive_write(archive, &what, 1) ? 2 : 0;
}

int rotate(void *context)
{
	struct folder *folder = context;
	struct pw_archive archive = { .path = folder->file, .keep = 2 };
	int i, err = pw_archive_prepare(&archive);

	for (i = 0; i < 5 && !err; i++) {
		err = begin_and_write(&archive, (char)('a' + i));
		if (!err && pw_archive_is_gone(&archive))
			err = 3;
		if (!err && (pw_archive_end(&archive) ||
			     pw_archive_shelve(&archive)))
			err = 4;
	}
	return err;
}
