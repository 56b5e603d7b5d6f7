/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Who is who: the process records of a stream, by their key.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "dictionary.h"

#define TABLE_MIN	1024

/* Fibonacci hashing: keys are given out in order, these spread. */
static uint32_t place_of(const struct pw_dictionary *dictionary, uint32_t key)
{
	return (key * 0x9e3779b1U) >> (32 - __builtin_ctz(dictionary->size));
}

/* Where @key is, or the free place for it. */
static struct pw_identity **find_place(const struct pw_dictionary *dictionary,
				       uint32_t key)
{
	uint32_t i = place_of(dictionary, key);

	while (dictionary->table[i] && dictionary->table[i]->public.key != key)
		i = (i + 1) & (dictionary->size - 1);
	return &dictionary->table[i];
}

struct pw_identity *pw_dictionary_find(const struct pw_dictionary *dictionary,
				       uint32_t key)
{
	return *find_place(dictionary, key);
}

static int resize(struct pw_dictionary *dictionary, uint32_t size)
{
	struct pw_dictionary larger = *dictionary;
	struct pw_identity *identity;
	uint32_t i;

	larger.size = size;
	larger.table = calloc(size, sizeof(struct pw_identity *));
	if (!larger.table)
		return -ENOMEM;
	for (i = 0; i < dictionary->size; i++) {
		identity = dictionary->table[i];
		if (identity)
			*find_place(&larger, identity->public.key) = identity;
	}
	free(dictionary->table);
	*dictionary = larger;
	return 0;
}

static struct pw_identity *new_identity(struct pw_dictionary *dictionary,
					uint32_t key)
{
	struct pw_identity *identity;

	identity = pw_pool_alloc(&dictionary->pool, sizeof(*identity));
	if (!identity)
		return NULL;
	memset(identity, 0, sizeof(*identity));
	identity->public.key = key;
	identity->public.comm = "";
	return identity;
}

/* The identity of @key to be filled in, the one that is there if there is one. */
static struct pw_identity *get_identity(struct pw_dictionary *dictionary,
					uint32_t key)
{
	struct pw_identity **place;

	if (dictionary->used >= dictionary->size / 2 &&
	    resize(dictionary, 2 * dictionary->size))
		return NULL;
	place = find_place(dictionary, key);
	if (!*place) {
		*place = new_identity(dictionary, key);
		dictionary->used += *place != NULL;
	}
	return *place;
}

int pw_dictionary_init(struct pw_dictionary *dictionary)
{
	struct pw_identity *kernel;

	memset(dictionary, 0, sizeof(*dictionary));
	if (resize(dictionary, TABLE_MIN))
		return -ENOMEM;
	kernel = get_identity(dictionary, PORTWATCH_PROCESS_KERNEL);
	if (!kernel) {
		pw_dictionary_free(dictionary);
		return -ENOMEM;
	}
	kernel->public.comm = "kernel";
	kernel->public.auid = (uint32_t)-1;
	kernel->public.flags = PORTWATCH_P_THREAD;
	return 0;
}

void pw_dictionary_free(struct pw_dictionary *dictionary)
{
	free(dictionary->table);
	dictionary->table = NULL;
	pw_pool_free(&dictionary->pool);
}

/* The texts of a record, one after the other as they were before they were cut. */
static size_t join_texts(const union pw_slot *slots, uint8_t *texts)
{
	size_t len = slots->process.text_len;
	unsigned int i;

	memcpy(texts, slots->process.text, len);
	for (i = 1; i < slots->process.slots; i++) {
		memcpy(texts + len, slots[i].text.text, slots[i].text.text_len);
		len += slots[i].text.text_len;
	}
	return len;
}

/* A text of the record, or NULL when it could not be had; false: no memory. */
static bool keep(struct pw_dictionary *dictionary, const void *text, size_t len,
		 const char **result)
{
	*result = NULL;
	if (!len)
		return true;
	*result = pw_pool_keep(&dictionary->pool, text, len);
	return *result;
}

