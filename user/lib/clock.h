/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_CLOCK_H
#define PW_CLOCK_H

#include <stdint.h>

#define PW_NSEC_PER_SEC	1000000000ULL

/**
 * struct pw_clock - from the time since boot to the time of day
 *
 * @offset:	CLOCK_REALTIME - CLOCK_BOOTTIME, nanoseconds
 * @error:	how far that may be off
 * @sampled:	when it was looked at last, CLOCK_BOOTTIME
 */
struct pw_clock {
	int64_t offset;
	uint64_t error;
	uint64_t sampled;
};

/* CLOCK_BOOTTIME, nanoseconds. */
uint64_t pw_clock_boot(void);

void pw_clock_init(struct pw_clock *clock);

/* Looks at the clocks again if that was long ago. */
void pw_clock_update(struct pw_clock *clock);

#endif
