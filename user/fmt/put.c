/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include "put.h"

/* Two digits at a time: a division costs more than anything else here. */
#define TEN(tens)							\
	{ tens, '0' }, { tens, '1' }, { tens, '2' }, { tens, '3' },	\
	{ tens, '4' }, { tens, '5' }, { tens, '6' }, { tens, '7' },	\
	{ tens, '8' }, { tens, '9' }

static const char pairs[100][2] = {
	TEN('0'), TEN('1'), TEN('2'), TEN('3'), TEN('4'),
	TEN('5'), TEN('6'), TEN('7'), TEN('8'), TEN('9'),
};

char *pw_put_bytes(char *at, const void *bytes, size_t length)
{
	memcpy(at, bytes, length);
	return at + length;
}

char *pw_put_text(char *at, const char *text)
{
	return pw_put_bytes(at, text, strlen(text));
}

static inline void put_pair(char *at, uint32_t number)
{
	memcpy(at, pairs[number], 2);
}

/* Without a loop: most digits of most numbers, those of times, are put here. */
char *pw_put_8_digits(char *at, uint32_t number)
{
	uint32_t high = number / 10000, low = number % 10000;

	put_pair(at, high / 100);
	put_pair(at + 2, high % 100);
	put_pair(at + 4, low / 100);
	put_pair(at + 6, low % 100);
	return at + 8;
}

/* Numbers below 10^8. */
static char *put_small(char *at, uint32_t number)
{
	char *end;
	size_t left;

	if (number < 10) {
		*at = (char)('0' + number);
		return at + 1;
	}
	if (number < 100) {
		put_pair(at, number);
		return at + 2;
	}
	left = number < 10000 ? 3 + (number >= 1000) :
	       number < 1000000 ? 5 + (number >= 100000) :
				  7 + (number >= 10000000);
	end = at + left;
	for (; left > 1; number /= 100) {
		left -= 2;
		put_pair(at + left, number % 100);
	}
	if (left)
		*at = (char)('0' + number);
	return end;
}

char *pw_put_number(char *at, uint64_t number)
{
	const uint64_t limit = 100000000;

	if (number < limit)
		return put_small(at, (uint32_t)number);
	at = pw_put_number(at, number / limit);
	return pw_put_8_digits(at, (uint32_t)(number % limit));
}

char *pw_put_digits(char *at, uint32_t number, unsigned int digits)
{
	unsigned int left = digits;

	while (left >= 2) {
		left -= 2;
		put_pair(at + left, number % 100);
		number /= 100;
	}
	if (left)
		*at = (char)('0' + number % 10);
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
