/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_SOURCE_H
#define PW_SOURCE_H

#include "portwatch.h"
#include "slot.h"

struct pw_source;

/**
 * struct pw_source_ops - where a reader's slots come from
 *
 * @fill:	puts the next slots, whole records in the order in which they are to
 *		be given, where @slots then points; they stay until the next call of
 *		@fill. Returns how many, 0 when there are none now, or -errno.
 * @wait:	waits until it is worth to call @fill again, for @timeout_ms at
 *		most (-1: for ever). Returns 1, 0 when the time is over or nothing
 *		will ever come, or -errno.
 * @snapshot:	begins a snapshot; NULL where there is none
 * @stats:	adds the counters that the source knows; may be NULL
 * @describe:	about the recording that is read; NULL where it is none
 * @fd:		descriptor to poll, or -1; may be NULL
 * @close:	frees the source
 */
struct pw_source_ops {
	int (*fill)(struct pw_source *source, const union pw_slot **slots);
	int (*wait)(struct pw_source *source, int timeout_ms);
	int (*snapshot)(struct pw_source *source);
	int (*stats)(struct pw_source *source, struct portwatch_stats *stats);
	const struct portwatch_recording *(*describe)(
			const struct pw_source *source);
	int (*fd)(const struct pw_source *source);
	void (*close)(struct pw_source *source);
};

/**
 * struct pw_source - a source, at the head of what each kind keeps for itself
 *
 * @ops:	its functions
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME, nanoseconds, for the slots that
 *		@fill brought last
 */
struct pw_source {
	const struct pw_source_ops *ops;
	int64_t offset;
};

/*
 * Makes a reader of a source, which from then on belongs to the reader, and is
 * closed also when this fails.
 */
int pw_reader_open_source(struct portwatch_reader **reader,
			  struct pw_source *source);

#endif
