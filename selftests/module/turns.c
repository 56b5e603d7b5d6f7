// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "turns.h"

static bool cpus_are_emulated(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool emulated = false;
	char line[4096];

	while (file && !emulated && fgets(line, sizeof(line), file))
		emulated = strstr(line, "QEMU TCG CPU");
	if (file)
		fclose(file);
	return emulated;
}

static void run_on(long cpus)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	while (cpus)
		CPU_SET(--cpus, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

void turns_take(void)
{
	if (cpus_are_emulated())
		run_on(1);
}

void turns_end(void)
{
	run_on(sysconf(_SC_NPROCESSORS_CONF));
}

/* Before those of the tests, and after them. */
static void __attribute__((constructor(101))) take_turns(void)
{
	turns_take();
}

static void __attribute__((destructor(101))) take_turns_again(void)
{
	turns_take();
}
