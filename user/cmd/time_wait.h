/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What connections of TCP left behind: the module has no record of it, for it is no
 * socket any more. The kernel tells it to everybody who asks (NETLINK_SOCK_DIAG).
 */
#ifndef PW_TIME_WAIT_H
#define PW_TIME_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/ledger.h"

/**
 * struct pw_time_wait - a way to ask
 *
 * @fd:		a socket, or -errno
 * @netns:	the network namespace that it asks in, that of this process
 */
struct pw_time_wait {
	int fd;
	uint32_t netns;
};

/* Return: whether it can be asked; why not comes from pw_time_wait_list(). */
bool pw_time_wait_open(struct pw_time_wait *way);
void pw_time_wait_close(struct pw_time_wait *way);

/*
 * All that is in TIME_WAIT (or waits for a FIN without a socket) on that local port,
 * as ports of nobody: an array to be freed. Return: 0 or -errno.
 */
int pw_time_wait_list(const struct pw_time_wait *way, uint16_t port,
		      struct pw_port **list, size_t *count);

#endif
