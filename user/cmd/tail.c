/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch tail: events as they happen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "error.h"
#include "fmt/event.h"
#include "loop.h"
#include "signals.h"
#include "tally.h"

/* What the module can be asked for. */
#define EVENTS_KNOWN	(PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL)

/* What is printed unless --events says otherwise: not "socket", not "flow". */
#define EVENTS_DEFAULT							\
	(PORTWATCH_EVENTS_ALL & ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET))

/* These come whatever is asked for. */
#define EVENTS_ALWAYS							\
	(PORTWATCH_EVENT_BIT(PORTWATCH_LOST) |				\
	 PORTWATCH_EVENT_BIT(PORTWATCH_SNAPSHOT))

#define EVENT_NAMES							\
	"socket bind bind-failed listen connect established "		\
	"connect-failed accept close flow, or all"

#define TALLY_SIZE	320

/**
 * struct tail - a run of the command
 *
 * @events:	bits of the events to print
 * @count:	how many to print, 0: all
 * @strict:	loss is a failure
 * @torn:	events were lost since the last snapshot was asked for
 * @asked:	a snapshot is on its way
 * @error:	of a recording that could not be written, or 0
 */
struct tail {
	struct pw_common common;
	enum pw_format format;
	uint64_t events;
	uint64_t count;
	bool strict;
	bool torn;
	bool asked;
	int error;
	struct portwatch_reader *reader;
	struct portwatch_filter *filter;
	struct pw_printer *printer;
	struct pw_output output;
	struct pw_loop loop;
	struct pw_tally tally;
};

enum {
	OPTION_JSON = PW_COMMON_END,
	OPTION_CSV,
	OPTION_RAW,
	OPTION_EVENTS,
	OPTION_COUNT,
	OPTION_DURATION,
	OPTION_NO_SNAPSHOT,
	OPTION_STRICT,
};

static const struct pw_option table[] = {
	{ OPTION_JSON, 'j', "json", NULL, "one JSON object a line" },
	{ OPTION_CSV, 0, "csv", NULL, "comma-separated values" },
	{ OPTION_RAW, 0, "raw", NULL, NULL },
	{ OPTION_EVENTS, 'e', "events", "LIST",
	  "only these, such as bind,listen; or all" },
	{ OPTION_COUNT, 'c', "count", "N", "end after N events" },
	{ OPTION_DURATION, 'd', "duration", "SECONDS", "end after so long" },
	{ OPTION_NO_SNAPSHOT, 0, "no-snapshot", NULL,
	  "without the sockets that are open already" },
	{ OPTION_STRICT, 0, "strict", NULL,
	  "exit with 1 when an event was lost" },
	PW_COMMON_ROWS,
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static const char more[] =
	"\n"
	"The filter is made of words, as in ss and tcpdump:\n"
	"  portwatch proto tcp and port 80 and not net 127.0.0.0/8\n"
	"  portwatch --json comm nginx or uid www-data\n"
	"  portwatch event bind-failed\n"
	"Lost events are always shown. Ctrl-C ends. More in portwatch(8).\n";

/* The bits of one name, or 0. */
static uint64_t events_named(const char *text, size_t length)
{
	char name[32];
	int type;

	if (length >= sizeof(name))
		return 0;
	memcpy(name, text, length);
	name[length] = 0;
	if (!strcmp(name, "all"))
		return EVENTS_KNOWN;
	type = portwatch_event_type(name);
	return type > 0 && type <= PORTWATCH_SNAPSHOT ?
		PORTWATCH_EVENT_BIT(type) : 0;
}

/* "bind,listen" */
static bool take_events(struct tail *tail, const char *list)
{
	uint64_t events;
	size_t length;

	tail->events = 0;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		events = events_named(list, length);
		if (!events)
			break;
		tail->events |= events;
		if (!list[length])
			return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "--events: no event is called \"%.*s\"; there are: " EVENT_NAMES,
		 (int)length, list);
	return false;
}

static bool take_format(struct tail *tail, enum pw_format format)
{
	if (tail->format == PW_FORMAT_TABLE || tail->format == format) {
		tail->format = format;
		return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "--json, --csv and --raw exclude each other; choose one");
	return false;
}

static bool take_option(struct tail *tail, int id, const char *argument)
{
	switch (id) {
	case OPTION_JSON:
		return take_format(tail, PW_FORMAT_JSON);
	case OPTION_CSV:
		return take_format(tail, PW_FORMAT_CSV);
	case OPTION_RAW:
		return take_format(tail, PW_FORMAT_RAW);
	case OPTION_EVENTS:
		return take_events(tail, argument);
	case OPTION_COUNT:
		return pw_options_number("count", argument, 1, UINT64_MAX,
					 &tail->count);
	case OPTION_DURATION:
		return pw_options_seconds("duration", argument,
					  &tail->loop.duration);
	case OPTION_NO_SNAPSHOT:
		tail->common.options.no_snapshot = true;
		return true;
	case OPTION_STRICT:
		tail->strict = true;
		return true;
	default:
		return pw_common_take(&tail->common, id, argument);
	}
}

