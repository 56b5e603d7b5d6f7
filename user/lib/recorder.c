/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Writing a recording: see recording.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "codec.h"
#include "draft.h"
#include "machine.h"
#include "reader.h"
#include "recording.h"

/**
 * struct portwatch_recorder - one that records
 *
 * @options:	how
 * @about:	the machine, or the recording that is recorded again
 * @since, @named: slots since the place from which on everybody is named anew, and
 *		the number of that place
 * @failed:	what a write returned: nothing is written until a file begins
 * @begun:	of the reader, when the file was begun
 * @opened:	when the first slot came into the block
 * @draft:	of a process record
 * @block:	header of the block that is being filled, @slots: what is in it,
 *		@stored: all of it as it is written
 */
struct portwatch_recorder {
	struct portwatch_reader *reader;
	struct portwatch_recorder_options options;
	struct portwatch_recording about;
	uint32_t since;
	unsigned int named;
	int failed;
	struct portwatch_stats begun;
	uint64_t opened;
	struct pw_crc crc;
	struct pw_codec *codec;
	struct pw_draft draft;
	struct pw_recording_block block;
	union pw_slot slots[PW_RECORDING_SLOTS];
	uint8_t stored[PORTWATCH_RECORDER_BLOCK_MAX];
};

_Static_assert(sizeof(struct pw_recording_header) ==
	       PORTWATCH_RECORDER_HEADER_MAX, "header");
_Static_assert(sizeof(struct pw_recording_block) + PW_RECORDING_BYTES ==
	       PORTWATCH_RECORDER_BLOCK_MAX, "block");

static uint64_t real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * PW_NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static int set_up(struct portwatch_recorder *recorder)
{
	const struct portwatch_recording *source;
	int err = 0;

	pw_crc_init(&recorder->crc);
	source = portwatch_reader_recording(recorder->reader);
	if (source)
		recorder->about = *source;
	else
		pw_machine_describe(&recorder->about);
	recorder->about.id = real_time();
	if (!recorder->options.plain && pw_codec_there())
		err = pw_codec_new_packer(&recorder->codec);
	return err;
}

int portwatch_recorder_open(struct portwatch_recorder **result,
			    struct portwatch_reader *reader,
			    const struct portwatch_recorder_options *options)
{
	struct portwatch_recorder *recorder;
	int err;

	if (options->size != sizeof(*options) || !options->write)
		return -EINVAL;
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder)
		return -ENOMEM;
	recorder->reader = reader;
	recorder->options = *options;
	recorder->failed = -EIO;	/* no file has begun */
	err = set_up(recorder);
	if (err) {
		portwatch_recorder_close(recorder);
		return err;
	}
	*result = recorder;
	return 0;
}

void portwatch_recorder_close(struct portwatch_recorder *recorder)
{
	if (!recorder)
		return;
	pw_codec_free(recorder->codec);
	free(recorder);
}

static int write_bytes(struct portwatch_recorder *recorder, const void *bytes,
		       size_t size)
{
	if (!recorder->failed)
		recorder->failed = recorder->options.write(
				recorder->options.context, bytes, size);
	return recorder->failed;
}

/* From here on everybody is named anew. */
static void name_anew(struct portwatch_recorder *recorder)
{
	recorder->named = ++recorder->reader->recordings;
	recorder->since = 0;
}

/* The number of a file is that of its first event: those that wait come with it. */
int portwatch_recorder_begin(struct portwatch_recorder *recorder)
{
	const struct portwatch_recording *about = &recorder->about;
	const struct portwatch_recording *source;
	struct pw_recording_header header = {
		.version = PW_RECORDING_VERSION,
		.byte_order = PW_RECORDING_BYTE_ORDER,
		.header_size = sizeof(header),
		.slot_size = PORTWATCH_SLOT_SIZE,
		.record_version = PORTWATCH_RECORD_VERSION,
		.offset = recorder->reader->source->offset,
		.id = about->id,
		.first = recorder->block.first,
	};

	source = portwatch_reader_recording(recorder->reader);
	header.created = source ? source->created : real_time();
	memcpy(header.magic, PW_RECORDING_MAGIC, sizeof(header.magic));
	memcpy(header.boot_id, about->boot_id, sizeof(header.boot_id));
	memcpy(header.release, about->release, sizeof(header.release));
	memcpy(header.host, about->host, sizeof(header.host));
	header.checksum = pw_recording_header_sum(&recorder->crc, &header);
	name_anew(recorder);
	portwatch_reader_stats(recorder->reader, &recorder->begun);
	recorder->failed = 0;
	return write_bytes(recorder, &header, sizeof(header));
}

/* What is stored of the slots: a frame where that is shorter, or they themselves. */
static void store_slots(struct portwatch_recorder *recorder)
{
	struct pw_recording_block *block = &recorder->block;
	size_t size = block->slots * sizeof(recorder->slots[0]);
	uint8_t *room = recorder->stored + sizeof(*block);
	size_t packed = 0;

	if (recorder->codec && size)
		packed = pw_codec_pack(recorder->codec, room, size - 1,
				       recorder->slots, size);
	if (packed) {
		block->flags |= PW_BLOCK_ZSTD;
		block->stored = (uint32_t)packed;
	} else {
		memcpy(room, recorder->slots, size);
		block->stored = (uint32_t)size;
	}
	block->payload = pw_crc_of(&recorder->crc, room, block->stored);
}

