// SPDX-License-Identifier: GPL-2.0
/*
 * Who has the port: looked up in the kernel's own tables, for only they know what
 * is in TIME_WAIT and what was open before us.
 *
 * bind() and listen() have returned EADDRINUSE, and the lock under which they
 * decided is free again. So we look at all who have the port now, and apply the
 * kernel's own rule once more: whoever does not conflict with what was asked is not
 * named, even if he is the only one there. Of several the most telling is named:
 * a listener rather than a connection that it accepted.
 *
 * The lock of a chain of TCP's ports is the kernel's, and softirqs take it. We take
 * it with interrupts off, so that none comes on this CPU, and only by trying: nobody
 * waits for us who has what we want, whatever locks the caller may hold, and on
 * PREEMPT_RT, where it is a lock that sleeps, we do not sleep. Where it is not to
 * be had nobody is named. It is never held together with a lock of our own: under it
 * we note the address and cookie of the socket, and look for our record when it is
 * free again, by these alone; the socket may be gone by then, and so is its record.
 */
#include <linux/sched.h>
#include <linux/uidgid.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tcp_states.h>

#include "compat/bind_hash.h"
#include "event.h"
#include "holder.h"
#include "hook.h"

#define TRIES_MAX	1000	/* for the lock of a chain */
#define VISITS_MAX	1024	/* sockets looked at, interrupts off */

/**
 * struct place - where a socket is or would be
 *
 * @address:	IPv4 as a mapped one
 * @v6only:	[::] that does not take IPv4
 */
struct place {
	struct in6_addr address;
	bool v6only;
};

/**
 * struct search - what was asked for, and who was found so far
 *
 * @sk:		who asked
 * @place:	for which address
 * @port:	for which port
 * @device:	on which interface, 0: on all
 * @uid:	as which user
 * @visits:	sockets looked at
 * @found:	address of the best holder (of MPTCP: not the subflow), not to be followed
 * @found_place: where it is
 * @cookie:	its cookie
 * @found_uid:	its user
 * @state:	its state, 0: none found
 * @is_kernel:	the kernel's own
 */
struct search {
	const struct sock *sk;
	struct place place;
	u16 port;
	int device;
	kuid_t uid;
	unsigned int visits;

	const struct sock *found;
	struct place found_place;
	u64 cookie;
	kuid_t found_uid;
	u8 state;
	bool is_kernel;
};

static void set_place(struct place *place, const struct sock *sk)
{
	place->v6only = sk->sk_ipv6only;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		place->address = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, &place->address);
}

static bool is_any_v4(const struct place *place)
{
	return ipv6_addr_v4mapped(&place->address) &&
	       !place->address.s6_addr32[3];
}

/* Are there addresses that would be both of @a and of @b? */
static bool overlap(const struct place *a, const struct place *b)
{
	bool a_is_v4 = ipv6_addr_v4mapped(&a->address);
	bool b_is_v4 = ipv6_addr_v4mapped(&b->address);

	if (ipv6_addr_equal(&a->address, &b->address))
		return true;
	if (ipv6_addr_any(&a->address))
		return !(a->v6only && b_is_v4);
	if (ipv6_addr_any(&b->address))
		return !(b->v6only && a_is_v4);
	return a_is_v4 && b_is_v4 && (is_any_v4(a) || is_any_v4(b));
}

/*
 * Do their options let two sockets share a place? As inet_csk_bind_conflict() and
 * udp_lib_lport_inuse() have it for a port that was named: the clauses of the one
 * do not matter for the sockets of the other.
 */
static bool may_share(const struct search *search, const struct sock *sk)
{
	u8 state = READ_ONCE(sk->sk_state);

	if (search->sk->sk_reuse && sk->sk_reuse && state != TCP_LISTEN)
		return true;
	return search->sk->sk_reuseport && sk->sk_reuseport &&
	       (state == TCP_TIME_WAIT ||
		uid_eq(search->uid, pw_bind_uid(sk)));
}

/* Is it the subflow by which an MPTCP socket has its port? */
static bool carries(const struct sock *ssk, const struct sock *sk)
{
	return pw_is_mptcp(sk) && sk_fullsock(ssk) && pw_is_subflow(ssk) &&
	       pw_subflow_parent(ssk) == sk;
}

