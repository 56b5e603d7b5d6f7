/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Is a record what it says it is? A recording may come from anybody. What is
 * refused here is what would lead a reader astray: lengths, counts and texts
 * without an end. Values of enumerations and types that this library does not
 * know are no damage: a newer kernel may have more of them.
 */
#include <errno.h>
#include <stdbool.h>

#include "slot.h"

static int check_event(const struct portwatch_event *event)
{
	const uint8_t *ifname;

	if (event->type == PORTWATCH_SNAPSHOT)
		return event->snapshot.end <= 1 ? 1 : -EBADMSG;
	if (event->flags & PORTWATCH_F_EXISTING)
		ifname = event->existing.ifname;
	else if (event->type == PORTWATCH_BIND)
		ifname = event->bind.ifname;
	else
		return 1;
	return ifname[sizeof(event->bind.ifname) - 1] ? -EBADMSG : 1;
}

/* A slot that goes on with @process, as number @part of its record. */
static bool is_part(const struct portwatch_text *text, unsigned int part,
		    const struct portwatch_process *process)
{
	return text->type == PORTWATCH_TEXT && text->part == part &&
	       text->key == process->key && text->seq == process->seq &&
	       text->time == process->time &&
	       text->text_len <= sizeof(text->text);
}

static int check_process(const union pw_slot *slots, size_t count)
{
	const struct portwatch_process *process = &slots->process;
	size_t announced, found = process->text_len;
	unsigned int part;

	if (!process->slots || process->slots > count)
		return -EBADMSG;
	if (process->key <= PORTWATCH_PROCESS_KERNEL)
		return -EBADMSG;
	if (process->text_len > sizeof(process->text))
		return -EBADMSG;
	for (part = 1; part < process->slots; part++) {
		if (!is_part(&slots[part].text, part, process))
			return -EBADMSG;
		found += slots[part].text.text_len;
	}
	announced = (size_t)process->exe_len + process->cmdline_len +
		    process->cgroup_len;
	return announced == found ? (int)process->slots : -EBADMSG;
}

int pw_slot_check(const union pw_slot *slots, size_t count)
{
	if (!count)
		return -EBADMSG;
	switch (slots->head.type) {
	case 0:
	case PORTWATCH_TEXT:	/* only ever after its process */
		return -EBADMSG;
	case PORTWATCH_PROCESS:
		return check_process(slots, count);
	case PORTWATCH_SOCKET ... PORTWATCH_FLOW:
	case PORTWATCH_SNAPSHOT:
		return check_event(&slots->event);
	default:
		return 1;
	}
}
