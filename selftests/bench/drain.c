// SPDX-License-Identifier: GPL-2.0
/*
 * drain [EVENTS]: read events, as many as there are, and drop them, until SIGTERM.
 *
 * EVENTS are bits as in <linux/portwatch.h> (default: those of the tool); with 0 the
 * session is there and nothing is ever delivered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portwatch.h"

int main(int argc, char **argv)
{
	struct portwatch_options options = {
		.size = sizeof(options), .no_snapshot = true,
	};
	struct portwatch_reader *reader;
	struct portwatch_item item;
	int err;

	if (argc > 1) {
		options.events = strtoull(argv[1], NULL, 0);
		options.no_events = !options.events;
	}
	err = portwatch_reader_open(&reader, &options);
	if (!err) {
		puts("ready");
		fflush(stdout);
		do {
			err = portwatch_reader_next(reader, &item, -1);
		} while (err >= 0);
	}
	fprintf(stderr, "drain: %s\n", strerror(-err));
	return 1;
}
