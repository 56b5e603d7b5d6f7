// SPDX-License-Identifier: GPL-2.0
/* The rings of a session are the memory of whoever asks for them: its control group pays. */
#include <kselftest_harness.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "file.h"
#include "group.h"
#include "module.h"
#include "raw.h"
#include "scene.h"

SCENE_HOLD_HOOKS

#define SLOTS 8192
#define SLACK (2 << 20)	/* what the kernel charges ahead, and the test itself needs */

FIXTURE(memory)
{
	struct scene scene;
	struct group group;
	struct portwatch_start start;
	long long rings;	/* bytes */
	int fd;
};

static int write_setting(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return file_write(path, text);
}

/* A number in a file of the group, after a word if there is one; or -1. */
static long long read_number(const struct group *group, const char *name,
			     const char *word)
{
	char path[sizeof(group->path) + 64], line[256];
	long long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", group->path, name);
	file = fopen(path, "re");
	while (file && number < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, word, strlen(word)))
			number = atoll(line + strlen(word));
	if (file)
		fclose(file);
	return number;
}

FIXTURE_SETUP(memory)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_prepare(&self->scene, IPV4));
	ASSERT_EQ(0, group_mount(&self->group, self->scene.directory));
	if (write_setting(self->group.top, "cgroup.subtree_control", "+memory")) {
		group_unmount(&self->group);
		SCENE_SKIP(&self->scene, "no memory controller in the second hierarchy");
	}
	ASSERT_EQ(0, group_make(&self->group, "/reader"));
	ASSERT_EQ(0, group_enter(&self->group, getpid()));
	self->start = raw_start(SLOTS);
	self->rings = sysconf(_SC_NPROCESSORS_CONF) * SLOTS * PORTWATCH_SLOT_SIZE;
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->fd);
	write_setting(self->group.top, "cgroup.procs", "0");
	group_unmount(&self->group);
	scene_close(&self->scene);
}

static long long charged(const struct group *group)
{
	return read_number(group, "memory.current", "");
}

#define NOBODY_PAYS "before 5.11 what a group pays for cannot be mapped"

static bool group_pays(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	return !uname(&name) &&
	       sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 11));
}

static int start(int fd, const struct portwatch_start *start)
{
	return ioctl(fd, PORTWATCH_IOC_START, start) ? -errno : 0;
}

TEST_F(memory, of_the_rings_is_charged_until_the_end)
{
	long long before = charged(&self->group), meanwhile;

	if (!group_pays())
		SKIP(return, NOBODY_PAYS);
	ASSERT_LE(0, before);
	ASSERT_EQ(0, start(self->fd, &self->start));
	meanwhile = charged(&self->group);
	EXPECT_LE(before + self->rings, meanwhile);
	EXPECT_GE(before + self->rings + SLACK, meanwhile);
	close(self->fd);
	self->fd = -1;
	EXPECT_GE(meanwhile - self->rings + SLACK, charged(&self->group));
}

/* Pages that a group pays for are of another kind to some kernels. */
TEST_F(memory, of_the_rings_can_be_mapped)
{
	struct raw raw;

	ASSERT_EQ(0, raw_open(&raw, &self->start));
	raw_close(&raw);
}

/* It is told, and nobody is killed; with more memory it can start. */
TEST_F(memory, beyond_the_limit_is_refused)
{
	char limit[32];

	if (!group_pays())
		SKIP(return, NOBODY_PAYS);
	/* Less than the rings, more than all else. */
	self->start.ring_slots = 4 * SLOTS;
	snprintf(limit, sizeof(limit), "%lld",
		 charged(&self->group) + self->rings);
	ASSERT_EQ(0, write_setting(self->group.path, "memory.max", limit));
	EXPECT_EQ(-ENOMEM, start(self->fd, &self->start));
	EXPECT_EQ(0, read_number(&self->group, "memory.events", "oom_kill "));
	ASSERT_EQ(0, write_setting(self->group.path, "memory.max", "max"));
	EXPECT_EQ(0, start(self->fd, &self->start));
}

TEST_HARNESS_MAIN
