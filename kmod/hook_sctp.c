// SPDX-License-Identifier: GPL-2.0
/*
 * Associations of SCTP, and the end of its sockets.
 *
 * A socket goes from CLOSE to LISTEN and back, or to ESTABLISHED and, when it is
 * closed or its peer closes, to CLOSING (the kernel's word for it is CLOSE_WAIT).
 * It is CLOSE again as soon as it is let go, whatever its association still does;
 * an association that is over does not change it. So the end of a connection is
 * that of the association. All of them belong to a socket, which they keep alive,
 * and all that is here runs with that socket locked.
 */
#include <linux/errno.h>
#include <linux/sctp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sctp/structs.h>
#include <net/tcp_states.h>

#include "hook.h"

bool pw_sctp_is_one_to_many(const struct sock *sk)
{
	return sctp_sk(sk)->type == SCTP_SOCKET_UDP;
}

bool pw_sctp_has_port(const struct sock *sk)
{
	return sctp_sk(sk)->bind_hash;
}

/* The only one of a socket that has one. */
static const struct sctp_association *association_of(const struct sock *sk)
{
	return list_first_entry_or_null(&sctp_sk(sk)->ep->asocs,
					struct sctp_association, asocs);
}

u16 pw_sctp_flags_of(const struct sock *sk)
{
	u16 port = inet_sk(sk)->inet_num ? PW_S_USED | PW_S_PORT : 0;
	bool associated = !pw_sctp_has_many(sk) && association_of(sk);

	switch (sk->sk_state) {
	case TCP_LISTEN:
		return port | PW_S_LISTENING;
	case TCP_CLOSE:
		return port | (associated ? PW_S_CONNECTING : 0);
	default:
		/* Its port may be that of the listener it came from. */
		return PW_S_USED | (associated ? PW_S_ASSOCIATED : PW_S_ENDED);
	}
}

/* Is the peer that the socket shows one of the association's addresses? */
static bool shows_peer(const struct portwatch_event *event,
		       const struct sctp_association *asoc)
{
	const struct sctp_transport *transport;

	if (!(event->flags & PORTWATCH_F_REMOTE) ||
	    event->rport != asoc->peer.port)
		return false;
	list_for_each_entry(transport, &asoc->peer.transport_addr_list,
			    transports) {
		const union sctp_addr *addr = &transport->ipaddr;

		if (event->family != addr->sa.sa_family)
			continue;
		if (event->family == AF_INET6 ?
		    !memcmp(event->raddr, &addr->v6.sin6_addr, 16) :
		    !memcmp(event->raddr, &addr->v4.sin_addr, 4))
			return true;
	}
	return false;
}

static void set_peer(struct portwatch_event *event,
		     const struct sctp_association *asoc)
{
	const struct list_head *list = &asoc->peer.transport_addr_list;
	struct pw_address peer = { .port = asoc->peer.port };
	const union sctp_addr *addr;
	u8 family = event->family;

	if (list_empty(list))
		return;
	addr = &list_last_entry(list, struct sctp_transport, transports)->ipaddr;
	peer.family = asoc->base.sk->sk_family;
	if (addr->sa.sa_family == AF_INET6) {
		memcpy(peer.addr, &addr->v6.sin6_addr, 16);
	} else if (peer.family == AF_INET6) {
		memset(peer.addr + 10, 0xff, 2);
		memcpy(peer.addr + 12, &addr->v4.sin_addr, 4);
	} else {
		memcpy(peer.addr, &addr->v4.sin_addr, 4);
	}
	pw_event_set_remote(event, &peer);
	/* It has addresses of both families, and shows one that is not for this peer. */
	if (event->family != family)
		memset(event->laddr, 0, sizeof(event->laddr));
}

/*
 * The peer is the one that the socket shows to getpeername(). What it shows before
 * the kernel has set it, or where a message began the association, is that of an
 * earlier one; then it is the last of the addresses that the association knows,
 * which connect() will show, too. @asoc may be NULL: it has none any more.
 */
static void init_event(struct portwatch_event *event, u8 type, struct sock *sk,
		       u64 cookie, const struct sctp_association *asoc)
{
	pw_event_init(event, type, sk, cookie);
	if (asoc && !shows_peer(event, asoc))
		set_peer(event, asoc);
}

/*
 * A one-to-many socket has no port yet and has to have one: as with UDP, it serves
 * any number of peers. It is taken for any address; what the socket shows is the
 * one that it has found for its first peer.
 */
static void emit_autobind(struct pw_socket *socket, struct sock *sk,
			  struct pw_process *who)
{
	struct pw_address any = {
		.family = sk->sk_family, .port = inet_sk(sk)->inet_num,
	};
	struct portwatch_event event __uninitialized;

	socket->flags |= PW_S_PORT;
	socket->port = any.port;
	socket->how = PORTWATCH_HOW_AUTO;
	pw_event_init(&event, PORTWATCH_BIND, sk, socket->cookie);
	pw_event_set_local(&event, &any);
	pw_event_bind(&event, sk, PORTWATCH_HOW_AUTO, NULL);
	if (sk->sk_family == AF_INET6 && !ipv6_only_sock(sk))
		event.flags |= PORTWATCH_F_DUAL_STACK;
	pw_socket_emit(socket, &event, who, current->pid, NULL);
}

