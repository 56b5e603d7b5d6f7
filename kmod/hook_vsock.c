// SPDX-License-Identifier: GPL-2.0
/*
 * Connections of vsock, and the end of its sockets.
 *
 * What comes in is worked off by a thread of the kernel: whoever is running there has
 * no part in it, and such a handler never looks at current.
 *
 * There are no FIN and no ACK. An end that has no more to say, and wants no more to
 * hear, says SHUTDOWN; the other answers RST as soon as all that it was sent is read,
 * or its socket is closed. RST is the last word, and by itself it breaks the
 * connection: whoever gets it without a SHUTDOWN before was reset. The kernel calls a
 * connection done (SOCK_DONE) when RST was sent or has come.
 *
 * A descriptor can be open long after that, as it can with TCP after a FIN came in.
 * So an end is over when its socket is let go and the connection is done.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <net/tcp_states.h>

#include "compat/vsock.h"
#include "holder.h"
#include "hook.h"

static void emit_connect_failed(struct pw_socket *socket, struct sock *sk,
				int error, struct pw_process *who, u32 tid)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CONNECT_FAILED, sk, socket->cookie);
	pw_event_vsock_show_peer(&event, sk);
	event.connect_failed.error = error;
	event.connect_failed.latency = socket->mark;
	socket->flags &= ~PW_S_CONNECTING;
	pw_event_set_still_bound(&event, socket, sk);
	pw_socket_emit(socket, &event, who, tid, &event.connect_failed.latency);
}

/*
 * One that was done when we first saw it has no reason: nobody can tell it any more.
 */
static u8 reason_of(const struct pw_socket *socket)
{
	if (socket->reason)
		return socket->reason;
	if (socket->flags & PW_S_RST_IN)
		return socket->born ? PORTWATCH_REASON_RST_RECEIVED : 0;
	if (socket->flags & PW_S_INCOMING &&
	    !(socket->flags & (PW_S_ACCEPTED | PW_S_FIN)))
		return PORTWATCH_REASON_UNACCEPTED;
	return PORTWATCH_REASON_FIN;
}

static u8 first_of(const struct pw_socket *socket, u8 reason)
{
	switch (reason) {
	case PORTWATCH_REASON_FIN:
	case PORTWATCH_REASON_RST_SENT:
	case PORTWATCH_REASON_RST_RECEIVED:
		return socket->first ?: PORTWATCH_FIRST_REMOTE;
	default:
		return 0;
	}
}

static void emit_connection_close(struct pw_socket *socket, struct sock *sk)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CLOSE, sk, socket->cookie);
	pw_event_vsock_show_peer(&event, sk);
	event.close.kind = PORTWATCH_KIND_CONNECTION;
	event.close.reason = reason_of(socket);
	event.close.first = first_of(socket, event.close.reason);
	event.close.duration = socket->mark;
	/* Its counts have 32 bits and begin again, and not every transport has any. */
	event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	event.close.count = PORTWATCH_UNKNOWN32;
	socket->flags &= ~PW_S_ASSOCIATED;
	socket->flags |= PW_S_ENDED;
	pw_event_set_still_bound(&event, socket, sk);
	pw_socket_emit(socket, &event, socket->closer, socket->closer_tid,
		       &event.close.duration);
}

/*
 * Something is said or done at this end that ends the connection: who was first? And
 * if it is done already, and nobody has said SHUTDOWN, then it was reset.
 */
static void note_end(struct pw_socket *socket, const struct sock *sk)
{
	bool done = sock_flag(sk, SOCK_DONE);
	u32 peer = READ_ONCE(vsock_sk(sk)->peer_shutdown);

	if (done && !(socket->flags & PW_S_FIN) &&
	    sk->sk_shutdown != SHUTDOWN_MASK)
		socket->flags |= PW_S_RST_IN;
	if (!socket->first)
		socket->first = done || peer & SEND_SHUTDOWN ?
				PORTWATCH_FIRST_REMOTE : PORTWATCH_FIRST_LOCAL;
}

static void let_go_of_connection(struct pw_socket *socket, struct sock *sk)
{
	note_end(socket, sk);
	if (sock_flag(sk, SOCK_DONE))
		emit_connection_close(socket, sk);
}

/*
 * vsock_release(sock): process context, the last descriptor is gone, the socket is
 * not locked.
 */
