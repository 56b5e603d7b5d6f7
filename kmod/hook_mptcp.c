// SPDX-License-Identifier: GPL-2.0
/*
 * MPTCP: which TCP sockets are its subflows, why its connections end. Bind, listen,
 * connect, accept and the states of an MPTCP socket are told where those of TCP are.
 */
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/tcp_states.h>

#include "hook.h"
#include "mptcp.h"

#define COMING_BITS	6
#define COMING		(1U << COMING_BITS)
#define PLACES		8	/* where a task may stand */

/* Tasks that are making a subflow, and the socket, once it is there. */
static struct coming {
	struct task_struct *task;
	struct sock *made;
} coming[COMING];

void pw_mptcp_init(void)
{
	memset(coming, 0, sizeof(coming));
}

static struct coming *place(unsigned int n)
{
	return &coming[(hash_ptr(current, COMING_BITS) + n) & (COMING - 1)];
}

bool pw_subflow_is_coming(struct sock *sk)
{
	unsigned int n;

	if (sk->sk_protocol != IPPROTO_TCP)
		return false;
	for (n = 0; n < PLACES; n++) {
		struct coming *at = place(n);

		if (READ_ONCE(at->task) != current)
			continue;
		at->made = sk;
		return true;
	}
	return false;
}

/**
 * struct subflow_data - kept from entry to return
 *
 * @place:	of the task in coming[]; NULL: they were all taken
 * @sk:		the parent, which the caller has locked
 */
struct subflow_data {
	struct coming *place;
	struct sock *sk;
};

const size_t pw_subflow_data_size = sizeof(struct subflow_data);

/*
 * mptcp_subflow_create_socket(sk, ...): process context, may sleep for memory. A
 * subflow is made as any TCP socket of the kernel is; that the running task is in here
 * tells it from others. Where this went well it is there still, and the task's own.
 */
PW_KPROBE(pw_on_subflow_create_entry)
{
	struct subflow_data *data = (void *)ri->data;
	unsigned int n;

	data->sk = (void *)regs_get_kernel_argument(regs, 0);
	data->place = NULL;
	for (n = 0; n < PLACES && !data->place; n++)
		if (!cmpxchg(&place(n)->task, NULL, current))
			data->place = place(n);
	if (data->place)
		data->place->made = NULL;
	return 0;
}

PW_KPROBE(pw_on_subflow_create)
{
	struct subflow_data *data = (void *)ri->data;
	struct sock *made;

	pw_hook_hit(PW_HOOK_MPTCP_SUBFLOW);
	if (!data->place)
		return 0;
	made = data->place->made;
	/* Only now may another task take the place, and write to it. */
	smp_store_release(&data->place->task, NULL);
	if (made && !(int)regs_return_value(regs))
		pw_mptcp_join(data->sk, made);
	return 0;
}

/*
 * The first subflow has its parent's struct socket from the start (one that joins
 * later does not while it connects), and loses it under its own lock before the
 * parent is let go of.
 */
struct sock *pw_subflow_parent(const struct sock *ssk)
{
	struct socket *sock = READ_ONCE(ssk->sk_socket);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	return sk && pw_is_mptcp(sk) ? sk : NULL;
}

/*
 * mptcp_sockopt_sync_locked(sk, ssk): process context or softirq, both are locked. A
 * subflow that either end asked for has joined, and gets its parent's options.
 */
PW_FTRACE(pw_on_mptcp_joined)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct sock *ssk = (void *)pw_ftrace_arg(regs, 1);

	pw_hook_hit(PW_HOOK_MPTCP_JOIN);
	pw_mptcp_join(sk, ssk);
}

/*
 * mptcp_pm_new_connection(sk, ssk, server side): softirq, or process context where a
 * backlog is worked off. The other end asked: both sockets are new, and no program
 * has them. This one is a copy of the listener, and has its cookie where that was
 * given one (by us, since an id is wanted of all): it gets its own, as it would have
 * if nobody had looked.
 */
PW_FTRACE(pw_on_mptcp_new_connection)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct sock *ssk = (void *)pw_ftrace_arg(regs, 1);

	if (!PW_MPTCP_TELLS_SUBFLOW || !(int)pw_ftrace_arg(regs, 2))
		return;
	pw_hook_hit(PW_HOOK_MPTCP_INCOMING);
	atomic64_set(&sk->sk_cookie, 0);
	pw_mptcp_came_in(sk, ssk);
}

/*
 * __mptcp_destroy_sock(sk), or mptcp_destroy(sk), which that calls (and which newer
 * compilers put into it): process context; the end of an MPTCP socket.
 */
PW_FTRACE(pw_on_mptcp_destroy)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	pw_hook_hit(PW_HOOK_MPTCP_DESTROY);
	socket = pw_socket_lock(&lock, sk);
	if (socket)
		pw_socket_remove(&lock, socket);
	pw_socket_unlock(&lock);
}

/*
 * In close(), before the socket loses its struct socket: it is reset if it lingers for
 * no time, or has bytes that nobody read.
 */
static bool is_reset_by_close(const struct pw_socket *socket, const struct sock *sk)
{
	if (!(socket->flags & PW_S_RELEASED) || !sk->sk_socket)
		return false;
	return (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) ||
	       sk_rmem_alloc_get(sk);
}

u8 pw_mptcp_reason(struct pw_socket *socket, const struct sock *sk, int oldstate)
{
	int error = READ_ONCE(sk->sk_err);

	if (!socket)
		return 0;
	switch (error ?: socket->error) {
	case 0:
		break;
	case ECONNABORTED:
		return PORTWATCH_REASON_ABORTED;
	case ECONNRESET:
	case ECONNREFUSED:
	case EPIPE:
		return PORTWATCH_REASON_RST_RECEIVED;
	default:
		return PORTWATCH_REASON_TIMEOUT;
	}
	if (socket->flags & PW_S_INCOMING && !(socket->flags & PW_S_ACCEPTED) &&
	    !sk->sk_socket)
		return PORTWATCH_REASON_UNACCEPTED;
	switch (oldstate) {
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return is_reset_by_close(socket, sk) ?
		       PORTWATCH_REASON_RST_SENT : PORTWATCH_REASON_FIN;
	case TCP_FIN_WAIT1:
		return is_reset_by_close(socket, sk) ?
		       PORTWATCH_REASON_RST_SENT : PORTWATCH_REASON_TIMEOUT;
	default:
		/* Nothing is left to reset when the last subflow fell silent. */
		return pw_mptcp_has_subflow(socket) ?
		       PORTWATCH_REASON_RST_SENT : PORTWATCH_REASON_TIMEOUT;
	}
}
