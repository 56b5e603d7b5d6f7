/* SPDX-License-Identifier: GPL-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "put.h"
#include "run.h"

static inline bool is_run(const struct pw_run *run,
			  const struct pw_run_key *key)
{
	return run->key.words[0] == key->words[0] && run->length &&
	       !memcmp(&run->key, key, sizeof(*key));
}

/* Each key has two places, so that two that meet do not drive each other out. */
struct pw_run *pw_run_find(struct pw_run *runs, const struct pw_run_key *key)
{
	uint64_t hash = (key->words[0] ^ key->words[1] << 11) *
			0x9e3779b97f4a7c15ULL;
	struct pw_run *run = &runs[hash >> (64 - PW_RUN_BITS) & ~1U], other;

	if (is_run(&run[0], key))
		return &run[0];
	if (is_run(&run[1], key))
		return &run[1];
	other = run[1];
	run[1] = run[0];
	run[0] = other;
	run[0].key = *key;
	run[0].length = 0;
	return &run[0];
}

char *pw_run_room(struct pw_run *run, size_t size)
{
	if (run->size - run->length < size) {
		run->size = run->length + size;
		run->text = pw_memory_resize(run->text, run->size);
	}
	return run->text + run->length;
}

void pw_run_commit(struct pw_run *run, const char *end)
{
	run->length = (size_t)(end - run->text);
}

char *pw_put_run(char *at, const struct pw_run *run)
{
	/* Of an unknown owner in no namespace there is nothing to write. */
	return run->length ? pw_put_bytes(at, run->text, run->length) : at;
}

void pw_runs_forget(struct pw_run *runs)
{
	size_t i;

	for (i = 0; i < PW_RUNS; i++)
		runs[i].length = 0;
}

void pw_runs_free(struct pw_run *runs)
{
	size_t i;

	for (i = 0; i < PW_RUNS; i++)
		free(runs[i].text);
}
