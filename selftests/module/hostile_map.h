/* SPDX-License-Identifier: GPL-2.0 */
/* mmap() as nobody means it, and what can be done to a mapping. */
#ifndef HOSTILE_MAP_H
#define HOSTILE_MAP_H

#include <stdbool.h>

#include <linux/portwatch.h>

#include "chance.h"

struct hostile_map {
	const struct portwatch_header *header;	/* both sessions have such a one */
	int fds[2];		/* open to read and write, and only to read */
	int memory;		/* /proc/self/mem, which overrides protection */
	unsigned int mapped;	/* mappings that were to be had so far */
	unsigned int written;	/* of these, those that could be written */
};

/*
 * One by chance. Says on stderr what was given that should not be, or refused that
 * should; returns whether something was.
 */
bool hostile_map(struct hostile_map *map, struct chance *chance);

#endif /* HOSTILE_MAP_H */