/*
 * sctp_primitive_ASSOCIATE(net, association, arg): process context, a connect() or
 * a first message to a peer. The INIT is about to be sent.
 */
PW_FTRACE(pw_on_sctp_associate)
{
	const struct sctp_association *asoc = (void *)pw_ftrace_arg(regs, 1);
	struct sock *sk = asoc->base.sk;
	bool many = pw_sctp_has_many(sk);
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	u64 now;

	pw_hook_hit(PW_HOOK_SCTP_CONNECT);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket && many && !(socket->flags & PW_S_PORT))
		emit_autobind(socket, sk, who);
	if (socket && !many) {
		socket->flags &= ~PW_S_ENDED;
		socket->flags |= PW_S_CONNECTING;
	}
	init_event(&event, PORTWATCH_CONNECT, sk, lock.cookie, asoc);
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (socket && !many)
		socket->mark = now;
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * sctp_ulpevent_make_assoc_change(association, flags, change, ...): softirq or
 * process context. What happens to the association, before it does; the socket has
 * the error already.
 */
PW_FTRACE(pw_on_sctp_assoc_change)
{
	const struct sctp_association *asoc = (void *)pw_ftrace_arg(regs, 0);
	u16 change = pw_ftrace_arg(regs, 2);
	struct sock *sk = asoc->base.sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	u8 reason, first;

	if (change == SCTP_SHUTDOWN_COMP) {
		reason = PORTWATCH_REASON_FIN;
		/* The other one has sent the last word but one. */
		first = asoc->state == SCTP_STATE_SHUTDOWN_ACK_SENT ?
			PORTWATCH_FIRST_REMOTE : PORTWATCH_FIRST_LOCAL;
	} else if (change != SCTP_COMM_LOST) {
		return;
	} else if (READ_ONCE(sk->sk_err) == ECONNRESET) {
		reason = PORTWATCH_REASON_RST_RECEIVED;
		first = PORTWATCH_FIRST_REMOTE;
	} else if (READ_ONCE(sk->sk_err) == ETIMEDOUT) {
		reason = PORTWATCH_REASON_TIMEOUT;
		first = 0;
	} else {
		reason = PORTWATCH_REASON_RST_SENT;
		first = PORTWATCH_FIRST_LOCAL;
	}
	pw_hook_hit(PW_HOOK_SCTP_REASON);
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_ASSOCIATED) {
		socket->reason = reason;
		socket->first = first;
	}
	pw_socket_unlock(&lock);
}

static void emit_established(struct pw_socket *socket, struct sock *sk)
{
	struct portwatch_event event __uninitialized;

	init_event(&event, PORTWATCH_ESTABLISHED, sk, socket->cookie,
		   association_of(sk));
	event.established.latency = socket->mark;
	socket->flags &= ~PW_S_CONNECTING;
	socket->flags |= PW_S_ASSOCIATED;
	socket->mark = pw_socket_emit(socket, &event, NULL, 0,
				      &event.established.latency);
}

/* The error of one that was let go is what became of it then. */
static void emit_connect_failed(struct pw_socket *socket, struct sock *sk,
				const struct sctp_association *asoc)
{
	int error = READ_ONCE(sk->sk_err);
	struct portwatch_event event __uninitialized;

	init_event(&event, PORTWATCH_CONNECT_FAILED, sk, socket->cookie, asoc);
	event.connect_failed.error =
		error && !(socket->flags & PW_S_RELEASED) ? error : ECANCELED;
	event.connect_failed.latency = socket->mark;
	pw_event_set_still_bound(&event, socket, sk);
	socket->flags &= ~PW_S_CONNECTING;
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.connect_failed.latency);
}

static void emit_connection_close(struct pw_socket *socket, struct sock *sk,
				  const struct sctp_association *asoc)
{
	struct portwatch_event event __uninitialized;

	init_event(&event, PORTWATCH_CLOSE, sk, socket->cookie, asoc);
	event.close.kind = PORTWATCH_KIND_CONNECTION;
	event.close.reason = socket->reason;
	event.close.first = socket->first;
	event.close.duration = socket->mark;
	/* It counts chunks, not bytes. */
	event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	event.close.count = PORTWATCH_UNKNOWN32;
	pw_event_set_still_bound(&event, socket, sk);
	socket->flags &= ~PW_S_ASSOCIATED;
	socket->flags |= PW_S_ENDED;
	/* Either the port went with it, or it has an end of its own. */
	if (event.flags & PORTWATCH_F_STILL_BOUND)
		socket->flags |= PW_S_PORT;
	else
		socket->flags &= ~PW_S_PORT;
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.close.duration);
}

/*
 * sctp_association_free(association): softirq or process context; it is over. That
 * of a listener was never accepted, those of a one-to-many socket are not followed.
 */
