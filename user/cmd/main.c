/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch: every port that this machine opens, every connection that it makes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "fmt/output.h"

#ifndef PORTWATCH_VERSION
#define PORTWATCH_VERSION "unknown"
#endif

/* What it was built with. */
#ifdef PORTWATCH_ZSTD
#define WITH_ZSTD	" +libzstd"
#else
#define WITH_ZSTD	" -libzstd"
#endif
#ifdef PORTWATCH_CAPNG
#define WITH_CAPNG	" +libcap-ng"
#else
#define WITH_CAPNG	" -libcap-ng"
#endif
#ifdef PORTWATCH_SECCOMP
#define WITH_SECCOMP	" +libseccomp"
#else
#define WITH_SECCOMP	" -libseccomp"
#endif

/* The first is the one that runs when none is named. */
static const struct pw_command commands[] = {
	{ "tail", "[OPTION]... [FILTER]",
	  "Show events as they happen: ports taken, connections made and closed",
	  pw_tail },
	{ "ports", "[OPTION]... [FILTER]",
	  "Show which process has which port now, and how far it is exposed",
	  pw_ports },
	{ "who", "[OPTION]... [PROTO/]PORT[@ADDRESS]",
	  "Show who has a port now, and with --watch who tries to get it and fails",
	  pw_who },
	{ "record", "[OPTION]... FILE [FILTER]",
	  "Record events in a file, or in several that follow each other",
	  pw_record },
	{ "read", "[OPTION]... FILE... [FILTER]",
	  "Show what was recorded", pw_read },
	{ "status", "[OPTION]...",
	  "Show the module's hooks and sessions, and what they miss",
	  pw_status },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

const struct pw_command *pw_command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int print(const char *text)
{
	struct pw_output output;
	int err;

	pw_output_open(&output, STDOUT_FILENO, -1);
	pw_output_text(&output, text);
	err = pw_output_flush(&output);
	pw_output_close(&output);
	return pw_error_output(err);
}

static int help(void)
{
	char text[2048];
	size_t length = 0, i;

	length += (size_t)snprintf(text, sizeof(text),
		"Usage: portwatch [COMMAND] [OPTION]... [FILTER]\n\n"
		"Every port that this machine opens and every connection that its sockets make.\n\n"
		"Commands (the first one when none is named):\n");
	for (i = 0; i < COMMANDS; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "  %-8s %s\n", commands[i].name,
					   commands[i].summary);
	snprintf(text + length, sizeof(text) - length,
		"\n"
		"  portwatch COMMAND --help     its options\n"
		"  portwatch --version\n"
		"\n"
		"Exit status: 0 fine, 1 loss under --strict, 2 usage or bad input,\n"
		"3 no module or no right to it, 4 input or output failed.\n"
		"More in portwatch(8).\n");
	return print(text);
}

/*
 * A descriptor that was closed by the caller would be given to the next file that
 * is opened, and output would go into that. False: standard output was closed.
 */
static bool occupy_descriptors(void)
{
	bool there = true;
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (fd == STDOUT_FILENO)
			there = false;
		if (open("/dev/null", O_RDWR) < 0)
			return false;
	}
	return there;
}

/* What close() says too late for a write to say it. */
static int close_output(int status)
{
	if (!close(STDOUT_FILENO) || status)
		return status;
	return pw_error_output(-errno);
}

int main(int argc, char **argv)
{
	const struct pw_command *command = &commands[0];

	if (!occupy_descriptors())
		return pw_error_output(-EBADF);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
			 !strcmp(argv[1], "help")))
		return close_output(help());
	if (argc > 1 && (!strcmp(argv[1], "--version") ||
			 !strcmp(argv[1], "-V")))
		return close_output(print("portwatch " PORTWATCH_VERSION WITH_ZSTD
					  WITH_CAPNG WITH_SECCOMP "\n"));
	if (argc > 1 && pw_command_find(argv[1])) {
		command = pw_command_find(argv[1]);
		argc--;
		argv++;
	}
	return close_output(command->run(command, argc, argv));
}
