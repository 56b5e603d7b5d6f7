// SPDX-License-Identifier: GPL-2.0
/*
 * Outgoing attempts. Process context; the socket is locked by the caller.
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <net/inet_sock.h>

#include "hook.h"
#include "mptcp.h"

/**
 * struct connect_data - kept from entry to return
 *
 * @sk:		socket
 * @asked:	address asked for
 */
struct connect_data {
	struct sock *sk;
	struct pw_address asked;
};

const size_t pw_connect_data_size = sizeof(struct connect_data);

/*
 * tcp_connect(sk): both ends are known, the SYN is about to be made. An MPTCP socket
 * connects by its first subflow, which is locked as it is itself; those that join
 * later are no attempts of anybody's.
 */
PW_FTRACE(pw_on_tcp_connect)
{
	struct sock *carrier = (void *)pw_ftrace_arg(regs, 0);
	struct sock *sk = carrier;
	struct portwatch_event event __uninitialized;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;
	u64 now;

	if (pw_is_subflow(sk)) {
		sk = pw_subflow_parent(sk);
		if (!sk)
			return;
		pw_mptcp_begin(sk, carrier);
	}
	if (!pw_has_states(sk))
		return;
	pw_hook_hit(PW_HOOK_CONNECT);
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket) {
		socket->flags &= ~(PW_S_ENDED | PW_S_RST_IN | PW_S_RST_OUT |
				   PW_S_FIN | PW_S_INCOMING | PW_S_ABORTED);
		socket->flags |= PW_S_CONNECTING;
	}
	pw_event_init(&event, PORTWATCH_CONNECT, sk, lock.cookie);
	if (carrier != sk)
		pw_event_take_addresses(&event, carrier);
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (socket)
		socket->mark = now;
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * tcp_v4_connect(sk, addr, len), tcp_v6_connect(), __ip4_datagram_connect(),
 * __ip6_datagram_connect(): none of them waits for the other end.
 */
PW_KPROBE(pw_on_connect_entry)
{
	struct connect_data *data = (void *)ri->data;
	const void *addr = (void *)regs_get_kernel_argument(regs, 1);
	int len = regs_get_kernel_argument(regs, 2);

	data->sk = (void *)regs_get_kernel_argument(regs, 0);
	if (pw_is_subflow(data->sk)) {
		data->sk = pw_subflow_parent(data->sk);
		if (!data->sk)
			return 1;
	}
	pw_address_read(&data->asked, addr, len);
	return 0;
}

/*
 * The attempt failed before anything was sent: what the socket has for a local
 * address, if anything, is left over.
 */
static void emit_failed(struct pw_socket *socket, struct sock *sk, u64 cookie,
			struct connect_data *data, int error,
			struct pw_process *who)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_CONNECT_FAILED, sk, cookie);
	pw_event_clear_local(&event, sk);
	pw_event_clear_remote(&event, sk);
	pw_event_set_remote(&event, &data->asked);
	pw_event_set_still_bound(&event, socket, sk);
	event.connect_failed.error = -error;
	pw_socket_emit(socket, &event, who, current->pid, NULL);
}

static void connect_returned(struct connect_data *data, int ret, bool datagram)
{
	struct sock *sk = data->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	/* Nobody's port is meant. */
	if (sk->sk_type == SOCK_RAW)
		return;
	socket = pw_socket_lock_by(&lock, sk, &who);
	socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (ret) {
		if (socket)
			socket->flags &= ~PW_S_CONNECTING;
		emit_failed(socket, sk, lock.cookie, data, ret, who);
	} else if (datagram) {
		pw_emit_plain(socket, PORTWATCH_CONNECT, sk, lock.cookie, who);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

static void stream_returned(struct connect_data *data, int ret)
{
	if (ret < 0 && pw_has_states(data->sk))
		connect_returned(data, ret, false);
}

PW_KPROBE(pw_on_tcp_v4_connect)
{
	struct connect_data *data = (void *)ri->data;

	pw_hook_hit(PW_HOOK_CONNECT4_FAILED);
	/* An IPv6 socket with a mapped address passes here from there. */
	if (data->sk->sk_family == AF_INET)
		stream_returned(data, regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_tcp_v6_connect)
{
	pw_hook_hit(PW_HOOK_CONNECT6_FAILED);
	stream_returned((void *)ri->data, regs_return_value(regs));
	return 0;
}

PW_KPROBE(pw_on_ip4_datagram_connect)
{
	struct connect_data *data = (void *)ri->data;

	pw_hook_hit(PW_HOOK_DATAGRAM4);
	if (data->sk->sk_family == AF_INET)
		connect_returned(data, regs_return_value(regs), true);
	return 0;
}

PW_KPROBE(pw_on_ip6_datagram_connect)
{
	pw_hook_hit(PW_HOOK_DATAGRAM6);
	connect_returned((void *)ri->data, regs_return_value(regs), true);
	return 0;
}
