// SPDX-License-Identifier: GPL-2.0
/*
 * Ports of vsock are taken and served: bind(), listen(). A connect() that has no port
 * takes one silently, as with TCP; listen() never does.
 *
 * As in hook_bind.c all of this runs in process context, preemption off, and the
 * socket is not locked.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/net.h>

#include "compat/vsock.h"
#include "holder.h"
#include "hook.h"

/**
 * struct bind_data - kept from entry to return
 *
 * @sk:		who binds or listens
 * @asked:	address asked for
 * @how:	enum portwatch_how; 0: that was no address
 * @backlog:	asked for, limited by net.core.somaxconn
 */
struct bind_data {
	struct sock *sk;
	struct portwatch_vsock_addr asked;
	u8 how;
	u32 backlog;
};

const size_t pw_vsock_bind_data_size = sizeof(struct bind_data);

/* vsock_bind(sock, addr, len): the kernel's own copy of the address. */
PW_KPROBE(pw_on_vsock_bind_entry)
{
	struct bind_data *data = (void *)ri->data;
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);
	const struct sockaddr_vm *addr =
		(void *)regs_get_kernel_argument(regs, 1);
	int len = regs_get_kernel_argument(regs, 2);

	data->sk = sock->sk;
	memset(&data->asked, 0, sizeof(data->asked));
	data->how = 0;
	if (len < (int)sizeof(*addr) || addr->svm_family != AF_VSOCK)
		return 0;
	data->asked.cid = addr->svm_cid;
	data->asked.port = addr->svm_port;
	data->how = addr->svm_port == VMADDR_PORT_ANY ?
		    PORTWATCH_HOW_EPHEMERAL : PORTWATCH_HOW_EXPLICIT;
	return 0;
}

static void emit_bind(struct pw_socket *socket, u64 cookie,
		      const struct bind_data *data, struct pw_process *who)
{
	struct portwatch_event event __uninitialized;
	u64 now;

	if (socket) {
		socket->flags |= PW_S_PORT;
		socket->how = data->how;
	}
	pw_event_init(&event, PORTWATCH_BIND, data->sk, cookie);
	pw_event_vsock_bind(&event, data->how, &data->asked);
	now = pw_socket_emit(socket, &event, who, current->pid, NULL);
	if (socket)
		socket->taken = now;
}

static void emit_bind_failed(struct pw_socket *socket, u64 cookie,
			     const struct bind_data *data, int error,
			     struct pw_process *who,
			     const struct pw_holder *holder)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_BIND_FAILED, data->sk, cookie);
	/* A socket that is bound already has an address: not what was asked. */
	pw_event_clear_local(&event, data->sk);
	pw_event_clear_remote(&event, data->sk);
	if (data->how)
		pw_event_vsock_set_local(&event, &data->asked);
	event.bind_failed.error = error;
	event.bind_failed.how = data->how;
	pw_holder_encode(holder, &event);
	pw_socket_emit_held(socket, &event, who, current->pid, holder->process);
}

PW_KPROBE(pw_on_vsock_bind)
{
	struct bind_data *data = (void *)ri->data;
	int ret = regs_return_value(regs);
	struct pw_holder holder = { NULL };
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	pw_hook_hit(PW_HOOK_VSOCK_BIND);
	if (ret == -EADDRINUSE && data->how == PORTWATCH_HOW_EXPLICIT &&
	    READ_ONCE(pw_stream_wants[PORTWATCH_BIND_FAILED]))
		pw_vsock_find_holder(&holder, data->sk, &data->asked);
	who = pw_process_current();
	socket = pw_socket_lock(&lock, data->sk);
	socket = pw_socket_of_holder(&lock, socket, data->sk, who);
	if (ret)
		emit_bind_failed(socket, lock.cookie, data, -ret, who, &holder);
	else
		emit_bind(socket, lock.cookie, data, who);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	pw_holder_put(&holder);
	return 0;
}

/* vsock_listen(sock, backlog) */
PW_KPROBE(pw_on_vsock_listen_entry)
{
	struct bind_data *data = (void *)ri->data;
	struct socket *sock = (void *)regs_get_kernel_argument(regs, 0);

	data->sk = sock->sk;
	data->backlog = regs_get_kernel_argument(regs, 1);
	return 0;
}

PW_KPROBE(pw_on_vsock_listen)
{
	struct bind_data *data = (void *)ri->data;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	pw_hook_hit(PW_HOOK_VSOCK_LISTEN);
	if ((int)regs_return_value(regs))
		return 0;
	who = pw_process_current();
	socket = pw_socket_lock(&lock, data->sk);
	socket = pw_socket_of_holder(&lock, socket, data->sk, who);
	pw_emit_listen(socket, data->sk, lock.cookie, data->backlog, who);
	pw_socket_unlock(&lock);
	pw_process_put(who);
	return 0;
}
