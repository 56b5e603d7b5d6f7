// SPDX-License-Identifier: GPL-2.0
/*
 * fixture PLAY FILE: records a play.
 */
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
	{ "flood", play_flood },
};

int main(int argc, char **argv)
{
	struct stage stage;
	size_t i;

	for (i = 0; argc == 3 && i < sizeof(plays) / sizeof(plays[0]); i++) {
		if (strcmp(plays[i].name, argv[1]))
			continue;
		stage_open(&stage, argv[2]);
		plays[i].act(&stage);
		stage_close(&stage);
		return 0;
	}
	fprintf(stderr, "usage: fixture PLAY FILE\n");
	return 2;
}