static bool conflicts(const struct search *search, const struct sock *sk)
{
	int device = READ_ONCE(sk->sk_bound_dev_if);
	struct place place;

	if (sk == search->sk || carries(sk, search->sk))
		return false;
	if (search->device && device && search->device != device)
		return false;
	if (may_share(search, sk))
		return false;
	set_place(&place, sk);
	return overlap(&search->place, &place);
}

static u8 state_of(const struct sock *sk)
{
	switch (READ_ONCE(sk->sk_state)) {
	case TCP_LISTEN:
		return PORTWATCH_STATE_LISTENING;
	case TCP_CLOSE:
		return PORTWATCH_STATE_BOUND;
	case TCP_TIME_WAIT:
		return PORTWATCH_STATE_TIME_WAIT;
	default:
		return PORTWATCH_STATE_CONNECTED;
	}
}

static unsigned int rank_of(u8 state)
{
	switch (state) {
	case PORTWATCH_STATE_LISTENING:
		return 4;
	case PORTWATCH_STATE_BOUND:
		return 3;
	case PORTWATCH_STATE_CONNECTED:
		return 2;
	case PORTWATCH_STATE_TIME_WAIT:
		return 1;
	default:
		return 0;
	}
}

/*
 * It is not for a subflow that a program asked, but for what it carries. The subflow
 * stays, its parent may be let go of: then it has lost it by the second look, and
 * the cookie is that of whoever has the memory now (of MPTCP sockets, under RCU).
 */
static void set_parent(struct search *search, const struct sock *ssk)
{
	struct sock *sk = pw_subflow_parent(ssk);
	u64 cookie;

	if (!sk)
		return;
	cookie = pw_socket_cookie(sk);
	smp_rmb(); /* the second look comes later */
	if (pw_subflow_parent(ssk) != sk)
		return;
	search->found = sk;
	search->cookie = cookie;
}

/* @sk stays what it is: under the lock of its chain, or (UDP) under RCU. */
static void consider(struct search *search, struct sock *sk)
{
	u8 state = state_of(sk);

	if (rank_of(state) <= rank_of(search->state) || !conflicts(search, sk))
		return;
	search->state = state;
	search->found = sk;
	search->cookie = 0;
	search->is_kernel = false;
	set_place(&search->found_place, sk);
	if (state == PORTWATCH_STATE_TIME_WAIT)
		return;
	search->found_uid = READ_ONCE(sk->sk_uid);
	if (pw_is_subflow(sk)) {
		set_parent(search, sk);
		return;
	}
	search->cookie = pw_socket_cookie(sk);
	search->is_kernel = sk->sk_kern_sock;
}

static bool visit(struct sock *sk, void *arg)
{
	struct search *search = arg;

	consider(search, sk);
	return ++search->visits < VISITS_MAX &&
	       search->state != PORTWATCH_STATE_LISTENING;
}

/*
 * A port can have a hundred thousand connections, and their listener stands behind
 * them. A listener's memory is that of a TCP socket as long as we are in the RCU
 * section, and what has this bucket, under its lock, is in it.
 */
static void consider_listener(struct search *search,
			      const struct inet_bind_bucket *bucket,
			      const struct in6_addr *address)
{
	struct sock *sk = pw_tcp_listener(sock_net(search->sk), address,
					  search->port, search->device);

	if (sk && READ_ONCE(inet_csk(sk)->icsk_bind_hash) == bucket)
		consider(search, sk);
}

static void search_bucket(struct search *search, struct inet_bind_bucket *bucket)
{
	pw_tcp_bind_visit(bucket, visit, search);
	if (search->visits < VISITS_MAX)
		return;
	consider_listener(search, bucket, &search->place.address);
	if (search->state == PORTWATCH_STATE_CONNECTED) {
		/* What accepted it is where it is, or everywhere. */
		struct in6_addr address = search->found_place.address;

		consider_listener(search, bucket, &address);
	}
}

