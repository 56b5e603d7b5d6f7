/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include "put.h"

/* Two digits at a time: a division costs more than anything else here. */
static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

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
		memcpy(start, pairs + number % 100 * 2, 2);
		number /= 100;
	}
	if (number >= 10) {
		start -= 2;
		memcpy(start, pairs + number * 2, 2);
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
		memcpy(at + left, pairs + number % 100 * 2, 2);
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
