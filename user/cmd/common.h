/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commands that read events have in common: where from, what of it, and how
 * it looks.
 */
#ifndef PW_COMMON_H
#define PW_COMMON_H

#include <portwatch.h>

#include "confine/confine.h"
#include "fmt/printer.h"
#include "options.h"

/**
 * struct pw_common - the common options
 *
 * @options:	for the device
 * @input:	a recording to read instead, or NULL
 * @style:	of tables
 * @given_width: --width or --wide was given
 * @no_self_test: the first reader does not test the hooks
 * @limits:	what is needed once @input or the device is open
 */
struct pw_common {
	struct portwatch_options options;
	const char *input;
	struct pw_style style;
	bool given_width;
	bool no_self_test;
	struct pw_limits limits;
};

enum {
	PW_COMMON_NUMERIC = PW_OPTION_OWN,
	PW_COMMON_UTC,
	PW_COMMON_COLOR,
	PW_COMMON_WIDE,
	PW_COMMON_WIDTH,
	PW_COMMON_NO_HEADER,
	PW_COMMON_INPUT,
	PW_COMMON_SLOTS,
	PW_COMMON_DEVICE,
	PW_COMMON_SERVICES,
	PW_COMMON_NO_SELF_TEST,
	PW_COMMON_END,		/* a command's own begin here */
};

/* The rows of a table of options: how it looks, and where from. */
#define PW_COMMON_STYLE_ROWS						\
	{ PW_COMMON_NUMERIC, 'n', "numeric", NULL,			\
	  "ports as numbers" },						\
	{ PW_COMMON_UTC, 'u', "utc", NULL, "times of day in UTC" },	\
	{ PW_COMMON_COLOR, 0, "color", "WHEN",				\
	  "auto, always or never" },					\
	{ PW_COMMON_WIDE, 'w', "wide", NULL,				\
	  "leave nothing out, however long the line" },			\
	{ PW_COMMON_WIDTH, 0, "width", "COLUMNS",			\
	  "fit so many (those of the terminal, or 100)" },		\
	{ PW_COMMON_NO_HEADER, 'H', "no-header", NULL,			\
	  "without the line of headings" },				\
	{ PW_COMMON_SERVICES, 0, "services", "FILE",			\
	  "instead of /etc/services" }

#define PW_COMMON_SOURCE_ROWS						\
	{ PW_COMMON_INPUT, 'i', "input", "FILE",			\
	  "read a recording, - for standard input" },			\
	{ PW_COMMON_SLOTS, 0, "slots", "N",				\
	  "slots of each ring, a power of two" },			\
	{ PW_COMMON_DEVICE, 0, "device", "FILE",			\
	  "instead of /dev/portwatch" },				\
	{ PW_COMMON_NO_SELF_TEST, 0, "no-self-test", NULL,		\
	  "do not test the hooks when they are attached" }

#define PW_COMMON_ROWS	PW_COMMON_STYLE_ROWS, PW_COMMON_SOURCE_ROWS

void pw_common_init(struct pw_common *common);

/* Takes option @id; false: it is wrong, and that has been said. */
bool pw_common_take(struct pw_common *common, int id, const char *argument);

/* The width of lines now. */
size_t pw_common_width(const struct pw_common *common);

/*
 * Opens the recording or the device, and gives up all that @common->limits does not
 * say: what a command has to open besides it opens before. Return: 0, or an exit
 * status when it cannot be, which has been said.
 */
int pw_common_open(const struct pw_common *common,
		   struct portwatch_reader **reader);

/*
 * Makes the words behind the options and the @skip first arguments after them a
 * filter; likewise.
 */
int pw_common_filter(const struct pw_command *command, int argc, char **argv,
		     int skip, struct portwatch_filter **filter);

/*
 * Says why a recording that is open could not be read: @fd, which is called @path.
 * Returns an exit status.
 */
int pw_common_refuse(const char *path, int fd, int err);

/* Says why reading @path, or the device, went wrong; returns an exit status. */
int pw_common_error(const struct pw_common *common, const char *path, int err);

/* Says what is wrong with the recording, read to its end; returns likewise. */
int pw_common_complain(const struct pw_common *common,
		       const struct portwatch_reader *reader);

#endif
