// SPDX-License-Identifier: GPL-2.0
/*
 * Conservation, where it is hardest: in the smallest rings, with readers that come and
 * go, with events that interrupt others. Of each CPU and type, to the unit: done =
 * delivered + lost, and a LOST record stands in each gap.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loss.h"
#include "module.h"
#include "patience.h"
#include "scene.h"

#define FOREVER	100000000
#define PATIENCE_NS 20000000000ULL

SCENE_HOLD_HOOKS

/* What an earlier test did may end only now: it was in another namespace. */
static int open_raw(struct raw *raw, uint32_t slots)
{
	struct portwatch_start start = raw_start(slots);

	return raw_open_netns(raw, &start, scene_netns());
}

/* Sizes of rings --------------------------------------------------------------- */

FIXTURE(small)
{
	struct raw raw;
	struct account account;
	struct load load;
};

FIXTURE_VARIANT(small)
{
	uint32_t slots;
};

FIXTURE_VARIANT_ADD(small, one_page)
{
	.slots = PORTWATCH_SLOTS_MIN,
};

FIXTURE_VARIANT_ADD(small, two_pages)
{
	.slots = 2 * PORTWATCH_SLOTS_MIN,
};

FIXTURE_SETUP(small)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, open_raw(&self->raw, variant->slots));
	self->load.binds = 2003;
	self->load.connections = 2003;
}

FIXTURE_TEARDOWN(small)
{
	raw_close(&self->raw);
}

/* A ring is its page of counters and as many slots as were asked for, no more. */
TEST_F(small, is_as_small_as_that)
{
	const struct portwatch_header *header = self->raw.header;

	EXPECT_EQ(variant->slots, header->ring_slots);
	EXPECT_EQ(variant->slots / 8, header->reserve_slots);
	EXPECT_EQ(header->page_size + variant->slots * PORTWATCH_SLOT_SIZE,
		  header->ring_bytes);
}

TEST_F_TIMEOUT(small, with_a_reader_that_is_fast, 60)
{
	struct raw *raw = &self->raw;
	struct load *load = &self->load;

	ASSERT_EQ(0, load_begin(load));
	while (load->done[PORTWATCH_ACCEPT] < load->connections && !load->failed)
		raw_drain_all(raw, account_visit, &self->account);
	ASSERT_EQ(0, load_finish(load));
	account_finish(raw, &self->account);
	EXPECT_EQ(0U, account_check(raw, load, &self->account));
	EXPECT_LT(0U, self->account.read[PORTWATCH_ACCEPT]);
}

/* A few slots at a time, so that the ring is full again and again, and never empty. */
TEST_F_TIMEOUT(small, with_a_reader_that_is_slow, 60)
{
	struct raw *raw = &self->raw;
	struct load *load = &self->load;

	ASSERT_EQ(0, load_begin(load));
	account_slowly(raw, &self->account, load, 3, 40);
	ASSERT_EQ(0, load_finish(load));
	account_finish(raw, &self->account);
	EXPECT_EQ(0U, account_check(raw, load, &self->account));
	EXPECT_LT(10U, self->account.read[PORTWATCH_LOST]);
}

/* Nobody reads until all is over: what is there then is the oldest of it. */
TEST_F_TIMEOUT(small, with_no_reader_at_all, 60)
{
	struct raw *raw = &self->raw;
	struct load *load = &self->load;
	unsigned int i;

	ASSERT_EQ(0, load_begin(load));
	ASSERT_EQ(0, load_finish(load));
	for (i = 0; i < load_cpus(); i++)
		EXPECT_GE(variant->slots, raw->rings[i]->head);
	account_finish(raw, &self->account);
	EXPECT_EQ(0U, account_check(raw, load, &self->account));
	EXPECT_LT(0U, self->account.missing[PORTWATCH_CLOSE]);
}

/* Readers that come and go ----------------------------------------------------- */

FIXTURE(restarted)
{
	struct load load;
	struct account account;
};

FIXTURE_SETUP(restarted)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	self->load.binds = FOREVER;
	ASSERT_EQ(0, load_begin(&self->load));
}

