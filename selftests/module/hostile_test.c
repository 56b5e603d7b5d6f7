// SPDX-License-Identifier: GPL-2.0
/*
 * Users of the device that are up to no good: they may open it, and do all with it that
 * a program can. Nothing that the kernel writes can be written by them, nothing else of
 * the kernel's memory shows, what they take has a limit, and all of it comes back.
 *
 * What they do is by chance, and the same in each run (chance.h).
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chance.h"
#include "churn.h"
#include "hostile_ioctl.h"
#include "hostile_map.h"
#include "module.h"
#include "raw.h"
#include "scene.h"

/* Rings of a session: what asks for more is refused. */
#define RING_BYTES_MAX (4 << 20)
#define LIMITS "ring_bytes_max=4194304"

#define CALLS 20000
#define MAPS 3000
#define OPENS 1000
#define THREADS 4

FIXTURE(hostile)
{
	struct raw raw;		/* of all events, with somebody who reads them */
	struct arguments arguments;
	int fd;			/* not started */
};

FIXTURE_SETUP(hostile)
{
	struct portwatch_start start = raw_start(1024);

	if (!module_file())
		SETUP_SKIP("PORTWATCH_KO does not say where the module is");
	ASSERT_EQ(0, module_reload(LIMITS));
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, arguments_open(&self->arguments));
	start.events = PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL;
	ASSERT_EQ(0, raw_open(&self->raw, &start));
	self->fd = module_open();
	ASSERT_LE(0, self->fd);
}

/* Nothing is left of whatever was done: there is one session, then the module goes. */
FIXTURE_TEARDOWN(hostile)
{
	struct portwatch_status status;

	if (!module_file())
		return;
	raw_close(&self->raw);
	EXPECT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(1U, status.sessions);
	EXPECT_EQ(0U, status.attached);
	EXPECT_EQ(0U, status.sockets);
	close(self->fd);
	arguments_close(&self->arguments);
	EXPECT_EQ(0, module_reload(""));
}

/* It sees what it saw before. */
static void expect_works(struct __test_metadata *_metadata, struct raw *raw)
{
	size_t counter = offsetof(struct portwatch_ring, delivered);
	uint64_t before;

	raw_drain_all(raw, NULL, NULL);
	before = raw_sum(raw, counter, PORTWATCH_BIND);
	ASSERT_EQ(0, churn_bind());
	EXPECT_LT(before, raw_sum(raw, counter, PORTWATCH_BIND));
}

/* Calls --------------------------------------------------------------------- */

/* Of a few sessions, some have started: one more each time it comes to that. */
TEST_F_TIMEOUT(hostile, calls_get_documented_answers, 240)
{
	struct chance chance = chance_begin(1);
	unsigned int i, k, bad = 0;
	int fds[6];

	for (k = 0; k < ARRAY_SIZE(fds); k++)
		ASSERT_LE(0, fds[k] = module_open());
	for (i = 0; i < CALLS && bad < 10; i++) {
		k = chance_below(&chance, ARRAY_SIZE(fds));
		bad += hostile_ioctl(&self->arguments, &chance, fds[k]);
		if (chance_below(&chance, 64))
			continue;
		close(fds[k]);
		ASSERT_LE(0, fds[k] = module_open());
	}
	EXPECT_EQ(0U, bad);
	if (!self->arguments.compat)
		TH_LOG("this kernel takes no calls of 32-bit programs");
	for (k = 0; k < ARRAY_SIZE(fds); k++)
		close(fds[k]);
	expect_works(_metadata, &self->raw);
}

/* Mappings ------------------------------------------------------------------ */

TEST_F_TIMEOUT(hostile, mappings_give_what_is_documented, 240)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	struct chance chance = chance_begin(2);
	struct hostile_map map = { .header = self->raw.header };
	unsigned int i, bad = 0;

	map.fds[0] = self->raw.fd;
	map.fds[1] = open(PORTWATCH_DEVICE, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, map.fds[1]);
	start.ring_slots = self->raw.header->ring_slots;
	ASSERT_EQ(0, ioctl(map.fds[1], PORTWATCH_IOC_START, &start));
	map.memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, map.memory);
	for (i = 0; i < MAPS && bad < 10; i++)
		bad += hostile_map(&map, &chance);
	EXPECT_EQ(0U, bad);
	/* Some of them were to be had, and could be written. */
	EXPECT_LT(MAPS / 20U, map.mapped);
	EXPECT_LT(0U, map.written);
	close(map.memory);
	close(map.fds[1]);
	expect_works(_metadata, &self->raw);
}

