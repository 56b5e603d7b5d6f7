/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SCTP: what its sockets are to the rest of the module.
 *
 * A one-to-one socket (SOCK_STREAM) is used as a TCP socket is, and so is one that
 * was peeled off: it has one association, which is its connection. A one-to-many
 * socket (SOCK_SEQPACKET) has any number of them and no peer of its own.
 */
#ifndef PW_SCTP_H
#define PW_SCTP_H

#include <linux/in.h>
#include <net/sock.h>

struct pw_socket;

static inline bool pw_is_sctp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_SCTP && sk->sk_type != SOCK_RAW;
}

/* Of a socket of SCTP. */
bool pw_sctp_is_one_to_many(const struct sock *sk);

static inline bool pw_sctp_has_many(const struct sock *sk)
{
	return pw_is_sctp(sk) && pw_sctp_is_one_to_many(sk);
}

/* Does it have an association that was peeled off a one-to-many socket? */
bool pw_sctp_is_peeled_off(const struct sock *sk);

/* Of a socket of SCTP: has it a port? The number is there when it has none, too. */
bool pw_sctp_has_port(const struct sock *sk);

/* PW_S_* of a socket that was not seen being made, by what it is now. */
u16 pw_sctp_flags_of(const struct sock *sk);

/* Its state changes: under its lock, in process context or softirq. */
void pw_on_sctp_set_state(struct sock *sk, int oldstate, int newstate);

#endif /* PW_SCTP_H */
