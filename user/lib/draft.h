/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_DRAFT_H
#define PW_DRAFT_H

#include "portwatch.h"
#include "slot.h"

/* A process record as it is put together: texts go where there is room. */
struct pw_draft {
	union pw_slot slots[PW_RECORD_SLOTS_MAX];
	size_t len;
};

/* The record that announces @identity at @when. Returns its slots. */
unsigned int pw_draft_process(struct pw_draft *draft,
			      const struct portwatch_slot *when,
			      const struct portwatch_identity *identity);

#endif
