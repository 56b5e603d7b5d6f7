// SPDX-License-Identifier: GPL-2.0
/*
 * Incoming connections: into the accept queue, and out of it.
 */
#include <linux/kprobes.h>
#include <linux/net.h>
#include <linux/ktime.h>
#include <net/inet_sock.h>

#include "hook.h"
#include "mptcp.h"

/*
 * Softirq, or process context where a backlog is worked off or a listener hands its
 * queue on; the child is locked, the listener may not be. The child belongs to the
 * listener's owner until it is accepted. The two shards are locked one after the
 * other, never both. Either may be an MPTCP socket, which is meant then; a listener of
 * MPTCP has a TCP child where the other end speaks no MPTCP.
 */
static void queued(struct sock *listener, struct sock *child, bool is_new)
{
	struct pw_process *owner = NULL;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	u32 owner_tid = 0;
	u64 cookie;

	if (pw_is_subflow(listener))
		listener = pw_mptcp_parent(listener) ?: listener;
	if (pw_is_subflow(child))
		child = pw_mptcp_parent(child);
	if (!child)
		return;
	socket = pw_socket_lock(&lock, listener);
	cookie = lock.cookie;
	if (socket) {
		owner = pw_process_hold(socket->owner);
		owner_tid = socket->owner_tid;
	}
	pw_socket_unlock(&lock);

	socket = pw_socket_lock(&lock, child);
	if (!socket) {
		socket = pw_socket_add(&lock, child);
		is_new = true;
	}
	/*
	 * One that moves to another listener was here before. A new one may have been
	 * found in the kernel's table a moment ago (snapshot.c).
	 */
	if (socket && is_new && !socket->mark) {
		socket->born = ktime_get_boottime_ns();
		socket->mark = socket->born;
		socket->flags |= PW_S_INCOMING;
		if (pw_is_vsock(child))
			socket->flags |= PW_S_ASSOCIATED;
	}
	if (socket) {
		pw_socket_set_owner(socket, owner, owner_tid);
		owner = NULL;
		socket->listener = cookie;
		if (pw_is_tcp(child) || pw_is_vsock(child))
			socket->queue = listener;
	}
	pw_socket_unlock(&lock);
	pw_process_put(owner);
}

/* inet_csk_complete_hashdance(listener, child, request, own) */
PW_FTRACE(pw_on_complete_hashdance)
{
	struct sock *listener = (void *)pw_ftrace_arg(regs, 0);
	struct sock *child = (void *)pw_ftrace_arg(regs, 1);
	bool own = pw_ftrace_arg(regs, 3) & 1;

	/* Not own: another CPU was quicker, this child is thrown away. */
	if (!own || child->sk_protocol != IPPROTO_TCP)
		return;
	pw_hook_hit(PW_HOOK_INCOMING);
	queued(listener, child, true);
}

/*
 * inet_csk_reqsk_queue_add(listener, request, child): what the above calls, mostly
 * inline; others call it too.
 */
PW_FTRACE(pw_on_reqsk_queue_add)
{
	struct sock *listener = (void *)pw_ftrace_arg(regs, 0);
	struct sock *child = (void *)pw_ftrace_arg(regs, 2);

	if (child->sk_protocol != IPPROTO_TCP)
		return;
	pw_hook_hit(PW_HOOK_INCOMING_EARLY);
	queued(listener, child, true);
}

/**
 * struct migrate_data - kept from entry to return
 *
 * @child:	a connection that waits in the queue of a listener that closes
 */
struct migrate_data {
	struct sock *child;
};

const size_t pw_migrate_data_size = sizeof(struct migrate_data);

/*
 * reuseport_migrate_sock(listener, child or request, skb): process context, of who
 * closes the listener, with the child locked; for a request softirq. It returns
 * another listener of the group, which is held, and the child goes to its queue. (The
 * kernel does that itself, without a call that could be seen.)
 */
PW_KPROBE(pw_on_migrate_entry)
{
	struct migrate_data *data = (void *)ri->data;

	data->child = (void *)regs_get_kernel_argument(regs, 1);
	return !sk_fullsock(data->child) ||
	       data->child->sk_protocol != IPPROTO_TCP;
}

