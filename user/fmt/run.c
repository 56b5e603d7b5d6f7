/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>

#include "memory.h"
#include "run.h"

/* Of the two places of a key the text that is not the newest goes. */
struct pw_run *pw_run_take(struct pw_run *pair, const struct pw_run_key *key)
{
	struct pw_run other = pair[1];

	pair[1] = pair[0];
	pair[0] = other;
	pair[0].key = *key;
	pair[0].length = 0;
	return pair;
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
