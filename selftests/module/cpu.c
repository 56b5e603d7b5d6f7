// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <unistd.h>

#include "cpu.h"
#include "file.h"

unsigned int cpu_count(void)
{
	return sysconf(_SC_NPROCESSORS_CONF);
}

int cpu_switch(unsigned int cpu, bool on)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	return file_write(path, on ? "1" : "0");
}

int cpu_switch_others(bool on)
{
	unsigned int cpu;
	int err = 0;

	for (cpu = 1; cpu < cpu_count() && !err; cpu++)
		err = cpu_switch(cpu, on);
	return err;
}
