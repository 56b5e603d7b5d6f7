/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * A recording made of blocks: see recording.h.
 *
 * Nothing of a block is believed before its checksums are right. After damage the
 * next block is looked for byte by byte; its number says how much was lost.
 */
#include <errno.h>
#include <string.h>

#include "file.h"

#define BLOCK_FLAGS	(PW_BLOCK_ZSTD | PW_BLOCK_END)

static bool is_block(const struct pw_file *file,
		     const struct pw_recording_block *block)
{
	return block->magic == PW_RECORDING_BLOCK &&
	       block->checksum == pw_recording_block_sum(&file->crc, block) &&
	       block->slots <= PW_RECORDING_SLOTS &&
	       block->stored <= PW_RECORDING_BYTES;
}

/* Goes on to where the next block may begin. */
static void skip_damage(struct pw_file *file)
{
	const uint32_t magic = PW_RECORDING_BLOCK;
	struct pw_input *input = &file->input;
	const uint8_t *next;

	pw_input_take(input, 1);
	file->skipped++;
	next = memmem(pw_input_at(input), pw_input_left(input), &magic,
		      sizeof(magic));
	/* the last bytes may be the beginning of one */
	if (!next && pw_input_left(input) >= sizeof(magic))
		next = pw_input_at(input) + pw_input_left(input) -
		       (sizeof(magic) - 1);
	if (!next)
		return;
	file->skipped += (size_t)(next - pw_input_at(input));
	pw_input_take(input, (size_t)(next - pw_input_at(input)));
}

/* Nothing good follows. Return: 0. */
static int find_end(struct pw_file *file)
{
	file->info.torn = file->skipped + pw_input_left(&file->input);
	return 0;
}

/* Return: 1: @block is whole, and stands at the front; 0: there is none; -errno. */
static int find_block(struct pw_file *file, struct pw_recording_block *block)
{
	struct pw_input *input = &file->input;
	int err;

	for (;;) {
		err = pw_input_need(input, sizeof(*block));
		if (err)
			return err;
		if (pw_input_left(input) < sizeof(*block))
			return find_end(file);
		memcpy(block, pw_input_at(input), sizeof(*block));
		if (!is_block(file, block)) {
			skip_damage(file);
			continue;
		}
		err = pw_input_need(input, sizeof(*block) + block->stored);
		if (err)
			return err;
		if (pw_input_left(input) >= sizeof(*block) + block->stored &&
		    block->payload == pw_crc_of(&file->crc,
				pw_input_at(input) + sizeof(*block),
				block->stored))
			return 1;
		skip_damage(file);
	}
}

/* Is it the block that should come? What is missing before it is counted. */
static void check_number(struct pw_file *file,
			 const struct pw_recording_block *block)
{
	if (file->skipped || block->first != file->info.next)
		file->info.damaged++;
	if (block->first > file->info.next)
		file->info.missing += block->first - file->info.next;
	file->skipped = 0;
	file->info.next = block->first + block->items;
}

static int unpack(struct pw_file *file, const struct pw_recording_block *block)
{
	const uint8_t *bytes = pw_input_at(&file->input) + sizeof(*block);
	size_t size = block->slots * PORTWATCH_SLOT_SIZE;
	int err;

	if (!(block->flags & PW_BLOCK_ZSTD)) {
		if (block->stored != size)
			return -EBADMSG;
		memcpy(file->slots, bytes, size);
		return 0;
	}
	if (!file->codec) {
		err = pw_codec_new_unpacker(&file->codec);
		if (err)
			return err;
	}
	return pw_codec_unpack(file->codec, file->slots, size, bytes,
			       block->stored) ? 0 : -EBADMSG;
}

static void take_end(struct pw_file *file,
		     const struct pw_recording_block *block)
{
	struct pw_recording_end end;

	file->info.ended = true;
	if (!block->slots)
		return;
	memcpy(&end, file->slots, sizeof(end));
	file->missed += end.missed;
	file->unexplained += end.unexplained;
}

int pw_file_fill_blocks(struct pw_file *file, const union pw_slot **slots)
{
	struct pw_recording_block block;
	int ret;

	for (;;) {
		ret = find_block(file, &block);
		if (ret <= 0)
			return ret;
		if (block.flags & ~BLOCK_FLAGS)
			return -EPROTO;
		check_number(file, &block);
		ret = unpack(file, &block);
		if (ret)
			return ret;
		pw_input_take(&file->input, sizeof(block) + block.stored);
		file->source.offset = block.offset;
		if (block.flags & PW_BLOCK_END)
			take_end(file, &block);
		else if (block.slots)
			break;
	}
	*slots = file->slots;
	return (int)block.slots;
}
