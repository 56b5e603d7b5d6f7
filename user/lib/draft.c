/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <string.h>

#include "draft.h"

#define FIRST_TEXT	sizeof(((struct portwatch_process *)NULL)->text)
#define PART_TEXT	sizeof(((struct portwatch_text *)NULL)->text)
#define TEXT_MAX	(FIRST_TEXT + (PW_RECORD_SLOTS_MAX - 1) * PART_TEXT)

/* The room for texts from @len on, up to the end of the slot that it is in. */
static size_t text_room(struct pw_draft *draft, size_t len, uint8_t **room)
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
static uint16_t add_text(struct pw_draft *draft, const char *text, size_t len)
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

static void add_parts(struct pw_draft *draft)
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

unsigned int pw_draft_process(struct pw_draft *draft,
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
	return process->slots;
}
