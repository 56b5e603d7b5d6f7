// SPDX-License-Identifier: GPL-2.0
/* The module comes and goes: rows 19 and 30. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocked.h"
#include "churn.h"
#include "file.h"
#include "module.h"
#include "patience.h"
#include "raw.h"
#include "scene.h"

#define THREADS 300
#define TIMES 200
#define WAITING 20	/* each so many times there are calls that wait */

FIXTURE(unload)
{
	struct scene scene;
};

/* Every test begins without the module. */
FIXTURE_SETUP(unload)
{
	if (!module_file())
		SETUP_SKIP("PORTWATCH_KO does not say where the module is");
	if (module_is_loaded())
		ASSERT_EQ(0, module_unload());
	ASSERT_EQ(0, scene_prepare(&self->scene, IPV4));
}

FIXTURE_TEARDOWN(unload)
{
	if (!module_file())
		return;
	scene_close(&self->scene);
	module_require();
}

TEST_F(unload, takes_the_device_away_and_load_brings_it_back)
{
	EXPECT_EQ(-ENOENT, module_open());
	ASSERT_EQ(0, module_load());
	EXPECT_EQ(-EEXIST, module_load());
	EXPECT_EQ(0, access(PORTWATCH_DEVICE, F_OK));
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(-1, access(PORTWATCH_DEVICE, F_OK));
	EXPECT_EQ(-ENOENT, module_unload());
}

TEST_F(unload, is_refused_while_a_session_is_open)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	int fd;

	ASSERT_EQ(0, module_load());
	fd = module_open();
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_EQ(0, ioctl(fd, PORTWATCH_IOC_START, &start));
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	close(fd);
	EXPECT_EQ(0, module_unload());
}

/* What is mapped still belongs to the session, though its descriptor is gone. */
TEST_F(unload, is_refused_while_a_ring_is_mapped)
{
	struct portwatch_start start = raw_start(PORTWATCH_SLOTS_MIN);
	size_t page = sysconf(_SC_PAGESIZE);
	void *header;
	int fd;

	ASSERT_EQ(0, module_load());
	fd = module_open();
	ASSERT_EQ(0, ioctl(fd, PORTWATCH_IOC_START, &start));
	header = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, header);
	close(fd);
	EXPECT_EQ(-EWOULDBLOCK, module_unload());
	EXPECT_EQ(PORTWATCH_MAGIC, *(uint32_t *)header);
	munmap(header, page);
	EXPECT_EQ(0, module_unload());
}

/* Row 19. */
TEST_F(unload, and_load_see_the_accept_of_one_who_waited_before)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *patient = scene_actor(scene, "patient");
	struct process *process = scene_actor(scene, "client");
	struct end listener, client, server;

	ASSERT_NE(NULL, patient);
	ASSERT_NE(NULL, process);
	ASSERT_EQ(0, scene_listen(scene, &listener, patient));
	ASSERT_EQ(0, end_accept_begin(&listener, false));
	ASSERT_TRUE(process_waits(patient, patient->who.pid, SYS_accept4));
	watch->old_sockets = true;
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, scene_connect(scene, &client, process, &listener));
	ASSERT_EQ(0, end_accept_finish(&server, &listener));
	scene_expect_join(scene, &client, &listener, &server);
	ASSERT_EVENTS(watch);
	end_close_in_turn(&client, &server);
	expect_fin(watch, &client, &server);
	end_close(&listener);
	/* Since when it listened was before the module's time. */
	expect_close_listener(watch, &listener, 1)->free_span = true;
	EXPECT_EVENTS(watch);
}

struct waiting {
	int listener;
	unsigned int accepted;
	unsigned int failed;
};

static void *accept_thread(void *argument)
{
	struct waiting *waiting = argument;
	int fd = accept4(waiting->listener, NULL, NULL, SOCK_CLOEXEC);

	__atomic_add_fetch(fd < 0 ? &waiting->failed : &waiting->accepted, 1,
			   __ATOMIC_RELAXED);
	close(fd);
	return NULL;
}

