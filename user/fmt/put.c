/* SPDX-License-Identifier: GPL-2.0 */
#include <endian.h>
#include <string.h>

#include "put.h"

#define LIMIT	100000000	/* of eight digits */

/*
 * The eight digits of a number below 10^8, a byte each, the first one lowest: two halves
 * of four digits, four of two and eight of one, all that are in the word at once. What
 * divides by 100 and by 10 is a multiplication that is exact for numbers so small.
 */
static inline uint64_t digits_of(uint32_t number)
{
	uint64_t rest = number / 10000 | (uint64_t)(number % 10000) << 32;
	uint64_t high;

	high = rest * 10486 >> 20 & 0x0000007f0000007f;
	rest = high | (rest - high * 100) << 16;
	high = rest * 103 >> 10 & 0x000f000f000f000f;
	return high | (rest - high * 10) << 8;
}

static inline void store(char *at, uint64_t digits)
{
	digits = htole64(digits | 0x3030303030303030);
	memcpy(at, &digits, sizeof(digits));
}

char *pw_put_8_digits(char *at, uint32_t number)
{
	store(at, digits_of(number));
	return at + 8;
}

/* Numbers below 10^8: eight bytes are written, of which the digits are the first. */
static inline char *put_small(char *at, uint32_t number)
{
	uint64_t digits;
	int zeros;

	if (number < 10) {
		*at = (char)('0' + number);
		return at + 1;
	}
	digits = digits_of(number);
	zeros = __builtin_ctzll(digits) / 8;
	store(at, digits >> 8 * zeros);
	return at + 8 - zeros;
}

char *pw_put_number(char *at, uint64_t number)
{
	uint64_t high;

	if (number < LIMIT)
		return put_small(at, (uint32_t)number);
	high = number / LIMIT;
	if (high < LIMIT)
		at = put_small(at, (uint32_t)high);
	else
		at = pw_put_8_digits(put_small(at, (uint32_t)(high / LIMIT)),
				     (uint32_t)(high % LIMIT));
	return pw_put_8_digits(at, (uint32_t)(number % LIMIT));
}

char *pw_put_digits(char *at, uint32_t number, unsigned int digits)
{
	unsigned int left;

	for (left = digits; left; number /= 10)
		at[--left] = (char)('0' + number % 10);
	return at + digits;
}

char *pw_put_hex16(char *at, uint16_t number)
{
	int shift = 12;

	while (shift && !(number >> shift))
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[number >> shift & 15];
	return at;
}

char *pw_put_spaces(char *at, size_t count)
{
	memset(at, ' ', count);
	return at + count;
}
