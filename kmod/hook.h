/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What handlers share: which sockets they are for, who is at work.
 */
#ifndef PW_HOOK_H
#define PW_HOOK_H

#include <linux/fs.h>
#include <linux/sched.h>
#include <net/mptcp.h>
#include <net/sock.h>

#include "event.h"
#include "hooks.h"
#include "process.h"
#include "sctp.h"
#include "socket.h"
#include "stream.h"
#include "vsock.h"

/*
 * Since 6.11 SMC is a protocol of these families too. It takes its sockets apart by
 * itself, which no hook sees; the TCP socket that carries one is seen as the kernel's.
 */
#define PW_IPPROTO_SMC	256

static inline bool pw_is_inet(const struct sock *sk)
{
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk->sk_protocol != PW_IPPROTO_SMC;
}

/* Of a family whose sockets we follow. */
static inline bool pw_has_events(const struct sock *sk)
{
	return pw_is_inet(sk) || pw_is_vsock(sk);
}

/* Of a table of descriptors, under RCU: it may be going away, but its memory stays. */
static inline bool pw_is_socket(const struct file *file)
{
	const struct inode *inode = file ? READ_ONCE(file->f_inode) : NULL;

	return inode && S_ISSOCK(READ_ONCE(inode->i_mode));
}

/* A TCP socket, but one that the kernel made to carry an MPTCP one. */
static inline bool pw_is_subflow(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM &&
	       sk_is_mptcp(sk);
}

static inline bool pw_is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM &&
	       !sk_is_mptcp(sk);
}

static inline bool pw_is_mptcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_MPTCP && sk->sk_type == SOCK_STREAM;
}

/* Its life is told by the states of TCP; it may outlive its last descriptor. */
static inline bool pw_has_states(const struct sock *sk)
{
	return pw_is_tcp(sk) || pw_is_mptcp(sk);
}

/* In process context, a subflow that is locked: the MPTCP socket it is first of. */
struct sock *pw_subflow_parent(const struct sock *ssk);

/* Does it hold a port? (A raw socket has its protocol's number there.) */
bool pw_has_port(const struct sock *sk);

/* Has its last descriptor been closed, or did it never have any and is dead? */
bool pw_is_let_go(const struct sock *sk);

/*
 * TCP and MPTCP, with the shard locked: it is neither connected nor a listener, nor does
 * it try to be. That an end is told is enough: the state is set a little later.
 */
bool pw_is_over(const struct pw_socket *socket, const struct sock *sk);

/* PW_S_* of a socket that was not seen being made, by what it is now. */
u16 pw_socket_flags_of(const struct sock *sk);

/*
 * pw_socket_lock() in process context, for what the running process does: @who is that,
 * with a reference, or NULL where it is the owner, who need not be looked for.
 */
struct pw_socket *pw_socket_lock_by(struct pw_socket_lock *lock, struct sock *sk,
				    struct pw_process **who)
	__acquires(lock->shard);

/*
 * In process context, with the shard locked: the record of a socket that the
 * process @who works with. One that is not known yet was open before the hooks
 * were, and belongs to who holds it (Documentation/events.md). May be NULL.
 */
struct pw_socket *pw_socket_of_holder(struct pw_socket_lock *lock,
				      struct pw_socket *socket, struct sock *sk,
				      struct pw_process *who);

/* The owner of a socket that the running process creates or accepts, held. */
struct pw_process *pw_owner_of(const struct sock *sk, struct pw_process *who);

/* Why a connection of MPTCP ended that was in @oldstate: enum portwatch_reason. */
u8 pw_mptcp_reason(struct pw_socket *socket, const struct sock *sk, int oldstate);

/* Send an event of a type that has no particulars. */
void pw_emit_plain(struct pw_socket *socket, u8 type, struct sock *sk,
		   u64 cookie, struct pw_process *who);

/* A socket was made that nobody else knows yet, by @who: SOCKET. Takes @owner over. */
void pw_emit_socket(struct pw_socket *socket, struct sock *sk,
		    struct pw_process *owner, struct pw_process *who);

/*
 * Under the lock, of an event that ends what the socket was or tried to be: say where
 * it keeps its port (STILL_BOUND), which has an end of its own later. @socket may be
 * NULL: then that would not be told, and nothing is said.
 */
void pw_event_set_still_bound(struct portwatch_event *event,
			      const struct pw_socket *socket,
			      const struct sock *sk);

/* End what the socket was, by @closer of it: CLOSE of kind SOCKET. */
void pw_emit_socket_close(struct pw_socket *socket, struct sock *sk);

/*
 * The running process took a connection: ACCEPT. The new socket is locked and nobody
 * else has it. @listener 0: the one that its record has.
 */
void pw_emit_accept(struct sock *sk, u64 listener);
void pw_count_accepted(struct sock *listener);

/* A socket stopped listening: CLOSE of kind LISTENER. */
void pw_emit_listener_close(struct pw_socket *socket, struct sock *sk);

/* A socket listens: LISTEN. */
void pw_emit_listen(struct pw_socket *socket, struct sock *sk, u64 cookie,
		    u32 backlog, struct pw_process *who);

/* A port was taken: BIND. @asked is NULL where @how is AUTO. */
void pw_emit_bind(struct pw_socket *socket, struct sock *sk, u64 cookie, u8 how,
		  const struct pw_address *asked, struct pw_process *who);

#endif /* PW_HOOK_H */