/* All of them sleep: what they have used of their CPU does not grow. */
static bool wait_all_accepting(unsigned int threads)
{
	char path[64], text[64];
	unsigned int i, waiting;
	int times, fd;
	pid_t tid;

	for (times = 0; times < patient(1000); times++) {
		waiting = 0;
		for (i = 1, tid = getpid() + 1; i <= 2 * threads; i++, tid++) {
			snprintf(path, sizeof(path),
				 "/proc/self/task/%d/syscall", tid);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			if (read(fd, text, sizeof(text) - 1) > 0)
				waiting += atoi(text) == SYS_accept4;
			close(fd);
		}
		if (waiting >= threads)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static int start_threads(pthread_t *threads, struct waiting *waiting)
{
	pthread_attr_t attributes;
	int i, err = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	for (i = 0; i < THREADS && !err; i++)
		err = pthread_create(&threads[i], &attributes, accept_thread,
				     waiting);
	pthread_attr_destroy(&attributes);
	return -err;
}

/*
 * Row 30: they began to wait while the hooks were attached, and are woken when
 * the module is gone. Meanwhile nobody's accept was missed.
 */
TEST_F_TIMEOUT(unload, goes_while_300_threads_wait_in_accept, 90)
{
	struct portwatch_status before, after;
	pthread_t threads[THREADS];
	struct waiting waiting = { 0 };
	struct target name, other;
	struct raw raw;
	struct portwatch_start start = raw_start(1024);
	int i, listener, fd;

	ASSERT_EQ(0, module_load());
	waiting.listener = churn_listen(&name, THREADS);
	listener = churn_listen(&other, 16);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, raw_open(&raw, &start));
	ASSERT_EQ(0, module_status(raw.fd, &before));
	ASSERT_EQ(0, start_threads(threads, &waiting));
	ASSERT_TRUE(wait_all_accepting(THREADS));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, churn_connect(&other));
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		ASSERT_LE(0, fd);
		close(fd);
	}
	ASSERT_EQ(0, module_status(raw.fd, &after));
	EXPECT_EQ(before.misses, after.misses);
	EXPECT_EQ(20U, raw_sum(&raw, offsetof(struct portwatch_ring, delivered),
			       PORTWATCH_ACCEPT));
	raw_close(&raw);
	ASSERT_EQ(0, module_unload());
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, churn_connect(&name));
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ((unsigned int)THREADS, waiting.accepted);
	EXPECT_EQ(0U, waiting.failed);
	close(listener);
	close(waiting.listener);
}

/* What the kernel has of modules, with none of ours there; -1: it does not say. */
struct traces {
	long kprobes;
	long functions;		/* that ftrace has hooks on */
	long areas;		/* of memory whose owner is gone */
};

static long count_lines(const char *path, const char *with)
{
	FILE *file = fopen(path, "re");
	char line[512];
	long count = 0;

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		count += !!strstr(line, with);
	fclose(file);
	return count;
}

/* An area belongs to the function that asked for it: a number when that is gone. */
static struct traces traces_now(void)
{
	struct traces traces = {
		.kprobes = count_lines("/sys/kernel/debug/kprobes/list", "+0x"),
		.functions = count_lines("/sys/kernel/tracing/enabled_functions",
					 ""),
		.areas = count_lines("/proc/vmallocinfo", " 0x"),
	};

	return traces;
}

/* What is freed after a grace period only may take a while. */
static unsigned int traces_left(const struct traces *before)
{
	struct traces now = traces_now();
	int i;

	for (i = 0; i < patient(500); i++) {
		if (!memcmp(before, &now, sizeof(now)))
			return 0;
		poll(NULL, 0, 10);
		now = traces_now();
	}
	fprintf(stderr, "# kprobes: %ld, were %ld\n", now.kprobes,
		before->kprobes);
	fprintf(stderr, "# functions with hooks: %ld, were %ld\n",
		now.functions, before->functions);
	fprintf(stderr, "# areas of nobody: %ld, were %ld\n", now.areas,
		before->areas);
	return 1;
}

