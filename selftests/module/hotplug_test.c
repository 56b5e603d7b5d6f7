// SPDX-License-Identifier: GPL-2.0
/* CPUs go off and on while somebody reads: each has a ring, whether it is on or not. */
#include <kselftest_harness.h>

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "cpu.h"
#include "loss.h"
#include "module.h"
#include "patience.h"
#include "raw.h"
#include "scene.h"

#define ROUNDS	8
#define TIMES	6
#define LAST	(cpu_count() - 1)

FIXTURE(hotplug)
{
	struct raw raw;
};

FIXTURE_SETUP(hotplug)
{
	ASSERT_EQ(0, module_require());
	if (cpu_count() < 2)
		SETUP_SKIP("there is one CPU only");
	if (cpu_switch_others(true))
		SETUP_SKIP("this kernel switches no CPU off");
	ASSERT_EQ(0, scene_unshare());
	self->raw.fd = -1;
}

FIXTURE_TEARDOWN(hotplug)
{
	raw_close(&self->raw);
	EXPECT_EQ(0, cpu_switch_others(true));
}

/* What a ring has delivered of one type. */
static uint64_t delivered(const struct raw *raw, unsigned int ring,
			  enum portwatch_type type)
{
	return __atomic_load_n(&raw->rings[ring]->delivered[type],
			       __ATOMIC_RELAXED);
}

/*
 * Whatever is done on a CPU that goes, and by those that it leaves behind: each event
 * comes or is counted, in the order of its ring.
 */
TEST_F_TIMEOUT(hotplug, miscounts_no_event_of_a_load, 90)
{
	struct portwatch_start start = raw_start(16384);
	struct load load = { .for_ever = true };
	struct account_reader reader;
	static struct account account;
	unsigned int i;

	/* What others did before may end only now. */
	ASSERT_EQ(0, raw_open_netns(&self->raw, &start, scene_netns()));
	ASSERT_EQ(0, account_reader_begin(&reader, &self->raw, &account));
	ASSERT_EQ(0, load_begin(&load));
	for (i = 0; i < ROUNDS; i++) {
		EXPECT_EQ(0, cpu_switch_others(false));
		EXPECT_TRUE(load_goes_on(&load));
		EXPECT_EQ(0, cpu_switch_others(true));
		EXPECT_TRUE(load_goes_on(&load));
	}
	EXPECT_EQ(0, load_end(&load));
	account_reader_end(&reader);
	EXPECT_EQ(0U, account_check_all(&self->raw, &load, &account));
	EXPECT_LT(0U, delivered(&self->raw, 0, PORTWATCH_BIND));
	EXPECT_LT(0U, delivered(&self->raw, LAST, PORTWATCH_BIND));
}

/* The timer that would have woken the reader was the CPU's, too. */
TEST_F_TIMEOUT(hotplug, leaves_a_ring_that_is_read_and_wakes_its_reader, 60)
{
	struct portwatch_start start = raw_start(1024);
	static struct account account;
	struct pollfd ready = { .events = POLLIN };

	start.timeout_ms = 1000;
	ASSERT_EQ(0, raw_open(&self->raw, &start));
	ready.fd = self->raw.fd;
	ASSERT_EQ(0, load_pin(LAST));
	ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(0, load_pin(0));
	ASSERT_EQ(0, cpu_switch(LAST, false));
	EXPECT_EQ(1, poll(&ready, 1, patient(20000)));
	account_finish(&self->raw, &account);
	EXPECT_EQ(0U, account.wrong);
	EXPECT_EQ(1U, delivered(&self->raw, LAST, PORTWATCH_BIND));
	EXPECT_EQ(1U, account.read[PORTWATCH_BIND]);
	EXPECT_EQ(1U, account.read[PORTWATCH_CLOSE]);
}

TEST_F_TIMEOUT(hotplug, has_a_ring_for_a_cpu_that_was_off_at_the_start, 60)
{
	struct portwatch_start start = raw_start(1024);
	static struct account account;

	ASSERT_EQ(0, load_pin(0));
	ASSERT_EQ(0, cpu_switch_others(false));
	ASSERT_EQ(0, raw_open(&self->raw, &start));
	EXPECT_LE(cpu_count(), self->raw.header->nr_rings);
	ASSERT_EQ(0, churn_bind());
	ASSERT_EQ(0, cpu_switch_others(true));
	ASSERT_EQ(0, load_pin(LAST));
	ASSERT_EQ(0, churn_bind());
	account_finish(&self->raw, &account);
	EXPECT_EQ(0U, account.wrong);
	EXPECT_EQ(0U, account_unnamed(&account));
	EXPECT_EQ(1U, delivered(&self->raw, 0, PORTWATCH_BIND));
	EXPECT_EQ(1U, delivered(&self->raw, LAST, PORTWATCH_BIND));
	EXPECT_EQ(2U, account.read[PORTWATCH_CLOSE]);
}

/* The library waits for no CPU that is off, and puts the rings in order all the same. */
TEST_F_TIMEOUT(hotplug, keeps_the_order_of_the_stream, 60)
{
	struct scene scene;
	struct end listener, client, server;
	struct process *process;
	unsigned int i;

	ASSERT_EQ(0, scene_open(&scene, IPV4));
	process = scene_actor(&scene, "client");
	ASSERT_NE(NULL, process);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, cpu_switch_others(i % 2));
		ASSERT_EQ(0, scene_listen(&scene, &listener, &scene.self));
		scene_expect_listen(&scene, &listener);
		ASSERT_EQ(0, scene_join(&scene, &client, process, &listener,
					&server));
		scene_expect_join(&scene, &client, &listener, &server);
		EXPECT_EVENTS(&scene.watch);
		end_close_in_turn(&client, &server);
		expect_fin(&scene.watch, &client, &server);
		end_close(&listener);
		expect_close_listener(&scene.watch, &listener, 1);
		EXPECT_EVENTS(&scene.watch);
	}
	scene_close(&scene);
}

static void switch_for_ever(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		cpu_switch_others(false);
		cpu_switch_others(true);
	}
}

/* Everything that the module has of each CPU comes and goes meanwhile. */
TEST_F_TIMEOUT(hotplug, meets_load_and_unload, 120)
{
	struct churn churners;
	int i;
	pid_t pid;

	if (!module_file())
		SKIP(return, "PORTWATCH_KO does not say where the module is");
	fflush(NULL);
	pid = fork();
	if (!pid)
		switch_for_ever();
	churn_begin(&churners);
	for (i = 0; i < TIMES; i++) {
		ASSERT_EQ(0, module_reload(""));
		ASSERT_EQ(0, raw_session_once());
	}
	churn_end(&churners);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST_HARNESS_MAIN
