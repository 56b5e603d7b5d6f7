/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "json.h"
#include "line.h"
#include "memory.h"
#include "printer.h"

/**
 * struct pw_printer - a printer
 *
 * Of @json, @csv and @raw the one that the format needs is there.
 */
struct pw_printer {
	enum pw_format format;
	bool header;
	struct portwatch_reader *reader;
	struct pw_output *output;
	struct pw_services *services;
	struct pw_line line;
	struct pw_json *json;
	struct pw_csv *csv;
	FILE *raw;
};

static ssize_t write_raw(void *cookie, const char *bytes, size_t length)
{
	struct pw_output *output = cookie;
	char *at = pw_output_room(output, length);

	memcpy(at, bytes, length);
	pw_output_commit(output, at + length);
	return (ssize_t)length;
}

/* The library records into a stdio stream: this one leads into our output. */
static FILE *open_raw(struct pw_output *output)
{
	static const cookie_io_functions_t functions = { .write = write_raw };
	FILE *file = fopencookie(output, "w", functions);

	if (file)
		setvbuf(file, NULL, _IONBF, 0);
	return file;
}

struct pw_printer *pw_printer_new(enum pw_format format,
				  const struct pw_style *style,
				  struct portwatch_reader *reader,
				  struct pw_output *output)
{
	struct pw_printer *printer = pw_memory_new(sizeof(*printer));

	printer->format = format;
	printer->header = style->header;
	printer->reader = reader;
	printer->output = output;
	if (format == PW_FORMAT_TABLE && style->services)
		printer->services = pw_services_read(style->services);
	if (format == PW_FORMAT_JSON)
		printer->json = pw_json_new();
	if (format == PW_FORMAT_CSV)
		printer->csv = pw_csv_new();
	if (format == PW_FORMAT_RAW)
		printer->raw = open_raw(output);
	printer->line = (struct pw_line){
		.services = printer->services,
		.colour = style->colour,
		.ascii = style->ascii,
		.width = style->width,
		.calendar.utc = style->utc,
	};
	return printer;
}

void pw_printer_free(struct pw_printer *printer)
{
	if (!printer)
		return;
	pw_services_free(printer->services);
	pw_json_free(printer->json);
	pw_csv_free(printer->csv);
	if (printer->raw)
		fclose(printer->raw);
	free(printer);
}

int pw_printer_begin(struct pw_printer *printer)
{
	if (printer->format == PW_FORMAT_RAW)
		return !printer->raw ? -ENOMEM :
			portwatch_recording_write_header(printer->reader,
							 printer->raw);
	if (printer->format == PW_FORMAT_CSV && printer->header)
		pw_csv_header(printer->csv, printer->output);
	if (printer->format == PW_FORMAT_TABLE && printer->header)
		pw_line_header(&printer->line, printer->output);
	return 0;
}

int pw_printer_event(struct pw_printer *printer,
		     const struct portwatch_item *item)
{
	switch (printer->format) {
	case PW_FORMAT_TABLE:
		pw_line_event(&printer->line, printer->output, item);
		break;
	case PW_FORMAT_JSON:
		pw_json_event(printer->json, printer->output, item);
		break;
	case PW_FORMAT_CSV:
		pw_csv_event(printer->csv, printer->output, item);
		break;
	case PW_FORMAT_RAW:
		return portwatch_recording_write_item(printer->reader, item,
						      printer->raw);
	}
	return 0;
}

void pw_printer_resize(struct pw_printer *printer, size_t width)
{
	printer->line.width = width;
}
