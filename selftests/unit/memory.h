/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session in plain memory: the module's rings and beacons, written by whoever
 * plays a CPU, and a source that reads them as the device does.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include <linux/compiler.h>
#include <linux/mm.h>

#include "../../kmod/ring.h"
#include "../../kmod/beacon.h"
#include "merge.h"
#include "source.h"

#define MEMORY_CPUS_MAX	8

struct memory_cpu {
	struct pw_ring ring;
	void *area;
	struct portwatch_consumer consumer;
	int flush;		/* the reader asked for what is missing */
};

/**
 * struct memory - the rings
 *
 * @source:	for pw_reader_open_source(), which then owns all of this
 * @flushed:	times that the reader asked for what is missing
 * @idle:	the CPUs have no threads: the reader flushes for them
 * @uid:	whose the records are that are written
 */
struct memory {
	struct pw_source source;
	unsigned int nr_cpus;
	unsigned int flushed;
	int idle;
	uint32_t uid;
	struct memory_cpu cpus[MEMORY_CPUS_MAX];
	struct pw_merge *merge;
	union pw_slot slots[512];
};

/* The clock: CLOCK_BOOTTIME, or what memory_set_time() said last. */
void memory_set_time(uint64_t time);

struct memory *memory_new(unsigned int nr_cpus, unsigned int ring_slots,
			  unsigned int reserve);

/* Writes a record as the module's stream does; false when it was lost. */
bool memory_write(struct memory *memory, unsigned int cpu, union pw_slot *slots,
		  unsigned int count, bool urgent);

/* Does what the reader asked of this CPU. */
void memory_serve(struct memory *memory, unsigned int cpu);

#endif
