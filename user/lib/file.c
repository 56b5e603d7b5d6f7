/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The source that reads a recording: see recording.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

#define HEADER_MAX	4096U

/* A block and the rest of the one before it; a multiple of the size of a slot. */
#define BUFFER_SIZE	(2 * PW_RECORDING_BYTES)

static struct pw_file *to_file(struct pw_source *source)
{
	return (struct pw_file *)source;
}

static int file_fill(struct pw_source *source, const union pw_slot **slots)
{
	struct pw_file *file = to_file(source);

	return file->info.version == PW_RECORDING_PLAIN ?
		pw_file_fill_plain(file, slots) :
		pw_file_fill_blocks(file, slots);
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
	const struct pw_file *file = to_file(source);

	stats->torn = file->info.torn;
	stats->missed = file->missed;
	stats->unexplained += file->unexplained;
	return 0;
}

static const struct portwatch_recording *
file_describe(const struct pw_source *source)
{
	return &((const struct pw_file *)source)->info;
}

static void file_close(struct pw_source *source)
{
	struct pw_file *file = to_file(source);

	pw_input_close(&file->input);
	pw_codec_free(file->codec);
	free(file);
}

static const struct pw_source_ops file_ops = {
	.fill = file_fill,
	.wait = file_wait,
	.stats = file_stats,
	.describe = file_describe,
	.close = file_close,
};

/* What is no recording at all is told from what is left of one. */
static int check_magic(const struct pw_input *input)
{
	const size_t magic = sizeof(PW_RECORDING_MAGIC) - 1;
	size_t there = pw_input_left(input);

	if (!there || memcmp(pw_input_at(input), PW_RECORDING_MAGIC,
			     there < magic ? there : magic))
		return -ENOEXEC;
	return there < PW_RECORDING_HEADER_PLAIN ? -ENODATA : 0;
}

static int check_byte_order(const struct pw_recording_header *header)
{
	if (header->byte_order == __builtin_bswap32(PW_RECORDING_BYTE_ORDER))
		return -EILSEQ;
	return header->byte_order == PW_RECORDING_BYTE_ORDER ? 0 : -EBADMSG;
}

/* What every version has. */
static int check_header(const struct pw_recording_header *header)
{
	if (header->version > PW_RECORDING_VERSION ||
	    header->record_version > PORTWATCH_RECORD_VERSION ||
	    header->flags)
		return -EPROTO;
	if (!header->version || !header->record_version ||
	    header->slot_size != PORTWATCH_SLOT_SIZE ||
	    header->header_size < PW_RECORDING_HEADER_PLAIN ||
	    header->header_size > HEADER_MAX ||
	    header->header_size % PORTWATCH_SLOT_SIZE)
		return -EBADMSG;
	return 0;
}

static int check_rest(const struct pw_file *file,
		      const struct pw_recording_header *header)
{
	if (header->checksum != pw_recording_header_sum(&file->crc, header) ||
	    header->header_size < sizeof(*header) ||
	    header->release[sizeof(header->release) - 1] ||
	    header->host[sizeof(header->host) - 1])
		return -EBADMSG;
	return 0;
}

static void take_rest(struct pw_file *file,
		      const struct pw_recording_header *header)
{
	struct portwatch_recording *info = &file->info;

	info->id = header->id;
	info->first = header->first;
	info->next = header->first;
	memcpy(info->boot_id, header->boot_id, sizeof(info->boot_id));
	memcpy(info->release, header->release, sizeof(info->release));
	memcpy(info->host, header->host, sizeof(info->host));
}

/* What version 1 has of it, and the others, too. */
static int read_beginning(struct pw_file *file,
			  struct pw_recording_header *header)
{
	struct pw_input *input = &file->input;
	int err;

	err = pw_input_need(input, PW_RECORDING_HEADER_PLAIN);
	if (!err)
		err = check_magic(input);
	if (err)
		return err;
	memcpy(header, pw_input_at(input), PW_RECORDING_HEADER_PLAIN);
	err = check_byte_order(header);
	if (err)
		return err;
	file->info.version = header->version;
	return check_header(header);
}

static int read_rest(struct pw_file *file, struct pw_recording_header *header)
{
	struct pw_input *input = &file->input;
	int err;

	err = pw_input_need(input, sizeof(*header));
	if (err)
		return err;
	if (pw_input_left(input) < sizeof(*header))
		return -ENODATA;
	memcpy(header, pw_input_at(input), sizeof(*header));
	err = check_rest(file, header);
	if (!err)
		take_rest(file, header);
	return err;
}

static int read_header(struct pw_file *file)
{
	struct pw_recording_header header = { .version = 0 };
	struct pw_input *input = &file->input;
	int err;

	err = read_beginning(file, &header);
	if (!err && header.version > PW_RECORDING_PLAIN)
		err = read_rest(file, &header);
	if (!err)
		err = pw_input_need(input, header.header_size);
	if (err)
		return err;
	if (pw_input_left(input) < header.header_size)
		return -ENODATA;
	file->info.created = header.created;
	file->source.offset = header.offset;
	pw_input_take(input, header.header_size);
	return 0;
}

/*
 * With @path NULL it is read from @fd. *@result is there, to be closed, also when the
 * header is not good: or NULL.
 */
static int open_file(struct pw_file **result, const char *path, int fd)
{
	struct pw_file *file;
	int err;

	file = calloc(1, sizeof(*file));
	*result = file;
	if (!file)
		return -ENOMEM;
	file->source.ops = &file_ops;
	pw_crc_init(&file->crc);
	err = path ? pw_input_open(&file->input, path, BUFFER_SIZE) :
		     pw_input_borrow(&file->input, fd, BUFFER_SIZE);
	return err ? err : read_header(file);
}

static int open_source(struct pw_source **source, const char *path, int fd)
{
	struct pw_file *file;
	int err;

	err = open_file(&file, path, fd);
	if (!err)
		*source = &file->source;
	else if (file)
		file_close(&file->source);
	return err;
}

int pw_file_open(struct pw_source **source, const char *path)
{
	return open_source(source, path, -1);
}

int pw_file_open_fd(struct pw_source **source, int fd)
{
	return open_source(source, NULL, fd);
}

static int probe(const char *path, int fd, struct portwatch_recording *recording)
{
	struct pw_file *file;
	int err;

	memset(recording, 0, sizeof(*recording));
	err = open_file(&file, path, fd);
	if (!file)
		return err;
	*recording = file->info;
	file_close(&file->source);
	return err;
}

int portwatch_recording_probe(const char *path,
			      struct portwatch_recording *recording)
{
	return probe(path, -1, recording);
}

int portwatch_recording_probe_fd(int fd, struct portwatch_recording *recording)
{
	int err;

	memset(recording, 0, sizeof(*recording));
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	err = probe(NULL, fd, recording);
	if (lseek(fd, 0, SEEK_SET) < 0 && !err)
		err = -errno;
	return err;
}
