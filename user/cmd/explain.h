/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_EXPLAIN_H
#define PW_EXPLAIN_H

#include <portwatch.h>

/*
 * Prints who does what of a filter; NULL: there is none. @live: there is a kernel to
 * do it. Return: an exit status.
 */
int pw_explain(const struct portwatch_filter *filter, bool live);

#endif
