// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "raw.h"

struct portwatch_start raw_start(uint32_t ring_slots)
{
	struct portwatch_start start = {
		.size = sizeof(start),
		.events = PORTWATCH_EVENTS_ALL &
			  ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET),
		.ring_slots = ring_slots,
	};

	return start;
}

static void *map(struct raw *raw, size_t size, int protection, uint64_t offset)
{
	void *area = mmap(NULL, size, protection, MAP_SHARED, raw->fd, offset);

	return area == MAP_FAILED ? NULL : area;
}

int raw_map(struct raw *raw)
{
	const struct portwatch_header *header;
	unsigned int i;

	header = map(raw, sysconf(_SC_PAGESIZE), PROT_READ,
		     PORTWATCH_MMAP_HEADER);
	if (!header)
		return -errno;
	raw->header = header;
	if (header->nr_rings > RAW_RINGS)
		return -E2BIG;
	raw->beacons = map(raw, header->beacon_bytes, PROT_READ,
			   header->beacon_offset);
	if (!raw->beacons)
		return -errno;
	for (i = 0; i < header->nr_rings; i++) {
		raw->rings[i] = map(raw, header->ring_bytes, PROT_READ,
				    header->ring_offset +
				    i * header->ring_stride);
		raw->consumers[i] = map(raw, header->page_size,
					PROT_READ | PROT_WRITE,
					header->consumer_offset +
					i * header->consumer_stride);
		if (!raw->rings[i] || !raw->consumers[i])
			return -errno;
	}
	return 0;
}

int raw_open_filtered(struct raw *raw, const struct portwatch_start *start,
		      const struct portwatch_tests *tests)
{
	memset(raw, 0, sizeof(*raw));
	raw->fd = module_open();
	if (raw->fd < 0)
		return raw->fd;
	if ((tests && ioctl(raw->fd, PORTWATCH_IOC_FILTER, tests)) ||
	    ioctl(raw->fd, PORTWATCH_IOC_START, start))
		return -errno;
	return raw_map(raw);
}

int raw_open(struct raw *raw, const struct portwatch_start *start)
{
	return raw_open_filtered(raw, start, NULL);
}

int raw_open_netns(struct raw *raw, const struct portwatch_start *start,
		   uint32_t netns)
{
	const struct portwatch_tests tests = {
		.size = sizeof(tests),
		.count = 1,
		.test = { { .field = PORTWATCH_TEST_NETNS,
			    .on_true = PORTWATCH_WANTED,
			    .on_false = PORTWATCH_UNWANTED,
			    .range = { netns, netns } } },
	};

	return raw_open_filtered(raw, start, &tests);
}

void raw_close(struct raw *raw)
{
	const struct portwatch_header *header = raw->header;
	unsigned int i;

	for (i = 0; header && i < header->nr_rings; i++) {
		if (raw->rings[i])
			munmap((void *)raw->rings[i], header->ring_bytes);
		if (raw->consumers[i])
			munmap(raw->consumers[i], header->page_size);
	}
	if (raw->beacons)
		munmap((void *)raw->beacons, header->beacon_bytes);
	if (header)
		munmap((void *)header, header->page_size);
	if (raw->fd >= 0)
		close(raw->fd);
	memset(raw, 0, sizeof(*raw));
	raw->fd = -1;
}

int raw_session_once(void)
{
	struct portwatch_start start = raw_start(1024);
	struct raw raw;
	int err = raw_open(&raw, &start);
	struct pollfd ready = { .fd = raw.fd, .events = POLLIN };

	if (!err && (poll(&ready, 1, patient(5000)) != 1 ||
		     !raw_drain_all(&raw, NULL, NULL)))
		err = -ETIME;
	raw_close(&raw);
	return err;
}

unsigned int raw_slots(const struct portwatch_slot *slot)
{
	const struct portwatch_process *process = (const void *)slot;

	return slot->type == PORTWATCH_PROCESS ? process->slots : 1;
}

static const struct portwatch_slot *slot_at(const struct raw *raw,
					    unsigned int ring, uint64_t number)
{
	const char *first = (const char *)raw->rings[ring] +
			    raw->header->ring_data;
	uint64_t index = number & (raw->header->ring_slots - 1);

	return (const void *)(first + index * PORTWATCH_SLOT_SIZE);
}

/*
 * A record of several slots may begin at the end of a ring and go on at its
 * start: the visitor gets a copy in one piece.
 */
static unsigned int copy_record(const struct raw *raw, unsigned int ring,
				uint64_t number, void *into)
{
	unsigned int i, slots = raw_slots(slot_at(raw, ring, number));

	if (!slots || slots > 255)
		abort();
	for (i = 0; i < slots; i++)
		memcpy((char *)into + i * PORTWATCH_SLOT_SIZE,
		       slot_at(raw, ring, number + i), PORTWATCH_SLOT_SIZE);
	return slots;
}

size_t raw_drain(struct raw *raw, unsigned int ring, size_t limit,
		 raw_visitor *visit, void *context)
{
	static uint64_t record[256 * PORTWATCH_SLOT_SIZE / 8];
	struct portwatch_consumer *consumer = raw->consumers[ring];
	uint64_t head, tail, first;

	head = __atomic_load_n(&raw->rings[ring]->head, __ATOMIC_ACQUIRE);
	tail = first = consumer->tail;
	while (tail < head && (!limit || tail - first < limit)) {
		tail += copy_record(raw, ring, tail, record);
		if (visit)
			visit(raw, ring, (const void *)record, context);
	}
	__atomic_store_n(&consumer->tail, tail, __ATOMIC_RELEASE);
	return tail - first;
}

size_t raw_drain_all(struct raw *raw, raw_visitor *visit, void *context)
{
	size_t slots = 0;
	unsigned int i;

	for (i = 0; i < raw->header->nr_rings; i++)
		slots += raw_drain(raw, i, 0, visit, context);
	return slots;
}

uint64_t raw_sum(const struct raw *raw, size_t counters, unsigned int type)
{
	const uint64_t *counter;
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < raw->header->nr_rings; i++) {
		counter = (const void *)((const char *)raw->rings[i] +
					 counters);
		sum += __atomic_load_n(&counter[type], __ATOMIC_RELAXED);
	}
	return sum;
}