/* One who asks for it can hand a mapping to a child: it keeps the session. */
TEST_F(hostile, child_with_a_mapping_keeps_the_session)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct portwatch_status status;
	int status_of_child, pipes[2];
	pid_t pid;
	char byte;

	if (madvise((void *)self->raw.header, page, MADV_DOFORK)) {
		ASSERT_EQ(EINVAL, errno);
		SKIP(return, "this kernel gives no such mapping to a child");
	}
	ASSERT_EQ(0, pipe(pipes));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(self->raw.fd);
		close(pipes[1]);
		read(pipes[0], &byte, 1);
		_exit(self->raw.header->magic != PORTWATCH_MAGIC);
	}
	close(pipes[0]);
	raw_close(&self->raw);
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(2U, status.sessions);
	close(pipes[1]);
	ASSERT_EQ(pid, waitpid(pid, &status_of_child, 0));
	EXPECT_EQ(0, status_of_child);
}

/* What is seen -------------------------------------------------------------- */

/* Words that no field has: an address of the kernel, or what it fills memory with. */
static bool is_of_the_kernel(uint64_t word)
{
	static const unsigned char fills[] = {
		0x5a, 0x5b, 0x6a, 0x6b, 0xa5, 0xaa, 0xbb, 0xcc, 0xfd, 0xfe,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fills); i++)
		if (word == fills[i] * 0x0101010101010101ULL)
			return true;
	return word >> 47 == 0x1ffff;
}

static unsigned int scan(const void *from, size_t size)
{
	const uint64_t *word = from;
	unsigned int found = 0;
	size_t i;

	for (i = 0; i < size / sizeof(*word); i++) {
		if (!is_of_the_kernel(word[i]))
			continue;
		if (!found++)
			fprintf(stderr, "# at %#zx: %#llx\n", i * sizeof(*word),
				(unsigned long long)word[i]);
	}
	return found;
}

static unsigned int scan_all(const struct raw *raw)
{
	const struct portwatch_header *header = raw->header;
	unsigned int i, found;

	found = scan(header, header->page_size);
	found += scan(raw->beacons, header->beacon_bytes);
	for (i = 0; i < header->nr_rings; i++) {
		found += scan(raw->rings[i], header->ring_bytes);
		found += scan(raw->consumers[i], header->page_size);
	}
	return found;
}

/* Loss and recovery, rows of a snapshot and every event that the traffic makes. */
TEST_F_TIMEOUT(hostile, memory_of_the_kernel_does_not_show, 120)
{
	struct churn churners;
	unsigned int i;

	churn_begin(&churners);
	for (i = 0; i < 100; i++) {
		poll(NULL, 0, 10);
		if (i % 2)
			raw_drain_all(&self->raw, NULL, NULL);
		ASSERT_LE(0, ioctl(self->raw.fd, PORTWATCH_IOC_SNAPSHOT, 0));
		ASSERT_EQ(0, ioctl(self->raw.fd, PORTWATCH_IOC_FLUSH, 0));
		ASSERT_EQ(0U, scan_all(&self->raw));
	}
	churn_end(&churners);
	EXPECT_LT(0U, raw_sum(&self->raw, offsetof(struct portwatch_ring, seen),
			      PORTWATCH_ACCEPT));
	/* And it would have been found. */
	self->raw.consumers[0]->tail = 0xffff888012345678ULL;
	EXPECT_EQ(1U, scan_all(&self->raw));
	self->raw.consumers[0]->tail = 0x5a5a5a5a5a5a5a5aULL;
	EXPECT_EQ(1U, scan_all(&self->raw));
}

/* Positions ----------------------------------------------------------------- */

struct liar {
	struct raw *raw;
	bool stop;
};

