// SPDX-License-Identifier: GPL-2.0
/*
 * perform OPERATION COUNT: for scripts/bench-profile. Does the operation COUNT times
 * to warm up, says "ready", waits for a line, and does it COUNT times more between two
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

int main(int argc, char **argv)
{
	const struct operation *operation = argc == 3 ? find(argv[1]) : NULL;
	unsigned int count;
	char line[16];

	if (!operation) {
		fprintf(stderr, "usage: perform OPERATION COUNT\n");
		return 2;
	}
	count = strtoul(argv[2], NULL, 10);
	if (operations_prepare() || operation->perform(count)) {
		perror(operation->name);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	getpriority(PRIO_PROCESS, 0);
	if (operation->perform(count)) {
		perror(operation->name);
		return 1;
	}
	getpriority(PRIO_PROCESS, 0);
	return 0;
}
