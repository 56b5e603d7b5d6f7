/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "fmt/memory.h"
#include "people.h"

#define BUCKETS	1024

/**
 * struct person - a copy
 *
 * @identity:	first, so that it leads to the rest; its strings follow
 * @next:	in its bucket, found by the key
 * @source:	of what it is a copy, NULL when that is gone
 * @events:	that name it
 */
struct person {
	struct portwatch_identity identity;
	struct person *next;
	const struct portwatch_identity *source;
	size_t events;
};

struct pw_people {
	struct person *buckets[BUCKETS];
};

struct pw_people *pw_people_new(void)
{
	return pw_memory_new(sizeof(struct pw_people));
}

void pw_people_free(struct pw_people *people)
{
	struct person *person, *next;
	size_t i;

	for (i = 0; people && i < BUCKETS; i++)
		for (person = people->buckets[i]; person; person = next) {
			next = person->next;
			free(person);
		}
	free(people);
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static const char *copy_text(const char *text, size_t size, char **at)
{
	char *copy = *at;

	if (!text)
		return NULL;
	memcpy(copy, text, size);
	*at += size;
	return copy;
}

static struct person *copy(const struct portwatch_identity *from)
{
	const size_t comm = text_size(from->comm), exe = text_size(from->exe),
		cgroup = text_size(from->cgroup), unit = text_size(from->unit),
		container = text_size(from->container),
		cmdline = from->cmdline ? from->cmdline_len : 0;
	struct person *person = pw_memory_new(sizeof(*person) + comm + exe + cgroup +
					      unit + container + cmdline);
	char *at = (char *)(person + 1);

	person->identity = *from;
	person->identity.comm = copy_text(from->comm, comm, &at);
	person->identity.exe = copy_text(from->exe, exe, &at);
	person->identity.cmdline = copy_text(from->cmdline, cmdline, &at);
	person->identity.cgroup = copy_text(from->cgroup, cgroup, &at);
	person->identity.unit = copy_text(from->unit, unit, &at);
	person->identity.container = copy_text(from->container, container, &at);
	person->source = from;
	return person;
}

const struct portwatch_identity *
pw_people_hold(struct pw_people *people,
	       const struct portwatch_identity *identity)
{
	struct person **bucket, *person;

	if (!identity)
		return NULL;
	bucket = &people->buckets[identity->key % BUCKETS];
	for (person = *bucket; person; person = person->next)
		if (person->source == identity)
			break;
	if (!person) {
		person = copy(identity);
		person->next = *bucket;
		*bucket = person;
	}
	person->events++;
	return &person->identity;
}

void pw_people_put(struct pw_people *people,
		   const struct portwatch_identity *held)
{
	struct person **at;

	if (!held)
		return;
	at = &people->buckets[held->key % BUCKETS];
	while (&(*at)->identity != held)
		at = &(*at)->next;
	if (!--(*at)->events) {
		struct person *gone = *at;

		*at = gone->next;
		free(gone);
	}
}

void pw_people_forget(struct pw_people *people)
{
	struct person *person;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (person = people->buckets[i]; person; person = person->next)
			person->source = NULL;
}
