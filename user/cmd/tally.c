/* SPDX-License-Identifier: GPL-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "fmt/event.h"
#include "tally.h"

static uint64_t sum(const uint64_t *by_type)
{
	uint64_t total = 0;
	unsigned int type;

	for (type = 0; type < PORTWATCH_TYPES; type++)
		if (pw_event_counts(type))
			total += by_type[type];
	return total;
}

void pw_tally_event(struct pw_tally *tally, const struct portwatch_item *item,
		    bool printed)
{
	unsigned int type;

	if (item->slot->type == PORTWATCH_LOST) {
		for (type = 0; type < PORTWATCH_TYPES; type++)
			if (pw_event_counts(type))
				tally->lost += item->lost->count[type];
	} else if (pw_event_counts(item->slot->type)) {
		tally->printed += printed;
		tally->filtered += !printed;
	}
}

void pw_tally_finish(struct pw_tally *tally,
		     const struct portwatch_stats *stats, bool live)
{
	tally->filtered += sum(stats->filtered);
	tally->inversions += stats->inversions;
	tally->missed += stats->missed;
	tally->unexplained += stats->unexplained;
	tally->torn += stats->torn;
	if (!live) {
		tally->read += sum(stats->read);
		tally->seen = tally->read + tally->lost;
		return;
	}
	tally->filtered += sum(stats->kernel_filtered);
	tally->lost = sum(stats->lost);
	tally->seen = sum(stats->seen);
	tally->unread = sum(stats->delivered) - sum(stats->read);
}

static unsigned int add(char *text, unsigned int size, unsigned int length,
			const char *name, uint64_t number)
{
	if (!number || length >= size)
		return length;
	return length + (unsigned int)snprintf(text + length, size - length,
					       ", %s %" PRIu64, name, number);
}

void pw_tally_text(const struct pw_tally *tally, char *text, unsigned int size)
{
	unsigned int length;

	length = (unsigned int)
		snprintf(text, size, "seen %" PRIu64 ", %s %" PRIu64
			 ", filtered %" PRIu64 ", lost %" PRIu64, tally->seen,
			 tally->verb ? tally->verb : "printed", tally->printed, tally->filtered, tally->lost);
	length = add(text, size, length, "unread", tally->unread);
	length = add(text, size, length, "out of order", tally->inversions);
	length = add(text, size, length, "missed", tally->missed);
	length = add(text, size, length, "unexplained", tally->unexplained);
	add(text, size, length, "torn bytes", tally->torn);
}
