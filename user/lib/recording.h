/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_RECORDING_H
#define PW_RECORDING_H

#include <stdint.h>

#include "slot.h"
#include "source.h"

/*
 * A recording
 * -----------
 * A header, then slots as the kernel wrote them, in the order in which they were
 * given out: each process record stands before the first event that names it. One
 * type of slot is the recording's own: OFFSET, for when the clock was set.
 *
 * Numbers have the byte order of the machine that wrote them, which the header
 * tells. A file that ends in the middle of a record (the writer was killed, the
 * disk was full) is good up to there.
 */
#define PW_RECORDING_MAGIC	"\211PWREC\r\n"
#define PW_RECORDING_VERSION	1
#define PW_RECORDING_BYTE_ORDER	0x01020304U
#define PW_RECORDING_OFFSET	255	/* type */

/**
 * struct pw_recording_header - how a recording begins
 *
 * @magic:	PW_RECORDING_MAGIC, without the 0 byte
 * @version:	of the recording; a reader refuses a newer one
 * @byte_order:	PW_RECORDING_BYTE_ORDER, as the writer stores it
 * @header_size: where the first slot is; what follows this structure is skipped
 * @slot_size:	PORTWATCH_SLOT_SIZE
 * @record_version: PORTWATCH_RECORD_VERSION
 * @flags:	zero; a reader refuses what it does not know
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME, nanoseconds, until the first OFFSET
 * @created:	CLOCK_REALTIME, nanoseconds
 * @reserved:	zero
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
	uint8_t reserved[80];
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

_Static_assert(sizeof(struct pw_recording_header) == PORTWATCH_SLOT_SIZE,
	       "header");
_Static_assert(sizeof(struct pw_recording_offset) == PORTWATCH_SLOT_SIZE,
	       "offset");

/* Opens a recording; @path "-" is standard input. 0 or -errno. */
int pw_file_open(struct pw_source **source, const char *path);

#endif
