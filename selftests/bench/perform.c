// SPDX-License-Identifier: GPL-2.0
/*
 * perform COUNT OPERATION...: for scripts/bench-profile. Does each operation COUNT times
 * to warm up, says "ready", waits for a line, and does each COUNT times more, between two
 * calls that nothing else makes: what is traced between them is what is meant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "operation.h"

static const struct operation *find(const char *name)
{
	const struct operation *operation = operations;

	while (operation->name && strcmp(operation->name, name))
		operation++;
	return operation->name ? operation : NULL;
}

static int perform(const char *name, unsigned int count)
{
	const struct operation *operation = find(name);

	if (!operation) {
		fprintf(stderr, "perform: no operation %s\n", name);
		return -1;
	}
	getpriority(PRIO_PROCESS, 0);
	if (operation->perform(count)) {
		perror(name);
		return -1;
	}
	getpriority(PRIO_PROCESS, 0);
	return 0;
}

static int perform_all(char **names, unsigned int count)
{
	int err = 0;

	while (*names && !err)
		err = perform(*names++, count);
	return err;
}

int main(int argc, char **argv)
{
	unsigned int count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	char line[16];

	if (!count) {
		fprintf(stderr, "usage: perform COUNT OPERATION...\n");
		return 2;
	}
	if (operations_prepare() || perform_all(argv + 2, count))
		return 1;
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	return perform_all(argv + 2, count) ? 1 : 0;
}
