// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a TCP connection: the state machine's own word. Unless it says
 * otherwise, a handler here runs in process context or in softirq, with the socket
 * locked, and never looks at current: what it sends has the owner that was recorded,
 * and for an end the process that let go of the socket before.
 */
#include <linux/errno.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/ktime.h>
#include <net/tcp.h>

#include "hook.h"
#include "mptcp.h"

/* Apart, as on_closed(): most changes of state are none of ours, and cost less so. */
static noinline void on_established(struct sock *sk)
{
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_CONNECTING) {
		pw_event_init(&event, PORTWATCH_ESTABLISHED, sk, socket->cookie);
		event.established.latency = socket->mark;
		socket->flags &= ~PW_S_CONNECTING;
		socket->mark = pw_socket_emit(socket, &event, NULL, 0,
					      &event.established.latency);
	}
	pw_socket_unlock(&lock);
}

static void emit_connect_failed(struct pw_socket *socket, struct sock *sk)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CONNECT_FAILED, sk, socket->cookie);
	event.connect_failed.error = READ_ONCE(sk->sk_err) ?: socket->error ?:
				     ECANCELED;
	event.connect_failed.latency = socket->mark;
	pw_event_set_still_bound(&event, socket, sk);
	socket->flags &= ~(PW_S_CONNECTING | PW_S_ABORTED);
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.connect_failed.latency);
}

void pw_emit_listener_close(struct pw_socket *socket, struct sock *sk)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CLOSE, sk, socket->cookie);
	event.close.kind = PORTWATCH_KIND_LISTENER;
	event.close.reason = socket->flags & PW_S_ABORTED ?
			     PORTWATCH_REASON_ABORTED :
			     PORTWATCH_REASON_RELEASED;
	event.close.count = socket->accepted;
	event.close.duration = socket->mark;
	pw_event_set_still_bound(&event, socket, sk);
	socket->flags &= ~(PW_S_LISTENING | PW_S_ABORTED);
	socket->flags |= PW_S_ENDED;
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.close.duration);
}

/*
 * Both FINs were exchanged, or ours was and a minisocket waits for the other. Any other
 * end without an error is this end's giving up, which sends a reset.
 */
static bool in_order(u16 flags, const struct sock *sk, int oldstate)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (oldstate == TCP_LAST_ACK)
		return tp->snd_una == tp->write_seq;
	return flags & PW_S_FIN;
}

/*
 * The other end fell silent. An error that only waits to be read by the program
 * (an ICMP message, say) ends nothing.
 */
static bool timed_out(const struct sock *sk, int error)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);

	return error == ETIMEDOUT ||
	       (error && (icsk->icsk_retransmits || icsk->icsk_probes_out));
}

/* 0: there was no room for a record, and what it would tell is not known. */
static u8 reason_of(const struct pw_socket *socket, const struct sock *sk,
		    int oldstate)
{
	u16 flags = socket ? socket->flags : 0;
	int error = READ_ONCE(sk->sk_err);

	if (flags & PW_S_RST_IN)
		return PORTWATCH_REASON_RST_RECEIVED;
	if (flags & PW_S_RST_OUT)
		return PORTWATCH_REASON_RST_SENT;
	if (error == ECONNABORTED || flags & PW_S_ABORTED)
		return PORTWATCH_REASON_ABORTED;
	if (timed_out(sk, error))
		return PORTWATCH_REASON_TIMEOUT;
	if (flags & PW_S_INCOMING && !(flags & PW_S_ACCEPTED) && !sk->sk_socket)
		return PORTWATCH_REASON_UNACCEPTED;
	if (in_order(flags, sk, oldstate))
		return PORTWATCH_REASON_FIN;
	return socket ? PORTWATCH_REASON_RST_SENT : 0;
}

/* Who sent the first FIN, or else the reset. */
static u8 first_of(int oldstate, u8 reason)
{
	switch (reason) {
	case PORTWATCH_REASON_FIN:
	case PORTWATCH_REASON_RST_SENT:
	case PORTWATCH_REASON_RST_RECEIVED:
		break;
	default:
		return 0;
	}
	switch (oldstate) {
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
	case TCP_TIME_WAIT:
		return PORTWATCH_FIRST_LOCAL;
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
		return PORTWATCH_FIRST_REMOTE;
	default:
		return reason == PORTWATCH_REASON_RST_RECEIVED ?
		       PORTWATCH_FIRST_REMOTE : PORTWATCH_FIRST_LOCAL;
	}
}

static void emit_connection_close(struct pw_socket *socket, struct sock *sk,
				  u64 cookie, int oldstate)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CLOSE, sk, cookie);
	event.close.kind = PORTWATCH_KIND_CONNECTION;
	if (pw_is_mptcp(sk)) {
		pw_mptcp_traffic(&event, socket);
		event.close.reason = pw_mptcp_reason(socket, sk, oldstate);
	} else {
		pw_event_traffic(&event, sk);
		event.close.reason = reason_of(socket, sk, oldstate);
	}
	event.close.first = first_of(oldstate, event.close.reason);
	pw_event_set_still_bound(&event, socket, sk);
	if (socket) {
		event.close.duration = socket->mark;
		socket->flags &= ~(PW_S_CONNECTING | PW_S_RST_IN |
				   PW_S_RST_OUT | PW_S_FIN | PW_S_ABORTED);
		socket->flags |= PW_S_ENDED;
	}
	pw_socket_emit(socket, &event, socket ? socket->closer : NULL,
		       socket ? socket->closer_tid : 0, &event.close.duration);
}