/* Each argument ends with a 0 byte, the last one too where it was cut off. */
static bool keep_cmdline(struct pw_dictionary *dictionary,
			 struct portwatch_identity *identity,
			 const uint8_t *text, size_t len)
{
	if (!keep(dictionary, text, len, &identity->cmdline))
		return false;
	identity->cmdline_len = len && text[len - 1] ? len + 1 : len;
	return true;
}

static bool keep_place(struct pw_dictionary *dictionary,
		       struct portwatch_identity *identity)
{
	char name[256];
	size_t len;

	identity->unit = NULL;
	identity->container = NULL;
	if (!identity->cgroup)
		return true;
	len = pw_cgroup_unit(identity->cgroup, name, sizeof(name));
	if (!keep(dictionary, name, len, &identity->unit))
		return false;
	len = pw_cgroup_container(identity->cgroup, name, sizeof(name));
	return keep(dictionary, name, len, &identity->container);
}

int pw_dictionary_add(struct pw_dictionary *dictionary,
		      const union pw_slot *slots)
{
	uint8_t texts[sizeof(slots->process.text) +
		      PW_RECORD_SLOTS_MAX * sizeof(slots->text.text)];
	const struct portwatch_process *process = &slots->process;
	const uint8_t *exe = texts, *cmdline = exe + process->exe_len;
	const uint8_t *cgroup = cmdline + process->cmdline_len;
	struct portwatch_identity *identity;
	struct pw_identity *entry;

	entry = get_identity(dictionary, process->key);
	if (!entry)
		return -ENOMEM;
	entry->named = dictionary->sweeps;
	identity = &entry->public;
	identity->pid = process->pid;
	identity->ppid = process->ppid;
	identity->uid = process->uid;
	identity->auid = process->auid;
	identity->flags = process->flags;
	identity->start = process->start;
	identity->cgroup_id = process->cgroup_id;
	identity->comm = pw_pool_keep(
		&dictionary->pool, process->comm,
		strnlen((const char *)process->comm, sizeof(process->comm)));
	if (!identity->comm)
		identity->comm = "";
	join_texts(slots, texts);
	if (!keep(dictionary, exe, process->exe_len, &identity->exe) ||
	    !keep_cmdline(dictionary, identity, cmdline,
			  process->cmdline_len) ||
	    !keep(dictionary, cgroup, process->cgroup_len,
		  &identity->cgroup) ||
	    !keep_place(dictionary, identity))
		return -ENOMEM;
	return 0;
}

/* A text that is there stays as it is; false: no memory. */
static bool move_text(struct pw_dictionary *to, const char **text, size_t len)
{
	if (*text)
		*text = pw_pool_keep(&to->pool, *text, len);
	return *text;
}

static bool move_texts(struct pw_dictionary *to,
		       struct portwatch_identity *identity)
{
	const char **texts[] = {
		&identity->comm, &identity->exe, &identity->cgroup,
		&identity->unit, &identity->container,
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (*texts[i] && !move_text(to, texts[i], strlen(*texts[i])))
			return false;
	/* a last argument that was cut off has its 0 byte from the pool */
	return !identity->cmdline ||
	       move_text(to, &identity->cmdline, identity->cmdline_len);
}

static bool move_identity(struct pw_dictionary *to,
			  const struct pw_identity *from)
{
	struct pw_identity *identity = get_identity(to, from->public.key);

	if (!identity)
		return false;
	*identity = *from;
	return move_texts(to, &identity->public);
}

int pw_dictionary_forget(struct pw_dictionary *dictionary)
{
	const struct pw_identity *identity;
	struct pw_dictionary kept;
	uint32_t i;

	if (pw_dictionary_init(&kept))
		return -ENOMEM;
	for (i = 0; i < dictionary->size; i++) {
		identity = dictionary->table[i];
		if (!identity || identity->named != dictionary->sweeps)
			continue;
		if (!move_identity(&kept, identity)) {
			pw_dictionary_free(&kept);
			return -ENOMEM;
		}
	}
	kept.sweeps = dictionary->sweeps + 1;
	pw_dictionary_free(dictionary);
	*dictionary = kept;
	return 0;
}
