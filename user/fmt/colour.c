/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"
#include "put.h"

/* The eight colours that every terminal has, as its owner chose them. */
static const char *const codes[PW_TONES] = {
	[PW_TONE_FAINT] = "\033[2m",
	[PW_TONE_GOOD] = "\033[32m",
	[PW_TONE_NOTE] = "\033[36m",
	[PW_TONE_WARN] = "\033[33m",
	[PW_TONE_BAD] = "\033[31m",
	[PW_TONE_ALARM] = "\033[1;31m",
	[PW_TONE_NAME] = "\033[1m",
};

char *pw_put_tone(char *at, bool colour, enum pw_tone tone)
{
	return colour && codes[tone] ? pw_put_text(at, codes[tone]) : at;
}

char *pw_put_plain(char *at, bool colour, enum pw_tone tone)
{
	return colour && codes[tone] ? pw_put_text(at, "\033[0m") : at;
}

int pw_colour_wanted(const char *when, int fd)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (!strcmp(when, "always"))
		return 1;
	if (!strcmp(when, "never"))
		return 0;
	if (strcmp(when, "auto"))
		return -EINVAL;
	return isatty(fd) && !(none && *none) && term && strcmp(term, "dumb");
}