static void check_empty(struct __test_metadata *_metadata)
{
	struct portwatch_status status;
	int fd = module_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, module_status(fd, &status));
	EXPECT_EQ(0U, status.sockets);
	EXPECT_EQ(0U, status.attached);
	EXPECT_EQ(1U, status.sessions);
	close(fd);
}

/*
 * Row 30 again: two hundred times while others connect. Some calls wait all the time,
 * from the first session to the last; others begin to wait in one of the sessions and
 * come back when the module that saw them begin is gone.
 */
TEST_F_TIMEOUT(unload, and_load_200_times_under_churn_and_waiting_calls, 240)
{
	struct portwatch_start start = raw_start(1024);
	struct blocked throughout, some;
	struct traces before = traces_now();
	struct churn churners;
	struct raw raw;
	int i;

	/* A connect() that nobody answers is to wait until the end. */
	ASSERT_EQ(0, file_set_net("ipv4/tcp_syn_retries", "20"));
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, raw_open(&raw, &start));
	ASSERT_EQ(0, blocked_begin(&throughout));
	raw_close(&raw);
	ASSERT_EQ(0, module_unload());
	churn_begin(&churners);
	for (i = 1; i < TIMES; i++) {
		some.nr = 0;
		ASSERT_EQ(0, module_load());
		if (i % WAITING == 0) {
			ASSERT_EQ(0, raw_open(&raw, &start));
			ASSERT_EQ(0, blocked_begin(&some));
			raw_close(&raw);
		}
		ASSERT_EQ(0, module_unload());
		EXPECT_EQ(0U, blocked_end(&some));
	}
	ASSERT_TRUE(blocked_all_wait(&throughout));
	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, raw_open(&raw, &start));
	EXPECT_EQ(0U, blocked_end(&throughout));
	raw_close(&raw);
	churn_end(&churners);
	check_empty(_metadata);
	ASSERT_EQ(0, module_unload());
	EXPECT_EQ(0U, traces_left(&before));
}

/* After an hour of churn (here: a while) the table has forgotten all of it. */
TEST_F_TIMEOUT(unload, is_not_needed_to_forget_what_is_closed, 60)
{
	struct portwatch_start start = raw_start(1024);
	struct portwatch_status before, after;
	struct churn churners;
	struct raw raw;
	int i;

	ASSERT_EQ(0, module_load());
	ASSERT_EQ(0, raw_open(&raw, &start));
	ASSERT_EQ(0, module_status(raw.fd, &before));
	churn_begin(&churners);
	for (i = 0; i < patient(100); i++) {
		poll(NULL, 0, 30);
		raw_drain_all(&raw, NULL, NULL);
	}
	churn_end(&churners);
	EXPECT_LT(1000U, raw_sum(&raw, offsetof(struct portwatch_ring, seen),
				 PORTWATCH_CLOSE));
	/* Not even those that wait in TIME_WAIT are sockets any more. */
	EXPECT_EQ(0, module_wait_sockets(raw.fd, before.sockets));
	ASSERT_EQ(0, module_status(raw.fd, &after));
	EXPECT_EQ(before.sockets_missed, after.sockets_missed);
	EXPECT_EQ(before.misses, after.misses);
	raw_close(&raw);
}

static void open_and_close(void)
{
	int fd;

	for (;;) {
		fd = module_open();
		if (fd >= 0)
			close(fd);
	}
}

/* Whoever opens the device in that moment gets it or not, and nothing else. */
TEST_F_TIMEOUT(unload, races_with_open, 60)
{
	unsigned int unloaded = 0;
	int i, err;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		open_and_close();
	for (i = 0; i < 30; i++) {
		err = module_load();
		ASSERT_TRUE(err == 0 || err == -EEXIST);
		poll(NULL, 0, 1);
		err = module_unload();
		ASSERT_TRUE(err == 0 || err == -EWOULDBLOCK);
		unloaded += !err;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	EXPECT_GT(unloaded, 0U);
	if (module_is_loaded())
		EXPECT_EQ(0, module_unload());
}

TEST_HARNESS_MAIN
