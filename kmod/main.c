// SPDX-License-Identifier: GPL-2.0
/*
 * portwatch: every port that is opened and every connection that is made.
 *
 * Loading makes the device and nothing more. Hooks are attached, and memory is
 * taken, with the first session that starts (session.c).
 */
#include <linux/init.h>
#include <linux/module.h>

#include "beacon.h"
#include "chardev.h"
#include "session.h"

static int __init portwatch_init(void)
{
	int err;

	err = pw_beacons_init();
	if (err)
		return err;
	err = pw_sessions_init();
	if (err)
		goto exit_beacons;
	err = pw_chardev_init();
	if (err)
		goto exit_sessions;
	return 0;

exit_sessions:
	pw_sessions_exit();
exit_beacons:
	pw_beacons_exit();
	return err;
}

/* No session is open: an open file keeps the module loaded. */
static void __exit portwatch_exit(void)
{
	pw_chardev_exit();
	pw_sessions_exit();
	pw_beacons_exit();
}

module_init(portwatch_init);
module_exit(portwatch_exit);

MODULE_DESCRIPTION("Shows every port that is opened and every connection that is made");
MODULE_AUTHOR("The portwatch developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
