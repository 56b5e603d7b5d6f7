/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>

#include "csv.h"
#include "json.h"
#include "line.h"
#include "memory.h"
#include "printer.h"

/**
 * struct pw_printer - a printer
 *
 * Of @json and @csv the one that the format needs is there.
 */
struct pw_printer {
	enum pw_format format;
	bool header;
	struct pw_output *output;
	struct pw_services *services;
	struct pw_line line;
	struct pw_json *json;
	struct pw_csv *csv;
};

struct pw_printer *pw_printer_new(enum pw_format format,
				  const struct pw_style *style,
				  struct pw_output *output)
{
	struct pw_printer *printer = pw_memory_new(sizeof(*printer));

	printer->format = format;
	printer->header = style->header;
	printer->output = output;
	if (format == PW_FORMAT_TABLE && style->services)
		printer->services = pw_services_read(style->services);
	if (format == PW_FORMAT_JSON)
		printer->json = pw_json_new();
	if (format == PW_FORMAT_CSV)
		printer->csv = pw_csv_new();
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
	free(printer);
}

void pw_printer_begin(struct pw_printer *printer)
{
	if (printer->format == PW_FORMAT_CSV && printer->header)
		pw_csv_header(printer->csv, printer->output);
	if (printer->format == PW_FORMAT_TABLE && printer->header)
		pw_line_header(&printer->line, printer->output);
}

void pw_printer_event(struct pw_printer *printer,
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
	}
}

void pw_printer_forget(struct pw_printer *printer)
{
	if (printer->json)
		pw_json_forget(printer->json);
	if (printer->csv)
		pw_csv_forget(printer->csv);
}

void pw_printer_resize(struct pw_printer *printer, size_t width)
{
	printer->line.width = width;
}
