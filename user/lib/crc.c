/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include "crc.h"

#define POLYNOMIAL	0x82f63b78U	/* reflected */

void pw_crc_init(struct pw_crc *crc)
{
	uint32_t value;
	unsigned int i, k;

	for (i = 0; i < 256; i++) {
		value = i;
		for (k = 0; k < 8; k++)
			value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
		crc->table[0][i] = value;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++) {
			value = crc->table[k - 1][i];
			crc->table[k][i] = value >> 8 ^
					   crc->table[0][value & 0xff];
		}
}

uint32_t pw_crc_of(const struct pw_crc *crc, const void *bytes, size_t size)
{
	const uint32_t (*table)[256] = crc->table;
	const uint8_t *at = bytes;
	uint32_t value = ~0U;

	for (; size >= 8; size -= 8, at += 8) {
		value ^= at[0] | at[1] << 8 | at[2] << 16 |
			 (uint32_t)at[3] << 24;
		value = table[7][value & 0xff] ^
			table[6][value >> 8 & 0xff] ^
			table[5][value >> 16 & 0xff] ^
			table[4][value >> 24] ^
			table[3][at[4]] ^ table[2][at[5]] ^
			table[1][at[6]] ^ table[0][at[7]];
	}
	for (; size; size--, at++)
		value = value >> 8 ^ table[0][(value ^ *at) & 0xff];
	return ~value;
}
