/* SPDX-License-Identifier: GPL-2.0 */
#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

bool pw_terminal_size(int fd, size_t *lines, size_t *columns)
{
	struct winsize size;

	if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size))
		return false;
	/* A serial line does not know its size. */
	*lines = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col;
	return true;
}

bool pw_terminal_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}
