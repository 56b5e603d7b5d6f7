/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commands have in common that take events one by one: which ones, how many,
 * what became of them, and what is done after a loss.
 */
#ifndef PW_STREAM_H
#define PW_STREAM_H

#include <portwatch.h>

#include "common.h"
#include "loop.h"
#include "tally.h"

/**
 * struct pw_stream - a run of such a command
 *
 * @events:	bits of the events that are wanted
 * @count:	how many to take, 0: all
 * @strict:	loss is a failure
 * @hide_rows:	rows of a snapshot are not wanted
 * @alone:	the kernel gets nothing of the filter to do
 * @torn:	events were lost since the last snapshot was asked for
 * @asked:	a snapshot is on its way
 * @error:	-errno of @take or @idle, or 0
 * @status:	the worst that was said about a recording so far
 * @output:	where to
 * @context:	for the functions
 * @take:	gets each event that is wanted; returns 0 or -errno
 * @pause:	everything that happened has been taken; returns 0 or -errno
 * @resize, @hangup, @dump: see struct pw_loop; may be NULL
 */
struct pw_stream {
	struct pw_common common;
	uint64_t events;
	uint64_t count;
	bool strict;
	bool hide_rows;
	bool alone;
	bool torn;
	bool asked;
	int error;
	int status;
	struct portwatch_reader *reader;
	struct portwatch_filter *filter;
	struct pw_output output;
	struct pw_loop loop;
	struct pw_tally tally;
	void *context;
	int (*take)(void *context, const struct portwatch_item *item);
	int (*pause)(void *context);
	void (*resize)(void *context);
	void (*hangup)(void *context);
	void (*dump)(void *context);
};

enum {
	PW_STREAM_EVENTS = PW_COMMON_END,
	PW_STREAM_COUNT,
	PW_STREAM_DURATION,
	PW_STREAM_NO_SNAPSHOT,
	PW_STREAM_NO_KERNEL_FILTER,
	PW_STREAM_STRICT,
	PW_STREAM_END,		/* a command's own begin here */
};

#define PW_STREAM_ROWS							\
	{ PW_STREAM_EVENTS, 'e', "events", "LIST",			\
	  "only these, such as bind,listen; or all" },			\
	{ PW_STREAM_COUNT, 'c', "count", "N", "end after N events" },	\
	{ PW_STREAM_STRICT, 0, "strict", NULL,				\
	  "exit with 1 when an event was lost" }

#define PW_STREAM_LIVE_ROWS						\
	{ PW_STREAM_DURATION, 'd', "duration", "SECONDS",		\
	  "end after so long" },					\
	{ PW_STREAM_NO_SNAPSHOT, 0, "no-snapshot", NULL,		\
	  "without the sockets that are open already" },			\
	{ PW_STREAM_NO_KERNEL_FILTER, 0, "no-kernel-filter", NULL,	\
	  "filter here only, not in the kernel" }

void pw_stream_init(struct pw_stream *stream);

/* Takes option @id, also those of struct pw_common; likewise. */
bool pw_stream_option(struct pw_stream *stream, int id, const char *argument);

/*
 * Opens signals and the output, which is @fd. Return: 0, or an exit status when
 * that cannot be, which has been said.
 */
int pw_stream_open(struct pw_stream *stream, int fd);
void pw_stream_close(struct pw_stream *stream);

/* Opens what the options say: @stream->reader. Return: the same. */
int pw_stream_open_reader(struct pw_stream *stream);

/*
 * Reads until the end. What went wrong with the recording at @path (NULL: with what
 * the options say) is said, and kept in @stream->status.
 */
void pw_stream_run(struct pw_stream *stream, const char *path);

/* Closes the reader; its figures are added up. */
void pw_stream_close_reader(struct pw_stream *stream);

/* Prints the last line. Return: the exit status. */
int pw_stream_finish(struct pw_stream *stream);

/* True when enough was taken, or nothing more can be. */
bool pw_stream_is_over(const struct pw_stream *stream);

/* Keeps the worse of two exit statuses: bad input before loss. */
void pw_stream_worse(struct pw_stream *stream, int status);

#endif
