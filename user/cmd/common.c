/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "error.h"
#include "fmt/colour.h"
#include "fmt/line.h"
#include "fmt/services.h"
#include "self_test.h"
#include "terminal.h"

#define WIDTH_MIN	40
#define WIDTH_MAX	10000
#define MESSAGE_SIZE	256

void pw_common_init(struct pw_common *common)
{
	*common = (struct pw_common){
		.options.size = sizeof(common->options),
		.style = {
			.services = PW_SERVICES_FILE,
			.colour = pw_colour_wanted("auto", STDOUT_FILENO) > 0,
			.ascii = !pw_terminal_utf8(),
			.header = true,
		},
	};
	common->style.width = pw_common_width(common);
}

size_t pw_common_width(const struct pw_common *common)
{
	size_t lines, columns;

	if (common->given_width)
		return common->style.width;
	if (pw_terminal_size(STDOUT_FILENO, &lines, &columns) && columns)
		return columns;
	return PW_LINE_WIDTH;
}

static bool take_colour(struct pw_common *common, const char *when)
{
	int wanted = pw_colour_wanted(when, STDOUT_FILENO);

	common->style.colour = wanted > 0;
	if (wanted >= 0)
		return true;
	pw_error(PW_STATUS_USAGE, "--color %s: not auto, always or never",
		 when);
	return false;
}

static bool take_width(struct pw_common *common, const char *argument)
{
	uint64_t width;

	if (!pw_options_number("width", argument, WIDTH_MIN, WIDTH_MAX, &width))
		return false;
	common->style.width = width;
	common->given_width = true;
	return true;
}

static bool take_slots(struct pw_common *common, const char *argument)
{
	uint64_t slots;

	if (!pw_options_number("slots", argument, PORTWATCH_SLOTS_MIN,
			       PORTWATCH_SLOTS_MAX, &slots))
		return false;
	if (slots & (slots - 1)) {
		pw_error(PW_STATUS_USAGE,
			 "--slots %s: not a power of two, such as 16384",
			 argument);
		return false;
	}
	common->options.ring_slots = (uint32_t)slots;
	return true;
}

bool pw_common_take(struct pw_common *common, int id, const char *argument)
{
	switch (id) {
	case PW_COMMON_NUMERIC:
		common->style.services = NULL;
		return true;
	case PW_COMMON_UTC:
		common->style.utc = true;
		return true;
	case PW_COMMON_COLOR:
		return take_colour(common, argument);
	case PW_COMMON_WIDE:
		common->style.width = SIZE_MAX;
		common->given_width = true;
		return true;
	case PW_COMMON_WIDTH:
		return take_width(common, argument);
	case PW_COMMON_NO_HEADER:
		common->style.header = false;
		return true;
	case PW_COMMON_INPUT:
		common->input = argument;
		return true;
	case PW_COMMON_SLOTS:
		return take_slots(common, argument);
	case PW_COMMON_DEVICE:
		common->options.device = argument;
		return true;
	case PW_COMMON_SERVICES:
		common->style.services = argument;
		return true;
	case PW_COMMON_NO_SELF_TEST:
		common->no_self_test = true;
		return true;
	default:
		return false;
	}
}

static int open_device(const struct pw_common *common,
		       struct portwatch_reader **reader)
{
	const char *device = common->options.device;
	int err = portwatch_reader_open(reader, &common->options);

	if (err == -ENODEV)
		return pw_self_test_explain(device);
	return err ? pw_error_device(device, err) : 0;
}

/*
 * Whoever attaches the hooks tests them; to later readers the sockets of a test would
 * be news, and the hooks have been tested. The reader is opened before the test ends
 * its session, so the hooks stay where they are, and sees nothing of it.
 */
static int test_and_open(const struct pw_common *common,
			 struct portwatch_reader **reader)
{
	bool colour = common->style.colour && isatty(STDERR_FILENO);
	struct pw_self_test test;
	int status = 0;

	if (!pw_self_test_begin(&test, common->options.device))
		status = pw_self_test_report(&test, colour);
	if (!status)
		status = open_device(common, reader);
	pw_self_test_end(&test);
	return status;
}

int pw_common_refuse(const char *path, int fd, int err)
{
	struct portwatch_recording recording = { .version = 0 };

	/* not of a pipe, which cannot be looked at twice */
	if (err == -EPROTO)
		portwatch_recording_probe_fd(fd, &recording);
	return pw_error_file(path, recording.version, err);
}

/* Not a byte of it is looked at before. The descriptor ends with the program. */
static int open_input(const struct pw_common *common,
		      struct portwatch_reader **reader)
{
	int fd = STDIN_FILENO, status, err;

	if (strcmp(common->input, "-"))
		fd = open(common->input, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pw_error_file(common->input, 0, -errno);
	status = pw_confine(&common->limits);
	if (status)
		return status;
	err = portwatch_reader_open_fd(reader, fd);
	return err ? pw_common_refuse(common->input, fd, err) : 0;
}

static int open_live(const struct pw_common *common,
		     struct portwatch_reader **reader)
{
	struct portwatch_status module;

	if (common->no_self_test ||
	    portwatch_status_get(common->options.device, &module) ||
	    module.attached)
		return open_device(common, reader);
	return test_and_open(common, reader);
}

int pw_common_open(const struct pw_common *common,
		   struct portwatch_reader **reader)
{
	int status;

	if (common->input)
		return open_input(common, reader);
	status = open_live(common, reader);
	if (status)
		return status;
	status = pw_confine(&common->limits);
	if (status)
		portwatch_reader_close(*reader);
	return status;
}

/* "portwatch --json ports": the command was meant, and came too late. */
static int explain_words(const struct pw_command *command, const char *first,
			 const char *message)
{
	if (first && pw_command_find(first))
		return pw_error(PW_STATUS_USAGE,
				"%s: a command stands before its options; try: portwatch %s ...",
				first, first);
	return pw_error(PW_STATUS_USAGE, "%s; try: portwatch %s --help", message,
			command->name);
}

int pw_common_filter(const struct pw_command *command, int argc, char **argv,
		     int skip, struct portwatch_filter **filter)
{
	const char *first = pw_options_rest(argc, argv, skip);
	char message[MESSAGE_SIZE] = "", *words;
	int err, status = 0;

	*filter = NULL;
	if (!first)
		return 0;
	words = pw_options_words(argc, argv, skip);
	err = portwatch_filter_parse(filter, words, message, sizeof(message));
	if (err == -EINVAL)
		status = explain_words(command, first, message);
	else if (err)
		status = pw_error(PW_STATUS_IO, "filter: %s; make it simpler",
				  strerror(-err));
	free(words);
	return status;
}

int pw_common_complain(const struct pw_common *common,
		       const struct portwatch_reader *reader)
{
	if (!common->input)
		return PW_STATUS_FINE;
	return pw_error_recording(common->input,
				  portwatch_reader_recording(reader), false);
}

int pw_common_error(const struct pw_common *common, const char *path, int err)
{
	if (path)
		return pw_error_content(path, err);
	return pw_error(PW_STATUS_IO,
			"%s: %s while reading; the kernel log may say more: dmesg",
			common->options.device ? common->options.device :
						 PORTWATCH_DEVICE,
			strerror(-err));
}
