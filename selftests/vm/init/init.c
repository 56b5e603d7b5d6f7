// SPDX-License-Identifier: GPL-2.0
/*
 * The order of things in the test VM, nothing else.
 *
 * The host believes only what arrives on the second serial port: "up", then
 * "exit" with the command's status and the size of its output, then "done"
 * with a word that the host chose for this one boot. A guest that crashes,
 * hangs or never gets this far cannot say it, so none can look like a pass.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define KERNEL_VIEW_LIMIT 4096

/* The value of a word on the kernel's command line, empty when absent. */
static void cmdline_word(const char *name, char *value, size_t size)
{
	char line[KERNEL_VIEW_LIMIT];
	size_t name_len = strlen(name);
	FILE *f = fopen("/proc/cmdline", "re");
	char *word, *rest;

	value[0] = '\0';
	if (!f || !fgets(line, sizeof(line), f))
		die("/proc/cmdline");
	fclose(f);
	for (word = strtok_r(line, "\n ", &rest); word;
	     word = strtok_r(NULL, "\n ", &rest))
		if (!strncmp(word, name, name_len) && word[name_len] == '=')
			snprintf(value, size, "%s", word + name_len + 1);
}

static unsigned long taint(void)
{
	FILE *f = fopen("/proc/sys/kernel/tainted", "re");
	unsigned long bits;

	if (!f || fscanf(f, "%lu", &bits) != 1)
		die("/proc/sys/kernel/tainted");
	fclose(f);
	return bits;
}

int main(void)
{
	struct outcome outcome = { 0 };
	char word[64], mode[16];

	if (getpid() != 1) {
		fprintf(stderr, "init: only as process 1 of a test VM\n");
		return 2;
	}
	root_mount_kernel_views();
	report_open("/dev/ttyS1");
	cmdline_word("pw.word", word, sizeof(word));
	cmdline_word("pw.mode", mode, sizeof(mode));
	report("up");

	/* The accelerator's probe only asks whether a guest gets this far. */
	if (strcmp(mode, "probe")) {
		root_load_modules("/modules");
		root_enter();
		root_set_up();
		report("ready");
		command_run(!strcmp(mode, "tty"), &outcome);
	}
	report("exit %d stdout %llu stderr %llu taint %lu", outcome.status,
	       outcome.stdout_bytes, outcome.stderr_bytes, taint());
	report("done %s", word);
	report_await_ack(10000);
	power_off();
}