/* Writes the block, and begins the next one. One that failed stays as it is. */
static int write_block(struct portwatch_recorder *recorder)
{
	struct pw_recording_block *block = &recorder->block;
	int err;

	block->magic = PW_RECORDING_BLOCK;
	if (block->slots) {
		block->begin = recorder->slots[0].head.time;
		block->end = recorder->slots[block->slots - 1].head.time;
	}
	store_slots(recorder);
	block->checksum = pw_recording_block_sum(&recorder->crc, block);
	memcpy(recorder->stored, block, sizeof(*block));
	err = write_bytes(recorder, recorder->stored,
			  sizeof(*block) + block->stored);
	if (err)
		return err;
	*block = (struct pw_recording_block){
		.first = block->first + block->items,
		.offset = block->offset,
	};
	return 0;
}

int portwatch_recorder_flush(struct portwatch_recorder *recorder, uint64_t age)
{
	if (recorder->failed)
		return recorder->failed;
	if (!recorder->block.slots)
		return 0;
	if (age && pw_clock_boot() - recorder->opened < age)
		return 0;
	return write_block(recorder);
}

/* Puts a record into the block, or into the next one where it does not fit. */
static int add_record(struct portwatch_recorder *recorder, const void *slots,
		      unsigned int count)
{
	struct pw_recording_block *block = &recorder->block;
	int err = 0;

	if (block->slots + count > PW_RECORDING_SLOTS)
		err = write_block(recorder);
	if (err)
		return err;
	if (!block->slots)
		recorder->opened = pw_clock_boot();
	memcpy(&recorder->slots[block->slots], slots,
	       count * sizeof(recorder->slots[0]));
	block->slots += count;
	recorder->since += count;
	return 0;
}

/* Announces a process that has not been named yet. */
static int add_process(struct portwatch_recorder *recorder, uint32_t key,
		       const struct portwatch_slot *when)
{
	struct pw_identity *identity;
	unsigned int count;

	if (key <= PORTWATCH_PROCESS_KERNEL)
		return 0;
	identity = pw_dictionary_find(&recorder->reader->dictionary, key);
	if (!identity || identity->recording == recorder->named)
		return 0;
	identity->recording = recorder->named;
	count = pw_draft_process(&recorder->draft, when, &identity->public);
	return add_record(recorder, recorder->draft.slots, count);
}

/* Whom an event names. */
static int add_named(struct portwatch_recorder *recorder,
		     const struct portwatch_event *event,
		     const struct portwatch_slot *when)
{
	int err;

	err = add_process(recorder, event->owner, when);
	if (!err)
		err = add_process(recorder, event->actor, when);
	if (!err && event->type == PORTWATCH_BIND_FAILED)
		err = add_process(recorder, event->bind_failed.holder, when);
	return err;
}

/* One block has one offset of the clocks. */
static int set_offset(struct portwatch_recorder *recorder, int64_t offset)
{
	struct pw_recording_block *block = &recorder->block;
	int err = 0;

	if (block->slots && block->offset != offset)
		err = write_block(recorder);
	block->offset = offset;
	return err;
}

int portwatch_recorder_item(struct portwatch_recorder *recorder,
			    const struct portwatch_item *item)
{
	const struct portwatch_slot *slot = item->slot;
	int err = recorder->failed;

	if (!err)
		err = set_offset(recorder,
				 (int64_t)(item->real_time - slot->time));
	if (!err && recorder->since >= PW_RECORDING_SLOTS)
		name_anew(recorder);
	if (!err && slot->type != PORTWATCH_LOST)
		err = add_named(recorder, item->event, slot);
	if (!err)
		err = add_record(recorder, slot, 1);
	if (!err)
		recorder->block.items++;
	return err;
}

/* What was missed since the file was begun. */
static void fill_end(struct portwatch_recorder *recorder)
{
	struct pw_recording_end *end = (void *)recorder->slots;
	struct portwatch_stats stats;

	memset(end, 0, sizeof(*end));
	end->time = pw_clock_boot();
	end->type = PW_RECORDING_END_SLOT;
	if (portwatch_reader_stats(recorder->reader, &stats))
		return;
	end->missed = stats.missed - recorder->begun.missed;
	end->unexplained = stats.unexplained - recorder->begun.unexplained;
}

int portwatch_recorder_end(struct portwatch_recorder *recorder)
{
	int err;

	err = portwatch_recorder_flush(recorder, 0);
	if (err)
		return err;
	fill_end(recorder);
	recorder->block.flags = PW_BLOCK_END;
	recorder->block.slots = 1;
	err = write_block(recorder);
	recorder->failed = -EIO;	/* until the next one is begun */
	return err;
}

void portwatch_recorder_count(const struct portwatch_recorder *recorder,
			      struct portwatch_recorded *recorded)
{
	recorded->written = recorder->block.first;
	recorded->waiting = recorder->block.items;
}
