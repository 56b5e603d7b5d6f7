// SPDX-License-Identifier: GPL-2.0
/*
 * hold COUNT: make so many sockets, say "ready", and keep them until SIGTERM.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, i;
	const struct rlimit limit = { count + 64, count + 64 };

	if (!count) {
		fprintf(stderr, "usage: hold COUNT\n");
		return 2;
	}
	if (setrlimit(RLIMIT_NOFILE, &limit)) {
		perror("hold: setrlimit");
		return 1;
	}
	for (i = 0; i < count; i++) {
		if (socket(AF_INET, SOCK_DGRAM, 0) < 0) {
			perror("hold: socket");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
