// SPDX-License-Identifier: GPL-2.0
/*
 * A recording of any bytes: read, printed in every format, recorded again. A second
 * time with every checksum put right, or nothing would come behind them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <portwatch.h>

#include "output.h"
#include "recording.h"
#include "target.h"

static void print_all(int fd, int way)
{
	struct portwatch_reader *reader;
	struct portwatch_stats stats;
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = portwatch_reader_open_file(&reader, path);
	must(ret == 0 || ret == -EBADMSG || ret == -EPROTO ||
	     ret == -ENOEXEC || ret == -ENODATA || ret == -EILSEQ);
	if (ret)
		return;
	ret = output_print(reader, way, 100);
	must(ret == 0 || ret == -EBADMSG || ret == -EPROTO);
	must(!portwatch_reader_stats(reader, &stats));
	portwatch_reader_close(reader);
}

static int swallow(void *context, const void *bytes, size_t size)
{
	(void)context;
	(void)bytes;
	return size <= PORTWATCH_RECORDER_BLOCK_MAX ? 0 : -EIO;
}

static void record_all(int fd)
{
	const struct portwatch_recorder_options options = {
		.size = sizeof(options), .write = swallow,
	};
	struct portwatch_recorder *recorder;
	struct portwatch_reader *reader;
	struct portwatch_item item;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (portwatch_reader_open_file(&reader, path))
		return;
	must(!portwatch_recorder_open(&recorder, reader, &options));
	must(!portwatch_recorder_begin(recorder));
	while (portwatch_reader_next(reader, &item, -1) > 0)
		must(!portwatch_recorder_item(recorder, &item));
	must(!portwatch_recorder_end(recorder));
	portwatch_recorder_close(recorder);
	portwatch_reader_close(reader);
}

static void use(const uint8_t *data, size_t size)
{
	int fd = memfd_create("recording", 0);
	int way;

	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	for (way = 0; way < OUTPUT_WAYS; way++)
		print_all(fd, way);
	record_all(fd);
	close(fd);
}

/* Puts the checksums of one block right; returns its bytes, or 0: it is none. */
static size_t mend_block(const struct pw_crc *crc, uint8_t *data, size_t size)
{
	struct pw_recording_block block;

	if (size < sizeof(block))
		return 0;
	memcpy(&block, data, sizeof(block));
	if (block.stored > size - sizeof(block))
		return 0;
	block.magic = PW_RECORDING_BLOCK;
	block.payload = pw_crc_of(crc, data + sizeof(block), block.stored);
	block.checksum = pw_recording_block_sum(crc, &block);
	memcpy(data, &block, sizeof(block));
	return sizeof(block) + block.stored;
}

static void mend(uint8_t *data, size_t size)
{
	struct pw_recording_header header;
	struct pw_crc crc;
	size_t at, length;

	if (size < sizeof(header))
		return;
	pw_crc_init(&crc);
	memcpy(&header, data, sizeof(header));
	header.checksum = pw_recording_header_sum(&crc, &header);
	memcpy(data, &header, sizeof(header));
	for (at = sizeof(header); at < size; at += length) {
		length = mend_block(&crc, data + at, size - at);
		if (!length)
			return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended = malloc(size + 1);

	must(mended != NULL);
	memcpy(mended, data, size);
	use(mended, size);
	mend(mended, size);
	use(mended, size);
	free(mended);
	return 0;
}