PW_KPROBE(pw_on_migrate)
{
	struct migrate_data *data = (void *)ri->data;
	struct sock *listener = (void *)regs_return_value(regs);

	pw_hook_hit(PW_HOOK_MIGRATE);
	if (listener)
		queued(listener, data->child, false);
	return 0;
}

void pw_count_accepted(struct sock *listener)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket = pw_socket_lock(&lock, listener);

	if (socket)
		socket->accepted++;
	pw_socket_unlock(&lock);
}

void pw_emit_accept(struct sock *sk, u64 listener)
{
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	u64 now;

	who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (!socket)
		socket = pw_socket_add(&lock, sk);
	pw_event_init(&event, PORTWATCH_ACCEPT, sk, lock.cookie);
	if (socket) {
		if (!listener)
			listener = socket->listener;
		event.accept.wait = socket->mark;
		/* It was in the queue before us, or is still there, whatever it is. */
		if (pw_is_vsock(sk) && !(socket->flags & PW_S_INCOMING))
			socket->flags |= PW_S_ASSOCIATED;
		pw_socket_set_owner(socket, pw_owner_of(sk, who), current->pid);
		socket->listener = listener;
		/* It may have ended in the queue: there is a socket to close now. */
		socket->flags &= ~PW_S_ENDED;
		socket->shown = pw_stream_who_sees_all();
		socket->flags |= PW_S_INCOMING | PW_S_ACCEPTED;
		if (pw_is_sctp(sk))
			socket->flags |= PW_S_ASSOCIATED;
	}
	event.accept.listener = listener;
	now = pw_socket_emit(socket, &event, who, current->pid,
			     &event.accept.wait);
	if (socket) {
		socket->born = now;
		/* How long it waited is not known. */
		if (pw_is_sctp(sk))
			socket->mark = now;
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/* __inet_accept(listening socket, new socket, new sk) */
PW_FTRACE(pw_on_inet_accept)
{
	struct socket *sock = (void *)pw_ftrace_arg(regs, 0);
	struct sock *sk = (void *)pw_ftrace_arg(regs, 2);

	/* Kernels that clone a socket to peel off call this for it, too. */
	if (!pw_is_inet(sk) || pw_sctp_is_peeled_off(sk))
		return;
	pw_hook_hit(PW_HOOK_ACCEPT);
	pw_count_accepted(sock->sk);
	pw_emit_accept(sk, pw_socket_cookie(sock->sk));
}

/* The listener that @sk came from is found by what was noted; it may be gone. */
static void count_accepted_of(struct sock *sk)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket = pw_socket_lock(&lock, sk);
	struct sock *listener = NULL;
	u64 cookie = 0;

	if (socket && (pw_is_tcp(sk) || pw_is_sctp(sk) || pw_is_vsock(sk))) {
		listener = socket->queue;
		cookie = socket->listener;
	}
	pw_socket_unlock(&lock);
	if (!listener)
		return;
	socket = pw_socket_lock_known(&lock, listener, cookie);
	if (socket)
		socket->accepted++;
	pw_socket_unlock(&lock);
}

/*
 * security_sock_graft(sk, new socket), where there is no __inet_accept: called for
 * other families too. The listener is the one that was noted in the queue; one whose
 * connection was in there before the hooks were attached is not known.
 */
PW_FTRACE(pw_on_sock_graft)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);

	if (!pw_is_inet(sk))
		return;
	pw_hook_hit(PW_HOOK_ACCEPT);
	count_accepted_of(sk);
	pw_emit_accept(sk, 0);
}

/* The same for vsock, whichever hook is there for the others. */
PW_FTRACE(pw_on_vsock_graft)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);

	if (!pw_is_vsock(sk))
		return;
	pw_hook_hit(PW_HOOK_VSOCK_ACCEPT);
	count_accepted_of(sk);
	pw_emit_accept(sk, 0);
}

/*
 * vsock_enqueue_accept(listener, connected): a worker; both are locked, and nobody
 * else has the new one.
 */
PW_FTRACE(pw_on_vsock_enqueue_accept)
{
	struct sock *listener = (void *)pw_ftrace_arg(regs, 0);
	struct sock *child = (void *)pw_ftrace_arg(regs, 1);

	pw_hook_hit(PW_HOOK_VSOCK_INCOMING);
	queued(listener, child, true);
}
