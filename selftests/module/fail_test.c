// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that a call allocates fails once, one after the other, and so does every
 * copy from and to the program. Either the call says so, and nothing has happened; or
 * it does without, and all is as it should be. No memory may be left behind: what the
 * module took by vmalloc() is counted here, the rest is kmemleak's after the tests.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "churn.h"
#include "fault.h"
#include "module.h"
#include "raw.h"
#include "scene.h"

/* What the calls work on: sessions, and what is made of them. */
FIXTURE(fail)
{
	struct raw raw;		/* of those that need one that has started */
	struct portwatch_start start;
	int nth;
	int fd;			/* of a session that has not */
	int made;		/* what the call made */
	void *area;
	size_t page;
	uint64_t offset;	/* of what is mapped */
	size_t size;
	unsigned int areas;	/* vmalloc areas of the module before */
	uint32_t sessions;
	unsigned int hooks;	/* attached where a session wants what this one does */
	unsigned int done;	/* calls that did without */
};

typedef FIXTURE_DATA(fail) fixture;

/* Areas that functions of the module have made. */
static unsigned int count_areas(void)
{
	FILE *file = fopen("/proc/vmallocinfo", "re");
	unsigned int count = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		count += strstr(line, "[" MODULE_NAME "]") &&
			 !strstr(line, "unpurged");
	if (file)
		fclose(file);
	return count;
}

