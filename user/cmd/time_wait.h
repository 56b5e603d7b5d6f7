/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What connections of TCP left behind: the module has no record of it, for it is no
 * socket any more. The kernel tells it to everybody who asks (NETLINK_SOCK_DIAG).
 */
#ifndef PW_TIME_WAIT_H
#define PW_TIME_WAIT_H

#include <stddef.h>
#include <stdint.h>

#include "audit/ledger.h"

/*
 * All that is in TIME_WAIT (or waits for a FIN without a socket) on that local
 * port, in the network namespace of this process, as ports of nobody: an array to
 * be freed. Return: 0 or -errno.
 */
int pw_time_wait_list(uint16_t port, struct pw_port **list, size_t *count);

#endif
