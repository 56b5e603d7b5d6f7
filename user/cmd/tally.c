/* SPDX-License-Identifier: GPL-2.0 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fmt/event.h"
#include "tally.h"

/* Users who are named on the last line. */
#define TOLLS	3

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
	tally->untracked += stats->untracked;
	tally->unnamed += stats->unnamed;
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
	memcpy(tally->tolls, stats->tolls, sizeof(tally->tolls));
	tally->vague = stats->vague;
}

bool pw_tally_is_short(const struct pw_tally *tally)
{
	return tally->lost || tally->missed || tally->untracked || tally->unnamed;
}

/**
 * struct text - a line that is being written
 *
 * @at:		its end
 * @left:	room behind it
 */
struct text {
	char *at;
	size_t left;
};

__attribute__((format(printf, 2, 3)))
static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text->at, text->left, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= text->left)
		return;
	text->at += length;
	text->left -= (size_t)length;
}

static void add_count(struct text *text, const char *name, uint64_t number)
{
	if (number)
		add(text, ", %s %" PRIu64, name, number);
}

/* Those who lost most, and that it is no more than a bound where it is not exact. */
static void add_tolls(struct text *text, const struct pw_tally *tally)
{
	const struct portwatch_toll *toll = tally->tolls;
	unsigned int i;

	if (!tally->lost || !toll->lost)
		return;
	for (i = 0; i < TOLLS && toll[i].lost; i++) {
		add(text, i ? ", " : " (");
		if (toll[i].uid == PORTWATCH_UID_UNKNOWN)
			add(text, "nobody known");
		else
			add(text, "uid %" PRIu32, toll[i].uid);
		add(text, ": %s%" PRIu64, tally->vague ? "at least " : "",
		    toll[i].lost);
	}
	add(text, toll[i].lost ? ", ...)" : ")");
}

void pw_tally_text(const struct pw_tally *tally, char *line, unsigned int size)
{
	struct text text = { line, size };

	add(&text, "seen %" PRIu64 ", %s %" PRIu64 ", filtered %" PRIu64
	    ", lost %" PRIu64, tally->seen,
	    tally->verb ? tally->verb : "printed", tally->printed,
	    tally->filtered, tally->lost);
	add_tolls(&text, tally);
	add_count(&text, "overwritten", tally->overwritten);
	add_count(&text, "unread", tally->unread);
	add_count(&text, "out of order", tally->inversions);
	add_count(&text, "missed", tally->missed);
	add_count(&text, "sockets untracked", tally->untracked);
	add_count(&text, "processes unnamed", tally->unnamed);
	add_count(&text, "unexplained", tally->unexplained);
	add_count(&text, "torn bytes", tally->torn);
}
