// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define ARGUMENTS 32

/* Where the program is, without links, as the kernel names it. */
static int find_program(const char *name, char *path)
{
	static const char *const folders[] = {
		"/usr/sbin", "/usr/bin", "/sbin", "/bin",
	};
	char tried[256];
	size_t i;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(tried, sizeof(tried), "%s/%s", folders[i], name);
		if (realpath(tried, path))
			return 0;
	}
	return -ENOENT;
}

/* It starts when the test knows who it is. */
static void become_tool(const char *path, char *const argv[], int start)
{
	int nowhere = open("/dev/null", O_RDWR);
	char byte;

	while (read(start, &byte, 1) > 0)
		;
	dup2(nowhere, STDIN_FILENO);
	dup2(nowhere, STDOUT_FILENO);
	execv(path, argv);
	_exit(127);
}

/* Cut to the room there is, as the kernel does with a name. */
static void set_text(char *into, size_t size, const char *text)
{
	memset(into, 0, size);
	memcpy(into, text, strnlen(text, size - 1));
}

int tool_run(struct scene *scene, struct process *tool, char *const argv[])
{
	char path[PATH_MAX];
	int status, start[2];
	pid_t pid;

	if (find_program(argv[0], path))
		return -ENOENT;
	if (pipe2(start, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(start[1]);
		become_tool(path, argv, start[0]);
	}
	close(start[0]);
	if (pid > 0) {
		memset(tool, 0, sizeof(*tool));
		who_read(&tool->who, pid);
		tool->control = -1;
		set_text(tool->who.exe, sizeof(tool->who.exe), path);
		set_text(tool->who.comm, sizeof(tool->who.comm), argv[0]);
		watch_add_pid(&scene->watch, pid);
	}
	close(start[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

int tool_line(struct scene *scene, struct process *tool, const char *format,
	      ...)
{
	char line[512], *argv[ARGUMENTS + 1], *rest;
	va_list arguments;
	size_t count = 0;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	argv[0] = strtok_r(line, " ", &rest);
	while (count < ARGUMENTS && argv[count])
		argv[++count] = strtok_r(NULL, " ", &rest);
	argv[count] = NULL;
	return tool_run(scene, tool, argv);
}

static FILE *start_line(const char *format, va_list arguments)
{
	char line[512];
	int length = vsnprintf(line, sizeof(line), format, arguments);

	if (length < 0 || (size_t)length + sizeof(" 2>&1") > sizeof(line)) {
		errno = E2BIG;
		return NULL;
	}
	strcpy(line + length, " 2>&1");
	fflush(NULL);
	return popen(line, "re");
}

FILE *tool_start(const char *format, ...)
{
	va_list arguments;
	FILE *pipe;

	va_start(arguments, format);
	pipe = start_line(format, arguments);
	va_end(arguments);
	return pipe;
}

int tool_finish(FILE *pipe)
{
	int status = pclose(pipe);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int tool_ask(char *output, size_t size, const char *format, ...)
{
	va_list arguments;
	FILE *pipe;

	va_start(arguments, format);
	pipe = start_line(format, arguments);
	va_end(arguments);
	if (!pipe)
		return -errno;
	output[fread(output, 1, size - 1, pipe)] = 0;
	return tool_finish(pipe);
}

bool tool_hook_is(const char *output, const char *hook, const char *verdict)
{
	char name[64], kind[64], symbol[64], state[64], word[64];
	unsigned long hits, missed;
	const char *line;

	for (line = output; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%63s %63s %63s %63s %lu %lu %63s", name, kind,
			   symbol, state, &hits, &missed, word) == 7 &&
		    !strcmp(name, hook))
			return !strcmp(word, verdict);
	}
	return false;
}

int tool_end(pid_t *pid, int number)
{
	int status = -1;

	if (*pid <= 0)
		return -1;
	kill(*pid, number);
	waitpid(*pid, &status, 0);
	*pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
