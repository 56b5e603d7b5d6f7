/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_DEVICE_MAP_H
#define PW_DEVICE_MAP_H

#include "merge.h"

/**
 * struct pw_device_map - the mapped areas of a session
 *
 * @header:	first page
 * @beacons:	one for each CPU
 * @maps:	of each ring
 * @nr_maps:	rings that are mapped
 */
struct pw_device_map {
	const struct portwatch_header *header;
	void *beacons;
	struct pw_ring_map *maps;
	unsigned int nr_maps;
};

/* Maps all of them. 0, -EPROTO when the header cannot be, or -errno. */
int pw_device_map(struct pw_device_map *map, int fd);
void pw_device_unmap(struct pw_device_map *map);

#endif
