/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_RECORDING_H
#define PW_RECORDING_H

#include <stdint.h>

#include "crc.h"
#include "slot.h"
#include "source.h"

/*
 * A recording
 * -----------
 * A header, then blocks. A block is a header of its own and, mostly compressed, up
 * to PW_RECORDING_SLOTS slots as the kernel wrote them, whole records in the order
 * in which they were given out. A process record stands before the first event that
 * names it, in every file anew and in a file again after PW_RECORDING_SLOTS slots:
 * a file can be read alone, and a damaged block takes no name with it for long.
 *
 * Each block says how many events were recorded before it, in this file and in those
 * before: what a damaged block or a file that is gone held is counted, to the unit.
 * A file that was ended in order has an END block last. What stands behind the last
 * good block of one that was not is torn: the writer was killed, the disk was full.
 *
 * Numbers have the byte order of the machine that wrote them, which the header
 * tells: little-endian on all that the module runs on. Padding is zero.
 *
 * Version 1 had no blocks: a header of 128 bytes, then slots, and among them slots
 * of type OFFSET for when the clock was set. It is read, and no longer written.
 */
#define PW_RECORDING_MAGIC	"\211PWREC\r\n"
#define PW_RECORDING_VERSION	PORTWATCH_RECORDING_VERSION
#define PW_RECORDING_PLAIN	1
#define PW_RECORDING_BYTE_ORDER	0x01020304U
#define PW_RECORDING_SLOTS	2048	/* of a block, at most */
#define PW_RECORDING_BLOCK	0x9357424bU
#define PW_RECORDING_OFFSET	255	/* type, in version 1 */
#define PW_RECORDING_END_SLOT	254	/* type, in an END block */

/**
 * struct pw_recording_header - how a recording begins
 *
 * @magic:	PW_RECORDING_MAGIC, without the 0 byte
 * @version:	of the recording; a reader refuses a newer one
 * @byte_order:	PW_RECORDING_BYTE_ORDER, as the writer stores it
 * @header_size: where the first block is; what follows this structure is skipped
 * @slot_size:	PORTWATCH_SLOT_SIZE
 * @record_version: PORTWATCH_RECORD_VERSION
 * @flags:	zero; a reader refuses what it does not know
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME, nanoseconds, when it was begun
 * @created:	when it was begun: CLOCK_REALTIME, nanoseconds
 *
 * Version 1 ends here, with zeroes up to 128 bytes.
 *
 * @id:		the same in all files of one recording
 * @first:	events recorded in the files before this one
 * @boot_id:	/proc/sys/kernel/random/boot_id, as bytes; zero where not known
 * @release:	of the kernel, as uname -r prints it
 * @host:	name of the machine
 * @reserved:	zero
 * @checksum:	CRC-32C of all bytes before it
 */
struct pw_recording_header {
	uint8_t magic[8];
	uint32_t version;
	uint32_t byte_order;
	uint32_t header_size;
	uint32_t slot_size;
	uint32_t record_version;
	uint32_t flags;
	int64_t offset;
	uint64_t created;
	uint64_t id;
	uint64_t first;
	uint8_t boot_id[16];
	char release[64];
	char host[64];
	uint8_t reserved[44];
	uint32_t checksum;
};

#define PW_RECORDING_HEADER_PLAIN	128	/* bytes of it in version 1 */

/* Bits of pw_recording_block.flags. */
#define PW_BLOCK_ZSTD	(1U << 0)	/* one frame of zstd */
#define PW_BLOCK_END	(1U << 1)	/* the file ends here, in order */

/**
 * struct pw_recording_block - how a block begins
 *
 * @magic:	PW_RECORDING_BLOCK
 * @flags:	PW_BLOCK_*
 * @stored:	bytes that follow
 * @slots:	slots that they hold
 * @items:	of their records, those that are no process
 * @payload:	CRC-32C of the bytes that follow
 * @first:	events (and marks, and losses) that were recorded before
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME, nanoseconds, for all of them
 * @begin, @end: times of the first and the last slot
 * @reserved:	zero
 * @checksum:	CRC-32C of all bytes of this structure before it
 */
struct pw_recording_block {
	uint32_t magic;
	uint32_t flags;
	uint32_t stored;
	uint32_t slots;
	uint32_t items;
	uint32_t payload;
	uint64_t first;
	int64_t offset;
	uint64_t begin;
	uint64_t end;
	uint32_t reserved;
	uint32_t checksum;
};

/**
 * struct pw_recording_end - the one slot of an END block
 *
 * @time, @seq, @cpu, @type, @aux: as in struct portwatch_slot
 * @missed:	hits of hooks that the kernel missed while this file was recorded
 * @unexplained: see struct portwatch_stats
 * @reserved:	zero
 */
struct pw_recording_end {
	uint64_t time;
	uint32_t seq;
	uint16_t cpu;
	uint8_t type;
	uint8_t aux;
	uint64_t missed;
	uint64_t unexplained;
	uint8_t reserved[96];
};

/**
 * struct pw_recording_offset - a slot of type OFFSET
 *
 * @time, @seq, @cpu, @type: as in struct portwatch_slot
 * @aux:	zero
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME from here on
 * @reserved:	zero
 */
struct pw_recording_offset {
	uint64_t time;
	uint32_t seq;
	uint16_t cpu;
	uint8_t type;
	uint8_t aux;
	int64_t offset;
	uint8_t reserved[104];
};

_Static_assert(sizeof(struct pw_recording_header) == 256, "header");
_Static_assert(sizeof(struct pw_recording_block) == 64, "block");
_Static_assert(sizeof(struct pw_recording_end) == PORTWATCH_SLOT_SIZE, "end");
_Static_assert(sizeof(struct pw_recording_offset) == PORTWATCH_SLOT_SIZE,
	       "offset");

/* Bytes of the slots of the largest block. */
#define PW_RECORDING_BYTES	(PW_RECORDING_SLOTS * PORTWATCH_SLOT_SIZE)

/* The checksums of the two headers. */
static inline uint32_t pw_recording_header_sum(const struct pw_crc *crc,
		const struct pw_recording_header *header)
{
	return pw_crc_of(crc, header,
			 offsetof(struct pw_recording_header, checksum));
}

static inline uint32_t pw_recording_block_sum(const struct pw_crc *crc,
		const struct pw_recording_block *block)
{
	return pw_crc_of(crc, block,
			 offsetof(struct pw_recording_block, checksum));
}

#endif
