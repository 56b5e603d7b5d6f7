// SPDX-License-Identifier: GPL-2.0
/*
 * Ports are taken: bind(), the bind that send and connect imply, listen().
 *
 * All of these run in process context, preemption off. At entry the socket is not
 * locked; at return it is unlocked again, and the caller still holds a reference on
 * the file. Another thread may meanwhile do something else with the same socket;
 * what is read of it then is what it is at that moment, never freed memory.
 */
#include <linux/kprobes.h>
#include <linux/sctp.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

#include "holder.h"
#include "hook.h"

/**
 * struct bind_data - kept from entry to return
 *
 * @sk:		NULL: not for us
 * @asked:	address asked for; after a failure the kernel has wiped the socket's
 * @had_port:	it had a port before
 * @backlog:	asked for, limited by net.core.somaxconn
 */
struct bind_data {
	struct sock *sk;
	struct pw_address asked;
	bool had_port;
	u32 backlog;
};

const size_t pw_bind_data_size = sizeof(struct bind_data);

void pw_emit_bind(struct pw_socket *socket, struct sock *sk, u64 cookie, u8 how,
		  const struct pw_address *asked, struct pw_process *who)
{
	struct portwatch_event event __uninitialized;
	u64 now;

	if (socket) {
		socket->flags |= PW_S_PORT;
		socket->flags &= ~PW_S_ENDED;
		socket->port = inet_sk(sk)->inet_num;
		socket->how = how;
	}
	pw_event_init(&event, PORTWATCH_BIND, sk, cookie);
	pw_event_bind(&event, sk, how, asked);
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (socket)
		socket->taken = now;
}

static void emit_bind_failed(struct pw_socket *socket, struct sock *sk,
			     u64 cookie, u8 how, const struct pw_address *asked,
			     int error, struct pw_process *who,
			     const struct pw_holder *holder)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_BIND_FAILED, sk, cookie);
	/* A socket that is bound already has an address: not what was asked. */
	pw_event_clear_local(&event, sk);
	pw_event_clear_remote(&event, sk);
	if (how == PORTWATCH_HOW_EXPLICIT || how == PORTWATCH_HOW_EPHEMERAL)
		pw_event_set_local(&event, asked);
	event.bind_failed.error = -error;
	event.bind_failed.how = how;
	pw_holder_encode(holder, &event);
	pw_socket_emit_held(socket, &event, who, current->pid, holder->process);
}

/*
 * Who has the port is looked for before the shard is locked. Where any port would
 * have done, no one holder is to blame.
 */
static void report_failure(struct sock *sk, u8 how,
			   const struct pw_address *asked, int error)
{
	struct pw_holder holder = { NULL };
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (error == -EADDRINUSE && how == PORTWATCH_HOW_EXPLICIT &&
	    READ_ONCE(pw_stream_wants[PORTWATCH_BIND_FAILED]))
		pw_holder_find(&holder, sk, asked);
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	emit_bind_failed(socket, sk, lock.cookie, how, asked, error, who,
			 &holder);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	pw_holder_put(&holder);
}

static u8 how_asked(const struct pw_address *asked)
{
	if (asked->family == AF_UNSPEC)
		return 0;
	return asked->port ? PORTWATCH_HOW_EXPLICIT : PORTWATCH_HOW_EPHEMERAL;
}

/* inet_bind(sock, addr, len), inet6_bind(), mptcp_bind() */
PW_KPROBE(pw_on_inet_bind_entry)
{
	struct bind_data *data = (void *)ri->data;
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);
	const void *addr = (void *)regs_get_kernel_argument(regs, 1);
	int len = regs_get_kernel_argument(regs, 2);

	data->sk = sock->sk;
	if (!data->sk || pw_is_subflow(data->sk))
		return 1;
	pw_address_read(&data->asked, addr, len);
	return 0;
}

