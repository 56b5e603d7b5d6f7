// SPDX-License-Identifier: GPL-2.0
/*
 * The beginning and the end of sockets.
 */
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

#include "hook.h"
#include "mptcp.h"

struct pw_process *pw_owner_of(const struct sock *sk, struct pw_process *who)
{
	if (sk->sk_kern_sock)
		return pw_process_hold(&pw_process_kernel);
	return pw_process_hold(who);
}

bool pw_has_port(const struct sock *sk)
{
	if (pw_is_vsock(sk))
		return pw_vsock_has_port(sk);
	return inet_sk(sk)->inet_num && sk->sk_type != SOCK_RAW;
}

/*
 * An MPTCP socket keeps a copy of what its first subflow had: only a port that was
 * taken by bind() is sure to be there still.
 */
static bool still_has_port(const struct pw_socket *socket, const struct sock *sk)
{
	if (pw_is_mptcp(sk) && !(socket->flags & PW_S_PORT))
		return false;
	if (pw_is_vsock(sk))
		return pw_vsock_has_port(sk);
	return inet_sk(sk)->inet_num;
}

/*
 * The last descriptor is gone as soon as nobody holds the file, before anything is
 * done to the socket. A file that another socket has by now is none of this one's:
 * that one is dead, which is looked at afterwards.
 */
bool pw_is_let_go(const struct sock *sk)
{
	const struct socket *sock;
	struct file *file;
	bool closed;

	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	file = sock ? READ_ONCE(sock->file) : NULL;
	closed = file && !file_count(file);
	rcu_read_unlock();
	smp_rmb(); /* the file before the socket */
	return closed || sock_flag(sk, SOCK_DEAD);
}

u16 pw_socket_flags_of(const struct sock *sk)
{
	u16 flags = 0;

	if (pw_is_vsock(sk))
		return pw_vsock_flags_of(sk);
	if (pw_is_sctp(sk))
		return pw_sctp_flags_of(sk);
	if (pw_has_port(sk))
		flags |= PW_S_USED;
	if (!pw_has_states(sk))
		return flags | (flags & PW_S_USED ? PW_S_PORT : 0);
	switch (sk->sk_state) {
	case TCP_LISTEN:
		return flags | PW_S_LISTENING | PW_S_PORT;
	case TCP_SYN_SENT:
		return flags | PW_S_CONNECTING;
	case TCP_CLOSE:
		return flags | (flags & PW_S_USED ? PW_S_PORT : 0);
	default:
		return flags;
	}
}

struct pw_socket *pw_socket_lock_by(struct pw_socket_lock *lock, struct sock *sk,
				    struct pw_process **who)
	__acquires(lock->shard)
{
	struct pw_socket *socket = pw_socket_lock(lock, sk);

	*who = NULL;
	if (likely(socket && pw_process_is_current(socket->owner)))
		return socket;
	pw_socket_unlock(lock);
	*who = pw_process_current();
	return pw_socket_lock(lock, sk);
}

struct pw_socket *pw_socket_of_holder(struct pw_socket_lock *lock,
				      struct pw_socket *socket, struct sock *sk,
				      struct pw_process *who)
{
	if (!socket) {
		socket = pw_socket_add(lock, sk);
		if (socket)
			socket->flags = pw_socket_flags_of(sk);
	}
	if (socket && !socket->owner)
		pw_socket_set_owner(socket, pw_owner_of(sk, who), current->pid);
	return socket;
}

void pw_emit_plain(struct pw_socket *socket, u8 type, struct sock *sk,
		   u64 cookie, struct pw_process *who)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, type, sk, cookie);
	pw_socket_emit(socket, &event, who, current->pid, NULL);
}

void pw_emit_socket(struct pw_socket *socket, struct sock *sk,
		    struct pw_process *owner, struct pw_process *who)
{
	struct portwatch_event event __uninitialized;

	pw_socket_set_owner(socket, owner, current->pid);
	socket->shown = pw_stream_who_sees_all();
	/* Seldom asked for; who sees all by now has asked before. */
	if (!READ_ONCE(pw_stream_wants[PORTWATCH_SOCKET])) {
		socket->seq++;
		socket->born = ktime_get_boottime_ns();
		return;
	}
	pw_event_init(&event, PORTWATCH_SOCKET, sk, socket->cookie);
	/* It has none yet; one that is a copy would show those of the old one. */
	pw_event_clear_addresses(&event, sk);
	event.socket.sock_type = sk->sk_type;
	socket->born = pw_socket_emit(socket, &event, who, current->pid, NULL);
}

/*
 * security_socket_post_create(sock, family, type, protocol, kern): process context.
 * The socket is new, nobody else knows it.
 */
