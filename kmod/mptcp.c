// SPDX-License-Identifier: GPL-2.0
#include <linux/spinlock.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>

#include "event.h"
#include "hook.h"
#include "mptcp.h"
#include "socket.h"

/*
 * For the pointers between records, and for the sums and the error of a parent.
 * Taken inside of a shard's lock, or alone. A subflow that is linked has not been
 * freed: its end takes its record out, and that waits here.
 */
static DEFINE_RAW_SPINLOCK(links);

static void unlink_subflow(struct pw_socket *subflow)
{
	struct pw_socket **at = &subflow->parent->subflows;

	while (*at != subflow)
		at = &(*at)->subflows;
	*at = subflow->subflows;
	subflow->subflows = NULL;
	subflow->parent = NULL;
}

static void link_subflow(struct pw_socket *parent, struct pw_socket *subflow)
{
	if (subflow->parent == parent)
		return;
	if (subflow->parent)
		unlink_subflow(subflow);
	subflow->parent = parent;
	subflow->subflows = parent->subflows;
	parent->subflows = subflow;
}

/* The record stays: the caller's context keeps the subflow from its end. */
static struct pw_socket *record_of(struct sock *ssk)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *subflow = pw_socket_lock(&lock, ssk);

	if (!subflow)
		subflow = pw_socket_add(&lock, ssk);
	/* Where its making was missed it has been taken for any other socket. */
	if (subflow && !(subflow->flags & PW_S_SUBFLOW)) {
		subflow->flags = PW_S_SUBFLOW;
		subflow->parent = NULL;
	}
	pw_socket_unlock(&lock);
	return subflow;
}

/* Under the lock of the parent's shard. */
static void join(struct pw_socket *parent, struct pw_socket *subflow, bool anew)
{
	raw_spin_lock(&links);
	link_subflow(parent, subflow);
	parent->error = 0;
	if (anew) {
		parent->tx_bytes = 0;
		parent->rx_bytes = 0;
		parent->retrans = 0;
		parent->rtt_us = 0;
	}
	raw_spin_unlock(&links);
	if (anew)
		parent->flags |= PW_S_COUNTED;
}

/* One that came in begins here, any other where its socket was made. */
static struct pw_socket *new_parent(struct pw_socket_lock *lock, struct sock *sk,
				    u16 flags)
{
	struct pw_socket *parent = pw_socket_add(lock, sk);

	if (parent && flags & PW_S_INCOMING) {
		parent->born = ktime_get_boottime_ns();
		parent->mark = parent->born;
		parent->flags = flags;
	}
	return parent;
}

static void find_and_join(struct sock *sk, struct sock *ssk, u16 flags, bool anew)
{
	struct pw_socket *subflow = record_of(ssk);
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *parent = pw_socket_lock(&lock, sk);

	if (!parent)
		parent = new_parent(&lock, sk, flags);
	if (parent && subflow)
		join(parent, subflow, anew);
	pw_socket_unlock(&lock);
}

void pw_mptcp_join(struct sock *sk, struct sock *ssk)
{
	find_and_join(sk, ssk, 0, false);
}

void pw_mptcp_begin(struct sock *sk, struct sock *ssk)
{
	find_and_join(sk, ssk, 0, true);
}

void pw_mptcp_came_in(struct sock *sk, struct sock *ssk)
{
	find_and_join(sk, ssk, PW_S_INCOMING, true);
}

struct sock *pw_mptcp_parent(struct sock *ssk)
{
	struct sock *sk = NULL;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *subflow = pw_socket_lock(&lock, ssk);

	if (subflow && subflow->flags & PW_S_SUBFLOW) {
		raw_spin_lock(&links);
		if (subflow->parent)
			sk = subflow->parent->sk;
		raw_spin_unlock(&links);
	}
	pw_socket_unlock(&lock);
	return sk;
}

void pw_mptcp_settle(struct pw_socket *subflow)
{
	struct portwatch_event sum = { .close.rtt_us = 0 };
	struct pw_socket *parent;

	pw_event_traffic(&sum, subflow->sk);
	raw_spin_lock(&links);
	parent = subflow->parent;
	if (parent) {
		parent->tx_bytes += sum.close.tx_bytes;
		parent->rx_bytes += sum.close.rx_bytes;
		parent->retrans += sum.close.count;
		/* A listener's has none, and must not touch what it accepted. */
		if (sum.close.rtt_us)
			parent->rtt_us = sum.close.rtt_us;
		unlink_subflow(subflow);
		/* One that breaks while others go on is nobody's end. */
		parent->error = parent->subflows ? 0 :
				READ_ONCE(subflow->sk->sk_err);
	}
	raw_spin_unlock(&links);
}

void pw_mptcp_forget(struct pw_socket *socket)
{
	struct pw_socket *subflow;

	raw_spin_lock(&links);
	if (socket->flags & PW_S_SUBFLOW) {
		if (socket->parent)
			unlink_subflow(socket);
	} else {
		while ((subflow = socket->subflows))
			unlink_subflow(subflow);
	}
	raw_spin_unlock(&links);
}

void pw_mptcp_traffic(struct portwatch_event *event, struct pw_socket *socket)
{
	const struct pw_socket *subflow;

	if (!socket || !(socket->flags & PW_S_COUNTED)) {
		event->close.tx_bytes = PORTWATCH_UNKNOWN64;
		event->close.rx_bytes = PORTWATCH_UNKNOWN64;
		event->close.count = PORTWATCH_UNKNOWN32;
		return;
	}
	raw_spin_lock(&links);
	for (subflow = socket->subflows; subflow; subflow = subflow->subflows)
		pw_event_traffic(event, subflow->sk);
	event->close.tx_bytes += socket->tx_bytes;
	event->close.rx_bytes += socket->rx_bytes;
	event->close.count += socket->retrans;
	event->close.rtt_us = event->close.rtt_us ?: socket->rtt_us;
	raw_spin_unlock(&links);
}

bool pw_mptcp_has_subflow(struct pw_socket *socket)
{
	return READ_ONCE(socket->subflows);
}

u32 pw_mptcp_backlog(struct pw_socket *socket)
{
	u32 backlog = PORTWATCH_UNKNOWN32;

	raw_spin_lock(&links);
	if (socket->subflows)
		backlog = READ_ONCE(socket->subflows->sk->sk_max_ack_backlog);
	raw_spin_unlock(&links);
	return backlog;
}
