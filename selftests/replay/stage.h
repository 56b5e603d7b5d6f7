/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stage on which a recorded stream is acted out: who there is, what they do, and
 * when. Times are fixed, so that the same play makes the same bytes.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdio.h>

#include "make_slot.h"

/* When the curtain rises: an hour after the machine was booted. */
#define STAGE_BOOT_TIME	(3600 * 1000000000ULL)
/* 2026-11-22T14:02:11.482 UTC */
#define STAGE_REAL_TIME	1795356131482000000ULL

#define US		1000ULL
#define MS		1000000ULL
#define SEC		1000000000ULL

/**
 * struct stage - the stage
 *
 * @file:	recording
 * @time:	now, CLOCK_BOOTTIME
 * @seq:	records so far
 * @events:	so many are wanted, of a play that could go on for ever
 */
struct stage {
	FILE *file;
	uint64_t time;
	uint32_t seq;
	size_t events;
};

/* Begins and ends a recording; both end the program if they cannot. */
void stage_open(struct stage *stage, const char *path);
void stage_close(struct stage *stage);

/* Announces a process. */
void stage_process(struct stage *stage, uint32_t key, uint32_t pid,
		   uint32_t uid, const char *comm, const char *exe,
		   const char *cgroup);

/*
 * An event of @owner's socket @sock now, not recorded yet. Ends are texts such as
 * "10.0.0.1:80" or "[::1]:80"; NULL: none.
 */
union pw_slot stage_event(struct stage *stage, unsigned int type, uint64_t sock,
			  uint32_t owner, const char *local,
			  const char *remote);

/* Records it. */
void stage_record(struct stage *stage, union pw_slot *slot);

/* Time goes by. */
void stage_wait(struct stage *stage, uint64_t nanoseconds);

#endif
