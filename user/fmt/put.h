/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writing at a place in memory.
 *
 * Each function writes at @at, without a terminating 0, and returns the place
 * after what it wrote. The caller has made room: the longest that each can write
 * is said with it.
 */
#ifndef PW_PUT_H
#define PW_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PW_NUMBER_MAX	20

static inline char *pw_put_bytes(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

/* A text, whole. */
static inline char *pw_put_text(char *at, const char *text)
{
	return pw_put_bytes(at, text, strlen(text));
}

/* A decimal number: it needs room for PW_NUMBER_MAX bytes. */
char *pw_put_number(char *at, uint64_t number);

/* The last @digits decimal digits of a number, with leading zeros. */
char *pw_put_digits(char *at, uint32_t number, unsigned int digits);

/* The same for eight digits of a number that has no more. */
char *pw_put_8_digits(char *at, uint32_t number);

/* A hexadecimal number without leading zeros: 4 bytes at most. */
char *pw_put_hex16(char *at, uint16_t number);

/* Spaces. */
char *pw_put_spaces(char *at, size_t count);

#endif
