/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_CRC_H
#define PW_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Tables of CRC-32C (Castagnoli, as in iSCSI and ext4), for eight bytes at once. */
struct pw_crc {
	uint32_t table[8][256];
};

void pw_crc_init(struct pw_crc *crc);

/* The checksum of @size bytes. */
uint32_t pw_crc_of(const struct pw_crc *crc, const void *bytes, size_t size);

#endif
