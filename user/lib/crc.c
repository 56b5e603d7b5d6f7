/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <string.h>

#include "crc.h"

#define POLYNOMIAL	0x82f63b78U	/* reflected */

/* x86 has an instruction for it, since SSE 4.2. */
#ifdef __x86_64__
static bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2")))
static uint32_t crc_by_instruction(const uint8_t *at, size_t size)
{
	uint64_t value = ~0U, word;

	for (; size >= sizeof(word); size -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		value = __builtin_ia32_crc32di(value, word);
	}
	for (; size; size--, at++)
		value = __builtin_ia32_crc32qi((uint32_t)value, *at);
	return ~(uint32_t)value;
}
#else
static bool has_instruction(void)
{
	return false;
}

static uint32_t crc_by_instruction(const uint8_t *at, size_t size)
{
	(void)at;
	(void)size;
	return 0;
}
#endif

void pw_crc_init(struct pw_crc *crc)
{
	uint32_t value;
	unsigned int i, k;

	crc->instruction = has_instruction();
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

static uint32_t crc_by_table(const struct pw_crc *crc, const uint8_t *at,
			     size_t size)
{
	const uint32_t (*table)[256] = crc->table;
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

uint32_t pw_crc_of(const struct pw_crc *crc, const void *bytes, size_t size)
{
	return crc->instruction ? crc_by_instruction(bytes, size) :
				  crc_by_table(crc, bytes, size);
}
