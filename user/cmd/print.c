/* SPDX-License-Identifier: GPL-2.0 */
#include <unistd.h>

#include "error.h"
#include "print.h"

static int on_take(void *context, const struct portwatch_item *item)
{
	struct pw_print *print = context;
	unsigned int forgot = portwatch_reader_forgot(print->stream.reader);

	if (forgot != print->forgot)
		pw_printer_forget(print->printer);
	print->forgot = forgot;
	pw_printer_event(print->printer, item);
	return 0;
}

static int on_pause(void *context)
{
	struct pw_print *print = context;

	return pw_output_flush(&print->stream.output);
}

static void on_resize(void *context)
{
	struct pw_print *print = context;

	pw_printer_resize(print->printer,
			  pw_common_width(&print->stream.common));
}

void pw_print_init(struct pw_print *print)
{
	pw_stream_init(&print->stream);
	print->format = PW_FORMAT_TABLE;
	print->forgot = 0;
	print->printer = NULL;
	print->stream.context = print;
	print->stream.take = on_take;
	print->stream.pause = on_pause;
	print->stream.resize = on_resize;
}

static bool take_format(struct pw_print *print, enum pw_format format)
{
	if (print->format == PW_FORMAT_TABLE || print->format == format) {
		print->format = format;
		return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "--json and --csv exclude each other; choose one");
	return false;
}

bool pw_print_option(struct pw_print *print, int id, const char *argument)
{
	switch (id) {
	case PW_PRINT_JSON:
		return take_format(print, PW_FORMAT_JSON);
	case PW_PRINT_CSV:
		return take_format(print, PW_FORMAT_CSV);
	default:
		return pw_stream_option(&print->stream, id, argument);
	}
}

int pw_print_begin(struct pw_print *print)
{
	struct pw_stream *stream = &print->stream;
	int status = pw_stream_open(stream, STDOUT_FILENO);

	if (status)
		return status;
	print->printer = pw_printer_new(print->format, &stream->common.style,
					&stream->output);
	return 0;
}

int pw_print_finish(struct pw_print *print)
{
	int status = pw_stream_finish(&print->stream);

	pw_print_end(print);
	return status;
}

void pw_print_end(struct pw_print *print)
{
	pw_printer_free(print->printer);
	pw_stream_close(&print->stream);
}
