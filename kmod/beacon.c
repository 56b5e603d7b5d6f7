// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/mm.h>

#include "beacon.h"

struct pw_area pw_beacons;

size_t pw_beacons_bytes(void)
{
	return PAGE_ALIGN((size_t)nr_cpu_ids * PW_BEACON_STRIDE);
}

int pw_beacons_init(void)
{
	return pw_area_alloc(&pw_beacons, pw_beacons_bytes(), GFP_KERNEL);
}

void pw_beacons_exit(void)
{
	pw_area_free(&pw_beacons);
}
