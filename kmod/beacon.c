// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "beacon.h"

void *pw_beacons;

size_t pw_beacons_bytes(void)
{
	return PAGE_ALIGN((size_t)nr_cpu_ids * PW_BEACON_STRIDE);
}

int pw_beacons_init(void)
{
	pw_beacons = vmalloc_user(pw_beacons_bytes());
	return pw_beacons ? 0 : -ENOMEM;
}

void pw_beacons_exit(void)
{
	vfree(pw_beacons);
}