static void bind_returned(struct bind_data *data, int ret)
{
	struct sock *sk = data->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	/* An address alone takes no port (IP_BIND_ADDRESS_NO_PORT, raw). */
	if (sk->sk_type == SOCK_RAW || (!ret && !inet_sk(sk)->inet_num))
		return;
	if (ret) {
		report_failure(sk, how_asked(&data->asked), &data->asked, ret);
		return;
	}
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	pw_emit_bind(socket, sk, lock.cookie, how_asked(&data->asked),
		     &data->asked, who);
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

PW_KPROBE(pw_on_inet_bind)
{
	pw_hook_hit(PW_HOOK_BIND4);
	bind_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_inet6_bind)
{
	pw_hook_hit(PW_HOOK_BIND6);
	bind_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_mptcp_bind)
{
	pw_hook_hit(PW_HOOK_MPTCP_BIND);
	bind_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

/* Where a socket is now, as if it had been asked for. */
static void asked_is_now(struct pw_address *asked, struct sock *sk)
{
	memset(asked, 0, sizeof(*asked));
	asked->family = sk->sk_family;
	asked->port = ntohs(inet_sk(sk)->inet_sport);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		memcpy(asked->addr, &sk->sk_v6_rcv_saddr, 16);
		return;
	}
#endif
	memcpy(asked->addr, &inet_sk(sk)->inet_rcv_saddr, 4);
}

/*
 * inet_autobind(sk): a datagram socket is about to send or connect and has no port.
 * Of two threads that come here with one socket, both return 0; the port of the last
 * bind event tells that it was sent.
 */
PW_KPROBE(pw_on_inet_autobind_entry)
{
	struct bind_data *data = (void *)ri->data;

	data->sk = (void *)regs_get_kernel_argument(regs, 0);
	data->had_port = inet_sk(data->sk)->inet_num;
	if (data->had_port)
		return 1;
	asked_is_now(&data->asked, data->sk);
	return 0;
}

PW_KPROBE(pw_on_inet_autobind)
{
	struct bind_data *data = (void *)ri->data;
	int ret = regs_return_value(regs);
	struct sock *sk = data->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	pw_hook_hit(PW_HOOK_AUTOBIND);
	if (ret) {
		report_failure(sk, PORTWATCH_HOW_AUTO, &data->asked, ret);
		return 0;
	}
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (!socket || socket->port != inet_sk(sk)->inet_num)
		pw_emit_bind(socket, sk, lock.cookie, PORTWATCH_HOW_AUTO, NULL,
			     who);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	return 0;
}

/* inet_listen(sock, backlog), mptcp_listen() */
PW_KPROBE(pw_on_inet_listen_entry)
{
	struct bind_data *data = (void *)ri->data;
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);

	data->sk = sock->sk;
	if (!data->sk || pw_is_subflow(data->sk))
		return 1;
	data->backlog = regs_get_kernel_argument(regs, 1);
	data->had_port = inet_sk(data->sk)->inet_num;
	asked_is_now(&data->asked, data->sk);
	return 0;
}

void pw_emit_listen(struct pw_socket *socket, struct sock *sk, u64 cookie,
		    u32 backlog, struct pw_process *who)
{
	struct portwatch_event event __uninitialized;
	u64 now;

	pw_event_init(&event, PORTWATCH_LISTEN, sk, cookie);
	pw_event_set_dual_stack(&event, sk);
	event.listen.backlog = backlog;
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (!socket)
		return;
	if (!(socket->flags & PW_S_LISTENING) || !socket->mark) {
		socket->mark = now;
		socket->accepted = 0;
	}
	socket->flags |= PW_S_LISTENING;
	socket->flags &= ~PW_S_ENDED;
}

/*
 * Two sockets may share an address until one of them listens: then the other is
 * refused by listen(), and that is a port which was not to be had.
 */
static void listen_returned(struct bind_data *data, int ret)
{
	struct sock *sk = data->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (ret == -EADDRINUSE)
		report_failure(sk, data->had_port ? how_asked(&data->asked) :
			       PORTWATCH_HOW_AUTO, &data->asked, ret);
	if (ret)
		return;
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (sk->sk_state == TCP_LISTEN) {
		if (!data->had_port)
			pw_emit_bind(socket, sk, lock.cookie, PORTWATCH_HOW_AUTO,
				     NULL, who);
		pw_emit_listen(socket, sk, lock.cookie, data->backlog, who);
	} else if (socket && socket->flags & PW_S_LISTENING) {
		/* SCTP: a backlog of 0 ends it. */
		pw_emit_listener_close(socket, sk);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

PW_KPROBE(pw_on_inet_listen)
{
	pw_hook_hit(PW_HOOK_LISTEN);
	listen_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_mptcp_listen)
{
	pw_hook_hit(PW_HOOK_MPTCP_LISTEN);
	listen_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_sctp_inet_listen)
{
	pw_hook_hit(PW_HOOK_SCTP_LISTEN);
	listen_returned((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

/*
 * sctp_setsockopt_bindx(sk, addrs, size, operation): more addresses for a socket,
 * and a port if it has none. The socket is locked.
 */
PW_KPROBE(pw_on_sctp_bindx_entry)
{
	struct bind_data *data = (void *)ri->data;
	const void *addrs = (void *)regs_get_kernel_argument(regs, 1);
	int size = regs_get_kernel_argument(regs, 2);

	data->sk = (void *)regs_get_kernel_argument(regs, 0);
	if ((int)regs_get_kernel_argument(regs, 3) != SCTP_BINDX_ADD_ADDR)
		return 1;
	data->had_port = inet_sk(data->sk)->inet_num;
	pw_address_read(&data->asked, addrs, size);
	return 0;
}

PW_KPROBE(pw_on_sctp_bindx)
{
	struct bind_data *data = (void *)ri->data;
	int ret = regs_return_value(regs);

	pw_hook_hit(PW_HOOK_SCTP_BINDX);
	if (ret || !data->had_port)
		bind_returned(data, ret);
	return 0;
}