PW_FTRACE(pw_on_sctp_association_free)
{
	const struct sctp_association *asoc = (void *)pw_ftrace_arg(regs, 0);
	struct sock *sk = asoc->base.sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	/* The kernel makes one for each INIT that comes in, for a moment. */
	if (asoc->temp)
		return;
	pw_hook_hit(PW_HOOK_SCTP_END);
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_CONNECTING)
		emit_connect_failed(socket, sk, asoc);
	else if (socket && socket->flags & PW_S_ASSOCIATED)
		emit_connection_close(socket, sk, asoc);
	/* The socket was let go before, and waited only for this. */
	if (socket && socket->flags & PW_S_RELEASED &&
	    sk->sk_state == TCP_CLOSE)
		pw_socket_remove(&lock, socket);
	pw_socket_unlock(&lock);
}

/* Was it one-to-many's? Its state tells of it, and not that it was accepted. */
bool pw_sctp_is_peeled_off(const struct sock *sk)
{
	return pw_is_sctp(sk) &&
	       sctp_sk(sk)->type == SCTP_SOCKET_UDP_HIGH_BANDWIDTH;
}

/*
 * Newer kernels copy the old socket, with the cookie that it has because we asked for
 * it. Nobody else has the new one yet: it gets a cookie of its own when it is asked
 * for that, as it would if nobody looked.
 */
static void forget_copied_cookie(struct sock *sk, u64 old)
{
	if (atomic64_read(&sk->sk_cookie) == old)
		atomic64_set(&sk->sk_cookie, 0);
}

/*
 * sctp_assoc_migrate(association, new socket): process context, both sockets locked.
 * An association gets a socket of its own: by accept(), which has a hook of its own,
 * or by being peeled off. The new socket's state is set next.
 */
PW_FTRACE(pw_on_sctp_assoc_migrate)
{
	const struct sctp_association *asoc = (void *)pw_ftrace_arg(regs, 0);
	struct sock *sk = (void *)pw_ftrace_arg(regs, 1);
	struct sock *old = asoc->base.sk;
	bool peeled = pw_sctp_is_peeled_off(sk);
	u64 listener = pw_socket_cookie(old);
	struct pw_process *who = NULL;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	bool incoming;

	pw_hook_hit(PW_HOOK_SCTP_PEEL_OFF);
	forget_copied_cookie(sk, listener);
	/* This end has sent no INIT: it was the other one that called. */
	incoming = !asoc->init_last_sent_to;
	if (peeled && incoming)
		pw_count_accepted(old);
	if (peeled)
		who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (!socket) {
		socket = pw_socket_add(&lock, sk);
		/* A copy, which was not made as a socket is. */
		if (socket && peeled)
			pw_emit_socket(socket, sk, pw_process_hold(who), who);
	}
	if (socket) {
		socket->listener = listener;
		socket->queue = old;
		socket->flags |= incoming ? PW_S_INCOMING : 0;
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/* Process context; the new socket is locked, and nobody else has it. */
static void peeled_off(struct sock *sk)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket = pw_socket_lock(&lock, sk);
	bool incoming = socket && socket->flags & PW_S_INCOMING;

	if (socket && socket->listener && !incoming)
		emit_established(socket, sk);
	else if (socket)
		socket->flags |= PW_S_ASSOCIATED;
	pw_socket_unlock(&lock);
	if (incoming)
		pw_emit_accept(sk, 0);
}

/*
 * The last descriptor is gone, the socket ends: process context. A connection
 * whose last words are still to be exchanged is over with its association, which
 * keeps the socket until then.
 */
static void ended(struct pw_socket_lock *lock, struct pw_socket *socket,
		  struct sock *sk)
{
	if (socket->flags & PW_S_LISTENING) {
		pw_emit_listener_close(socket, sk);
	} else if (!(socket->flags & PW_S_ASSOCIATED)) {
		pw_emit_socket_close(socket, sk);
	} else if (list_empty(&sctp_sk(sk)->ep->asocs) ||
		   !pw_hook_is_attached(PW_HOOK_SCTP_END)) {
		emit_connection_close(socket, sk, NULL);
	} else {
		return;
	}
	pw_socket_remove(lock, socket);
}

void pw_on_sctp_set_state(struct sock *sk, int oldstate, int newstate)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (newstate == TCP_ESTABLISHED && pw_sctp_is_peeled_off(sk)) {
		peeled_off(sk);
		return;
	}
	socket = pw_socket_lock(&lock, sk);
	if (socket && newstate == TCP_ESTABLISHED &&
	    socket->flags & PW_S_CONNECTING)
		emit_established(socket, sk);
	else if (socket && newstate == TCP_CLOSE &&
		 socket->flags & PW_S_RELEASED)
		ended(&lock, socket, sk);
	else if (socket && newstate == TCP_CLOSE &&
		 (socket->flags & (PW_S_INCOMING | PW_S_ACCEPTED)) ==
		 PW_S_INCOMING)
		pw_socket_remove(&lock, socket);
	pw_socket_unlock(&lock);
}
