/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The mapped areas of a session: <linux/portwatch.h>, struct portwatch_header.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device_map.h"

#define RINGS_MAX	65536U	/* more CPUs than Linux can be built for */

/* The ring's head page must hold its struct, the slots must fit in the rest. */
static bool header_is_sane(const struct portwatch_header *header)
{
	uint64_t slots = (uint64_t)header->ring_slots * PORTWATCH_SLOT_SIZE;

	return header->slot_size == PORTWATCH_SLOT_SIZE &&
	       header->page_size == (uint64_t)sysconf(_SC_PAGESIZE) &&
	       header->nr_rings > 0 && header->nr_rings <= RINGS_MAX &&
	       header->ring_slots >= PORTWATCH_SLOTS_MIN &&
	       header->ring_slots <= PORTWATCH_SLOTS_MAX &&
	       !(header->ring_slots & (header->ring_slots - 1)) &&
	       header->ring_data >= sizeof(struct portwatch_ring) &&
	       header->ring_data % PORTWATCH_SLOT_SIZE == 0 &&
	       header->ring_bytes >= slots &&
	       header->ring_data <= header->ring_bytes - slots &&
	       header->beacon_stride >= sizeof(struct portwatch_beacon) &&
	       header->beacon_stride % sizeof(struct portwatch_beacon) == 0 &&
	       header->beacon_bytes / header->beacon_stride >= header->nr_rings;
}

static int map_area(void **area, int fd, int prot, uint64_t size,
		    uint64_t offset)
{
	*area = mmap(NULL, size, prot, MAP_SHARED, fd, (off_t)offset);
	if (*area != MAP_FAILED)
		return 0;
	*area = NULL;
	return -errno;
}

static int map_header(struct pw_device_map *map, int fd)
{
	void *area;
	int err;

	err = map_area(&area, fd, PROT_READ, (size_t)sysconf(_SC_PAGESIZE),
		       PORTWATCH_MMAP_HEADER);
	if (err)
		return err;
	map->header = area;
	if (map->header->magic != PORTWATCH_MAGIC ||
	    map->header->api_version != PORTWATCH_API_VERSION ||
	    map->header->record_version != PORTWATCH_RECORD_VERSION ||
	    map->header->header_size < sizeof(*map->header) ||
	    !header_is_sane(map->header))
		return -EPROTO;
	return 0;
}

static int map_ring(struct pw_device_map *map, int fd, unsigned int i)
{
	const struct portwatch_header *header = map->header;
	struct pw_ring_map *ring = &map->maps[i];
	void *area;
	int err;

	err = map_area(&area, fd, PROT_READ, header->ring_bytes,
		       header->ring_offset + i * header->ring_stride);
	if (err)
		return err;
	ring->ring = area;
	ring->slots = (const void *)((const char *)area + header->ring_data);
	ring->beacon = (const void *)((const char *)map->beacons +
				      i * header->beacon_stride);
	err = map_area(&area, fd, PROT_READ | PROT_WRITE, header->page_size,
		       header->consumer_offset + i * header->consumer_stride);
	ring->consumer = area;
	return err;
}

int pw_device_map(struct pw_device_map *map, int fd)
{
	unsigned int i;
	int err;

	memset(map, 0, sizeof(*map));
	err = map_header(map, fd);
	if (err)
		goto unmap;
	err = map_area(&map->beacons, fd, PROT_READ, map->header->beacon_bytes,
		       map->header->beacon_offset);
	if (err)
		goto unmap;
	map->maps = calloc(map->header->nr_rings, sizeof(*map->maps));
	if (!map->maps) {
		err = -ENOMEM;
		goto unmap;
	}
	for (i = 0; i < map->header->nr_rings; i++) {
		map->nr_maps = i + 1;
		err = map_ring(map, fd, i);
		if (err)
			goto unmap;
	}
	return 0;
unmap:
	pw_device_unmap(map);
	return err;
}

static void unmap_area(const void *area, size_t size)
{
	if (area)
		munmap((void *)(uintptr_t)area, size);
}

void pw_device_unmap(struct pw_device_map *map)
{
	const struct portwatch_header *header = map->header;
	unsigned int i;

	for (i = 0; i < map->nr_maps; i++) {
		unmap_area(map->maps[i].ring, header->ring_bytes);
		unmap_area(map->maps[i].consumer, header->page_size);
	}
	free(map->maps);
	if (map->beacons)
		unmap_area(map->beacons, header->beacon_bytes);
	unmap_area(header, (size_t)sysconf(_SC_PAGESIZE));
	memset(map, 0, sizeof(*map));
}
