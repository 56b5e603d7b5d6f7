/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Writing a recording: see recording.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "reader.h"
#include "recording.h"

static int write_all(FILE *file, const void *bytes, size_t size)
{
	if (fwrite(bytes, size, 1, file) == 1)
		return 0;
	return errno ? -errno : -EIO;
}

int portwatch_recording_write_header(struct portwatch_reader *reader,
				     void *file)
{
	struct pw_recording_header header = {
		.version = PW_RECORDING_VERSION,
		.byte_order = PW_RECORDING_BYTE_ORDER,
		.header_size = sizeof(header),
		.slot_size = PORTWATCH_SLOT_SIZE,
		.record_version = PORTWATCH_RECORD_VERSION,
		.offset = reader->source->offset,
	};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	header.created = (uint64_t)now.tv_sec * PW_NSEC_PER_SEC +
			 (uint64_t)now.tv_nsec;
	memcpy(header.magic, PW_RECORDING_MAGIC, sizeof(header.magic));
	reader->recording++;
	reader->recorded_offset = header.offset;
	return write_all(file, &header, sizeof(header));
}

static int write_offset(struct portwatch_reader *reader,
			const struct portwatch_item *item, FILE *file)
{
	struct pw_recording_offset slot = {
		.time = item->slot->time,
		.cpu = item->slot->cpu,
		.type = PW_RECORDING_OFFSET,
		.offset = (int64_t)(item->real_time - item->slot->time),
	};

	if (slot.offset == reader->recorded_offset)
		return 0;
	reader->recorded_offset = slot.offset;
	return write_all(file, &slot, sizeof(slot));
}

/* A process record as it is put together: texts go where there is room. */
struct draft {
	union pw_slot slots[PW_RECORD_SLOTS_MAX];
	size_t len;
};

#define FIRST_TEXT	sizeof(((struct portwatch_process *)NULL)->text)
#define PART_TEXT	sizeof(((struct portwatch_text *)NULL)->text)
#define TEXT_MAX	(FIRST_TEXT + (PW_RECORD_SLOTS_MAX - 1) * PART_TEXT)

/* The room for texts from @len on, up to the end of the slot that it is in. */
static size_t text_room(struct draft *draft, size_t len, uint8_t **room)
{
	size_t part;

	if (len < FIRST_TEXT) {
		*room = draft->slots[0].process.text + len;
		return FIRST_TEXT - len;
	}
	len -= FIRST_TEXT;
	part = 1 + len / PART_TEXT;
	*room = draft->slots[part].text.text + len % PART_TEXT;
	return PART_TEXT - len % PART_TEXT;
}

/* Appends a text, which may be NULL. Returns how much of it there was room for. */
static uint16_t add_text(struct draft *draft, const char *text, size_t len)
{
	size_t rest, piece;
	uint8_t *room;

	if (!text)
		return 0;
	if (len > TEXT_MAX - draft->len) {
		len = TEXT_MAX - draft->len;
		draft->slots[0].process.flags |= PORTWATCH_P_TRUNCATED;
	}
	for (rest = len; rest; rest -= piece) {
		piece = text_room(draft, draft->len, &room);
		if (piece > rest)
			piece = rest;
		memcpy(room, text, piece);
		text += piece;
		draft->len += piece;
	}
	return (uint16_t)len;
}

static void add_parts(struct draft *draft)
{
	struct portwatch_process *process = &draft->slots[0].process;
	size_t rest = draft->len;
	struct portwatch_text *text;

	process->slots = 1;
	process->text_len = rest < FIRST_TEXT ? rest : FIRST_TEXT;
	for (rest -= process->text_len; rest; rest -= text->text_len) {
		text = &draft->slots[process->slots].text;
		text->time = process->time;
		text->seq = process->seq;
		text->cpu = process->cpu;
		text->type = PORTWATCH_TEXT;
		text->part = process->slots++;
		text->key = process->key;
		text->text_len = rest < PART_TEXT ? rest : PART_TEXT;
	}
}

static size_t text_len(const char *text)
{
	return text ? strlen(text) : 0;
}

static void draft_process(struct draft *draft,
			  const struct portwatch_slot *when,
			  const struct portwatch_identity *identity)
{
	struct portwatch_process *process = &draft->slots[0].process;

	memset(draft, 0, sizeof(*draft));
	process->time = when->time;
	process->seq = when->seq;
	process->cpu = when->cpu;
	process->type = PORTWATCH_PROCESS;
	process->key = identity->key;
	process->pid = identity->pid;
	process->ppid = identity->ppid;
	process->uid = identity->uid;
	process->auid = identity->auid;
	process->flags = identity->flags;
	process->start = identity->start;
	process->cgroup_id = identity->cgroup_id;
	memcpy(process->comm, identity->comm,
	       strnlen(identity->comm, sizeof(process->comm)));
	process->exe_len = add_text(draft, identity->exe,
				    text_len(identity->exe));
	process->cmdline_len = add_text(draft, identity->cmdline,
					identity->cmdline_len);
	process->cgroup_len = add_text(draft, identity->cgroup,
				       text_len(identity->cgroup));
	add_parts(draft);
}

/* Announces a process, once in each recording. */
static int write_process(struct portwatch_reader *reader, uint32_t key,
			 const struct portwatch_slot *when, FILE *file)
{
	struct pw_identity *identity;
	struct draft draft;

	if (key <= PORTWATCH_PROCESS_KERNEL)
		return 0;
	identity = pw_dictionary_find(&reader->dictionary, key);
	if (!identity || identity->recording == reader->recording)
		return 0;
	identity->recording = reader->recording;
	draft_process(&draft, when, &identity->public);
	return write_all(file, draft.slots, draft.slots[0].process.slots *
					    sizeof(draft.slots[0]));
}

/* Whom an event names. */
static int write_named(struct portwatch_reader *reader,
		       const struct portwatch_event *event,
		       const struct portwatch_slot *when, FILE *file)
{
	int err;

	err = write_process(reader, event->owner, when, file);
	if (!err)
		err = write_process(reader, event->actor, when, file);
	if (!err && event->type == PORTWATCH_BIND_FAILED)
		err = write_process(reader, event->bind_failed.holder, when,
				    file);
	return err;
}

int portwatch_recording_write_item(struct portwatch_reader *reader,
				   const struct portwatch_item *item,
				   void *file)
{
	int err;

	err = write_offset(reader, item, file);
	if (err)
		return err;
	if (item->slot->type != PORTWATCH_LOST)
		err = write_named(reader, item->event, item->slot, file);
	if (err)
		return err;
	return write_all(file, item->slot, PORTWATCH_SLOT_SIZE);
}
