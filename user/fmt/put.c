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

char *pw_put_number(char *at, uint64_t number)
{
	char digits[PW_NUMBER_MAX];
	char *end = digits + sizeof(digits);
	char *start = end;

	while (number >= 100) {
		start -= 2;
		memcpy(start, pairs[number % 100], 2);
		number /= 100;
	}
	if (number >= 10) {
		start -= 2;
		memcpy(start, pairs[number], 2);
	} else {
		*--start = (char)('0' + number);
	}
	return pw_put_bytes(at, start, (size_t)(end - start));
}

char *pw_put_digits(char *at, uint32_t number, unsigned int digits)
{
	unsigned int left = digits;

	while (left >= 2) {
		left -= 2;
		memcpy(at + left, pairs[number % 100], 2);
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