FIXTURE_SETUP(fail)
{
	self->raw.fd = -1;
	self->made = -1;
	self->start = raw_start(PORTWATCH_SLOTS_MIN);
	self->page = sysconf(_SC_PAGESIZE);
	self->nth = fault_open();
	if (self->nth == -ENOENT)
		SETUP_SKIP("this kernel makes no allocation fail (CONFIG_FAULT_INJECTION)");
	ASSERT_LE(0, self->nth);
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(fail)
{
	if (self->nth < 0)
		return;
	raw_close(&self->raw);
	close(self->made);
	close(self->fd);
	close(self->nth);
}

/*
 * A call. What it needs is made before, and taken away again where it failed; what it
 * made is undone where it succeeded. All return 0 or a negative errno.
 */
struct call {
	int (*before)(fixture *self);
	int (*call)(fixture *self);
	int (*drop)(fixture *self);
	int (*undo)(fixture *self);
	bool needs_session;	/* a session has started meanwhile */
	bool has_thousands;	/* of allocations: see step() */
};

/* A session opens, starts, sees a port that is taken, ends. */
static int works(fixture *self)
{
	struct raw raw;
	int err = raw_open(&raw, &self->start);

	if (!err)
		err = churn_bind();
	if (!err && raw_sum(&raw, offsetof(struct portwatch_ring, delivered),
			    PORTWATCH_BIND) != 1)
		err = -ENODATA;
	raw_close(&raw);
	return err;
}

static unsigned int count_hooks(int fd)
{
	struct portwatch_hook hook;
	unsigned int count = 0;
	uint32_t i;

	for (i = 0; !module_hook(fd, i, &hook); i++)
		count += hook.state == PORTWATCH_HOOK_ATTACHED && !hook.error;
	return count;
}

static int baseline(fixture *self)
{
	struct portwatch_status status;
	struct raw raw;
	int err = raw_open(&raw, &self->start);

	self->hooks = count_hooks(self->fd);
	raw_close(&raw);
	err = err ?: module_status(self->fd, &status);
	self->areas = count_areas();
	self->sessions = status.sessions;
	return err;
}

/* As many sessions as before, as much memory; and hooks only where one has started. */
static void expect_as_before(struct __test_metadata *_metadata, fixture *self,
			     bool started)
{
	struct portwatch_status status;

	ASSERT_EQ(0, module_status(self->fd, &status));
	ASSERT_EQ(self->sessions, status.sessions);
	ASSERT_EQ(started, status.attached);
	if (!started)
		ASSERT_EQ(0U, status.sockets);
	ASSERT_EQ(self->areas, count_areas());
}

static bool is_clean(int err)
{
	return err == -ENOMEM || err == -EFAULT;
}

/* PW_STEP in the environment: of so many only one fails, where there is no time for all. */
static unsigned int step(void)
{
	const char *text = getenv("PW_STEP");
	int number = text ? atoi(text) : 1;

	return number > 1 ? number : 1;
}

/* Returns whether there was an nth. */
static bool fail_one(struct __test_metadata *_metadata, fixture *self,
		     const struct call *call, unsigned int nth)
{
	int (*finish)(fixture *self);
	bool failed;
	int err;

	if (call->before)
		ASSERT_EQ(0, call->before(self));
	ASSERT_EQ(0, fault_arm(self->nth, nth));
	err = call->call(self);
	failed = !fault_disarm(self->nth);
	self->done += failed && !err;
	if (failed && err) {
		EXPECT_TRUE(is_clean(err))
			TH_LOG("allocation %u: %s", nth, strerror(-err));
		/* At once again, on what is there; not always, for it takes long. */
		if (nth < 16 || nth % 32 == 0) {
			err = call->call(self);
			ASSERT_EQ(0, err)
				TH_LOG("again: %s", strerror(-err));
		}
	} else {
		ASSERT_EQ(0, err)
			TH_LOG("without a failure: %s", strerror(-err));
	}
	finish = err ? call->drop : call->undo;
	if (finish)
		ASSERT_EQ(0, finish(self));
	expect_as_before(_metadata, self, call->needs_session);
	return failed;
}

static void fail_each(struct __test_metadata *_metadata, fixture *self,
		      const struct call *call)
{
	unsigned int nth = 1;

	if (call->needs_session && self->raw.fd < 0)
		ASSERT_EQ(0, raw_open(&self->raw, &self->start));
	ASSERT_EQ(0, baseline(self));
	while (fail_one(_metadata, self, call, nth))
		nth += call->has_thousands ? step() : 1;
	TH_LOG("up to %u failed, of which %u calls did without", nth - 1,
	       self->done);
	/* There is something to fail. */
	EXPECT_LT(1U, nth);
	EXPECT_EQ(0, works(self));
}

/* The device ---------------------------------------------------------------- */

static int call_open(fixture *self)
{
	self->made = module_open();
	return self->made < 0 ? self->made : 0;
}

static int close_made(fixture *self)
{
	int err = close(self->made) ? -errno : 0;

	self->made = -1;
	return err;
}

TEST_F_TIMEOUT(fail, each_allocation_of_open, 60)
{
	fail_each(_metadata, self, &(struct call){
		.call = call_open, .undo = close_made });
}

static int call_start(fixture *self)
{
	return ioctl(self->made, PORTWATCH_IOC_START, &self->start) ? -errno : 0;
}

/* One that has started sees all that it can, whatever failed meanwhile. */
static int end_whole(fixture *self)
{
	bool whole = count_hooks(self->fd) == self->hooks;

	return close_made(self) ?: whole ? 0 : -ENODEV;
}

/* Another one has nothing but its rings. */
TEST_F_TIMEOUT(fail, each_allocation_of_another_start, 120)
{
	fail_each(_metadata, self, &(struct call){
		.before = call_open,
		.call = call_start, .drop = close_made, .undo = end_whole,
		.needs_session = true });
}

/* What only one that wants flows needs. */
TEST_F_TIMEOUT(fail, each_allocation_of_a_start_with_flows, 300)
{
	ASSERT_EQ(0, raw_open(&self->raw, &self->start));
	self->start.events |= PORTWATCH_EVENT_BIT(PORTWATCH_FLOW);
	fail_each(_metadata, self, &(struct call){
		.before = call_open,
		.call = call_start, .drop = close_made, .undo = end_whole,
		.needs_session = true });
}

/* Mappings ------------------------------------------------------------------ */

static int call_mmap(fixture *self)
{
	self->area = mmap(NULL, self->size, PROT_READ, MAP_SHARED, self->raw.fd,
			  self->offset);
	return self->area == MAP_FAILED ? -errno : 0;
}

static int unmap(fixture *self)
{
	return munmap(self->area, self->size) ? -errno : 0;
}

TEST_F_TIMEOUT(fail, each_allocation_of_mmap, 120)
{
	const struct portwatch_header *header;

	/* Large enough to need page tables of its own. */
	self->start.ring_slots = 32768;
	ASSERT_EQ(0, raw_open(&self->raw, &self->start));
	header = self->raw.header;
	self->offset = header->ring_offset;
	self->size = header->nr_rings * header->ring_stride;
	fail_each(_metadata, self, &(struct call){
		.call = call_mmap, .undo = unmap, .needs_session = true });
}

/* Questions ----------------------------------------------------------------- */

/* To its end: the rings are emptied meanwhile. */
static int call_snapshot(fixture *self)
{
	int more = ioctl(self->raw.fd, PORTWATCH_IOC_SNAPSHOT, 0);

	return more < 0 ? -errno : 0;
}

static int finish_snapshot(fixture *self)
{
	int more;

	do {
		raw_drain_all(&self->raw, NULL, NULL);
		more = ioctl(self->raw.fd, PORTWATCH_IOC_SNAPSHOT, 0);
	} while (more > 0);
	return more ? -errno : 0;
}

TEST_F_TIMEOUT(fail, each_allocation_of_a_snapshot, 60)
{
	fail_each(_metadata, self, &(struct call){
		.before = finish_snapshot, .call = call_snapshot,
		.undo = finish_snapshot, .needs_session = true });
}

static int call_questions(fixture *self)
{
	struct portwatch_session_info info = { .size = sizeof(info) };
	struct portwatch_status status;
	struct portwatch_hook hook;
	int err = module_status(self->fd, &status);

	err = err ?: module_hook(self->fd, 0, &hook);
	if (!err && ioctl(self->fd, PORTWATCH_IOC_SESSION, &info))
		err = -errno;
	return err;
}

TEST_F_TIMEOUT(fail, each_copy_of_questions, 60)
{
	fail_each(_metadata, self, &(struct call){ .call = call_questions });
}

/* Nothing is allocated, so nothing can fail. */
TEST_F_TIMEOUT(fail, nothing_of_a_flush, 60)
{
	ASSERT_EQ(0, raw_open(&self->raw, &self->start));
	ASSERT_EQ(0, fault_arm(self->nth, 1));
	EXPECT_EQ(0, ioctl(self->raw.fd, PORTWATCH_IOC_FLUSH, 0));
	EXPECT_NE(0U, fault_disarm(self->nth));
}

static int call_poll(fixture *self)
{
	struct pollfd ready = { .fd = self->raw.fd, .events = POLLIN };

	return poll(&ready, 1, 0) < 0 ? -errno : 0;
}

TEST_F_TIMEOUT(fail, each_copy_of_poll, 60)
{
	fail_each(_metadata, self, &(struct call){
		.call = call_poll, .needs_session = true });
}

/* The hooks ----------------------------------------------------------------- */

static int open_started(fixture *self)
{
	int err = call_open(self);

	return err ?: call_start(self);
}

/* It cannot fail. */
TEST_F_TIMEOUT(fail, each_allocation_of_close, 300)
{
	unsigned int nth = 0;
	bool failed;

	ASSERT_EQ(0, baseline(self));
	do {
		ASSERT_EQ(0, open_started(self));
		ASSERT_EQ(0, fault_arm(self->nth, ++nth));
		EXPECT_EQ(0, close_made(self));
		failed = !fault_disarm(self->nth);
		expect_as_before(_metadata, self, false);
	} while (failed);
	TH_LOG("%u failed", nth - 1);
	EXPECT_EQ(0, works(self));
}

/* The first one attaches the hooks and looks for sockets that are open. */
TEST_F_TIMEOUT(fail, each_allocation_of_the_first_start, 1200)
{
	fail_each(_metadata, self, &(struct call){
		.before = call_open,
		.call = call_start, .drop = close_made, .undo = end_whole,
		.has_thousands = true });
}

/* The module ---------------------------------------------------------------- */

/* In memory, so that no file system is what fails. */
#define COPY "/run/portwatch-fail.ko"

static int copy_module(void)
{
	char command[256];

	if (!module_file())
		return -ENOENT;
	snprintf(command, sizeof(command), "cp %s " COPY, module_file());
	return system(command) ? -EIO : 0;
}

FIXTURE(loading)
{
	int nth;
	int file;
};

FIXTURE_SETUP(loading)
{
	self->nth = fault_open();
	if (self->nth == -ENOENT)
		SETUP_SKIP("this kernel makes no allocation fail (CONFIG_FAULT_INJECTION)");
	ASSERT_LE(0, self->nth);
	ASSERT_EQ(0, copy_module());
	self->file = open(COPY, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->file);
	if (module_is_loaded())
		ASSERT_EQ(0, module_unload());
}

FIXTURE_TEARDOWN(loading)
{
	if (self->nth < 0)
		return;
	close(self->file);
	close(self->nth);
	unlink(COPY);
	module_require();
}

static int load(int file)
{
	return syscall(SYS_finit_module, file, "", 0) ? -errno : 0;
}

/* Is there, or nothing of it is. */
static void expect_whole(struct __test_metadata *_metadata, bool loaded)
{
	int fd = module_open();

	EXPECT_EQ(loaded, module_is_loaded());
	if (loaded) {
		EXPECT_LE(0, fd);
		close(fd);
	} else {
		EXPECT_EQ(-ENOENT, fd);
		EXPECT_EQ(0U, count_areas());
	}
}

/* Whether what a call returned is right: nothing has failed, or cleanly. */
static void expect_clean(struct __test_metadata *_metadata, unsigned int nth,
			 bool failed, int err)
{
	EXPECT_TRUE(!err || (failed && is_clean(err)))
		TH_LOG("allocation %u: %s", nth, strerror(-err));
}

TEST_F_TIMEOUT(loading, fails_for_want_of_each_allocation, 900)
{
	unsigned int nth, done = 0;
	bool failed = true;
	int err;

	for (nth = 1; failed; nth += step()) {
		ASSERT_EQ(0, fault_arm(self->nth, nth));
		err = load(self->file);
		failed = !fault_disarm(self->nth);
		done += failed && !err;
		expect_clean(_metadata, nth, failed, err);
		expect_whole(_metadata, !err);
		if (!err)
			ASSERT_EQ(0, module_unload());
	}
	TH_LOG("up to %u failed, of which %u calls did without", nth - 1, done);
	EXPECT_LT(10U, nth);
}

TEST_F_TIMEOUT(loading, is_undone_whatever_fails, 300)
{
	unsigned int nth = 0, done = 0;
	bool failed;
	int err;

	do {
		if (!module_is_loaded())
			ASSERT_EQ(0, load(self->file));
		ASSERT_EQ(0, fault_arm(self->nth, ++nth));
		err = module_unload();
		failed = !fault_disarm(self->nth);
		done += failed && !err;
		expect_clean(_metadata, nth, failed, err);
		expect_whole(_metadata, err);
	} while (failed);
	TH_LOG("%u failed, of which %u calls did without", nth - 1, done);
	EXPECT_LT(1U, nth);
}

TEST_HARNESS_MAIN
