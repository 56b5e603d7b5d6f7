/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_DICTIONARY_H
#define PW_DICTIONARY_H

#include "portwatch.h"
#include "slot.h"
#include "pool.h"

/**
 * struct pw_identity - what is known about a key
 *
 * @public:	that
 * @recording:	place in a recording since which it has been named there
 * @named:	sweeps when it was announced, or an event named it last
 */
struct pw_identity {
	struct portwatch_identity public;
	unsigned int recording;
	unsigned int named;
};

/* All keys of a reader, in a hash table with open addressing. */
struct pw_dictionary {
	unsigned int sweeps;
	struct pw_identity **table;
	uint32_t size;
	uint32_t used;
	struct pw_pool pool;
};

int pw_dictionary_init(struct pw_dictionary *dictionary);
void pw_dictionary_free(struct pw_dictionary *dictionary);

/*
 * Adds a PROCESS record that pw_slot_check() found good. What was known of its key
 * before is not overwritten: where it says something else, the key has another
 * identity from now on. 0 or -ENOMEM.
 */
int pw_dictionary_add(struct pw_dictionary *dictionary,
		      const union pw_slot *slots);

/*
 * Forgets all whom nobody named since the last call, and moves the others. 0 or
 * -ENOMEM: then nothing has changed.
 */
int pw_dictionary_forget(struct pw_dictionary *dictionary);

/* Who @key is, or NULL. */
struct pw_identity *pw_dictionary_find(const struct pw_dictionary *dictionary,
				       uint32_t key);

#endif
