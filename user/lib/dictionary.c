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

/* An empty identity for @key; what was known of it stays where it is. */
static struct pw_identity *new_entry(struct pw_dictionary *dictionary,
				     uint32_t key)
{
	struct pw_identity **place, *identity;

	if (dictionary->used >= dictionary->size / 2 &&
	    resize(dictionary, 2 * dictionary->size))
		return NULL;
	identity = new_identity(dictionary, key);
	if (!identity)
		return NULL;
	place = find_place(dictionary, key);
	dictionary->used += !*place;
	*place = identity;
	return identity;
}

int pw_dictionary_init(struct pw_dictionary *dictionary)
{
	struct pw_identity *kernel;

	memset(dictionary, 0, sizeof(*dictionary));
	if (resize(dictionary, TABLE_MIN))
		return -ENOMEM;
	kernel = new_entry(dictionary, PORTWATCH_PROCESS_KERNEL);
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

static bool keep_texts(struct pw_dictionary *dictionary,
		       struct portwatch_identity *identity,
		       const union pw_slot *slots)
{
	uint8_t texts[sizeof(slots->process.text) +
		      PW_RECORD_SLOTS_MAX * sizeof(slots->text.text)];
	const struct portwatch_process *process = &slots->process;
	const uint8_t *exe = texts, *cmdline = exe + process->exe_len;
	const uint8_t *cgroup = cmdline + process->cmdline_len;

	join_texts(slots, texts);
	identity->comm = pw_pool_keep(
		&dictionary->pool, process->comm,
		strnlen((const char *)process->comm, sizeof(process->comm)));
	return identity->comm &&
	       keep(dictionary, exe, process->exe_len, &identity->exe) &&
	       keep_cmdline(dictionary, identity, cmdline,
			    process->cmdline_len) &&
	       keep(dictionary, cgroup, process->cgroup_len,
		    &identity->cgroup) &&
	       keep_place(dictionary, identity);
}

/* Equal texts stand in one place. */
static bool is_same(const struct portwatch_identity *one,
		    const struct portwatch_identity *other)
{
	return one->pid == other->pid && one->ppid == other->ppid &&
	       one->uid == other->uid && one->auid == other->auid &&
	       one->flags == other->flags && one->start == other->start &&
	       one->cgroup_id == other->cgroup_id &&
	       one->comm == other->comm && one->exe == other->exe &&
	       one->cmdline == other->cmdline &&
	       one->cmdline_len == other->cmdline_len &&
	       one->cgroup == other->cgroup;
}

int pw_dictionary_add(struct pw_dictionary *dictionary,
		      const union pw_slot *slots)
{
	const struct portwatch_process *process = &slots->process;
	struct portwatch_identity identity = {
		.key = process->key,
		.pid = process->pid,
		.ppid = process->ppid,
		.uid = process->uid,
		.auid = process->auid,
		.flags = process->flags,
		.start = process->start,
		.cgroup_id = process->cgroup_id,
	};
	struct pw_identity *entry;

	if (!keep_texts(dictionary, &identity, slots))
		return -ENOMEM;
	entry = pw_dictionary_find(dictionary, process->key);
	if (!entry || !is_same(&entry->public, &identity)) {
		entry = new_entry(dictionary, process->key);
		if (!entry)
			return -ENOMEM;
		entry->public = identity;
	}
	entry->named = dictionary->sweeps;
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
	struct pw_identity *identity = new_entry(to, from->public.key);

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
