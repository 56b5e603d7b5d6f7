/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Does each hook fire? Sockets of our own are used in every way, and the counters of
 * the hooks are compared.
 */
#ifndef PW_SELF_TEST_H
#define PW_SELF_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portwatch.h>

enum pw_verdict {
	PW_VERDICT_UNTESTED,	/* nothing that was done should make it fire */
	PW_VERDICT_FIRED,
	PW_VERDICT_SILENT,	/* it should have fired, and did not */
};

/**
 * struct pw_self_test - a run
 *
 * @device:	as given to pw_self_test_begin()
 * @reader:	keeps the hooks attached until pw_self_test_end()
 * @done:	what was exercised, see pw_exercise_all()
 * @hooks:	as they were afterwards
 * @hits:	of each, before
 * @count:	of hooks
 */
struct pw_self_test {
	const char *device;
	struct portwatch_reader *reader;
	uint32_t done;
	struct portwatch_hook *hooks;
	uint64_t *hits;
	size_t count;
};

/*
 * Attaches the hooks, if no session has, and tests them. pw_self_test_end() follows
 * in any case. Return: 0 or -errno of the device.
 */
int pw_self_test_begin(struct pw_self_test *test, const char *device);
void pw_self_test_end(struct pw_self_test *test);

/* What pw_self_test_report() reads, up to a NULL. */
extern const char *const pw_self_test_files[];

enum pw_verdict pw_self_test_verdict(const struct pw_self_test *test, size_t hook);
const char *pw_verdict_name(enum pw_verdict verdict);

/*
 * Says on stderr (in red where @colour is set) what is not seen: a line for each hook that is silent or could not be
 * attached. Return: an exit status, not 0 where one of these is required.
 */
int pw_self_test_report(const struct pw_self_test *test, bool colour);

/* Says which required hook could not be attached; returns an exit status. */
int pw_self_test_explain(const char *device);

#endif
