/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lockdown: the kernel keeps root from changing the kernel, as on a machine that
 * started with Secure Boot. It refuses modules that are not signed.
 */
#ifndef PW_LOCKDOWN_H
#define PW_LOCKDOWN_H

#include <stdbool.h>

#define PW_LOCKDOWN_FILE	"/sys/kernel/security/lockdown"

/**
 * struct pw_lockdown - what the kernel says of it
 *
 * @mode:	"integrity" or "confidentiality"
 */
struct pw_lockdown {
	char mode[32];
};

/*
 * Is the kernel locked down, by what @file says? false also where there is no such
 * file, or it cannot be read: then nobody knows.
 */
bool pw_lockdown(struct pw_lockdown *lockdown, const char *file);

#endif
