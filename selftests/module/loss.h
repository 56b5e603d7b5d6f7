/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many binds and connections at once, on all CPUs, and an account of what came
 * of them in a session.
 */
#ifndef LOSS_H
#define LOSS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/portwatch.h>

#include "raw.h"

#define LOAD_THREADS 4
#define ACCOUNT_KEYS 16384

struct load;

/* One of the threads that make a load. */
struct load_job {
	struct load *load;
	unsigned int number;
	unsigned int cpu;
	pthread_t thread;
};

/**
 * struct load - what producers did
 *
 * @binds, @connections: to be done, over all threads
 * @for_ever:	instead of that one of each in turn, until load_end()
 * @only_cpu:	one more than the CPU on which all threads are, 0: on all
 * @stop:	no more of it
 * @done:	what was done, by type of event that it must have made
 * @done_on:	the same by CPU. What the other end of a connection does on the loopback
 *		happens on the CPU of the thread, too.
 * @failed:	errno of a call that went wrong, 0: none
 */
struct load {
	unsigned int binds;
	unsigned int connections;
	unsigned int only_cpu;
	bool for_ever;
	bool stop;
	uint64_t done[PORTWATCH_TYPES];
	uint64_t done_on[RAW_RINGS][PORTWATCH_TYPES];
	int failed;
	struct load_job jobs[LOAD_THREADS];
};

unsigned int load_cpus(void);

/* The calling thread stays on that CPU; 0 or a negative errno. */
int load_pin(unsigned int cpu);

/*
 * Threads, each on a CPU of its own as far as there are enough; and their end, when all
 * is done or at once.
 */
int load_begin(struct load *load);
int load_finish(struct load *load);
int load_end(struct load *load);

/* Waits, with a limit, until it has done something more. */
bool load_goes_on(struct load *load);

/**
 * struct account - what a raw reader saw
 *
 * @read:	records by type
 * @missing:	sums of the LOST records, by type
 * @read_on, @missing_on: the same of each ring
 * @wrong:	things that must not be: a jump that no LOST record explains, a
 *		time that goes back, ...
 * @announced:	when the process with that key was announced, 0: never
 * @used:	when an event named it first, 0: never
 */
struct account {
	uint64_t read[PORTWATCH_TYPES];
	uint64_t missing[PORTWATCH_TYPES];
	uint64_t read_on[RAW_RINGS][PORTWATCH_TYPES];
	uint64_t missing_on[RAW_RINGS][PORTWATCH_TYPES];
	unsigned int wrong;
	uint64_t last_time[RAW_RINGS];
	uint64_t announced[ACCOUNT_KEYS];
	uint64_t used[ACCOUNT_KEYS];
};

void account_visit(struct raw *raw, unsigned int ring,
		   const struct portwatch_slot *slot, void *account);

/* Drains what is there, and asks for the LOST records that are due. */
void account_finish(struct raw *raw, struct account *account);

/*
 * While the load lasts @slots of each ring are taken, @times in all: each time as much
 * has been done since, however fast the machine is.
 */
void account_slowly(struct raw *raw, struct account *account, const struct load *load,
		    unsigned int slots, unsigned int times);

/* Keys that were used before they were announced; each is said on stderr. */
unsigned int account_unnamed(const struct account *account);

/*
 * Each returns the number of differences, said on stderr. For each ring and type: seen =
 * filtered + lost + delivered; what was read is what the kernel says that it
 * delivered; the LOST records tell what it says that it lost; and each key that was used
 * was announced before. Then, of all rings together or of each: done = delivered + lost.
 */
unsigned int account_check_rings(const struct raw *raw,
				 const struct account *account);
unsigned int account_check_all(const struct raw *raw, const struct load *load,
			       const struct account *account);
unsigned int account_check(const struct raw *raw, const struct load *load,
			   const struct account *account);

/* A thread that reads whatever comes into an account, until it is told to end. */
struct account_reader {
	struct raw *raw;
	struct account *account;
	bool stop;
	pthread_t thread;
};

int account_reader_begin(struct account_reader *reader, struct raw *raw,
			 struct account *account);
void account_reader_end(struct account_reader *reader);

#endif /* LOSS_H */
