// SPDX-License-Identifier: GPL-2.0
#include <linux/gfp.h>
#include <linux/mm.h>

#include "area.h"
#include "beacon.h"

void *pw_beacons;
struct pw_area pw_beacon_area;

size_t pw_beacons_bytes(void)
{
	return PAGE_ALIGN((size_t)nr_cpu_ids * PW_BEACON_STRIDE);
}

int pw_beacons_init(void)
{
	int err = pw_area_alloc(&pw_beacon_area, pw_beacons_bytes(), GFP_KERNEL);

	pw_beacons = pw_beacon_area.at;
	return err;
}

void pw_beacons_exit(void)
{
	pw_area_free(&pw_beacon_area);
}
