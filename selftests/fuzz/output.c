// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <string.h>

#include <fmt/csv.h>
#include <fmt/printer.h>

#include "output.h"
#include "target.h"

/* A text that is looked at from its front. */
struct text {
	const unsigned char *at;
	const unsigned char *end;
};

static int peek(const struct text *text)
{
	return text->at < text->end ? *text->at : -1;
}

static bool take(struct text *text, int byte)
{
	if (peek(text) != byte)
		return false;
	text->at++;
	return true;
}

/* One character of UTF-8, in its shortest form and none of ISO 6429's controls. */
static void take_character(struct text *text)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned int bytes, value, i;

	must(text->at < text->end);
	if (*text->at < 0x80) {
		must(*text->at >= ' ' && *text->at != 0x7f);
		text->at++;
		return;
	}
	bytes = *text->at >= 0xf0 ? 4 : *text->at >= 0xe0 ? 3 : 2;
	must(*text->at >= 0xc2 && *text->at <= 0xf4);
	value = *text->at++ & (0x7fU >> bytes);
	for (i = 1; i < bytes; i++) {
		must(text->at < text->end && (*text->at & 0xc0) == 0x80);
		value = value << 6 | (*text->at++ & 0x3f);
	}
	must(value >= least[bytes] && value <= 0x10ffff);
	must(value < 0xd800 || value > 0xdfff);
	must(value > 0x9f && (value < 0x202a || value > 0x202e));
}

static void take_string(struct text *text)
{
	must(take(text, '"'));
	while (!take(text, '"')) {
		if (!take(text, '\\')) {
			take_character(text);
			continue;
		}
		/* no other escape is written */
		must(take(text, '"') || take(text, '\\'));
	}
}

static void take_number(struct text *text)
{
	must(peek(text) >= '0' && peek(text) <= '9');
	if (take(text, '0'))
		return;
	while (peek(text) >= '0' && peek(text) <= '9')
		text->at++;
}

static void take_value(struct text *text, unsigned int depth);

/* {"name":value,...} or [value,...] */
static void take_members(struct text *text, unsigned int depth, bool object)
{
	const int end = object ? '}' : ']';

	must(depth < 4);
	if (take(text, end))
		return;
	do {
		if (object) {
			take_string(text);
			must(take(text, ':'));
		}
		take_value(text, depth + 1);
	} while (take(text, ','));
	must(take(text, end));
}

static void take_value(struct text *text, unsigned int depth)
{
	if (take(text, '{')) {
		take_members(text, depth, true);
	} else if (take(text, '[')) {
		take_members(text, depth, false);
	} else if (peek(text) == '"') {
		take_string(text);
	} else if (peek(text) == 't') {
		must(text->end - text->at >= 4 && !memcmp(text->at, "true", 4));
		text->at += 4;
	} else {
		take_number(text);
	}
}

/* After its first quote; two of them stand for one. */
static void take_quoted(struct text *text)
{
	for (;;) {
		if (!take(text, '"'))
			take_character(text);
		else if (!take(text, '"'))
			return;
	}
}

static void take_plain(struct text *text)
{
	while (peek(text) != ',' && peek(text) != '\r') {
		must(peek(text) != '"');
		take_character(text);
	}
}

/* The number of its cells. */
static size_t take_row(struct text *text)
{
	size_t cells = 0;

	do {
		cells++;
		if (take(text, '"'))
			take_quoted(text);
		else
			take_plain(text);
	} while (take(text, ','));
	must(take(text, '\r'));
	return cells;
}

static size_t header_cells(void)
{
	static size_t cells;
	struct pw_output output;
	struct pw_csv *csv;
	struct text text;

	if (cells)
		return cells;
	pw_output_open(&output, -1, -1);
	csv = pw_csv_new();
	pw_csv_header(csv, &output);
	text.at = (const unsigned char *)output.data;
	text.end = text.at + output.length;
	cells = take_row(&text);
	must(cells > 60);
	pw_csv_free(csv);
	pw_output_close(&output);
	return cells;
}

static void check_output(const struct pw_output *output, enum pw_format format)
{
	struct text text = {
		.at = (const unsigned char *)output->data,
		.end = (const unsigned char *)output->data + output->length,
	};

	while (text.at < text.end) {
		if (format == PW_FORMAT_JSON)
			take_value(&text, 0);
		else if (format == PW_FORMAT_CSV)
			must(take_row(&text) == header_cells());
		else
			while (peek(&text) != '\n')
				take_character(&text);
		must(take(&text, '\n'));
	}
}

/* Made once: that takes longer than most inputs. They know nothing of each other. */
static struct {
	enum pw_format format;
	struct pw_style style;
	struct pw_output output;
	struct pw_printer *printer;
} printers[OUTPUT_WAYS] = {
	{ .format = PW_FORMAT_JSON },
	{ .format = PW_FORMAT_CSV },
	{ .format = PW_FORMAT_TABLE, .style = { .utc = true } },
	{ .format = PW_FORMAT_TABLE, .style = { .utc = true, .ascii = true } },
};

static struct pw_printer *find_printer(int way, size_t width)
{
	if (!printers[way].printer) {
		pw_output_open(&printers[way].output, -1, -1);
		printers[way].printer = pw_printer_new(printers[way].format,
						       &printers[way].style,
						       &printers[way].output);
	}
	pw_printer_resize(printers[way].printer, width);
	return printers[way].printer;
}

int output_print(struct portwatch_reader *reader, int way, size_t width)
{
	struct pw_printer *printer = find_printer(way, width);
	struct pw_output *output = &printers[way].output;
	struct portwatch_item item;
	int ret;

	while ((ret = portwatch_reader_next(reader, &item, -1)) > 0) {
		pw_printer_event(printer, &item);
		must(output->length && memchr(output->data, '\n', output->length)
		     == output->data + output->length - 1);
		check_output(output, printers[way].format);
		output->length = 0;
	}
	pw_printer_forget(printer);
	return ret;
}