PW_FTRACE(pw_on_vsock_release)
{
	struct socket *sock = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	struct sock *sk = sock->sk;

	if (!sk)
		return;
	pw_hook_hit(PW_HOOK_VSOCK_RELEASE);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket) {
		socket->flags |= PW_S_RELEASED;
		pw_socket_set_closer(socket, who);
		if (socket->flags & PW_S_CONNECTING)
			emit_connect_failed(socket, sk, ECANCELED,
					    socket->closer, socket->closer_tid);
		if (socket->flags & PW_S_LISTENING)
			pw_emit_listener_close(socket, sk);
		else if (socket->flags & PW_S_ASSOCIATED)
			let_go_of_connection(socket, sk);
		else
			pw_emit_socket_close(socket, sk);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * vsock_remove_sock(vsk): process context or a worker, the socket is locked. Before
 * it is let go that only means that its peer has said SHUTDOWN. One that nobody has
 * accepted is let go with its listener, and dead then.
 */
PW_FTRACE(pw_on_vsock_remove_sock)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (!sock_flag(sk, SOCK_DONE))
		return;
	pw_hook_hit(PW_HOOK_VSOCK_OVER);
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_ASSOCIATED &&
	    (socket->flags & PW_S_RELEASED || sock_flag(sk, SOCK_DEAD)))
		emit_connection_close(socket, sk);
	pw_socket_unlock(&lock);
}

/*
 * vsock_sk_destruct(sk): any context but NMI; the last reference is gone. What has
 * not been told by now is told.
 */
PW_FTRACE(pw_on_vsock_destruct)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	pw_hook_hit(PW_HOOK_VSOCK_DESTROY);
	socket = pw_socket_lock(&lock, sk);
	if (socket) {
		if (socket->flags & PW_S_ASSOCIATED)
			emit_connection_close(socket, sk);
		pw_socket_remove(&lock, socket);
	}
	pw_socket_unlock(&lock);
}

/* vsock_shutdown(sock, how): process context, the socket is not locked. */
PW_FTRACE(pw_on_vsock_shutdown)
{
	struct socket *sock = (void *)pw_ftrace_arg(regs, 0);
	int how = pw_ftrace_arg(regs, 1);
	struct sock *sk = sock->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (how != SHUT_WR && how != SHUT_RDWR)
		return;
	pw_hook_hit(PW_HOOK_VSOCK_SHUTDOWN);
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_ASSOCIATED)
		note_end(socket, sk);
	pw_socket_unlock(&lock);
}

/*
 * vsock_stream_has_data(vsk): process context or a worker, the socket is locked. It is
 * asked when the peer has said SHUTDOWN, before anything follows from that. (When RST
 * comes, the connection is done before it is asked; a shutdown() after that makes it
 * look as if it were not.)
 */
PW_FTRACE(pw_on_vsock_has_data)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (READ_ONCE(vsock_sk(sk)->peer_shutdown) != SHUTDOWN_MASK ||
	    sock_flag(sk, SOCK_DONE))
		return;
	pw_hook_hit(PW_HOOK_VSOCK_FIN);
	socket = pw_socket_lock(&lock, sk);
	if (socket && !(socket->flags & PW_S_RST_IN))
		socket->flags |= PW_S_FIN;
	pw_socket_unlock(&lock);
}

/*
 * virtio_transport_close_timeout(work): a worker. The socket was let go, and the other
 * end has not answered for 8 seconds.
 */
PW_FTRACE(pw_on_vsock_close_timeout)
{
	struct work_struct *work = (void *)pw_ftrace_arg(regs, 0);
	struct vsock_sock *vsk = container_of(work, struct vsock_sock,
					      close_work.work);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (sock_flag(&vsk->sk, SOCK_DONE))
		return;
	pw_hook_hit(PW_HOOK_VSOCK_TIMEOUT);
	socket = pw_socket_lock(&lock, &vsk->sk);
	if (socket)
		socket->reason = PORTWATCH_REASON_TIMEOUT;
	pw_socket_unlock(&lock);
}

/*
 * sk_error_report(sk), or where that is none sock_def_error_report(sk): softirq, process
 * context or a worker; the socket is locked. Of all families. The error is that of an
 * attempt; or the other machine is gone, and with it the connection; or this end has
 * sent RST for more data than it has room for, and what becomes of it is told when it
 * is let go.
 */
PW_FTRACE(pw_on_error_report)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	int error = READ_ONCE(sk->sk_err);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (!pw_is_vsock(sk))
		return;
	pw_hook_hit(PW_HOOK_VSOCK_ERROR);
	socket = pw_socket_lock(&lock, sk);
	if (!socket)
		goto unlock;
	if (socket->flags & PW_S_CONNECTING && sk->sk_state == TCP_CLOSE) {
		emit_connect_failed(socket, sk, error, socket->closer,
				    socket->closer_tid);
	} else if (socket->flags & PW_S_ASSOCIATED &&
		   sk->sk_state == TCP_CLOSE) {
		socket->reason = PORTWATCH_REASON_RST_RECEIVED;
		emit_connection_close(socket, sk);
	} else if (socket->flags & PW_S_ASSOCIATED && error == ENOBUFS) {
		socket->reason = PORTWATCH_REASON_RST_SENT;
		socket->first = socket->first ?: PORTWATCH_FIRST_LOCAL;
	}
unlock:
	pw_socket_unlock(&lock);
}

