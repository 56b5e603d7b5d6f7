// SPDX-License-Identifier: GPL-2.0
/*
 * The machine sleeps while somebody reads, as far as each level of /sys/power/pm_test
 * goes; it comes back from there by itself. A device that has its files may be lost on
 * the way, as the VM's 9p is: beyond the first level it is asked for by PW_SUSPEND, and
 * what is needed is in memory then (selftests/vm/guest/suspend).
 */
#include <kselftest_harness.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "file.h"
#include "loss.h"
#include "module.h"
#include "patience.h"
#include "raw.h"
#include "scene.h"
#include "tool.h"

#define STATE	"/sys/power/state"
#define LEVEL	"/sys/power/pm_test"
#define DELAY	"/sys/module/suspend/parameters/pm_test_delay"
#define SLEPT	"/sys/power/suspend_stats/success"

static void __attribute__((constructor)) mount_views(void)
{
	if (!getenv("PW_SUSPEND"))
		return;
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

FIXTURE(suspend)
{
	struct raw raw;
	char path[32];		/* what the tool prints */
	pid_t tail;
};

FIXTURE_VARIANT(suspend)
{
	const char *level;
	const char *state;
};

#define VARIANT(name, how_far, what)					\
FIXTURE_VARIANT_ADD(suspend, name)					\
{									\
	.level = how_far, .state = what,				\
}

VARIANT(freezer, "freezer", "mem");
VARIANT(devices, "devices", "mem");
VARIANT(platform, "platform", "mem");
VARIANT(processors, "processors", "mem");
VARIANT(core, "core", "mem");
VARIANT(idle, "platform", "freeze");

/* Is it one of the words of that file, which may stand in brackets? */
static bool file_offers(const char *path, const char *word)
{
	char text[128] = "";
	FILE *file = fopen(path, "re");
	char *part, *rest;

	if (!file)
		return false;
	if (!fgets(text, sizeof(text), file))
		text[0] = '\0';
	fclose(file);
	for (part = strtok_r(text, " []\n", &rest); part;
	     part = strtok_r(NULL, " []\n", &rest))
		if (!strcmp(part, word))
			return true;
	return false;
}

static long number_in(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

/* Waits until the tool has printed that; its limit is a minute. */
static bool is_printed(const char *path, const char *part)
{
	char line[4096];
	FILE *file;
	bool found;
	int i;

	for (i = 0; i < patient(600); i++) {
		file = fopen(path, "re");
		for (found = false; file && !found &&
		     fgets(line, sizeof(line), file);)
			found = strstr(line, part);
		if (file)
			fclose(file);
		if (found)
			return true;
		poll(NULL, 0, 100);
	}
	return false;
}

static pid_t start_tail(char *path)
{
	int file = mkstemp(path);
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(file, STDOUT_FILENO);
		execlp("portwatch", "portwatch", "tail", "--json", "--strict",
		       "--no-self-test", NULL);
		_exit(127);
	}
	close(file);
	return pid;
}

FIXTURE_SETUP(suspend)
{
	struct portwatch_start start = raw_start(0);

	self->raw.fd = -1;
	if (!file_offers(LEVEL, variant->level))
		SETUP_SKIP("this kernel has no pm_test %s", variant->level);
	if (!file_offers(STATE, variant->state))
		SETUP_SKIP("this machine has no state %s", variant->state);
	if (strcmp(variant->level, "freezer") && !getenv("PW_SUSPEND"))
		SETUP_SKIP("what has its files might be lost (PW_SUSPEND)");
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	strcpy(self->path, "/tmp/portwatch-XXXXXX");
	self->tail = start_tail(self->path);
	ASSERT_LT(0, self->tail);
	ASSERT_TRUE(is_printed(self->path, "\"phase\":\"end\""));
	ASSERT_EQ(0, raw_open_netns(&self->raw, &start, scene_netns()));
}

FIXTURE_TEARDOWN(suspend)
{
	tool_end(&self->tail, SIGKILL);
	raw_close(&self->raw);
	unlink(self->path);
}

static int go_to_sleep(const char *level, const char *state)
{
	int err = file_write(LEVEL, level);

	file_write(DELAY, "1");
	if (!err)
		err = file_write(STATE, state);
	file_write(LEVEL, "none");
	return err;
}

/* Binds that the tool has printed; 0 when a time goes back. */
static uint64_t binds_printed(const char *path)
{
	uint64_t time, last = 0, binds = 0;
	FILE *file = fopen(path, "re");
	char line[4096], *at;

	while (file && fgets(line, sizeof(line), file)) {
		if (strstr(line, "\"existing\":true"))
			continue;
		at = strstr(line, "\"boot_ns\":");
		time = at ? strtoull(at + strlen("\"boot_ns\":"), NULL, 10) : 0;
		if (time < last) {
			fprintf(stderr, "# a time goes back: %s", line);
			binds = 0;
			break;
		}
		last = time;
		binds += !!strstr(line, "\"event\":\"bind\"");
	}
	if (file)
		fclose(file);
	return binds;
}

/* Connections are under way when everything stops, and go on afterwards. */
TEST_F_TIMEOUT(suspend, loses_no_event_and_no_reader, 120)
{
	struct load load = { .for_ever = true };
	struct account_reader reader;
	static struct account account;
	long slept = number_in(SLEPT);

	ASSERT_EQ(0, account_reader_begin(&reader, &self->raw, &account));
	ASSERT_EQ(0, load_begin(&load));
	EXPECT_TRUE(load_goes_on(&load));
	EXPECT_EQ(0, go_to_sleep(variant->level, variant->state));
	EXPECT_TRUE(load_goes_on(&load));
	EXPECT_EQ(0, load_end(&load));
	account_reader_end(&reader);
	EXPECT_EQ(slept + 1, number_in(SLEPT));
	EXPECT_EQ(0U, account_check_all(&self->raw, &load, &account));
	EXPECT_EQ(0U, account.read[PORTWATCH_LOST]);
	EXPECT_EQ(0, tool_end(&self->tail, SIGINT));
	EXPECT_EQ(load.done[PORTWATCH_BIND], binds_printed(self->path));
}

TEST_HARNESS_MAIN
