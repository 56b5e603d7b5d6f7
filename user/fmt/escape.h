/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text from outside: names, paths, arguments.
 *
 * Whoever starts a process chooses its bytes, and they end on an administrator's
 * terminal. There is one rule for every sink, and no way around it:
 *
 *	- well-formed UTF-8 stays as it is, except
 *	- control characters (C0, DEL, C1), characters that change the direction
 *	  of text, that break lines or that nobody can see, and bytes that are no
 *	  UTF-8: each of their bytes becomes \xNN, two small hexadecimal digits
 *	- a backslash becomes two
 *
 * So the rule can be undone byte for byte, the result is one line of valid
 * UTF-8, and a program that prints it as it is (jq -r) is safe too.
 */
#ifndef PW_ESCAPE_H
#define PW_ESCAPE_H

#include <stddef.h>

/* How the result will be used. */
#define PW_ESCAPE_JSON	(1U << 0) /* inside quotes of JSON: \ and " once more */
#define PW_ESCAPE_CSV	(1U << 1) /* inside quotes of CSV: " twice; no formula */
#define PW_ESCAPE_ASCII	(1U << 2) /* a sink that is not known to take UTF-8 */

/* The result has at most so many times the bytes of the text. */
#define PW_ESCAPE_GROWTH 5

/* Writes @length bytes of text; see put.h. */
char *pw_put_escaped(char *at, const void *text, size_t length,
		     unsigned int how);

/* Columns that an escaped text takes on a terminal: its characters. */
size_t pw_text_width(const char *text, size_t length);

#endif
