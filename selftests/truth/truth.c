// SPDX-License-Identifier: GPL-2.0
/*
 * truth FILE: perform the scenes by several processes and write to FILE what each of
 * these knows of itself.
 * truth beat PORT: one connection to PORT on the loopback, here; who waits for a tool
 * to look, or to have looked, sees it there.
 */
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scenes.h"

#define FIRST_PORT	20000	/* below those that the kernel gives out */
#define PORTS_OF_SCENE	2

static int beat(uint16_t port)
{
	struct target target = target_loopback(IPV4, port);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int reuse = 1;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
	if (bind(listener, &target.any, target.length) || listen(listener, 1) ||
	    connect(client, &target.any, target.length))
		err(1, "beat");
	close(accept(listener, NULL, NULL));
	close(client);
	close(listener);
	return 0;
}

static void perform_all(struct stage *stage, const struct scene_entry *entry,
			enum family family)
{
	char name[64];

	for (; entry->name; entry++) {
		snprintf(name, sizeof(name), "%s (%s)", entry->name,
			 family == IPV4 ? "IPv4" : "IPv6");
		stage->scene = name;
		stage->family = family;
		entry->perform(stage);
		stage_end_scene(stage);
		stage->port += PORTS_OF_SCENE;
	}
}

int main(int argc, char **argv)
{
	static const enum family families[] = { IPV4, IPV6 };
	struct stage stage;
	unsigned int i;

	if (argc == 3 && !strcmp(argv[1], "beat"))
		return beat(atoi(argv[2]));
	if (argc != 2)
		errx(2, "usage: truth FILE | truth beat PORT");
	stage_open(&stage, argv[1]);
	stage.port = FIRST_PORT;
	for (i = 0; i < 2; i++) {
		perform_all(&stage, scenes_of_ends, families[i]);
		perform_all(&stage, scenes_of_processes, families[i]);
		perform_all(&stage, scenes_of_attempts, families[i]);
	}
	stage_close(&stage);
	return 0;
}
