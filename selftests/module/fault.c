// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fault.h"
#include "file.h"

#define DEBUGFS "/sys/kernel/debug"

/* By default only allocations fail that may not sleep, and only large ones of pages. */
static const struct {
	const char *path;
	const char *text;
} knobs[] = {
	{ DEBUGFS "/failslab/ignore-gfp-wait", "N" },
	{ DEBUGFS "/failslab/verbose", "0" },
	{ DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N" },
	{ DEBUGFS "/fail_page_alloc/ignore-gfp-highmem", "N" },
	{ DEBUGFS "/fail_page_alloc/min-order", "0" },
	{ DEBUGFS "/fail_page_alloc/verbose", "0" },
	{ DEBUGFS "/fail_usercopy/verbose", "0" },
};

static int set_knobs(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < sizeof(knobs) / sizeof(knobs[0]) && !err; i++)
		err = file_write(knobs[i].path, knobs[i].text);
	return err;
}

/* Where a function of the kernel begins and where the next one does: 0 or -ENOENT. */
static int find_function(const char *name, unsigned long range[2])
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], symbol[256];
	unsigned long address;

	range[0] = range[1] = 0;
	while (file && !range[1] && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx %*c %255s", &address, symbol) != 2)
			continue;
		if (!range[0] && !strcmp(symbol, name))
			range[0] = address;
		else if (range[0] && address > range[0])
			range[1] = address;
	}
	if (file)
		fclose(file);
	return range[1] ? 0 : -ENOENT;
}

/*
 * To take a probe away the kernel needs memory; where it has none it says so by a
 * warning, and the probe stays for ever. That is no fault of those who call it.
 */
static int spare(const char *function)
{
	static const char *const attributes[] = { "failslab", "fail_page_alloc" };
	static const char *const ends[] = { "start", "end" };
	unsigned long range[2];
	char path[128], text[32];
	unsigned int i, k;
	int err = find_function(function, range);

	for (i = 0; i < 2 && !err; i++)
		for (k = 0; k < 2 && !err; k++) {
			snprintf(path, sizeof(path), DEBUGFS "/%s/reject-%s",
				 attributes[i], ends[k]);
			snprintf(text, sizeof(text), "%#lx", range[k]);
			err = file_write(path, text);
		}
	return err;
}

/* What the kernel tells of them is no trouble then: scripts/kernel-log-scan. */
#define NOTICE "selftests: allocations are made to fail from now on\n"

int fault_open(void)
{
	int fd, err;

	if (access(DEBUGFS "/tracing", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	err = set_knobs();
	if (!err)
		err = spare("__disarm_kprobe_ftrace");
	if (!err)
		err = file_write("/dev/kmsg", NOTICE);
	if (err)
		return err;
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int fault_arm(int fd, unsigned int nth)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", nth);

	return pwrite(fd, text, length, 0) == length ? 0 : -errno;
}

/* To read the number is a copy too, and to write another one: these may fail instead. */
unsigned int fault_disarm(int fd)
{
	char text[16] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);

	while (fault_arm(fd, 0))
		;
	return got > 0 ? atoi(text) : 1;
}
