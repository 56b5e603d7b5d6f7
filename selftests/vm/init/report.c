// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "init.h"

static int verdict = -1;

void report_open(const char *tty)
{
	struct termios raw;

	verdict = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (verdict < 0)
		die(tty);
	if (tcgetattr(verdict, &raw))
		die("tcgetattr");
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	if (tcsetattr(verdict, TCSANOW, &raw))
		die("tcsetattr");
}

int report_fd(void)
{
	return verdict;
}

void report(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vdprintf(verdict, fmt, args);
	dprintf(verdict, "\n");
	va_end(args);
	tcdrain(verdict);
}

/*
 * A whole line from the host, or NULL while it has not all arrived: the port
 * hands on what happens to stand in its FIFO.
 */
const char *report_hear(void)
{
	static char line[64];
	static size_t fill;
	char byte;

	while (read(verdict, &byte, 1) == 1) {
		if (byte == '\n') {
			line[fill] = '\0';
			fill = 0;
			return line;
		}
		if (fill + 1 < sizeof(line))
			line[fill++] = byte;
	}
	return NULL;
}

/*
 * Wait until the host has all of the output: what still stands in a virtio
 * queue is gone when the machine is.
 */
void report_await_ack(int limit_ms)
{
	struct pollfd fd = { .fd = verdict, .events = POLLIN };
	const char *line;

	while (poll(&fd, 1, limit_ms) > 0) {
		line = report_hear();
		if (line && !strcmp(line, "ack"))
			return;
	}
}

void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

void die(const char *what)
{
	const char *why = strerror(errno);

	if (verdict >= 0)
		report("died: %s: %s", what, why);
	fprintf(stderr, "init: %s: %s\n", what, why);
	power_off();
}
