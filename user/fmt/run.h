/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text of fields that one event after another has in common, kept by what it
 * depends on.
 *
 * A table has as many places as a busy machine has kinds of events, processes and
 * their threads, and connections that end soon after they began; it starts as zeros.
 */
#ifndef PW_RUN_H
#define PW_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "put.h"

#define PW_RUN_BITS	10
#define PW_RUNS		(1U << PW_RUN_BITS)

/* What a text depends on; unused words are 0. */
#define PW_RUN_WORDS	9
struct pw_run_key {
	uint64_t words[PW_RUN_WORDS];
};

/* One of them. */
struct pw_run {
	struct pw_run_key key;
	char *text;
	size_t size;
	size_t length;
};

struct pw_run *pw_run_take(struct pw_run *pair, const struct pw_run_key *key);

static inline bool pw_is_run(const struct pw_run *run, const struct pw_run_key *key)
{
	uint64_t differ = 0;
	size_t i;

	if (run->key.words[0] != key->words[0])
		return false;
	for (i = 1; i < PW_RUN_WORDS; i++)
		differ |= run->key.words[i] ^ key->words[i];
	return !differ && run->length;
}

/*
 * The run of a key, in a table of PW_RUNS; one that was just taken for it has no text
 * yet (its length is 0). Each key has two places, so that two that meet do not drive
 * each other out.
 */
static inline struct pw_run *pw_run_find(struct pw_run *runs,
					 const struct pw_run_key *key)
{
	uint64_t hash = (key->words[0] ^ key->words[1] << 11) *
			0x9e3779b97f4a7c15ULL;
	struct pw_run *pair = &runs[hash >> (64 - PW_RUN_BITS) & ~1U];

	if (pw_is_run(&pair[0], key))
		return &pair[0];
	if (pw_is_run(&pair[1], key))
		return &pair[1];
	return pw_run_take(pair, key);
}

/* A place for @size more bytes of it; the end of what was written there. */
char *pw_run_room(struct pw_run *run, size_t size);
void pw_run_commit(struct pw_run *run, const char *end);

/* Writes it; see put.h. Of an unknown owner in no namespace there is nothing to write. */
static inline char *pw_put_run(char *at, const struct pw_run *run)
{
	return run->length ? pw_put_bytes(at, run->text, run->length) : at;
}

/* All texts are forgotten; the table is freed. */
void pw_runs_forget(struct pw_run *runs);
void pw_runs_free(struct pw_run *runs);

#endif
