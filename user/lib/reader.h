/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_READER_H
#define PW_READER_H

#include "dictionary.h"
#include "source.h"

/**
 * struct portwatch_reader - one who reads
 *
 * @source:	where the slots come from
 * @filter:	what is wanted, or NULL
 * @slots, @pos, @count: the source's last batch, and how far it is taken
 * @newest:	latest time of an event that was given out
 * @forget_after: new processes after which those are forgotten whom nobody names, or
 *		0: never
 * @forget_at:	how many there are then
 * @broken:	error that the stream ended with
 * @recordings:	places so far from which on a recorder names everybody anew
 * @dictionary:	who is who
 * @stats:	what the reader itself counts
 */
struct portwatch_reader {
	struct pw_source *source;
	const struct portwatch_filter *filter;
	const union pw_slot *slots;
	size_t pos;
	size_t count;
	uint64_t newest;
	size_t forget_after;
	size_t forget_at;
	int broken;
	unsigned int recordings;
	struct pw_dictionary dictionary;
	struct portwatch_stats stats;
};

#endif