static void *lie(void *argument)
{
	struct liar *liar = argument;
	struct chance chance = chance_begin(3);
	struct raw *raw = liar->raw;

	while (!__atomic_load_n(&liar->stop, __ATOMIC_RELAXED)) {
		unsigned int n = chance_below(&chance, raw->header->nr_rings);
		uint64_t head = raw->rings[n]->head;
		const uint64_t tails[] = {
			head, head + 1, head - 1, head - raw->header->ring_slots,
			head - raw->header->ring_slots - 1, 0, -1ULL,
			chance_word(&chance), head + chance_below(&chance, 4096),
		};

		__atomic_store_n(&raw->consumers[n]->tail,
				 CHANCE_OF(&chance, tails), __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Raced with the kernel that reads it: nothing but events of its own is lost. */
TEST_F_TIMEOUT(hostile, positions_that_lie_harm_the_liar_only, 120)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	struct liar liar = { .raw = &self->raw };
	unsigned int n, type, i;
	struct churn churners;
	pthread_t thread;
	struct raw honest;
	uint64_t bad = 0;

	start.ring_slots = 4096;
	ASSERT_EQ(0, raw_open(&honest, &start));
	churn_begin(&churners);
	ASSERT_EQ(0, pthread_create(&thread, NULL, lie, &liar));
	for (i = 0; i < 100; i++) {
		poll(NULL, 0, 20);
		raw_drain_all(&honest, NULL, NULL);
	}
	__atomic_store_n(&liar.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	churn_end(&churners);
	for (n = 0; n < self->raw.header->nr_rings; n++)
		bad += self->raw.rings[n]->bad_tail;
	EXPECT_LT(0U, bad);
#define SUM(raw, counters) \
	raw_sum(raw, offsetof(struct portwatch_ring, counters), type)
	for (type = 0; type < PORTWATCH_TYPES; type++)
		EXPECT_EQ(SUM(&self->raw, seen),
			  SUM(&self->raw, lost) + SUM(&self->raw, delivered));
	type = PORTWATCH_BIND;
	EXPECT_EQ(0U, SUM(&honest, lost));
#undef SUM
	for (n = 0; n < self->raw.header->nr_rings; n++)
		self->raw.consumers[n]->tail = self->raw.rings[n]->head;
	raw_close(&honest);
	expect_works(_metadata, &self->raw);
}

/* Numbers ------------------------------------------------------------------- */

/* Each with all the memory that it may have. */
TEST_F_TIMEOUT(hostile, a_thousand_opens_have_a_limit, 120)
{
	struct portwatch_start start = raw_start(0);
	struct chance chance = chance_begin(4);
	unsigned int i, refused = 0, open = 2;
	struct portwatch_status status;
	int fds[OPENS];

	ASSERT_EQ(0, module_status(self->fd, &status));
	for (i = 0; i < OPENS; i++) {
		fds[i] = module_open();
		if (fds[i] >= 0) {
			ASSERT_GE(status.sessions_max, ++open);
			if (chance_below(&chance, 8) == 0)
				ASSERT_EQ(0, ioctl(fds[i], PORTWATCH_IOC_START,
						   &start));
			continue;
		}
		ASSERT_EQ(-EBUSY, fds[i]);
		ASSERT_EQ(status.sessions_max, open);
		refused++;
		if (chance_below(&chance, 4))
			continue;
		/* Make room again, by one of those that are there. */
		unsigned int k = chance_below(&chance, i);

		while (fds[k] < 0)
			k = (k + 1) % i;
		close(fds[k]);
		fds[k] = -1;
		open--;
	}
	EXPECT_LT(OPENS / 2U, refused);
	for (i = 0; i < OPENS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	ASSERT_EQ(0, module_status(self->fd, &status));
	EXPECT_EQ(2U, status.sessions);
	expect_works(_metadata, &self->raw);
}

/* All at once --------------------------------------------------------------- */

#define SHARED 4

struct crowd {
	int fds[SHARED];	/* changed under the others' hands */
	unsigned int number;
	unsigned int bad;
};

static void *one_of_many(void *argument)
{
	struct crowd *crowd = argument;
	unsigned int number = __atomic_add_fetch(&crowd->number, 1,
						 __ATOMIC_RELAXED);
	struct chance chance = chance_begin(100 + number);
	size_t page = sysconf(_SC_PAGESIZE);
	struct arguments arguments;
	struct pollfd ready;
	unsigned int i, bad = 0;
	void *area;

	if (arguments_open(&arguments))
		abort();
	for (i = 0; i < CALLS / 10; i++) {
		int fd = CHANCE_OF(&chance, crowd->fds);

		switch (chance_below(&chance, 16)) {
		case 0: /* another session takes its place, in one step */
			ready.fd = module_open();
			if (ready.fd >= 0) {
				dup3(ready.fd, fd, O_CLOEXEC);
				close(ready.fd);
			}
			break;
		case 1:
			ready = (struct pollfd){ .fd = fd, .events = POLLIN };
			poll(&ready, 1, 0);
			break;
		case 2:
			area = mmap(NULL, page, PROT_READ, MAP_SHARED, fd,
				    chance_below(&chance, 64) * page);
			if (area != MAP_FAILED)
				munmap(area, page);
			break;
		default:
			bad += hostile_ioctl(&arguments, &chance, fd);
		}
	}
	arguments_close(&arguments);
	__atomic_add_fetch(&crowd->bad, bad, __ATOMIC_RELAXED);
	return NULL;
}

TEST_F_TIMEOUT(hostile, threads_race_on_the_same_sessions, 240)
{
	struct crowd crowd = { .bad = 0 };
	struct churn churners;
	pthread_t threads[THREADS];
	unsigned int i;

	for (i = 0; i < SHARED; i++)
		ASSERT_LE(0, crowd.fds[i] = module_open());
	churn_begin(&churners);
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, one_of_many,
					    &crowd));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	churn_end(&churners);
	EXPECT_EQ(0U, crowd.bad);
	for (i = 0; i < SHARED; i++)
		close(crowd.fds[i]);
	expect_works(_metadata, &self->raw);
}

TEST_HARNESS_MAIN
