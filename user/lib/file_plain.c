/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * A recording of version 1: slots, one after the other. See recording.h.
 */
#include <string.h>

#include "file.h"

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
static size_t count_slots(const struct pw_file *file,
			  const union pw_slot *slots)
{
	size_t there = pw_input_left(&file->input) / PORTWATCH_SLOT_SIZE;
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

static bool take_offset(struct pw_file *file, const union pw_slot *slots)
{
	struct pw_recording_offset slot;

	if (pw_input_left(&file->input) < sizeof(slot) ||
	    slots->head.type != PW_RECORDING_OFFSET)
		return false;
	memcpy(&slot, slots, sizeof(slot));
	file->source.offset = slot.offset;
	pw_input_take(&file->input, sizeof(slot));
	return true;
}

/* What is not taken begins at a multiple of the size of a slot. */
int pw_file_fill_plain(struct pw_file *file, const union pw_slot **slots)
{
	struct pw_input *input = &file->input;
	size_t count;
	int err;

	for (;;) {
		*slots = (const union pw_slot *)pw_input_at(input);
		if (take_offset(file, *slots))
			continue;
		count = count_slots(file, *slots);
		if (count)
			break;
		if (input->ended) {
			file->info.torn = pw_input_left(input);
			return 0;
		}
		err = pw_input_need(input, pw_input_left(input) + 1);
		if (err)
			return err;
	}
	pw_input_take(input, count * PORTWATCH_SLOT_SIZE);
	return (int)count;
}
