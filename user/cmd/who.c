/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch who: who has this port, now; who tried to get it and failed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/ledger.h"
#include "common.h"
#include "error.h"
#include "fmt/memory.h"
#include "loop.h"
#include "ports_view.h"
#include "signals.h"
#include "time_wait.h"
#include "who_asked.h"

/* What makes rows of sockets that have ports; and what is waited for. */
#define EVENTS								\
	(PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |				\
	 PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_ESTABLISHED) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_ACCEPT) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE))

/**
 * struct who - a run of the command
 *
 * @asked:	about which port
 * @json, @watch: the options
 * @count:	failures after which to end, 0: never
 * @failures:	so far
 * @shown:	who has the port has been said
 * @now:	time of the last event
 */
struct who {
	struct pw_common common;
	struct pw_asked asked;
	bool json;
	bool watch;
	uint64_t count;
	uint64_t failures;
	bool shown;
	uint64_t now;
	struct portwatch_reader *reader;
	struct pw_ledger *ledger;
	struct pw_ports_view *view;
	struct pw_time_wait time_wait;
	struct pw_printer *printer;
	struct pw_output output;
	struct pw_loop loop;
};

enum {
	OPTION_JSON = PW_COMMON_END,
	OPTION_WATCH,
	OPTION_COUNT,
	OPTION_DURATION,
};