FIXTURE_TEARDOWN(restarted)
{
	load_end(&self->load);
}

/* The CPU may be stopped in the middle of a record, when its host runs another. */
static bool is_idle(const struct raw *raw, unsigned int cpu)
{
	const struct portwatch_beacon *beacon = (const void *)
		(raw->beacons + cpu * raw->header->beacon_stride);

	return __atomic_load_n(&beacon->busy, __ATOMIC_SEQ_CST) ==
	       PORTWATCH_BEACON_IDLE;
}

/*
 * Reads a ring until nothing of it is missing and nothing happens for the time of a
 * look: only then its counters, which are in @page, can be compared with what was read.
 */
static bool settle(struct raw *raw, unsigned int ring, struct account *account,
		   struct portwatch_ring *page)
{
	uint64_t limit = clock_boottime() + patient(PATIENCE_NS);
	struct portwatch_ring before;

	do {
		raw_drain(raw, ring, 0, account_visit, account);
		memcpy(&before, raw->rings[ring], sizeof(before));
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (raw_drain(raw, ring, 0, account_visit, account) ||
		    !is_idle(raw, ring))
			continue;
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		memcpy(page, raw->rings[ring], sizeof(*page));
		if (!memcmp(&before, page, sizeof(before)) && !page->gap)
			return true;
	} while (clock_boottime() < limit);
	return false;
}

static unsigned int check_settled(struct raw *raw, unsigned int ring,
				  struct account *account)
{
	struct portwatch_ring page;
	unsigned int type, bad = 0;

	if (!settle(raw, ring, account, &page))
		return 1;
	for (type = 1; type < PORTWATCH_TYPES; type++) {
		bad += page.seen[type] != page.filtered[type] + page.lost[type] +
					  page.delivered[type];
		bad += page.lost[type] != account->missing_on[ring][type];
		bad += type != PORTWATCH_LOST &&
		       page.delivered[type] != account->read_on[ring][type];
	}
	return bad;
}

static uint64_t lost_binds(const struct raw *raw)
{
	return raw_sum(raw, offsetof(struct portwatch_ring, lost),
		       PORTWATCH_BIND);
}

/* Then they have introduced themselves, in whichever ring. */
static bool is_met(const struct account *account)
{
	unsigned int i;

	for (i = 0; i < load_cpus(); i++)
		if (!account->read_on[i][PORTWATCH_BIND])
			return false;
	return true;
}

/* Each session adds up by itself while the producers go on, whatever others lost. */
TEST_F_TIMEOUT(restarted, reader_has_books_of_its_own, 120)
{
	struct account *account = &self->account;
	unsigned int i, k;
	struct raw raw;

	for (i = 0; i < 20; i++) {
		memset(account, 0, sizeof(*account));
		ASSERT_EQ(0, open_raw(&raw, 256));
		while (!is_met(account) && !self->load.failed)
			raw_drain_all(&raw, account_visit, account);
		/* every other one sleeps until something is lost */
		while (i % 2 && !lost_binds(&raw) && !self->load.failed)
			poll(NULL, 0, 1);
		for (k = 0; k < load_cpus(); k++)
			EXPECT_EQ(0U, check_settled(&raw, k, account));
		EXPECT_EQ(0U, account->wrong);
		EXPECT_EQ(0U, account_unnamed(account));
		if (i % 2)
			EXPECT_LT(0U, account->read[PORTWATCH_LOST]);
		raw_close(&raw);
	}
}

