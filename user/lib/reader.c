/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The reader: takes slots from a source and makes items of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "device.h"
#include "file.h"
#include "reader.h"

int pw_reader_open_source(struct portwatch_reader **result,
			  struct pw_source *source)
{
	struct portwatch_reader *reader;

	reader = calloc(1, sizeof(*reader));
	if (!reader || pw_dictionary_init(&reader->dictionary)) {
		free(reader);
		source->ops->close(source);
		return -ENOMEM;
	}
	reader->source = source;
	*result = reader;
	return 0;
}

/*
 * A caller that was built with a shorter structure gets the default for the rest;
 * what one with a longer structure asks for beyond ours must be the default.
 */
static int take_options(struct portwatch_options *options,
			const struct portwatch_options *given)
{
	const char *bytes = (const char *)given;
	size_t i;

	memset(options, 0, sizeof(*options));
	if (!given)
		return 0;
	if (given->size < sizeof(given->size))
		return -EINVAL;
	for (i = sizeof(*options); i < given->size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(options, given, given->size < sizeof(*options) ?
			       given->size : sizeof(*options));
	return 0;
}

int portwatch_reader_open(struct portwatch_reader **reader,
			  const struct portwatch_options *given)
{
	struct portwatch_options options;
	struct pw_source *source;
	int err;

	err = take_options(&options, given);
	if (err)
		return err;
	err = pw_device_open(&source, &options);
	if (err)
		return err;
	err = pw_reader_open_source(reader, source);
	if (!err)
		portwatch_reader_set_filter(*reader, options.filter);
	return err;
}

int portwatch_reader_open_file(struct portwatch_reader **reader,
			       const char *path)
{
	struct pw_source *source;
	int err;

	err = pw_file_open(&source, path);
	if (err)
		return err;
	return pw_reader_open_source(reader, source);
}

int portwatch_reader_open_fd(struct portwatch_reader **reader, int fd)
{
	struct pw_source *source;
	int err;

	err = pw_file_open_fd(&source, fd);
	if (err)
		return err;
	return pw_reader_open_source(reader, source);
}

void portwatch_reader_close(struct portwatch_reader *reader)
{
	if (!reader)
		return;
	reader->source->ops->close(reader->source);
	pw_dictionary_free(&reader->dictionary);
	free(reader);
}

int portwatch_reader_fd(const struct portwatch_reader *reader)
{
	if (!reader->source->ops->fd)
		return -1;
	return reader->source->ops->fd(reader->source);
}

void portwatch_reader_set_filter(struct portwatch_reader *reader,
				 const struct portwatch_filter *filter)
{
	reader->filter = filter;
}

int portwatch_reader_snapshot(struct portwatch_reader *reader)
{
	if (!reader->source->ops->snapshot)
		return -EOPNOTSUPP;
	return reader->source->ops->snapshot(reader->source);
}

int portwatch_reader_stats(struct portwatch_reader *reader,
			   struct portwatch_stats *stats)
{
	*stats = reader->stats;
	if (!reader->source->ops->stats)
		return 0;
	return reader->source->ops->stats(reader->source, stats);
}

const struct portwatch_recording *
portwatch_reader_recording(const struct portwatch_reader *reader)
{
	if (!reader->source->ops->describe)
		return NULL;
	return reader->source->ops->describe(reader->source);
}

size_t portwatch_reader_processes(const struct portwatch_reader *reader)
{
	return reader->dictionary.used;
}

int portwatch_reader_forget(struct portwatch_reader *reader)
{
	return pw_dictionary_forget(&reader->dictionary);
}

static void plan_to_forget(struct portwatch_reader *reader)
{
	reader->forget_at = reader->dictionary.used + reader->forget_after;
}

void portwatch_reader_forget_after(struct portwatch_reader *reader,
				   size_t processes)
{
	reader->forget_after = processes;
	plan_to_forget(reader);
}

unsigned int portwatch_reader_forgot(const struct portwatch_reader *reader)
{
	return reader->dictionary.sweeps;
}

static int add_process(struct portwatch_reader *reader,
		       const union pw_slot *slots)
{
	int err = pw_dictionary_add(&reader->dictionary, slots);

	if (err || !reader->forget_after ||
	    reader->dictionary.used < reader->forget_at)
		return err;
	err = pw_dictionary_forget(&reader->dictionary);
	plan_to_forget(reader);
	return err;
}

static const struct portwatch_identity *
find_identity(const struct portwatch_reader *reader, uint32_t key)
{
	struct pw_identity *identity;

	if (key == PORTWATCH_PROCESS_UNKNOWN)
		return NULL;
	identity = pw_dictionary_find(&reader->dictionary, key);
	if (!identity)
		return NULL;
	identity->named = reader->dictionary.sweeps;
	return &identity->public;
}

/* Only one type of event names three. */
static uint32_t holder_of(const struct portwatch_event *event)
{
	if (event->type != PORTWATCH_BIND_FAILED)
		return PORTWATCH_PROCESS_UNKNOWN;
	return event->bind_failed.holder;
}

static void make_item(const struct portwatch_reader *reader,
		      const union pw_slot *slot, struct portwatch_item *item)
{
	item->slot = &slot->head;
	item->real_time = slot->head.time + (uint64_t)reader->source->offset;
	item->inverted = slot->head.time < reader->newest;
	if (slot->head.type == PORTWATCH_LOST) {
		item->owner = NULL;
		item->actor = NULL;
		item->holder = NULL;
		return;
	}
	item->owner = find_identity(reader, slot->event.owner);
	item->actor = find_identity(reader, slot->event.actor);
	item->holder = find_identity(reader, holder_of(&slot->event));
}

static bool is_wanted(const struct portwatch_reader *reader,
		      const struct portwatch_item *item)
{
	return !reader->filter || portwatch_filter_match(reader->filter, item);
}

static void count_given(struct portwatch_reader *reader,
			const struct portwatch_item *item)
{
	reader->stats.given[item->slot->type]++;
	if (item->inverted)
		reader->stats.inversions++;
	else
		reader->newest = item->slot->time;
}

/* The next record of the batch: 1 when it is given out, 0 when not, or -errno. */
static int take_record(struct portwatch_reader *reader,
		       struct portwatch_item *item)
{
	const union pw_slot *slot = reader->slots + reader->pos;
	unsigned int type = slot->head.type;
	int count;

	count = pw_slot_check(slot, reader->count - reader->pos);
	if (count < 0)
		return count;
	reader->pos += (size_t)count;
	if (type > PORTWATCH_PROCESS) {
		reader->stats.unknown++;
		return 0;
	}
	reader->stats.read[type]++;
	if (type == PORTWATCH_PROCESS)
		return add_process(reader, slot);
	make_item(reader, slot, item);
	if (!is_wanted(reader, item)) {
		reader->stats.filtered[type]++;
		return 0;
	}
	count_given(reader, item);
	return 1;
}

static int take_batch(struct portwatch_reader *reader,
		      struct portwatch_item *item)
{
	int ret = 0;

	while (!ret && reader->pos < reader->count)
		ret = take_record(reader, item);
	return ret;
}

/*
 * Waits for what is left of the time. @deadline is 0 in the first round: most calls
 * find an event, and need not look at the clock.
 */
static int wait_more(struct portwatch_reader *reader, int timeout_ms,
		     uint64_t *deadline)
{
	uint64_t now;

	if (timeout_ms > 0) {
		now = pw_clock_boot();
		if (!*deadline)
			*deadline = now + (uint64_t)timeout_ms * 1000000;
		if (now >= *deadline)
			return 0;
		/* rounded up: rather late than spinning in the last fraction */
		timeout_ms = (int)((*deadline - now + 999999) / 1000000);
	}
	return timeout_ms ? reader->source->ops->wait(reader->source,
						      timeout_ms) : 0;
}

int portwatch_reader_next(struct portwatch_reader *reader,
			  struct portwatch_item *item, int timeout_ms)
{
	uint64_t deadline = 0;
	int ret = reader->broken;

	while (!ret) {
		ret = take_batch(reader, item);
		if (ret)
			break;
		reader->pos = 0;
		reader->count = 0;
		ret = reader->source->ops->fill(reader->source, &reader->slots);
		if (ret > 0) {
			reader->count = (size_t)ret;
			ret = 0;
		} else if (!ret) {
			ret = wait_more(reader, timeout_ms, &deadline);
			if (ret <= 0)
				return ret;
			ret = 0;
		}
	}
	if (ret == -EBADMSG)
		reader->broken = ret;
	return ret;
}
