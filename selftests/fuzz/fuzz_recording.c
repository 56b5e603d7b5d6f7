// SPDX-License-Identifier: GPL-2.0
/*
 * A recording of any bytes: read, printed in every format, recorded again. A second
 * time with every checksum put right, or nothing would come behind them.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/printer.h>
#include <portwatch.h>

#include "target.h"

#define FORMATS	3

/* Control bytes other than the end of a line never reach a terminal or a log. */
static void check_output(struct pw_output *output, enum pw_format format)
{
	size_t i;

	for (i = 0; i < output->length; i++) {
		unsigned char c = (unsigned char)output->data[i];

		must(c >= ' ' || c == '\n' ||
		     (format == PW_FORMAT_CSV && c == '\r'));
		must(c != 0x7f);
	}
	if (output->length)
		must(output->data[output->length - 1] == '\n');
	output->length = 0;
}

static void print_all(int fd, enum pw_format format)
{
	const struct pw_style style = { .header = true, .width = 100 };
	struct portwatch_reader *reader;
	struct pw_printer *printer;
	struct portwatch_stats stats;
	struct portwatch_item item;
	struct pw_output output;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = portwatch_reader_open_file(&reader, path);
	must(ret == 0 || ret == -EBADMSG || ret == -EPROTO);
	if (ret)
		return;
	pw_output_open(&output, -1, -1);
	printer = pw_printer_new(format, &style, &output);
	pw_printer_begin(printer);
	while ((ret = portwatch_reader_next(reader, &item, -1)) > 0) {
		pw_printer_event(printer, &item);
		check_output(&output, format);
	}
	must(ret == 0 || ret == -EBADMSG || ret == -EPROTO);
	must(!portwatch_reader_stats(reader, &stats));
	pw_printer_free(printer);
	pw_output_close(&output);
	portwatch_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", 0);
	int format;

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	for (format = 0; format < FORMATS; format++)
		print_all(fd, (enum pw_format)format);
	close(fd);
	return 0;
}