static void note_seam(struct tail *tail, const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST)
		tail->torn = true;
	else if (item->slot->type == PORTWATCH_SNAPSHOT)
		tail->asked = !item->event->snapshot.end;
}

/* What was missed is shown by what there is now, as soon as there is time for it. */
static void mend(struct tail *tail)
{
	if (!tail->torn || tail->asked || tail->common.input ||
	    tail->common.options.no_snapshot)
		return;
	tail->torn = false;
	tail->asked = !portwatch_reader_snapshot(tail->reader);
}

static int on_event(void *context, const struct portwatch_item *item)
{
	struct tail *tail = context;
	bool wanted;

	note_seam(tail, item);

	/* The device knows what is wanted, a recording holds what it holds. */
	wanted = (tail->events | EVENTS_ALWAYS) &
		 PORTWATCH_EVENT_BIT(item->slot->type);
	pw_tally_event(&tail->tally, item, wanted);
	if (wanted)
		tail->error = pw_printer_event(tail->printer, item);
	if (tail->error)
		return 1;
	return tail->count && tail->tally.printed >= tail->count;
}

static void on_idle(void *context)
{
	struct tail *tail = context;

	mend(tail);
	pw_output_flush(&tail->output);
}

static void on_resize(void *context)
{
	struct tail *tail = context;

	pw_printer_resize(tail->printer, pw_common_width(&tail->common));
}

/* The last line: what was seen, and that it adds up. */
static void print_tally(const struct tail *tail)
{
	char text[TALLY_SIZE];

	pw_tally_text(&tail->tally, text, sizeof(text));
	/* The terminal has just shown ^C: write over it. */
	if (tail->loop.interrupted && isatty(STDERR_FILENO))
		fputc('\r', stderr);
	fprintf(stderr, "portwatch: %s\n", text);
}

static int finish(struct tail *tail, int err)
{
	bool live = portwatch_reader_fd(tail->reader) >= 0;
	struct portwatch_stats stats;
	int status;

	pw_output_flush(&tail->output);
	if (tail->output.error)
		return pw_error_output(-tail->output.error);
	if (tail->error)
		return pw_error_output(tail->error);
	status = err ? pw_common_error(&tail->common, err) : PW_STATUS_FINE;
	if (!portwatch_reader_stats(tail->reader, &stats)) {
		pw_tally_finish(&tail->tally, &stats, live);
		print_tally(tail);
	}
	if (!status && tail->strict && (tail->tally.lost || tail->tally.missed))
		status = PW_STATUS_POLICY;
	return status;
}

static int read_events(struct tail *tail)
{
	int err;

	portwatch_reader_set_filter(tail->reader, tail->filter);
	tail->printer = pw_printer_new(tail->format, &tail->common.style,
				       tail->reader, &tail->output);
	tail->loop.reader = tail->reader;
	tail->loop.output = &tail->output;
	tail->loop.context = tail;
	tail->loop.event = on_event;
	tail->loop.idle = on_idle;
	tail->loop.resize = on_resize;
	tail->error = pw_printer_begin(tail->printer);
	on_idle(tail);
	err = tail->error || tail->output.error ? 0 : pw_loop_run(&tail->loop);
	err = finish(tail, err);
	pw_printer_free(tail->printer);
	return err;
}

static int run(struct tail *tail)
{
	int signals, status;

	tail->common.options.events = tail->events & EVENTS_KNOWN;
	if (!tail->common.options.events && !tail->common.input)
		return pw_error(PW_STATUS_USAGE,
				"--events: this module has none of these; try: all");
	signals = pw_signals_open();
	if (signals < 0)
		return pw_error(PW_STATUS_IO, "signals: %s; try again",
				strerror(-signals));
	tail->loop.signals = signals;
	pw_output_open(&tail->output, STDOUT_FILENO, signals);
	status = pw_common_open(&tail->common, &tail->reader);
	if (!status) {
		status = read_events(tail);
		portwatch_reader_close(tail->reader);
	}
	pw_output_close(&tail->output);
	close(signals);
	return status;
}

int pw_tail(const struct pw_command *command, int argc, char **argv)
{
	struct tail tail = {
		.events = EVENTS_DEFAULT,
		.loop.duration = PW_LOOP_FOR_EVER,
	};
	const char *argument;
	int id, status;

	pw_common_init(&tail.common);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == PW_OPTION_ERROR || !take_option(&tail, id, argument))
			return PW_STATUS_USAGE;
	}
	status = pw_common_filter(command, argc, argv, &tail.filter);
	if (!status)
		status = run(&tail);
	portwatch_filter_free(tail.filter);
	return status;
}
