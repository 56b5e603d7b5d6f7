/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The source that reads a recording: see recording.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recording.h"

#define BUFFER_SLOTS	1024
#define HEADER_MAX	4096U

/*
 * @start, @end: what of the buffer is read and not given out yet, in bytes.
 */
struct file {
	struct pw_source source;
	int fd;
	bool ended;
	uint64_t torn;
	size_t start;
	size_t end;
	union pw_slot slots[BUFFER_SLOTS];
};

static struct file *to_file(struct pw_source *source)
{
	return (struct file *)source;
}

/* Reads what fits behind the rest, which moves to the front. */
static int read_more(struct file *file)
{
	char *buffer = (char *)file->slots;
	ssize_t got;

	if (file->start) {
		memmove(buffer, buffer + file->start, file->end - file->start);
		file->end -= file->start;
		file->start = 0;
	}
	got = read(file->fd, buffer + file->end,
		   sizeof(file->slots) - file->end);
	if (got < 0)
		return -errno;
	file->ended = !got;
	file->end += (size_t)got;
	return 0;
}

/* Slots of the record at @slot, or 0 when not all of its @count are there. */
static size_t whole_record(const union pw_slot *slot, size_t count)
{
	size_t slots;

	if (!count)
		return 0;
	slots = pw_slot_count(slot);
	/* a damaged one is given out as it is: who takes it sees the damage */
	if (!slots)
		slots = 1;
	return slots <= count ? slots : 0;
}

/* Slots that can be given out at once: whole records up to the next OFFSET. */
static size_t count_slots(const struct file *file, const union pw_slot *slots)
{
	size_t there = (file->end - file->start) / PORTWATCH_SLOT_SIZE;
	size_t count = 0, next;

	while (count < there &&
	       slots[count].head.type != PW_RECORDING_OFFSET) {
		next = whole_record(slots + count, there - count);
		if (!next)
			break;
		count += next;
	}
	return count;
}

static bool take_offset(struct file *file, const union pw_slot *slots)
{
	struct pw_recording_offset slot;

	if (file->end - file->start < sizeof(slot) ||
	    slots->head.type != PW_RECORDING_OFFSET)
		return false;
	memcpy(&slot, slots, sizeof(slot));
	file->source.offset = slot.offset;
	file->start += sizeof(slot);
	return true;
}

/* @start is a multiple of the size of a slot whenever this is called. */
static int file_fill(struct pw_source *source, const union pw_slot **slots)
{
	struct file *file = to_file(source);
	size_t count;
	int err;

	for (;;) {
		*slots = &file->slots[file->start / PORTWATCH_SLOT_SIZE];
		if (take_offset(file, *slots))
			continue;
		count = count_slots(file, *slots);
		if (count)
			break;
		if (file->ended) {
			file->torn = file->end - file->start;
			return 0;
		}
		err = read_more(file);
		if (err)
			return err;
	}
	file->start += count * PORTWATCH_SLOT_SIZE;
	return (int)count;
}

/* Whatever the file holds comes at once. */
static int file_wait(struct pw_source *source, int timeout_ms)
{
	(void)source;
	(void)timeout_ms;
	return 0;
}

static int file_stats(struct pw_source *source, struct portwatch_stats *stats)
{
	stats->torn = to_file(source)->torn;
	return 0;
}

static void file_close(struct pw_source *source)
{
	struct file *file = to_file(source);

	if (file->fd > STDIN_FILENO)
		close(file->fd);
	free(file);
}

static const struct pw_source_ops file_ops = {
	.fill = file_fill,
	.wait = file_wait,
	.stats = file_stats,
	.close = file_close,
};

static int check_header(const struct pw_recording_header *header)
{
	if (memcmp(header->magic, PW_RECORDING_MAGIC, sizeof(header->magic)))
		return -EBADMSG;
	if (header->byte_order != PW_RECORDING_BYTE_ORDER)
		return -EPROTO;
	if (header->version > PW_RECORDING_VERSION ||
	    header->record_version > PORTWATCH_RECORD_VERSION ||
	    header->flags)
		return -EPROTO;
	if (!header->version || !header->record_version ||
	    header->slot_size != PORTWATCH_SLOT_SIZE ||
	    header->header_size < sizeof(*header) ||
	    header->header_size > HEADER_MAX ||
	    header->header_size % PORTWATCH_SLOT_SIZE)
		return -EBADMSG;
	return 0;
}

/* Reads until @size bytes are there; -EBADMSG when the file is shorter. */
static int read_at_least(struct file *file, size_t size)
{
	int err;

	while (file->end < size) {
		err = read_more(file);
		if (err)
			return err;
		if (file->ended)
			return -EBADMSG;
	}
	return 0;
}

static int read_header(struct file *file)
{
	struct pw_recording_header header;
	int err;

	err = read_at_least(file, sizeof(header));
	if (err)
		return err;
	memcpy(&header, file->slots, sizeof(header));
	err = check_header(&header);
	if (err)
		return err;
	err = read_at_least(file, header.header_size);
	if (err)
		return err;
	file->start = header.header_size;
	file->source.offset = header.offset;
	return 0;
}

int pw_file_open(struct pw_source **source, const char *path)
{
	struct file *file;
	int err;

	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	file->source.ops = &file_ops;
	if (!strcmp(path, "-"))
		file->fd = STDIN_FILENO;
	else
		file->fd = open(path, O_RDONLY | O_CLOEXEC);
	err = file->fd < 0 ? -errno : read_header(file);
	if (err) {
		file_close(&file->source);
		return err;
	}
	*source = &file->source;
	return 0;
}
