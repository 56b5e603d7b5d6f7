/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vsock: sockets between a virtual machine and its host, or within one of them.
 */
#ifndef PW_VSOCK_H
#define PW_VSOCK_H

#include <linux/socket.h>
#include <net/sock.h>

struct portwatch_vsock_addr;
struct pw_holder;
struct pw_socket;

static inline bool pw_is_vsock(const struct sock *sk)
{
	return sk->sk_family == AF_VSOCK;
}

/* These are of a socket of vsock. */

/* It listens, or has one peer. Others are of VMware's only. */
static inline bool pw_vsock_is_stream(const struct sock *sk)
{
	return sk->sk_type == SOCK_STREAM || sk->sk_type == SOCK_SEQPACKET;
}

bool pw_vsock_has_port(const struct sock *sk);

/* One that was accepted has a port, too, and does not hold it. */
bool pw_vsock_is_bound(const struct sock *sk);
void pw_vsock_local(struct portwatch_vsock_addr *addr, const struct sock *sk);

/* What the last connect() named, or who called. False: nobody. */
bool pw_vsock_remote(struct portwatch_vsock_addr *addr, const struct sock *sk);

/* PW_S_* of a socket that was not seen being made, by what it is now. */
u16 pw_vsock_flags_of(const struct sock *sk);

/*
 * Look for the socket because of which @sk could not have what was asked for: as
 * pw_holder_find().
 */
void pw_vsock_find_holder(struct pw_holder *holder, const struct sock *sk,
			  const struct portwatch_vsock_addr *asked);

#endif /* PW_VSOCK_H */
