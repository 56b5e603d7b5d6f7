/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch tail: events as they happen.
 */
#include "error.h"
#include "explain.h"
#include "flight.h"

enum {
	OPTION_EXPLAIN = PW_PRINT_END,
	OPTION_OVERWRITE,
};

static const struct pw_option table[] = {
	PW_PRINT_ROWS,
	{ OPTION_OVERWRITE, 0, "overwrite", "[=N]",
	  "keep the newest N; print them at the end" },
	PW_STREAM_ROWS,
	PW_STREAM_LIVE_ROWS,
	PW_COMMON_ROWS,
	{ OPTION_EXPLAIN, 0, "explain", NULL,
	  "say what of the filter the kernel does, and end" },
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

/* Prints what comes, or with @flight in the end what came last. */
static int run(struct pw_print *print, struct pw_flight *flight)
{
	struct pw_stream *stream = &print->stream;
	int status;

	status = pw_print_begin(print);
	if (status)
		return status;
	status = pw_stream_open_reader(stream);
	if (status) {
		pw_print_end(print);
		return status;
	}
	if (!flight)
		pw_printer_begin(print->printer);
	pw_stream_run(stream, NULL);
	if (flight)
		pw_flight_land(flight);
	pw_stream_close_reader(stream);
	return pw_print_finish(print);
}

static bool take_overwrite(const char *argument, uint64_t *newest)
{
	*newest = PW_FLIGHT_EVENTS;
	return !argument || pw_options_number("overwrite", argument, 1,
					      PW_FLIGHT_EVENTS_MAX, newest);
}

static int begin(struct pw_print *print, uint64_t newest)
{
	struct pw_flight *flight;
	int status;

	if (!newest)
		return run(print, NULL);
	if (print->stream.count)
		return pw_error(PW_STATUS_USAGE,
				"--count and --overwrite exclude each other; choose one");
	flight = pw_flight_new(print, newest);
	status = run(print, flight);
	pw_flight_free(flight);
	return status;
}

/* What the options of this command ask for; the others are @print's. */
struct choice {
	bool explain;
	uint64_t newest;
};

static bool take_option(struct choice *choice, struct pw_print *print, int id,
			const char *argument)
{
	switch (id) {
	case OPTION_EXPLAIN:
		choice->explain = true;
		return true;
	case OPTION_OVERWRITE:
		return take_overwrite(argument, &choice->newest);
	case PW_OPTION_ERROR:
		return false;
	default:
		return pw_print_option(print, id, argument);
	}
}

int pw_tail(const struct pw_command *command, int argc, char **argv)
{
	struct choice choice = { 0 };
	struct pw_print print;
	const char *argument;
	int id, status;

	pw_print_init(&print);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (!take_option(&choice, &print, id, argument))
			return PW_STATUS_USAGE;
	}
	status = pw_common_filter(command, argc, argv, 0,
				  &print.stream.filter);
	if (!status && choice.explain)
		status = pw_explain(print.stream.filter,
				    !print.stream.common.input &&
				    !print.stream.alone);
	else if (!status)
		status = begin(&print, choice.newest);
	portwatch_filter_free(print.stream.filter);
	return status;
}