static const struct pw_option table[] = {
	{ OPTION_JSON, 'j', "json", NULL, "one JSON object a line" },
	{ OPTION_WATCH, 0, "watch", NULL,
	  "then show who tries to get it and fails" },
	{ OPTION_COUNT, 'c', "count", "N", "with --watch: end after N of them" },
	{ OPTION_DURATION, 'd', "duration", "SECONDS",
	  "with --watch: end after so long" },
	PW_COMMON_ROWS,
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static const char more[] =
	"\n"
	"  portwatch who 80\n"
	"  portwatch who udp/domain@127.0.0.1\n"
	"  portwatch who --watch --json tcp/8080\n"
	"More in portwatch(8).\n";

static bool take_option(struct who *who, int id, const char *argument)
{
	switch (id) {
	case OPTION_JSON:
		who->json = true;
		return true;
	case OPTION_WATCH:
		who->watch = true;
		return true;
	case OPTION_COUNT:
		return pw_options_number("count", argument, 1, UINT64_MAX,
					 &who->count);
	case OPTION_DURATION:
		return pw_options_seconds("duration", argument,
					  &who->loop.duration);
	default:
		return pw_common_take(&who->common, id, argument);
	}
}

/* The holders, those first that one would ask about. */
static const struct pw_port **sort(const struct pw_port *const *list,
				   size_t *count, const struct pw_asked *asked)
{
	static const uint8_t order[] = {
		PORTWATCH_STATE_LISTENING, PORTWATCH_STATE_BOUND,
		PORTWATCH_STATE_CONNECTING, PORTWATCH_STATE_CONNECTED,
	};
	const struct pw_port **sorted;
	size_t i, state, found = 0;

	sorted = pw_memory_new((*count + 1) * sizeof(*sorted));
	for (state = 0; state < sizeof(order); state++)
		for (i = 0; i < *count; i++)
			if (list[i]->event.existing.state == order[state] &&
			    pw_asked_held(asked, &list[i]->event))
				sorted[found++] = list[i];
	*count = found;
	return sorted;
}

/*
 * What is left of connections follows. A recording has none of it; and without the
 * kernel's help the rest is still true.
 */
static const struct pw_port **add_left(struct who *who,
				       const struct pw_port **list,
				       size_t *count, struct pw_port **left)
{
	size_t more_ports = 0, i;
	int err;

	*left = NULL;
	if (who->common.input || !pw_asked_tcp(&who->asked))
		return list;
	err = pw_time_wait_list(&who->time_wait, who->asked.port, left,
				&more_ports);
	if (err)
		pw_error(PW_STATUS_FINE,
			 "time-wait: %s: it is not shown; try: modprobe tcp_diag",
			 strerror(-err));
	list = pw_memory_resize(list, (*count + more_ports + 1) * sizeof(*list));
	for (i = 0; i < more_ports; i++)
		if (pw_asked_held(&who->asked, &(*left)[i].event))
			list[(*count)++] = &(*left)[i];
	return list;
}

static void show_nobody(struct who *who)
{
	pw_output_text(&who->output, "nobody holds ");
	pw_output_text(&who->output, who->asked.text);
	pw_output_text(&who->output, "\n");
}

static void show(struct who *who)
{
	const struct pw_port **all, **list;
	struct pw_port *left;
	size_t count;

	all = pw_ledger_list(who->ledger, &count);
	list = sort(all, &count, &who->asked);
	list = add_left(who, list, &count, &left);
	if (who->json)
		pw_ports_view_json(who->view, &who->output, list, count);
	else if (count)
		pw_ports_view_table(who->view, &who->output, list, count,
				    who->now);
	else
		show_nobody(who);
	free(left);
	free(list);
	free(all);
	who->shown = true;
}

/* The headings stand above the first of them. */
static int show_failure(struct who *who, const struct portwatch_item *item)
{
	if (!who->failures++)
		pw_printer_begin(who->printer);
	pw_printer_event(who->printer, item);
	return (who->count && who->failures >= who->count);
}

static int on_event(void *context, const struct portwatch_item *item)
{
	struct who *who = context;
	bool end = item->slot->type == PORTWATCH_SNAPSHOT &&
		   item->event->snapshot.end;

	who->now = item->real_time;
	pw_ledger_event(who->ledger, item);
	if (item->slot->type == PORTWATCH_LOST)
		return 0;
	if (who->watch && pw_asked_tried(&who->asked, item->event))
		return show_failure(who, item);
	if (!end || who->shown || (who->common.input && !who->watch))
		return 0;
	show(who);
	return !who->watch;
}

static void on_idle(void *context)
{
	struct who *who = context;

	if (who->watch)
		pw_output_flush(&who->output);
}

static void on_resize(void *context)
{
	struct who *who = context;

	pw_printer_resize(who->printer, pw_common_width(&who->common));
}

static int read_events(struct who *who)
{
	int err;

	who->loop.reader = who->reader;
	who->loop.output = &who->output;
	who->loop.context = who;
	who->loop.event = on_event;
	who->loop.idle = on_idle;
	who->loop.resize = on_resize;
	err = pw_loop_run(&who->loop);
	if (!who->shown && !who->loop.interrupted)
		show(who);
	pw_output_flush(&who->output);
	if (who->output.error)
		return pw_error_output(-who->output.error);
	if (err)
		return pw_common_error(&who->common, who->common.input, err);
	err = pw_common_complain(&who->common, who->reader);
	if (err)
		return err;
	if (pw_ledger_doubtful(who->ledger))
		return pw_error(PW_STATUS_FINE,
				"events were lost: some may be missing here; ask again, with more --slots");
	return PW_STATUS_FINE;
}

static int open_and_read(struct who *who)
{
	int status;

	who->ledger = pw_ledger_new(true);
	who->view = pw_ports_view_new(&who->common.style, NULL);
	pw_ports_view_detail(who->view);
	who->printer = pw_printer_new(who->json ? PW_FORMAT_JSON :
						  PW_FORMAT_TABLE,
				      &who->common.style,
				      &who->output);
	if (!who->common.input)
		who->common.limits.asks = pw_time_wait_open(&who->time_wait);
	status = pw_common_open(&who->common, &who->reader);
	if (!status) {
		status = read_events(who);
		portwatch_reader_close(who->reader);
	}
	pw_time_wait_close(&who->time_wait);
	pw_printer_free(who->printer);
	pw_ports_view_free(who->view);
	pw_ledger_free(who->ledger);
	return status;
}

static int run(struct who *who)
{
	int signals = pw_signals_open(), status;

	/* What a program reads is whole; a person has so many columns. */
	if (!who->common.given_width && !isatty(STDOUT_FILENO))
		who->common.style.width = SIZE_MAX;
	if (signals < 0)
		return pw_error(PW_STATUS_IO, "signals: %s; try again",
				strerror(-signals));
	who->loop.signals = signals;
	who->common.options.events = EVENTS;
	who->common.options.no_events = !who->watch;
	pw_output_open(&who->output, STDOUT_FILENO, signals);
	status = open_and_read(who);
	pw_output_close(&who->output);
	close(signals);
	return status;
}

/* One word, and options that make sense together. */
static bool check_words(struct who *who, int argc, char **argv)
{
	const char *port = pw_options_rest(argc, argv, 0);
	char *words;
	bool one;

	if (!who->watch && (who->count ||
			    who->loop.duration != PW_LOOP_FOR_EVER)) {
		pw_error(PW_STATUS_USAGE,
			 "--count and --duration end what --watch begins; try: portwatch who --watch ...");
		return false;
	}
	words = pw_options_words(argc, argv, 0);
	one = port && !strcmp(words, port);
	free(words);
	if (one)
		return pw_asked_parse(&who->asked, port);
	pw_error(PW_STATUS_USAGE, "who: %s; try: portwatch who 80",
		 port ? "one port at a time" : "which port?");
	return false;
}

int pw_who(const struct pw_command *command, int argc, char **argv)
{
	struct who who = {
		.loop.duration = PW_LOOP_FOR_EVER, .time_wait.fd = -1,
	};
	const char *argument;
	int id;

	pw_common_init(&who.common);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == PW_OPTION_ERROR || !take_option(&who, id, argument))
			return PW_STATUS_USAGE;
	}
	if (!check_words(&who, argc, argv))
		return PW_STATUS_USAGE;
	return run(&who);
}
