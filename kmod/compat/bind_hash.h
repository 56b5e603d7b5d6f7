/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own tables of ports: which sockets have a port.
 *
 * TCP: a bucket for each port of a network namespace, in a chain under a spinlock,
 * lists all that have the port: listeners, bound sockets, both ends of connections,
 * and what is left of them in TIME_WAIT. Before 6.8 it lists them itself, from then
 * on it lists buckets by address, which list them.
 *
 * UDP: a list by port, read under RCU: a UDP socket is freed after a grace period.
 */
#ifndef PW_BIND_HASH_H
#define PW_BIND_HASH_H

#include <linux/version.h>
#include <net/inet_hashtables.h>
#include <net/inet6_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0)
#include <net/udplite.h>
#endif

static inline struct inet_hashinfo *pw_tcp_tables(const struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo;
}

static inline struct inet_bind_hashbucket *
pw_tcp_bind_chain(const struct net *net, u16 port)
{
	struct inet_hashinfo *tables = pw_tcp_tables(net);

	return &tables->bhash[inet_bhashfn(net, port, tables->bhash_size)];
}

/* Under the lock of the chain. */
static inline struct inet_bind_bucket *
pw_tcp_bind_bucket(struct inet_bind_hashbucket *chain, const struct net *net,
		   u16 port, int l3mdev)
{
	struct inet_bind_bucket *bucket;

	inet_bind_bucket_for_each(bucket, &chain->chain)
		if (net_eq(ib_net(bucket), net) && bucket->port == port &&
		    bucket->l3mdev == l3mdev)
			return bucket;
	return NULL;
}

/* All chains: those of another namespace may be the same. */
static inline struct inet_bind_hashbucket *
pw_tcp_bind_chains(const struct net *net, unsigned int *count)
{
	struct inet_hashinfo *tables = pw_tcp_tables(net);

	*count = tables->bhash_size;
	return tables->bhash;
}

/*
 * Visit the sockets of a bucket, under the lock of its chain, until @visit says
 * false. One in TIME_WAIT is no more than a struct sock_common. Every kernel changes
 * these lists under that lock; 6.1 has other lists of its own by address, which are
 * not needed here.
 */
static inline void pw_tcp_bind_visit(struct inet_bind_bucket *bucket,
				     bool (*visit)(struct sock *sk, void *arg),
				     void *arg)
{
	struct sock *sk;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	struct inet_bind2_bucket *by_address;

	hlist_for_each_entry(by_address, &bucket->bhash2, bhash_node)
		sk_for_each_bound(sk, &by_address->owners)
			if (!visit(sk, arg))
				return;
#else
	sk_for_each_bound(sk, &bucket->owners)
		if (!visit(sk, arg))
			return;
#endif
}

static inline struct inet_bind_bucket *pw_tcp_bind_bucket_of(struct sock *sk)
{
	return sk->sk_state == TCP_TIME_WAIT ? inet_twsk(sk)->tw_tb :
					       inet_csk(sk)->icsk_bind_hash;
}

/* Under the lock of the chain: which of the lists that a port has. */
static inline const void *pw_tcp_bind_list_of(const struct sock *sk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return sk->sk_state == TCP_TIME_WAIT ? inet_twsk(sk)->tw_tb2 :
					       inet_csk(sk)->icsk_bind2_hash;
#else
	return NULL;
#endif
}

/*
 * The sockets of a chain one after the other, under its lock: the first one of a
 * bucket or of those that follow it, and the next one of a socket that is in it.
 */
static inline struct sock *pw_tcp_bind_first(struct inet_bind_bucket *bucket)
{
	for (; bucket; bucket = hlist_entry_safe(bucket->node.next,
						 struct inet_bind_bucket, node)) {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
		struct inet_bind2_bucket *by_address;

		hlist_for_each_entry(by_address, &bucket->bhash2, bhash_node)
			if (!hlist_empty(&by_address->owners))
				return hlist_entry(by_address->owners.first,
						   struct sock, sk_bind_node);
#else
		if (!hlist_empty(&bucket->owners))
			return hlist_entry(bucket->owners.first, struct sock,
					   sk_bind_node);
#endif
	}
	return NULL;
}

static inline struct sock *pw_tcp_bind_next(struct sock *sk)
{
	struct inet_bind_bucket *bucket = pw_tcp_bind_bucket_of(sk);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	struct inet_bind2_bucket *by_address = (void *)pw_tcp_bind_list_of(sk);
#endif

	if (sk->sk_bind_node.next)
		return hlist_entry(sk->sk_bind_node.next, struct sock,
				   sk_bind_node);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	hlist_for_each_entry_continue(by_address, bhash_node)
		if (!hlist_empty(&by_address->owners))
			return hlist_entry(by_address->owners.first,
					   struct sock, sk_bind_node);
#endif
	return pw_tcp_bind_first(hlist_entry_safe(bucket->node.next,
						  struct inet_bind_bucket,
						  node));
}

/*
 * Who listens on the port at this address, or at all of them? Under RCU; the memory
 * of what is returned may be another TCP socket's already.
 */
static inline struct sock *pw_tcp_listener(struct net *net,
					   const struct in6_addr *address,
					   u16 port, int device)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define PW_LOOKUP_TABLES
#else
#define PW_LOOKUP_TABLES	pw_tcp_tables(net),
#endif
	if (ipv6_addr_v4mapped(address))
		return __inet_lookup_listener(net, PW_LOOKUP_TABLES NULL, 0, 0,
					      0, address->s6_addr32[3], port,
					      device, 0);
#if IS_ENABLED(CONFIG_IPV6)
	return inet6_lookup_listener(net, PW_LOOKUP_TABLES NULL, 0,
				     &in6addr_any, 0, address, port, device, 0);
#else
	return NULL;
#endif
#undef PW_LOOKUP_TABLES
}

/* The table of UDP, or of UDP-Lite; NULL: the kernel has no such protocol. */
static inline struct udp_table *pw_udp_table(const struct net *net, bool lite)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	return lite ? NULL : net->ipv4.udp_table;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return lite ? &udplite_table : net->ipv4.udp_table;
#else
	return lite ? &udplite_table : &udp_table;
#endif
}

/* The list that has the sockets of the port, and of some others. */
static inline struct hlist_head *pw_udp_list(const struct sock *sk, u16 port)
{
	struct net *net = sock_net(sk);
	struct udp_table *table;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 1, 0)
	table = net->ipv4.udp_table;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	/* UDP-Lite has a table of its own. */
	table = sk->sk_prot->h.udp_table ?: net->ipv4.udp_table;
#else
	table = sk->sk_prot->h.udp_table;
#endif
	return &udp_hashslot(table, net, port)->head;
}

/* The user that counts where sockets may share a port (SO_REUSEPORT). */
static inline kuid_t pw_bind_uid(const struct sock *sk)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
	/* One whose last descriptor is closed is taken for root's. */
	if (!READ_ONCE(sk->sk_socket))
		return GLOBAL_ROOT_UID;
#endif
	return READ_ONCE(sk->sk_uid);
}

#endif /* PW_BIND_HASH_H */
