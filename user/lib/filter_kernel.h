/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * What of a filter the kernel can do. What it cannot say is taken for what keeps no
 * event back, so an event that the filter wants is always among those that come.
 */
#ifndef PW_FILTER_KERNEL_H
#define PW_FILTER_KERNEL_H

#include "filter.h"

/**
 * struct pw_filter_plan - which parts of a filter the kernel does
 *
 * @filter:	the filter
 * @tests:	of each of its nodes, how many tests the kernel makes of it; 0: none,
 *		it is left to the reader. All of the filter: that of its root.
 */
struct pw_filter_plan {
	const struct portwatch_filter *filter;
	uint8_t *tests;
};

/* Return: 0 or -ENOMEM. */
int pw_filter_plan_make(struct pw_filter_plan *plan,
			const struct portwatch_filter *filter);
void pw_filter_plan_free(struct pw_filter_plan *plan);

/* How many tests there are; 0: the kernel cannot do anything of it. */
unsigned int pw_filter_plan_tests(const struct pw_filter_plan *plan);

/* Is a test the same in the kernel as here, where the kernel does it? */
bool pw_filter_is_exact(const struct pw_filter_node *test);

/* The tests, for PORTWATCH_IOC_FILTER. Return: how many. */
unsigned int pw_filter_compile(const struct pw_filter_plan *plan,
			       struct portwatch_tests *tests);

#endif
