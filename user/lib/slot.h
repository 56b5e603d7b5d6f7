/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_SLOT_H
#define PW_SLOT_H

#include <linux/portwatch.h>
#include <stddef.h>
#include <stdint.h>

/* The largest record: portwatch_process.slots is one byte. */
#define PW_RECORD_SLOTS_MAX	255

/* A slot as what its type says that it is. */
union pw_slot {
	struct portwatch_slot head;
	struct portwatch_event event;
	struct portwatch_lost lost;
	struct portwatch_process process;
	struct portwatch_text text;
	uint8_t bytes[PORTWATCH_SLOT_SIZE];
};

_Static_assert(sizeof(union pw_slot) == PORTWATCH_SLOT_SIZE, "slot size");
_Static_assert(sizeof(struct portwatch_event) == PORTWATCH_SLOT_SIZE, "event");
_Static_assert(sizeof(struct portwatch_lost) == PORTWATCH_SLOT_SIZE, "lost");
_Static_assert(sizeof(struct portwatch_process) == PORTWATCH_SLOT_SIZE,
	       "process");
_Static_assert(sizeof(struct portwatch_text) == PORTWATCH_SLOT_SIZE, "text");

/* Slots of the record that @slot begins; 0 in a damaged one. */
static inline unsigned int pw_slot_count(const union pw_slot *slot)
{
	return slot->head.type == PORTWATCH_PROCESS ? slot->process.slots : 1;
}

/*
 * Checks the record that @slots begins, of which @count are there. Nothing else
 * in the library looks at a record before this has.
 *
 * Return: slots of the record, or -EBADMSG.
 */
int pw_slot_check(const union pw_slot *slots, size_t count);

#endif
