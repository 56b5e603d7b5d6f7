/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls: an allow-list. Without libseccomp, or on a kernel without filters, all
 * of them stay.
 */
#ifndef PW_CALLS_H
#define PW_CALLS_H

#include "confine.h"

/*
 * With this in the environment a call that is not on the list says so and ends the
 * program, with PW_CALLS_STATUS; it makes nothing possible. Tests set it: what would
 * fail unseen fails there.
 */
#define PW_CALLS_REPORT		"PORTWATCH_REPORT_CALLS"
#define PW_CALLS_STATUS		70

/*
 * From here on only calls that reading, printing and @limits need. Any other fails
 * with ENOSYS: a C library that is newer than the list then does what it does on an
 * older kernel. Those that nobody makes by accident (to start a program, to trace, to
 * mount, to load code into the kernel) end the program. Return: 0 or -errno.
 */
int pw_calls_restrict(const struct pw_limits *limits);

#endif
