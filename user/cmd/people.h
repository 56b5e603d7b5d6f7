/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of identities, for who keeps events longer than the reader keeps whom they
 * name: one copy for all events, as long as one of them is kept.
 */
#ifndef PW_PEOPLE_H
#define PW_PEOPLE_H

#include <portwatch.h>

struct pw_people;

struct pw_people *pw_people_new(void);
void pw_people_free(struct pw_people *people);

/* A copy, until pw_people_put(); NULL of NULL, in both. */
const struct portwatch_identity *
pw_people_hold(struct pw_people *people,
	       const struct portwatch_identity *identity);
void pw_people_put(struct pw_people *people,
		   const struct portwatch_identity *copy);

/* The identities that were copied are gone: others may stand where they stood. */
void pw_people_forget(struct pw_people *people);

#endif
