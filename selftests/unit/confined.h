/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Children of a test that are confined, or give up rights in another way; and a folder
 * for what they write.
 */
#ifndef CONFINED_H
#define CONFINED_H

#include "confine/confine.h"

#define NOBODY		65534
#define REFUSED		254	/* pw_confine() did not work */
#define SIGNALLED	1000	/* and the number of the signal */

/* What the build lacks is skipped. */
#ifdef PORTWATCH_SECCOMP
#define NEED_SECCOMP()	((void)0)
#else
#define NEED_SECCOMP()	skip()
#endif
#ifdef PORTWATCH_CAPNG
#define NEED_CAPNG()	((void)0)
#else
#define NEED_CAPNG()	skip()
#endif

/* Nothing but reading and printing. */
extern const struct pw_limits nothing;

/* What a child returns that does @act when it is confined; a signal counts 1000 more. */
int confined(const struct pw_limits *limits, int (*act)(void *), void *context);

/* The same without being confined. */
int apart(int (*act)(void *), void *context);

/* What a call that returned @result said. */
int errno_of(long result);
int errno_of_open(const char *path, int flags);

/**
 * struct folder - of a test
 *
 * @file:	a name in it
 * @beside:	one that is not in it
 */
struct folder {
	char path[32];
	char file[64];
	char beside[64];
};

int make_folder(void **state);
int remove_folder(void **state);

#define WITH_FOLDER(test) \
	cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* Five files that follow each other in a struct folder, of which two are kept. */
int rotate(void *folder);

#endif
