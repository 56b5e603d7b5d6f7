/* SPDX-License-Identifier: GPL-2.0 */
/* The module's own filter.c, asked about events as the reader has them. */
#ifndef KERNEL_FILTER_H
#define KERNEL_FILTER_H

#include "portwatch.h"

struct pw_filter;

/* What PORTWATCH_IOC_FILTER makes of it; NULL: it is refused. To be freed. */
struct pw_filter *kernel_filter_new(const struct portwatch_tests *tests);

/* Owner and actor are those of the item. */
bool kernel_filter_wants(const struct pw_filter *filter,
			 const struct portwatch_item *item);

#endif
