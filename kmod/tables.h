/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own tables of sockets that have a port, in all network namespaces.
 */
#ifndef PW_TABLES_H
#define PW_TABLES_H

#include <linux/types.h>

struct sock;

/*
 * Visit all sockets of TCP that have a port, or of UDP and UDP-Lite, until @visit
 * says false. Process context, may sleep, but @visit must not: it is called with a
 * lock of the kernel's, under which the socket keeps its port, and in a section of RCU.
 * Of TCP there are those that an MPTCP socket is made of, and what is left in TIME_WAIT.
 *
 * A socket that has its port from the beginning to the end of the walk is visited, be
 * it more than once; others may be. Returns whether @visit was asked for all of them.
 */
bool pw_tcp_sockets_visit(bool (*visit)(struct sock *sk, void *arg), void *arg);
bool pw_udp_sockets_visit(bool (*visit)(struct sock *sk, void *arg), void *arg);

#endif /* PW_TABLES_H */