static void read_until_killed(int ready)
{
	struct account account = { 0 };
	struct raw raw;

	if (open_raw(&raw, PORTWATCH_SLOTS_MIN) || write(ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		raw_drain_all(&raw, account_visit, &account);
}

static bool wait_sessions(int fd, uint32_t count)
{
	uint64_t limit = clock_boottime() + patient(PATIENCE_NS);
	struct portwatch_status status;

	do {
		if (module_status(fd, &status) || status.sessions == count)
			break;
		poll(NULL, 0, 1);
	} while (clock_boottime() < limit);
	return status.sessions == count;
}

/* Others are killed in the middle of it, again and again; this one loses nothing by it. */
TEST_F_TIMEOUT(restarted, reader_that_is_killed_takes_nothing_along, 120)
{
	struct raw raw;
	unsigned int i;
	int ready[2];
	pid_t pid;
	char byte;

	ASSERT_EQ(0, open_raw(&raw, 256));
	ASSERT_EQ(0, pipe(ready));
	fflush(NULL);
	for (i = 0; i < 20; i++) {
		pid = fork();
		if (!pid)
			read_until_killed(ready[1]);
		ASSERT_EQ(1, read(ready[0], &byte, 1));
		poll(NULL, 0, i);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, NULL, 0));
		raw_drain_all(&raw, account_visit, &self->account);
	}
	for (i = 0; i < load_cpus(); i++)
		EXPECT_EQ(0U, check_settled(&raw, i, &self->account));
	EXPECT_EQ(0U, self->account.wrong);
	/* That one, and the one that holds the hooks. */
	EXPECT_TRUE(wait_sessions(raw.fd, 2));
	raw_close(&raw);
}

/* Producers inside producers ----------------------------------------------------- */

FIXTURE(nested)
{
	struct raw raw;
	struct account account;
	struct load binds;
	struct load connections;
};

/*
 * What comes in over the loopback is handled on CPU 0, whoever sends it: by an interrupt
 * that the sending CPU asks for. The network namespace's own sysfs has the switch.
 */
static int receive_on_first_cpu(void)
{
	const char *path = "/tmp/sys/class/net/lo/queues/rx-0/rps_cpus";
	int fd, err = 0;

	mkdir("/tmp/sys", 0700);
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", "/tmp/sys", "sysfs", 0, NULL))
		return -errno;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

FIXTURE_SETUP(nested)
{
	int err;

	if (load_cpus() < 2)
		SETUP_SKIP("a second CPU has to interrupt the first one");
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	err = receive_on_first_cpu();
	if (err == -ENOENT)
		SETUP_SKIP("this kernel cannot hand on what it receives (CONFIG_RPS)");
	ASSERT_EQ(0, err);
	self->binds.only_cpu = 1;
	self->binds.binds = FOREVER;
	self->connections.only_cpu = 2;
	self->connections.connections = 2003;
}

FIXTURE_TEARDOWN(nested)
{
	raw_close(&self->raw);
}

static void add_load(struct load *to, const struct load *load)
{
	unsigned int type;

	for (type = 0; type < PORTWATCH_TYPES; type++)
		to->done[type] += load->done[type];
}

/*
 * CPU 0 takes ports as fast as it can, in a process; and while it does, its interrupts
 * bring the outcome and the end of each connection that CPU 1 makes. Both kinds are
 * records of ring 0, none of them in the middle of another, and none is missing.
 */
TEST_F_TIMEOUT(nested, producers_share_a_ring, 120)
{
	struct account *account = &self->account;
	struct load *connections = &self->connections;
	struct load *binds = &self->binds;
	struct raw *raw = &self->raw;
	unsigned int count = connections->connections;

	ASSERT_EQ(0, open_raw(raw, 512));
	ASSERT_EQ(0, load_begin(binds));
	ASSERT_EQ(0, load_begin(connections));
	while (connections->done[PORTWATCH_ACCEPT] < count &&
	       !connections->failed && !binds->failed)
		raw_drain_all(raw, account_visit, account);
	ASSERT_EQ(0, load_finish(connections));
	ASSERT_EQ(0, load_end(binds));
	account_finish(raw, account);
	add_load(connections, binds);
	EXPECT_EQ(0U, account_check_all(raw, connections, account));
	/*
	 * The interrupts came there. (Not all: what comes while the process has the socket
	 * locked is done by it.)
	 */
	EXPECT_LT(0U, account->read_on[0][PORTWATCH_ESTABLISHED] +
		      account->missing_on[0][PORTWATCH_ESTABLISHED]);
	EXPECT_EQ(0U, account->read_on[0][PORTWATCH_ACCEPT] +
		      account->missing_on[0][PORTWATCH_ACCEPT]);
	EXPECT_LT(count, binds->done[PORTWATCH_BIND]);
}

TEST_HARNESS_MAIN