/* No SYN, no attempt: then the return of connect() tells. */
static void on_attempt_over(struct pw_socket *socket, struct sock *sk)
{
	if (!socket)
		return;
	if (socket->flags & PW_S_CONNECTING &&
	    (pw_is_mptcp(sk) || READ_ONCE(sk->sk_err) ||
	     tcp_sk(sk)->packets_out))
		emit_connect_failed(socket, sk);
	/* Unless its release told that already: no attempt was under way. */
	if (socket->flags & PW_S_RELEASED && !(socket->flags & PW_S_ENDED))
		pw_emit_socket_close(socket, sk);
}

static noinline void on_closed(struct sock *sk, int oldstate)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket = pw_socket_lock(&lock, sk);

	if (pw_is_subflow(sk) || (socket && socket->flags & PW_S_SUBFLOW)) {
		/* The kernel may call it plain TCP again by now. */
		if (socket)
			pw_mptcp_settle(socket);
	} else if (oldstate == TCP_LISTEN) {
		/* Not if listen() failed: it was a listener for a moment only. */
		if (socket && socket->flags & PW_S_LISTENING)
			pw_emit_listener_close(socket, sk);
	} else if (oldstate == TCP_SYN_SENT ||
		   (oldstate == TCP_SYN_RECV && socket &&
		    socket->flags & PW_S_CONNECTING)) {
		on_attempt_over(socket, sk);
	} else if (oldstate != TCP_SYN_RECV || socket) {
		emit_connection_close(socket, sk, lock.cookie, oldstate);
	}
	/* Who ended it from outside has no part in what it becomes next. */
	if (socket && !(socket->flags & PW_S_RELEASED))
		pw_socket_set_closer(socket, NULL);
	pw_socket_unlock(&lock);
}

/* inet_sock_set_state(sk, oldstate, newstate): the state is set after this. */
void pw_on_set_state(void *data, const struct sock *csk, const int oldstate,
		     const int newstate)
{
	struct sock *sk = (struct sock *)csk;

	if (unlikely(pw_is_sctp(sk))) {
		pw_hook_hit(PW_HOOK_STATE);
		pw_on_sctp_set_state(sk, oldstate, newstate);
	} else if (newstate == TCP_CLOSE) {
		if (oldstate == TCP_CLOSE ||
		    (!pw_has_states(sk) && !pw_is_subflow(sk)))
			return;
		pw_hook_hit(PW_HOOK_STATE);
		on_closed(sk, oldstate);
	} else if (newstate == TCP_ESTABLISHED) {
		/*
		 * Two ends that called each other (or one itself) come from
		 * SYN_RECV; a connection that came in has no socket yet.
		 */
		if ((oldstate != TCP_SYN_SENT &&
		     (oldstate != TCP_SYN_RECV || !sk->sk_socket)) ||
		    !pw_has_states(sk))
			return;
		pw_hook_hit(PW_HOOK_STATE);
		on_established(sk);
	}
}

/* tcp_reset(sk, skb): softirq, or process context when the backlog is worked off. */
PW_FTRACE(pw_on_tcp_reset)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	bool came_in = pw_tcp_reset_came_in(regs, parent_ip);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (pw_is_subflow(sk))
		return;
	pw_hook_hit(PW_HOOK_RESET);
	socket = pw_socket_lock(&lock, sk);
	/* One that is closed may be past its end: no record would be taken out. */
	if (!socket && sk->sk_state != TCP_CLOSE)
		socket = pw_socket_add(&lock, sk);
	if (socket)
		socket->flags |= came_in ? PW_S_RST_IN : PW_S_RST_OUT;
	pw_socket_unlock(&lock);
}

/*
 * tcp_time_wait(sk, state, timeout): softirq or process context, the socket is
 * locked. Its end follows at once (also where no minisocket could be made).
 */
PW_FTRACE(pw_on_tcp_time_wait)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (pw_is_subflow(sk))
		return;
	pw_hook_hit(PW_HOOK_TIME_WAIT);
	socket = pw_socket_lock(&lock, sk);
	if (!socket)
		socket = pw_socket_add(&lock, sk);
	if (socket)
		socket->flags |= PW_S_FIN;
	pw_socket_unlock(&lock);
}

/*
 * tcp_abort(sk, error): process context, the caller has a reference; the socket is
 * not locked, and may be a request or a minisocket, of which nothing is told. What
 * becomes of it the state machine says next. Whoever is at work here need not hold
 * the socket, so no record is made.
 */
PW_FTRACE(pw_on_tcp_abort)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (!sk_fullsock(sk) || !pw_is_tcp(sk) || sk->sk_state == TCP_CLOSE)
		return;
	pw_hook_hit(PW_HOOK_ABORT);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (socket) {
		socket->flags |= PW_S_ABORTED;
		pw_socket_set_closer(socket, who);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}
