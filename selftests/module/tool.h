/* SPDX-License-Identifier: GPL-2.0 */
/* A program of the system that a test runs: ss, ip. */
#ifndef TOOL_H
#define TOOL_H

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

#endif /* TOOL_H */
