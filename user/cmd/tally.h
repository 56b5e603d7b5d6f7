/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What became of every event: seen = printed + filtered + lost (+ overwritten)
 * (+ unread). A command that records says "recorded" instead.
 */
#ifndef PW_TALLY_H
#define PW_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include <portwatch.h>

/**
 * struct pw_tally - events of sockets; marks and the dictionary are not counted
 *
 * @verb:	what is done with them, NULL: "printed"
 * @seen:	that came up
 * @printed:	of these, those that were printed
 * @filtered:	those that nobody asked for
 * @lost:	those that found no room
 * @overwritten: those that made room for newer ones before they were printed
 * @unread:	those that were still in the rings at the end
 * @read:	of recordings: those that were looked at
 * @inversions:	printed after a later one
 * @missed:	hits of hooks that the kernel missed: of what, nobody knows
 * @untracked, @unnamed: see struct portwatch_stats
 * @tolls, @vague: whose the lost ones were, likewise
 * @unexplained: jumps in the numbering that no loss accounts for
 * @torn:	bytes at the end of a recording that are no whole record
 */
struct pw_tally {
	const char *verb;
	uint64_t seen;
	uint64_t printed;
	uint64_t filtered;
	uint64_t lost;
	uint64_t overwritten;
	uint64_t unread;
	uint64_t read;
	uint64_t inversions;
	uint64_t missed;
	uint64_t untracked;
	uint64_t unnamed;
	uint64_t unexplained;
	uint64_t torn;
	struct portwatch_toll tolls[PORTWATCH_STATS_LOSERS];
	uint64_t vague;
};

/* Counts an event as @printed or filtered; a lost record adds what it says. */
void pw_tally_event(struct pw_tally *tally, const struct portwatch_item *item,
		    bool printed);

/*
 * Adds what the reader knows, at its end. Of a recording it knows less: there, what
 * is lost is what the records say. Several may be read, one after the other.
 */
void pw_tally_finish(struct pw_tally *tally,
		     const struct portwatch_stats *stats, bool live);

/* Is something not there that should be: lost, or missed? For --strict. */
bool pw_tally_is_short(const struct pw_tally *tally);

/* The line, without its end; @size is 640 at least. */
void pw_tally_text(const struct pw_tally *tally, char *text, unsigned int size);

#endif
