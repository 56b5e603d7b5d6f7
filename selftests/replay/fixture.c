// SPDX-License-Identifier: GPL-2.0
/*
 * fixture PLAY FILE [EVENTS]: records a play; "day" has a million events, or about
 * so many.
 */
#include <stdlib.h>
#include <string.h>

#include "plays.h"

struct play {
	const char *name;
	void (*act)(struct stage *stage);
};

static const struct play plays[] = {
	{ "web", play_web },
	{ "shapes", play_shapes },
	{ "hostile", play_hostile },
	{ "lost", play_lost },
	{ "ports", play_ports },
	{ "vsock", play_vsock },
	{ "day", play_day },
};

int main(int argc, char **argv)
{
	struct stage stage;
	size_t i;

	for (i = 0; argc >= 3 && i < sizeof(plays) / sizeof(plays[0]); i++) {
		if (strcmp(plays[i].name, argv[1]))
			continue;
		stage_open(&stage, argv[2]);
		stage.events = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000000;
		plays[i].act(&stage);
		stage_close(&stage);
		return 0;
	}
	fprintf(stderr, "usage: fixture PLAY FILE [EVENTS]\n");
	return 2;
}
