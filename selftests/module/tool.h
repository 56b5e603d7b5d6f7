/* SPDX-License-Identifier: GPL-2.0 */
/* A program that a test runs: ss, ip, portwatch. */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "process.h"
#include "scene.h"

/*
 * Runs it in the test's namespaces and waits for its end. Who it was is in
 * @tool, for what it did. Returns its exit status, or a negative errno: -ENOENT
 * where there is no such program.
 */
int tool_run(struct scene *scene, struct process *tool, char *const argv[]);

/* With a line as a shell would take it, but for quotes. */
int tool_line(struct scene *scene, struct process *tool, const char *format,
	      ...) __attribute__((format(printf, 3, 4)));

/*
 * With a line for the shell, as anybody's: what it printed on both streams is in
 * @output. Returns its exit status, or a negative errno.
 */
int tool_ask(char *output, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same in two steps, for one that is read while it runs. */
FILE *tool_start(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tool_finish(FILE *pipe);

/*
 * Ends a child by this signal, unless it has ended by itself. Returns its exit status, the
 * signal that ended it as a negative, or -1 where there is none; *@pid is 0 then.
 */
int tool_end(pid_t *pid, int number);

/* What portwatch status --self-test printed: does it say that of a hook, in its column TEST? */
bool tool_hook_is(const char *output, const char *hook, const char *verdict);

#endif /* TOOL_H */
