/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a session wants of the events that it asked for: a list of tests, each of
 * which says by which one to go on. It is checked once, when it comes in, and then
 * only read.
 */
#ifndef PW_FILTER_H
#define PW_FILTER_H

#include <linux/types.h>
#include <linux/portwatch.h>

struct pw_process;

/**
 * struct pw_test - a test, as it is asked about
 *
 * @field, @on_true, @on_false, @family: as in struct portwatch_test
 * @mask:	bits
 * @low, @span:	a range: the lowest number, and how far the highest is above it
 * @address, @prefix: two words of each: the bits of @prefix count
 */
struct pw_test {
	u8 field;
	u8 on_true;
	u8 on_false;
	u8 family;
	union {
		u64 mask;
		struct {
			u64 low;
			u64 span;
		};
		struct {
			u64 address[2];
			u64 prefix[2];
		};
	};
};

struct pw_filter {
	struct pw_test test[PORTWATCH_TESTS_MAX];
};

/* Makes a filter of what userspace says. Returns 0 or -EINVAL. */
int pw_filter_make(struct pw_filter *filter, const struct portwatch_tests *tests);

/*
 * Is it wanted? The event is whole but for what delivery fills in: time, cpu, seq,
 * owner and actor. Any context; nothing is changed or waited for.
 */
bool pw_filter_wants(const struct pw_filter *filter,
		     const struct portwatch_event *event,
		     const struct pw_process *owner,
		     const struct pw_process *actor);

/* FNV-1a, by which paths of cgroups are compared. */
u64 pw_filter_hash(const char *text, size_t len);

#endif /* PW_FILTER_H */
