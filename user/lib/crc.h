/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_CRC_H
#define PW_CRC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct pw_crc - CRC-32C (Castagnoli, as in iSCSI and ext4)
 *
 * @instruction:	the CPU has one for it
 * @table:		otherwise: for eight bytes at once
 */
struct pw_crc {
	bool instruction;
	uint32_t table[8][256];
};

void pw_crc_init(struct pw_crc *crc);

/* The checksum of @size bytes. */
uint32_t pw_crc_of(const struct pw_crc *crc, const void *bytes, size_t size);

#endif
