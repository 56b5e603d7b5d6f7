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

#include <stddef.h>
#include <stdint.h>

#define PW_RUN_BITS	10
#define PW_RUNS		(1U << PW_RUN_BITS)

/* What a text depends on; unused words are 0. */
struct pw_run_key {
	uint64_t words[9];
};

/* One of them. */
struct pw_run {
	struct pw_run_key key;
	char *text;
	size_t size;
	size_t length;
};

/*
 * The run of a key, in a table of PW_RUNS; one that was just taken for it has no text
 * yet (its length is 0).
 */
struct pw_run *pw_run_find(struct pw_run *runs, const struct pw_run_key *key);

/* A place for @size more bytes of it; the end of what was written there. */
char *pw_run_room(struct pw_run *run, size_t size);
void pw_run_commit(struct pw_run *run, const char *end);

/* Writes it, if there is anything: see put.h. */
char *pw_put_run(char *at, const struct pw_run *run);

/* All texts are forgotten; the table is freed. */
void pw_runs_forget(struct pw_run *runs);
void pw_runs_free(struct pw_run *runs);

#endif
