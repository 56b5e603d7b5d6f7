/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_KTIME_H
#define SHIM_KTIME_H

#include <linux/types.h>

/* The clock of the test: memory.c. */
u64 ktime_get_boottime_ns(void);

#endif
