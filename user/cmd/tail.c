/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch tail: events as they happen.
 */
#include "explain.h"
#include "print.h"

enum {
	OPTION_EXPLAIN = PW_PRINT_END,
};

static const struct pw_option table[] = {
	PW_PRINT_ROWS,
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

static int run(struct pw_print *print)
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
	pw_printer_begin(print->printer);
	pw_stream_run(stream, NULL);
	pw_stream_close_reader(stream);
	return pw_print_finish(print);
}

int pw_tail(const struct pw_command *command, int argc, char **argv)
{
	struct pw_print print;
	bool explain = false;
	const char *argument;
	int id, status;

	pw_print_init(&print);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, more);
		if (id == OPTION_EXPLAIN)
			explain = true;
		else if (id == PW_OPTION_ERROR ||
			 !pw_print_option(&print, id, argument))
			return PW_STATUS_USAGE;
	}
	status = pw_common_filter(command, argc, argv, 0,
				  &print.stream.filter);
	if (!status && explain)
		status = pw_explain(print.stream.filter,
				    !print.stream.common.input &&
				    !print.stream.alone);
	else if (!status)
		status = run(&print);
	portwatch_filter_free(print.stream.filter);
	return status;
}
