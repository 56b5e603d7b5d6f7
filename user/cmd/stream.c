/* SPDX-License-Identifier: GPL-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "events.h"
#include "signals.h"
#include "stream.h"

#define TALLY_SIZE	640

/* These come whatever is asked for. */
#define EVENTS_ALWAYS							\
	(PORTWATCH_EVENT_BIT(PORTWATCH_LOST) |				\
	 PORTWATCH_EVENT_BIT(PORTWATCH_SNAPSHOT))

void pw_stream_init(struct pw_stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	stream->events = PW_EVENTS_DEFAULT;
	stream->loop.duration = PW_LOOP_FOR_EVER;
	pw_common_init(&stream->common);
}

bool pw_stream_option(struct pw_stream *stream, int id, const char *argument)
{
	switch (id) {
	case PW_STREAM_EVENTS:
		return pw_events_parse(argument, &stream->events);
	case PW_STREAM_COUNT:
		return pw_options_number("count", argument, 1, UINT64_MAX,
					 &stream->count);
	case PW_STREAM_DURATION:
		return pw_options_seconds("duration", argument,
					  &stream->loop.duration);
	case PW_STREAM_NO_SNAPSHOT:
		stream->common.options.no_snapshot = true;
		return true;
	case PW_STREAM_NO_KERNEL_FILTER:
		stream->alone = true;
		return true;
	case PW_STREAM_STRICT:
		stream->strict = true;
		return true;
	default:
		return pw_common_take(&stream->common, id, argument);
	}
}

int pw_stream_open(struct pw_stream *stream, int fd)
{
	int signals = pw_signals_open();

	if (signals < 0)
		return pw_error(PW_STATUS_IO, "signals: %s; try again",
				strerror(-signals));
	stream->loop.signals = signals;
	pw_output_open(&stream->output, fd, signals);
	return 0;
}

void pw_stream_close(struct pw_stream *stream)
{
	pw_output_close(&stream->output);
	close(stream->loop.signals);
}

int pw_stream_open_reader(struct pw_stream *stream)
{
	struct pw_common *common = &stream->common;

	common->options.events = stream->events & PW_EVENTS_KNOWN;
	if (!common->options.events && !common->input)
		return pw_error(PW_STATUS_USAGE,
				"--events: this module has none of these; try: all");
	if (!stream->alone)
		common->options.filter = stream->filter;
	return pw_common_open(common, &stream->reader);
}

bool pw_stream_is_over(const struct pw_stream *stream)
{
	return stream->error || stream->output.error ||
	       stream->loop.interrupted ||
	       (stream->count && stream->tally.printed >= stream->count);
}

void pw_stream_worse(struct pw_stream *stream, int status)
{
	if (!stream->status || stream->status == PW_STATUS_POLICY)
		stream->status = status ? status : stream->status;
}

static bool is_row(const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST)
		return false;
	return item->slot->type == PORTWATCH_SNAPSHOT ||
	       (item->event->flags & PORTWATCH_F_EXISTING);
}

static void note_seam(struct pw_stream *stream,
		      const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST)
		stream->torn = true;
	else if (item->slot->type == PORTWATCH_SNAPSHOT)
		stream->asked = !item->event->snapshot.end;
}

/* What was missed is shown by what there is now, as soon as there is time for it. */
static void mend(struct pw_stream *stream)
{
	if (!stream->torn || stream->asked || stream->common.input ||
	    stream->common.options.no_snapshot)
		return;
	stream->torn = false;
	stream->asked = !portwatch_reader_snapshot(stream->reader);
}

static int on_event(void *context, const struct portwatch_item *item)
{
	struct pw_stream *stream = context;
	bool wanted;

	note_seam(stream, item);

	/* The device knows what is wanted, a recording holds what it holds. */
	wanted = (stream->events | EVENTS_ALWAYS) &
		 PORTWATCH_EVENT_BIT(item->slot->type);
	if (stream->hide_rows && is_row(item))
		wanted = false;
	pw_tally_event(&stream->tally, item, wanted);
	if (wanted)
		stream->error = stream->take(stream->context, item);
	if (stream->error)
		return 1;
	return stream->count && stream->tally.printed >= stream->count;
}

static void on_idle(void *context)
{
	struct pw_stream *stream = context;

	if (stream->error)
		return;
	mend(stream);
	stream->error = stream->pause(stream->context);
	/* the loop ends where its output has an error */
	if (stream->error && !stream->output.error)
		stream->output.error = -stream->error;
}

static void on_resize(void *context)
{
	struct pw_stream *stream = context;

	if (stream->resize)
		stream->resize(stream->context);
}

static void on_hangup(void *context)
{
	struct pw_stream *stream = context;

	stream->hangup(stream->context);
}

static void on_dump(void *context)
{
	struct pw_stream *stream = context;

	stream->dump(stream->context);
}

static int loop(struct pw_stream *stream)
{
	portwatch_reader_set_filter(stream->reader, stream->filter);
	stream->loop.reader = stream->reader;
	stream->loop.output = &stream->output;
	stream->loop.context = stream;
	stream->loop.event = on_event;
	stream->loop.idle = on_idle;
	stream->loop.resize = on_resize;
	stream->loop.hangup = stream->hangup ? on_hangup : NULL;
	stream->loop.dump = stream->dump ? on_dump : NULL;
	on_idle(stream);
	return pw_stream_is_over(stream) ? 0 : pw_loop_run(&stream->loop);
}

void pw_stream_run(struct pw_stream *stream, const char *path)
{
	int err = loop(stream);

	if (!path)
		path = stream->common.input;
	if (err)
		pw_stream_worse(stream, pw_common_error(&stream->common, path,
							err));
	else if (path && !pw_stream_is_over(stream))
		pw_stream_worse(stream, pw_error_recording(path,
				portwatch_reader_recording(stream->reader),
				stream->strict));
}

void pw_stream_close_reader(struct pw_stream *stream)
{
	bool live = portwatch_reader_fd(stream->reader) >= 0;
	struct portwatch_stats stats;

	if (!portwatch_reader_stats(stream->reader, &stats))
		pw_tally_finish(&stream->tally, &stats, live);
	portwatch_reader_close(stream->reader);
	stream->reader = NULL;
}

/* The last line: what was seen, and that it adds up. */
static void print_tally(const struct pw_stream *stream)
{
	char text[TALLY_SIZE];

	pw_tally_text(&stream->tally, text, sizeof(text));
	/* The terminal has just shown ^C: write over it. */
	if (stream->loop.interrupted && isatty(STDERR_FILENO))
		fputc('\r', stderr);
	fprintf(stderr, "portwatch: %s\n", text);
}

int pw_stream_finish(struct pw_stream *stream)
{
	pw_output_flush(&stream->output);
	if (stream->output.error)
		return pw_error_output(-stream->output.error);
	print_tally(stream);
	if (stream->strict && pw_tally_is_short(&stream->tally))
		pw_stream_worse(stream, PW_STATUS_POLICY);
	return stream->status;
}