PW_FTRACE(pw_on_socket_post_create)
{
	struct socket *sock = (void *)pw_ftrace_arg(regs, 0);
	bool kern = (int)pw_ftrace_arg(regs, 4);
	struct pw_process *who, *owner;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct sock *sk = sock->sk;

	if (!sk || !pw_has_events(sk) || (kern && pw_subflow_is_coming(sk)))
		return;
	pw_hook_hit(PW_HOOK_CREATE);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (!socket)
		socket = pw_socket_add(&lock, sk);
	if (socket) {
		owner = kern ? &pw_process_kernel : who;
		pw_emit_socket(socket, sk, pw_process_hold(owner), who);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * Does the kernel have the port in the socket's name? TCP lets go of one that was not
 * asked for by its number when the state becomes CLOSE, right before it says so. An
 * MPTCP socket has its port by its first subflow, which is not to be had here; it keeps
 * what that took by bind() as long as it is open.
 */
static bool holds_port(const struct pw_socket *socket, const struct sock *sk)
{
	if (pw_is_sctp(sk))
		return pw_sctp_has_port(sk);
	if (pw_is_mptcp(sk))
		return socket->flags & PW_S_PORT &&
		       socket->how == PORTWATCH_HOW_EXPLICIT;
	if (pw_is_tcp(sk))
		return inet_csk(sk)->icsk_bind_hash;
	if (pw_is_vsock(sk))
		return pw_vsock_is_bound(sk);
	return pw_has_port(sk);
}

void pw_event_set_still_bound(struct portwatch_event *event,
			      const struct pw_socket *socket,
			      const struct sock *sk)
{
	if (socket && !(socket->flags & PW_S_RELEASED) && holds_port(socket, sk))
		event->flags |= PORTWATCH_F_STILL_BOUND;
}

bool pw_is_over(const struct pw_socket *socket, const struct sock *sk)
{
	return pw_has_states(sk) &&
	       (sk->sk_state == TCP_CLOSE || socket->flags & PW_S_ENDED ||
		(sk->sk_state == TCP_SYN_SENT &&
		 !(socket->flags & PW_S_CONNECTING)));
}

/*
 * The port goes back with the last descriptor: where more had ended before, that was
 * said to be still bound.
 */
static bool has_more_to_end(const struct pw_socket *socket, const struct sock *sk)
{
	if (!(socket->flags & PW_S_ENDED))
		return true;
	return pw_is_sctp(sk) ? socket->flags & PW_S_PORT :
				holds_port(socket, sk);
}

void pw_emit_socket_close(struct pw_socket *socket, struct sock *sk)
{
	struct portwatch_event event __uninitialized;

	if (!has_more_to_end(socket, sk))
		return;
	pw_event_init(&event, PORTWATCH_CLOSE, sk, socket->cookie);
	if (!(socket->flags & PW_S_USED))
		event.flags |= PORTWATCH_F_UNUSED;
	/*
	 * What is left of a connection that failed, or had its close, is not its: a
	 * stream that has a peer is not a mere socket.
	 */
	if (!still_has_port(socket, sk))
		pw_event_clear_local(&event, sk);
	if (pw_has_states(sk) || pw_is_sctp(sk) || pw_is_vsock(sk) ||
	    !still_has_port(socket, sk) || socket->flags & PW_S_ENDED)
		pw_event_clear_remote(&event, sk);
	event.close.kind = PORTWATCH_KIND_SOCKET;
	event.close.reason = PORTWATCH_REASON_RELEASED;
	event.close.duration = socket->born;
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.close.duration);
	socket->flags |= PW_S_ENDED;
}

/*
 * inet_release(sock): process context (a task that closes, exits or collects
 * descriptors in flight), the last descriptor is gone, the socket is not locked. A
 * connection or a listener ends later, by its state, and so does all of SCTP.
 */
PW_FTRACE(pw_on_inet_release)
{
	struct socket *sock = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	struct sock *sk = sock->sk;
	bool by_state;

	if (!sk || !pw_is_inet(sk) || pw_is_subflow(sk))
		return;
	pw_hook_hit(PW_HOOK_RELEASE);
	by_state = pw_has_states(sk) || pw_is_sctp(sk);
	socket = pw_socket_lock_by(&lock, sk, &who);
	if (!socket && !by_state)
		socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket) {
		socket->flags |= PW_S_RELEASED;
		pw_socket_set_closer(socket, who);
		if (!by_state || pw_is_over(socket, sk))
			pw_emit_socket_close(socket, sk);
		if (!by_state && !sock->file)
			pw_socket_bury(&lock, socket);
		else if (!by_state)
			pw_socket_remove(&lock, socket);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * __udp_disconnect(sk): process context. The socket stays, and a port that was not
 * asked for goes back now. Whoever is at work here need not hold the socket (ss -K),
 * so no record is made.
 */
PW_FTRACE(pw_on_udp_disconnect)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (!pw_has_port(sk) || sk->sk_userlocks & SOCK_BINDPORT_LOCK)
		return;
	pw_hook_hit(PW_HOOK_DISCONNECT);
	socket = pw_socket_lock_by(&lock, sk, &who);
	if (socket) {
		pw_socket_set_closer(socket, who);
		pw_emit_socket_close(socket, sk);
		pw_socket_set_closer(socket, NULL);
		/* It may be given the same one again. */
		socket->port = 0;
		socket->flags &= ~PW_S_PORT;
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * tcp_destroy_sock(sk): process context or softirq; the end of a TCP socket. No
 * hook sees it after this.
 */
void pw_on_tcp_destroy_sock(void *data, struct sock *sk)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	pw_hook_hit(PW_HOOK_DESTROY);
	socket = pw_socket_lock(&lock, sk);
	if (socket)
		pw_socket_remove(&lock, socket);
	pw_socket_unlock(&lock);
}
