/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_FILE_H
#define PW_FILE_H

#include "codec.h"
#include "input.h"
#include "recording.h"

/**
 * struct pw_file - the source that reads a recording
 *
 * @source:	for the reader
 * @input:	the bytes
 * @info:	what is known about it: the header's, then what was found
 * @skipped:	bytes since the last good block that are none
 * @missed, @unexplained: as its END block says
 * @crc, @codec: for blocks
 * @slots:	of the block that was given out last; version 1: unused
 */
struct pw_file {
	struct pw_source source;
	struct pw_input input;
	struct portwatch_recording info;
	uint64_t skipped;
	uint64_t missed;
	uint64_t unexplained;
	struct pw_crc crc;
	struct pw_codec *codec;
	union pw_slot slots[PW_RECORDING_SLOTS];
};

/* Opens a recording; @path "-" is standard input. 0 or -errno. */
int pw_file_open(struct pw_source **source, const char *path);

/* The same with a descriptor, which stays open. */
int pw_file_open_fd(struct pw_source **source, int fd);

/* What @fill is in a file with blocks, and in one without. */
int pw_file_fill_blocks(struct pw_file *file, const union pw_slot **slots);
int pw_file_fill_plain(struct pw_file *file, const union pw_slot **slots);

#endif
