/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch ports: which process has which port, now.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit/ledger.h"
#include "common.h"
#include "error.h"
#include "loop.h"
#include "ports_view.h"
#include "screen.h"
#include "signals.h"
#include "terminal.h"

/* How long, in ms, events may wait until the screen is drawn again. */
#define REDRAW_MS	100

/**
 * struct ports - a run of the command
 *
 * @json, @all, @watch: the options
 * @changed:	the ledger is not as it was last shown
 * @asked:	a snapshot to repair the ledger is on its way
 * @now:	time of the last event
 */
struct ports {
	struct pw_common common;
	bool json;
	bool all;
	bool watch;
	bool changed;
	bool asked;
	uint64_t now;
	struct portwatch_reader *reader;
	struct portwatch_filter *filter;
	struct pw_ledger *ledger;
	struct pw_ports_view *view;
	struct pw_screen screen;
	struct pw_output output;
	struct pw_loop loop;
};

enum {
	OPTION_JSON = PW_COMMON_END,
	OPTION_ALL,
	OPTION_WATCH,
};

static const struct pw_option table[] = {
	{ OPTION_JSON, 'j', "json", NULL, "one JSON object a socket, a line each" },
	{ OPTION_ALL, 'a', "all", NULL,
	  "sockets with a peer, too: connections, UDP clients" },
	{ OPTION_WATCH, 0, "watch", NULL, "show it again when it changes" },
	PW_COMMON_ROWS,
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static const char more[] =
	"\n"
	"The filter is made of words, as in ss and tcpdump:\n"
	"  portwatch ports exposure any and not comm sshd\n"
	"  portwatch ports --json lport 1-1023\n"
	"More in portwatch(8).\n";

static uint64_t real_time(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static bool take_option(struct ports *ports, int id, const char *argument)
{
	switch (id) {
	case OPTION_JSON:
		ports->json = true;
		return true;
	case OPTION_ALL:
		ports->all = true;
		return true;
	case OPTION_WATCH:
		ports->watch = true;
		return true;
	default:
		return pw_common_take(&ports->common, id, argument);
	}
}

/* What makes no sense together. */
static bool check_options(const struct ports *ports)
{
	if (!ports->watch || (!ports->json && !ports->common.input))
		return true;
	pw_error(PW_STATUS_USAGE, "--watch: %s", ports->json ?
		 "shows a table; for changes in JSON try: portwatch --json" :
		 "a recording does not change; leave it out");
	return false;
}

static void show(struct ports *ports)
{
	const struct pw_port **list;
	size_t count;

	list = pw_ledger_list(ports->ledger, &count);
	if (ports->json)
		pw_ports_view_json(ports->view, &ports->output, list, count);
	else
		pw_ports_view_table(ports->view, &ports->output, list, count,
				    ports->now);
	free(list);
	ports->changed = false;
}

static void draw(struct ports *ports)
{
	struct pw_style *style = &ports->common.style;

	ports->now = real_time();
	style->width = pw_common_width(&ports->common);
	pw_screen_begin(&ports->screen, &ports->output);
	pw_ports_view_limit(ports->view, style->width,
			    pw_screen_lines(&ports->screen));
	show(ports);
	pw_screen_end(&ports->screen, &ports->output);
}

static int on_event(void *context, const struct portwatch_item *item)
{
	struct ports *ports = context;
	bool end = item->slot->type == PORTWATCH_SNAPSHOT &&
		   item->event->snapshot.end;

	ports->now = item->real_time;
	ports->changed |= pw_ledger_event(ports->ledger, item);
	if (!end || ports->common.input)
		return 0;
	/* The first list is shown even if it is empty. */
	ports->changed = true;
	ports->asked = false;
	return !ports->watch;
}

static void on_idle(void *context)
{
	struct ports *ports = context;

	if (!ports->watch)
		return;
	if (pw_ledger_doubtful(ports->ledger) && !ports->asked)
		ports->asked = !portwatch_reader_snapshot(ports->reader);
	if (ports->changed)
		draw(ports);
	pw_output_flush(&ports->output);
}

static void on_resize(void *context)
{
	struct ports *ports = context;

	ports->changed = true;
}

static int read_ports(struct ports *ports)
{
	int err;

	ports->loop.reader = ports->reader;
	ports->loop.output = &ports->output;
	ports->loop.context = ports;
	ports->loop.event = on_event;
	ports->loop.idle = on_idle;
	ports->loop.resize = on_resize;
	if (ports->watch)
		pw_screen_open(&ports->screen, &ports->output);
	err = pw_loop_run(&ports->loop);
	if (ports->watch)
		pw_screen_close(&ports->screen, &ports->output);
	else if (!ports->loop.interrupted)
		show(ports);
	pw_output_flush(&ports->output);
	if (ports->output.error)
		return pw_error_output(-ports->output.error);
	if (err)
		return pw_common_error(&ports->common, ports->common.input,
				       err);
	err = pw_common_complain(&ports->common, ports->reader);
	if (err)
		return err;
	if (!ports->watch && pw_ledger_doubtful(ports->ledger))
		return pw_error(PW_STATUS_FINE,
				"events were lost: the list may be wrong; ask again, with more --slots");
	return PW_STATUS_FINE;
}

static int open_and_read(struct ports *ports)
{
	int status;

	ports->ledger = pw_ledger_new(ports->all);
	ports->view = pw_ports_view_new(&ports->common.style, ports->filter);
	status = pw_common_open(&ports->common, &ports->reader);
	if (!status) {
		status = read_ports(ports);
		portwatch_reader_close(ports->reader);
	}
	pw_ports_view_free(ports->view);
	pw_ledger_free(ports->ledger);
	return status;
}

static int run(struct ports *ports)
{
	int signals = pw_signals_open(), status;

	/* What a program reads is whole; a person has so many columns. */
	if (!ports->common.given_width && !isatty(STDOUT_FILENO))
		ports->common.style.width = SIZE_MAX;
	if (signals < 0)
		return pw_error(PW_STATUS_IO, "signals: %s; try again",
				strerror(-signals));
	ports->loop.signals = signals;
	ports->loop.duration = PW_LOOP_FOR_EVER;
	ports->common.options.no_events = !ports->watch;
	if (ports->watch)
		ports->common.options.timeout_ms = REDRAW_MS;
	pw_output_open(&ports->output, STDOUT_FILENO, signals);
	status = open_and_read(ports);
	pw_output_close(&ports->output);
	close(signals);
	return status;
}

int pw_ports(const struct pw_command *command, int argc, char **argv)
{
	struct ports ports = { 0 };
	const char *argument;
	int id, status;

	pw_common_init(&ports.common);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == PW_OPTION_ERROR || !take_option(&ports, id, argument))
			return PW_STATUS_USAGE;
	}
	if (!check_options(&ports))
		return PW_STATUS_USAGE;
	status = pw_common_filter(command, argc, argv, 0, &ports.filter);
	if (!status)
		status = run(&ports);
	portwatch_filter_free(ports.filter);
	return status;
}
