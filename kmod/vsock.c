// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket of vsock is to the rest of the module. Nothing here needs its lock:
 * what is read is what it is at this moment.
 */
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <net/tcp_states.h>

#include "compat/vsock.h"
#include "holder.h"
#include "process.h"
#include "socket.h"
#include "vsock.h"

static void copy(struct portwatch_vsock_addr *addr,
		 const struct sockaddr_vm *from)
{
	addr->cid = from->svm_cid;
	addr->port = from->svm_port;
}

bool pw_vsock_has_port(const struct sock *sk)
{
	return vsock_sk(sk)->local_addr.svm_port != VMADDR_PORT_ANY;
}

bool pw_vsock_is_bound(const struct sock *sk)
{
	return pw_vsock_has_port(sk) && !list_empty(&vsock_sk(sk)->bound_table);
}

void pw_vsock_local(struct portwatch_vsock_addr *addr, const struct sock *sk)
{
	copy(addr, &vsock_sk(sk)->local_addr);
}

bool pw_vsock_remote(struct portwatch_vsock_addr *addr, const struct sock *sk)
{
	copy(addr, &vsock_sk(sk)->remote_addr);
	return addr->port != VMADDR_PORT_ANY;
}

u16 pw_vsock_flags_of(const struct sock *sk)
{
	u16 flags = pw_vsock_has_port(sk) ? PW_S_USED : 0;
	u32 peer = READ_ONCE(vsock_sk(sk)->peer_shutdown);

	switch (sk->sk_state) {
	case TCP_LISTEN:
		return flags | PW_S_LISTENING | PW_S_PORT;
	case TCP_SYN_SENT:
		return flags | PW_S_CONNECTING;
	case TCP_CLOSE:
		return flags | (flags & PW_S_USED ? PW_S_PORT : 0);
	default:
		if (!pw_vsock_is_stream(sk))
			return flags | (flags & PW_S_USED ? PW_S_PORT : 0);
		flags |= PW_S_USED | PW_S_ASSOCIATED;
		/* Why one is over already nobody can tell any more. */
		if (peer == SHUTDOWN_MASK && !sock_flag(sk, SOCK_DONE))
			flags |= PW_S_FIN;
		return flags;
	}
}

/**
 * struct search - who asked for what, and who was found so far
 *
 * @sk:		who asked
 * @asked:	for what
 * @holder:	gets what was found
 */
struct search {
	const struct sock *sk;
	const struct portwatch_vsock_addr *asked;
	struct pw_holder *holder;
};

/* The kernel's rule. */
static bool conflicts(const struct search *search, const struct sock *sk)
{
	struct portwatch_vsock_addr local;

	if (sk == search->sk || !pw_vsock_is_bound(sk))
		return false;
	pw_vsock_local(&local, sk);
	return local.port == search->asked->port &&
	       (local.cid == search->asked->cid ||
		local.cid == VMADDR_CID_ANY ||
		search->asked->cid == VMADDR_CID_ANY) &&
	       pw_vsock_nets_meet(sock_net(sk), sock_net(search->sk));
}

static u8 state_of(const struct pw_socket *socket)
{
	if (socket->flags & PW_S_LISTENING)
		return PORTWATCH_STATE_LISTENING;
	return socket->flags & (PW_S_ASSOCIATED | PW_S_CONNECTING) ?
	       PORTWATCH_STATE_CONNECTED : PORTWATCH_STATE_BOUND;
}

/*
 * Under the lock of the shard; there is a record, so there is the memory of the
 * socket. A listener is more telling than any other.
 */
static bool compare(struct pw_socket *socket, void *arg)
{
	struct search *search = arg;
	struct pw_holder *holder = search->holder;

	if (!socket->is_vsock || !conflicts(search, socket->sk))
		return true;
	pw_process_put(holder->process);
	holder->process = pw_process_hold(socket->owner);
	holder->cookie = socket->cookie;
	holder->state = state_of(socket);
	holder->uid = from_kuid(&init_user_ns, READ_ONCE(socket->sk->sk_uid));
	holder->since = socket->flags & PW_S_PORT ? socket->taken :
			socket->mark;
	return holder->state != PORTWATCH_STATE_LISTENING;
}

/*
 * The kernel's own table of ports is in the module, out of reach. But all sockets of
 * vsock that are open are in ours. That is a walk through the shards that have one, with
 * each locked for a moment; whoever fails to bind pays for it.
 */
void pw_vsock_find_holder(struct pw_holder *holder, const struct sock *sk,
			  const struct portwatch_vsock_addr *asked)
{
	struct search search = { .sk = sk, .asked = asked, .holder = holder };
	unsigned int n;

	memset(holder, 0, sizeof(*holder));
	for (n = 0; n < pw_sockets_shards(); n++)
		if (pw_sockets_any_vsock(n) &&
		    !pw_sockets_visit(n, compare, &search))
			break;
}
