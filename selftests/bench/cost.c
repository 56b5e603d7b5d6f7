// SPDX-License-Identifier: GPL-2.0
/*
 * cost NAME: what each operation costs, for Documentation/performance.md.
 *
 * On a CPU that counts instructions as nanoseconds (QEMU's -icount shift=0) the
 * run time of tasks is a number of instructions. What is counted is that of all
 * tasks of the machine: of the program that does it, the readers that look at it,
 * and the kernel's threads; only the idle task and this one, which counts, are
 * left out. So a reader that works later costs the same as one that works at once.
 *
 * Prints for each operation "NAME OPERATION COST", the least of some batches.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "operation.h"

#define BATCHES		7
#define QUIET_MS	20
#define QUIET_TRIES	500

static void fail(const char *what)
{
	fprintf(stderr, "cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t run_time(const char *pid, const char *tid)
{
	char path[600], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, tid);
	file = fopen(path, "r");
	/* It may have ended. */
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	return strtoull(text, NULL, 10);
}

static uint64_t run_time_of_threads(const char *pid)
{
	char path[300];
	struct dirent *entry;
	uint64_t sum = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	directory = opendir(path);
	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			sum += run_time(pid, entry->d_name);
	closedir(directory);
	return sum;
}

/* Of all but this one. */
static uint64_t run_time_of_others(void)
{
	struct dirent *entry;
	uint64_t sum = 0;
	DIR *directory;

	directory = opendir("/proc");
	if (!directory)
		fail("/proc");
	while ((entry = readdir(directory))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid())
			sum += run_time_of_threads(entry->d_name);
	}
	closedir(directory);
	return sum;
}

/* When nobody has anything left to do, or does so little that it is at rest. */
static uint64_t run_time_at_rest(void)
{
	const struct timespec quiet = { .tv_nsec = QUIET_MS * 1000000 };
	uint64_t before = run_time_of_others(), now = before;
	unsigned int tries, calm = 0;

	/* Longer than a reader lets its events wait. */
	for (tries = 0; tries < QUIET_TRIES && calm < 10; tries++) {
		nanosleep(&quiet, NULL);
		now = run_time_of_others();
		calm = now - before < 200000 ? calm + 1 : 0;
		before = now;
	}
	return now;
}

/* The one that does it: as many as it is told, and says when it is done. */
static void work(int orders, int done)
{
	struct {
		unsigned int operation, count;
	} order;
	char byte = 0;

	if (operations_prepare())
		fail("cannot prepare");
	while (read(orders, &order, sizeof(order)) == sizeof(order)) {
		const struct operation *operation = &operations[order.operation];

		if (operation->perform(order.count))
			fail(operation->name);
		if (write(done, &byte, 1) != 1)
			fail("write");
	}
	exit(0);
}

static int orders[2], done[2];

static void perform(unsigned int operation, unsigned int count)
{
	const struct {
		unsigned int operation, count;
	} order = { operation, count };
	char byte;

	if (write(orders[1], &order, sizeof(order)) != sizeof(order) ||
	    read(done[0], &byte, 1) != 1)
		exit(1);
}

static uint64_t measure(unsigned int operation)
{
	unsigned int count = operations[operation].batch, i;
	uint64_t least = UINT64_MAX;

	perform(operation, count);
	for (i = 0; i < BATCHES; i++) {
		uint64_t before = run_time_at_rest(), cost;

		perform(operation, count);
		cost = (run_time_at_rest() - before) / count;
		if (cost < least)
			least = cost;
	}
	return least;
}

static bool is_wanted(const char *name, char **names)
{
	if (!*names)
		return true;
	while (*names && strcmp(*names, name))
		names++;
	return *names;
}

int main(int argc, char **argv)
{
	unsigned int i;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: cost NAME [OPERATION]...\n");
		return 2;
	}
	if (pipe(orders) || pipe(done))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		close(orders[1]);
		work(orders[0], done[1]);
	}
	close(orders[0]);
	close(done[1]);
	for (i = 0; operations[i].name; i++) {
		if (!is_wanted(operations[i].name, argv + 2))
			continue;
		printf("%s %s %llu\n", argv[1], operations[i].name,
		       (unsigned long long)measure(i));
		fflush(stdout);
	}
	close(orders[1]);
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}