/**
 * struct attempt_data - kept from entry to return
 *
 * @sk:		who connects
 */
struct attempt_data {
	struct sock *sk;
};

const size_t pw_vsock_attempt_data_size = sizeof(struct attempt_data);

/*
 * virtio_transport_connect(vsk): process context, a connect() with the socket locked;
 * both ends are known, and the request is about to be made. It does not wait for the
 * answer.
 */
PW_KPROBE(pw_on_vsock_connect_entry)
{
	struct attempt_data *data = (void *)ri->data;
	struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	u64 now;

	data->sk = sk;
	pw_hook_hit(PW_HOOK_VSOCK_CONNECT);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket) {
		socket->flags &= ~(PW_S_ENDED | PW_S_FIN | PW_S_RST_IN);
		socket->flags |= PW_S_CONNECTING;
		socket->reason = 0;
		socket->first = 0;
	}
	pw_event_init(&event, PORTWATCH_CONNECT, sk, lock.cookie);
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (socket)
		socket->mark = now;
	pw_socket_unlock(&lock);
	pw_process_put(who);
	return 0;
}

/*
 * The transport could not send it: to nobody that it knows, say. Or it did, and the error
 * of an earlier attempt is still there: connect() returns that at once, and nobody waits
 * for the answer.
 */
PW_KPROBE(pw_on_vsock_connect)
{
	struct attempt_data *data = (void *)ri->data;
	int ret = regs_return_value(regs);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	int error = 0;

	if (ret < 0)
		error = -ret;
	else if (PW_VSOCK_KEEPS_ERROR)
		error = READ_ONCE(data->sk->sk_err);
	if (!error)
		return 0;
	who = pw_process_current();
	socket = pw_socket_lock(&lock, data->sk);
	if (socket && socket->flags & PW_S_CONNECTING)
		emit_connect_failed(socket, data->sk, error, who, current->pid);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	return 0;
}

/*
 * vsock_assign_transport(vsk, listener's vsk): process context or a worker, the socket
 * is locked. For a connect() it fails where no transport leads to the other end;
 * nothing was sent then, and no port was taken for it.
 */
PW_KPROBE(pw_on_vsock_assign_entry)
{
	struct attempt_data *data = (void *)ri->data;

	data->sk = (void *)regs_get_kernel_argument(regs, 0);
	return regs_get_kernel_argument(regs, 1) ||
	       !pw_vsock_is_stream(data->sk);
}

PW_KPROBE(pw_on_vsock_assign)
{
	struct attempt_data *data = (void *)ri->data;
	int ret = regs_return_value(regs);
	struct portwatch_event event __uninitialized;
	struct sock *sk = data->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	pw_hook_hit(PW_HOOK_VSOCK_ASSIGN);
	if (ret >= 0)
		return 0;
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	pw_event_init(&event, PORTWATCH_CONNECT_FAILED, sk, lock.cookie);
	pw_event_clear_local(&event, sk);
	pw_event_vsock_show_peer(&event, sk);
	event.connect_failed.error = -ret;
	pw_event_set_still_bound(&event, socket, sk);
	pw_socket_emit(socket, &event, who, current->pid, NULL);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	return 0;
}

/* Why the running process waits no longer: by a time-out, or a signal. */
static int why_given_up(void)
{
	if (fatal_signal_pending(current))
		return -ECANCELED;
	return signal_pending(current) ? -EINTR : -ETIMEDOUT;
}

/*
 * virtio_transport_purge_skbs(vsk, queue): process context, a connect() that waits no
 * longer, with the socket locked. (Or a worker, for one that did not wait itself: the
 * error was told before.)
 */
PW_FTRACE(pw_on_vsock_gave_up)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (sk->sk_state != TCP_CLOSE)
		return;
	pw_hook_hit(PW_HOOK_VSOCK_GAVE_UP);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_CONNECTING)
		emit_connect_failed(socket, sk, -why_given_up(), who,
				    current->pid);
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * vsock_insert_connected(vsk): a worker, the socket is locked and has its new state.
 * One that came in has no descriptor yet. An attempt that no transport of virtio's made
 * was not told, and how long it took is not known.
 */
PW_FTRACE(pw_on_vsock_connected)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (!sk->sk_socket)
		return;
	pw_hook_hit(PW_HOOK_VSOCK_CONNECTED);
	socket = pw_socket_lock(&lock, sk);
	if (socket) {
		pw_event_init(&event, PORTWATCH_ESTABLISHED, sk, socket->cookie);
		pw_event_vsock_show_peer(&event, sk);
		if (socket->flags & PW_S_CONNECTING)
			event.established.latency = socket->mark;
		socket->flags &= ~PW_S_CONNECTING;
		socket->flags |= PW_S_ASSOCIATED | PW_S_USED;
		socket->mark = pw_socket_emit(socket, &event, NULL, 0,
					      &event.established.latency);
	}
	pw_socket_unlock(&lock);
}
