// SPDX-License-Identifier: GPL-2.0
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "memory.h"

_Thread_local unsigned int shim_cpu;
void *pw_beacons;
static uint64_t fixed_time;

void memory_set_time(uint64_t time)
{
	fixed_time = time;
}

static uint64_t now(void)
{
	return fixed_time ? fixed_time : pw_clock_boot();
}

u64 ktime_get_boottime_ns(void)
{
	return now();
}

static struct memory *to_memory(struct pw_source *source)
{
	return (struct memory *)source;
}

/* As the module: without a thread, in the CPU's place. */
static void ask_for_gaps(struct memory *memory)
{
	unsigned int cpu;

	memory->flushed++;
	for (cpu = 0; cpu < memory->nr_cpus; cpu++) {
		__atomic_store_n(&memory->cpus[cpu].flush, 1, __ATOMIC_RELEASE);
		if (__atomic_load_n(&memory->idle, __ATOMIC_ACQUIRE))
			memory_serve(memory, cpu);
	}
}

static int memory_fill(struct pw_source *source, const union pw_slot **slots)
{
	struct memory *memory = to_memory(source);
	int count, look;

	*slots = memory->slots;
	for (look = 0; look < 2; look++) {
		count = pw_merge_fill(memory->merge, memory->slots, 512);
		if (count || pw_merge_waiting(memory->merge) ||
		    !pw_merge_gap(memory->merge))
			return count;
		ask_for_gaps(memory);
	}
	return 0;
}

static int memory_wait(struct pw_source *source, int timeout_ms)
{
	(void)source;
	(void)timeout_ms;
	sched_yield();
	return 1;
}

static int memory_stats(struct pw_source *source, struct portwatch_stats *stats)
{
	pw_merge_stats(to_memory(source)->merge, stats);
	return 0;
}

static void memory_close(struct pw_source *source)
{
	struct memory *memory = to_memory(source);
	unsigned int cpu;

	for (cpu = 0; cpu < memory->nr_cpus; cpu++)
		free(memory->cpus[cpu].area);
	pw_merge_free(memory->merge);
	free(pw_beacons);
	pw_beacons = NULL;
	fixed_time = 0;
	free(memory);
}

static const struct pw_source_ops memory_ops = {
	.fill = memory_fill,
	.wait = memory_wait,
	.stats = memory_stats,
	.close = memory_close,
};

struct memory *memory_new(unsigned int nr_cpus, unsigned int ring_slots,
			  unsigned int reserve)
{
	size_t bytes = PAGE_SIZE + (size_t)ring_slots * PORTWATCH_SLOT_SIZE;
	struct pw_ring_map maps[MEMORY_CPUS_MAX];
	struct memory *memory = calloc(1, sizeof(*memory));
	struct memory_cpu *cpu;
	unsigned int i;

	memory->source.ops = &memory_ops;
	memory->nr_cpus = nr_cpus;
	memory->idle = 1;
	pw_beacons = aligned_alloc(64, MEMORY_CPUS_MAX * PW_BEACON_STRIDE);
	memset(pw_beacons, 0, MEMORY_CPUS_MAX * PW_BEACON_STRIDE);
	for (i = 0; i < nr_cpus; i++) {
		cpu = &memory->cpus[i];
		cpu->area = aligned_alloc(PAGE_SIZE, bytes);
		memset(cpu->area, 0, bytes);
		pw_ring_init(&cpu->ring, (u16)i, cpu->area, &cpu->consumer,
			     ring_slots, reserve);
		maps[i].ring = cpu->ring.page;
		maps[i].slots = (const void *)cpu->ring.slots;
		maps[i].consumer = &cpu->consumer;
		maps[i].beacon = (void *)((char *)pw_beacons +
					  i * PW_BEACON_STRIDE);
	}
	pw_merge_new(&memory->merge, maps, nr_cpus, ring_slots, now);
	return memory;
}

bool memory_write(struct memory *memory, unsigned int cpu, union pw_slot *slots,
		  unsigned int count, bool urgent)
{
	struct portwatch_beacon *beacon;
	unsigned int i;
	bool written;
	u64 time;

	shim_cpu = cpu;
	beacon = pw_beacon();
	time = pw_beacon_begin(beacon);
	for (i = 0; i < count; i++)
		slots[i].head.time = time;
	written = pw_ring_write(&memory->cpus[cpu].ring, slots, count, urgent);
	if (!written && slots->head.type < PORTWATCH_PROCESS)
		pw_ring_blame(&memory->cpus[cpu].ring, memory->uid);
	pw_beacon_end(beacon);
	return written;
}

void memory_serve(struct memory *memory, unsigned int cpu)
{
	struct portwatch_beacon *beacon;

	if (!__atomic_exchange_n(&memory->cpus[cpu].flush, 0, __ATOMIC_ACQUIRE))
		return;
	shim_cpu = cpu;
	beacon = pw_beacon();
	pw_ring_flush_gap(&memory->cpus[cpu].ring, pw_beacon_begin(beacon));
	pw_beacon_end(beacon);
}
