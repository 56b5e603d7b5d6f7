/* SPDX-License-Identifier: GPL-2.0 */
#include <unistd.h>

#include "screen.h"
#include "terminal.h"

/* Second screen, no cursor, no wrapping of lines that are too long; and back. */
#define ENTER		"\033[?1049h\033[?25l\033[?7l"
#define LEAVE		"\033[?7h\033[?25h\033[?1049l"
#define HOME		"\033[H"
#define CLEAR_BELOW	"\033[J"

void pw_screen_open(struct pw_screen *screen, struct pw_output *output)
{
	size_t lines, columns;

	screen->drawn = false;
	screen->terminal = pw_terminal_size(STDOUT_FILENO, &lines, &columns);
	if (screen->terminal)
		pw_output_text(output, ENTER);
}

void pw_screen_close(struct pw_screen *screen, struct pw_output *output)
{
	if (screen->terminal)
		pw_output_text(output, LEAVE);
}

size_t pw_screen_lines(const struct pw_screen *screen)
{
	size_t lines, columns;

	if (!screen->terminal ||
	    !pw_terminal_size(STDOUT_FILENO, &lines, &columns))
		return 0;
	/* A line feed in the last line would scroll. */
	return lines > 2 ? lines - 1 : 1;
}

void pw_screen_begin(struct pw_screen *screen, struct pw_output *output)
{
	if (screen->terminal)
		pw_output_text(output, HOME);
	else if (screen->drawn)
		pw_output_text(output, "\n");
	screen->drawn = true;
}

void pw_screen_end(struct pw_screen *screen, struct pw_output *output)
{
	if (screen->terminal)
		pw_output_text(output, CLEAR_BELOW);
}
