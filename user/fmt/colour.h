/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_COLOUR_H
#define PW_COLOUR_H

#include <stdbool.h>

#include "field.h"

/* The longest that either function writes. */
#define PW_COLOUR_MAX	16

/* Begins, and ends, a tone on a terminal; nothing where @colour is not set. */
char *pw_put_tone(char *at, bool colour, enum pw_tone tone);
char *pw_put_plain(char *at, bool colour, enum pw_tone tone);

/*
 * Whether to use colours: @when is "always", "never" or "auto" (on a terminal,
 * unless NO_COLOR is set or TERM is "dumb").
 *
 * Return: 1, 0, or -EINVAL for any other word.
 */
int pw_colour_wanted(const char *when, int fd);

#endif
