/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_STATS_H
#define PW_STATS_H

#include "portwatch.h"

/* Adds what a ring counted. */
void pw_stats_add_ring(struct portwatch_stats *stats,
		       const struct portwatch_ring *ring);

#endif