/* False: the lock is somebody else's just now. */
static bool try_tcp(struct search *search, struct inet_bind_hashbucket *chain,
		    int l3mdev)
{
	struct inet_bind_bucket *bucket;
	unsigned long flags;

	local_irq_save(flags);
	if (!spin_trylock(&chain->lock)) {
		local_irq_restore(flags);
		return false;
	}
	bucket = pw_tcp_bind_bucket(chain, sock_net(search->sk), search->port,
				    l3mdev);
	if (bucket)
		search_bucket(search, bucket);
	spin_unlock(&chain->lock);
	local_irq_restore(flags);
	return true;
}

static void search_tcp(struct search *search)
{
	struct inet_bind_hashbucket *chain =
		pw_tcp_bind_chain(sock_net(search->sk), search->port);
	int l3mdev = inet_sk_bound_l3mdev(search->sk);
	unsigned int i;

	for (i = 0; i < TRIES_MAX && !try_tcp(search, chain, l3mdev); i++)
		cpu_relax();
}

/* A socket that moves to another list takes us along: then we miss some. */
static void search_udp(struct search *search)
{
	struct net *net = sock_net(search->sk);
	struct sock *sk;

	sk_for_each_rcu(sk, pw_udp_list(search->sk, search->port)) {
		if (++search->visits > VISITS_MAX)
			break;
		if (net_eq(sock_net(sk), net) &&
		    READ_ONCE(inet_sk(sk)->inet_num) == search->port)
			consider(search, sk);
	}
}

static bool begin(struct search *search, const struct sock *sk,
		  const struct pw_address *asked)
{
	memset(search, 0, sizeof(*search));
	search->sk = sk;
	search->port = asked->port;
	search->device = READ_ONCE(sk->sk_bound_dev_if);
	search->uid = pw_bind_uid(sk);
	search->place.v6only = sk->sk_ipv6only;
	if (asked->family == AF_INET6) {
		memcpy(&search->place.address, asked->addr, 16);
	} else {
		ipv6_addr_set_v4mapped(0, &search->place.address);
		memcpy(&search->place.address.s6_addr32[3], asked->addr, 4);
	}
	return asked->port && asked->family != AF_UNSPEC;
}

/*
 * What we know of the socket that was found. A port that we saw being taken was
 * taken then; a connection that took none by itself has had it since it began.
 */
static void look_up(struct pw_holder *holder, const struct search *search)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	socket = pw_socket_lock_known(&lock, search->found, search->cookie);
	if (socket) {
		holder->process = pw_process_hold(socket->owner);
		if (socket->flags & PW_S_PORT && socket->port == search->port)
			holder->since = socket->flags & PW_S_COUNTED ?
					0 : socket->taken;
		else if (!(socket->flags & (PW_S_PORT | PW_S_LISTENING)))
			holder->since = socket->mark;
	} else if (search->is_kernel) {
		holder->process = pw_process_hold(&pw_process_kernel);
	}
	pw_socket_unlock(&lock);
}

void pw_holder_find(struct pw_holder *holder, struct sock *sk,
		    const struct pw_address *asked)
{
	struct search search;

	memset(holder, 0, sizeof(*holder));
	if (!begin(&search, sk, asked))
		return;
	rcu_read_lock();
	if (pw_has_states(sk))
		search_tcp(&search);
	else if (sk->sk_type == SOCK_DGRAM &&
		 (sk->sk_protocol == IPPROTO_UDP ||
		  sk->sk_protocol == IPPROTO_UDPLITE))
		search_udp(&search);
	rcu_read_unlock();
	if (!search.state)
		return;
	holder->state = search.state;
	holder->cookie = search.cookie;
	if (search.state != PORTWATCH_STATE_TIME_WAIT)
		holder->uid = from_kuid(&init_user_ns, search.found_uid);
	if (search.cookie)
		look_up(holder, &search);
}

void pw_holder_put(struct pw_holder *holder)
{
	pw_process_put(holder->process);
}

void pw_holder_encode(const struct pw_holder *holder,
		      struct portwatch_event *event)
{
	event->bind_failed.holder_state = holder->state;
	event->bind_failed.holder_sock = holder->cookie;
	event->bind_failed.holder_since = holder->since;
	event->bind_failed.holder_uid = holder->uid;
	event->bind_failed.holder = pw_process_key(holder->process);
}
