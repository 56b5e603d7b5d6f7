// SPDX-License-Identifier: GPL-2.0
/*
 * A walk through the kernel's tables of sockets that have a port.
 *
 * A table is cut into lists, each under a spinlock that softirqs take. Most lists are
 * short, but all the connections of a busy port are in one: so a list is walked in
 * portions, and its lock is let go of between them. The socket that is next is held
 * by a reference meanwhile. If it is still in the list afterwards, we go on from there,
 * and have missed nobody: what is new is put at the head of a list, and is known by the
 * hooks. If it has left, the place is lost, and the list begins anew. After a few such
 * losses it is walked in one go.
 */
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "compat/bind_hash.h"
#include "socket.h"
#include "tables.h"

#define PORTION		128	/* sockets visited under a lock */
#define LOSSES_MAX	16	/* of the place in one list */

/**
 * struct chain - a list of a table
 *
 * @lock:	without which nobody joins or leaves it
 * @head:	what @first is asked with
 * @first:	its first socket, under the lock
 * @next:	the one after another, under the lock
 * @list_of:	which list in it one is in, where it has several; else NULL
 */
struct chain {
	spinlock_t *lock;
	void *head;
	struct sock *(*first)(void *head);
	struct sock *(*next)(struct sock *sk);
	const void *(*list_of)(const struct sock *sk);
};

/**
 * struct mark - where in a list to go on
 *
 * @sk:		the next socket, with a reference; NULL: the first one
 * @port:	the port that it had
 * @list:	which of the lists of that port it was in
 */
struct mark {
	struct sock *sk;
	u16 port;
	const void *list;
};

/* A walk: what is done with each socket, and whether it goes on. */
struct walk {
	bool (*visit)(struct sock *sk, void *arg);
	void *arg;
	bool more;
};

static bool set_mark(struct mark *mark, const struct chain *chain,
		     struct sock *sk)
{
	if (!refcount_inc_not_zero(&sk->sk_refcnt))
		return false;
	mark->sk = sk;
	mark->port = sk->sk_num;
	mark->list = chain->list_of(sk);
	return true;
}

/*
 * Under the list's lock: a socket loses its port, gets this one and goes over to another
 * list only under it. (What is left in TIME_WAIT keeps the number, and loses the bucket.)
 */
static bool is_there(const struct mark *mark, const struct chain *chain)
{
	if (mark->sk->sk_state == TCP_TIME_WAIT)
		return inet_twsk(mark->sk)->tw_tb;
	return READ_ONCE(mark->sk->sk_num) == mark->port &&
	       chain->list_of(mark->sk) == mark->list;
}

/* A portion of a list, or all of it; false: its end was reached. */
static bool walk_portion(struct walk *walk, const struct chain *chain,
			 struct mark *mark, unsigned int *losses)
{
	struct mark from = *mark;
	unsigned int visited = 0;
	struct sock *sk;

	mark->sk = NULL;
	rcu_read_lock();
	spin_lock_bh(chain->lock);
	if (from.sk && is_there(&from, chain)) {
		sk = from.sk;
	} else {
		sk = chain->first(chain->head);
		*losses += !!from.sk;
	}
	for (; sk && walk->more; sk = chain->next(sk)) {
		if (visited++ >= PORTION && *losses < LOSSES_MAX &&
		    set_mark(mark, chain, sk))
			break;
		walk->more = walk->visit(sk, walk->arg);
	}
	spin_unlock_bh(chain->lock);
	rcu_read_unlock();
	if (from.sk)
		sock_gen_put(from.sk);
	return mark->sk;
}

static void walk_chain(struct walk *walk, const struct chain *chain)
{
	struct mark mark = { NULL };
	unsigned int losses = 0;

	while (walk_portion(walk, chain, &mark, &losses))
		pw_sockets_make_room();
	pw_sockets_make_room();
}

/* TCP ---------------------------------------------------------------------- */

static struct sock *first_of_chain(void *head)
{
	struct hlist_head *chain = head;

	return pw_tcp_bind_first(hlist_entry_safe(chain->first,
						  struct inet_bind_bucket,
						  node));
}

static void walk_tcp(struct walk *walk, const struct net *net)
{
	struct inet_bind_hashbucket *chains, *others;
	unsigned int i, count;

	others = pw_tcp_bind_chains(&init_net, &count);
	chains = pw_tcp_bind_chains(net, &count);
	if (chains == others && net != &init_net)
		return;
	for (i = 0; i < count && walk->more; i++) {
		const struct chain chain = {
			.lock = &chains[i].lock,
			.head = &chains[i].chain,
			.first = first_of_chain,
			.next = pw_tcp_bind_next,
			.list_of = pw_tcp_bind_list_of,
		};

		if (!hlist_empty(&chains[i].chain))
			walk_chain(walk, &chain);
		cond_resched();
	}
}

/* UDP ---------------------------------------------------------------------- */

static struct sock *first_of_slot(void *head)
{
	struct hlist_head *slot = head;

	return hlist_entry_safe(slot->first, struct sock, sk_node);
}

/* It has but one. */
static const void *list_of_slot(const struct sock *sk)
{
	return NULL;
}

static struct sock *next_of_slot(struct sock *sk)
{
	return hlist_entry_safe(sk->sk_node.next, struct sock, sk_node);
}

static void walk_udp_table(struct walk *walk, struct udp_table *table)
{
	unsigned int i;

	for (i = 0; i <= table->mask && walk->more; i++) {
		const struct chain chain = {
			.lock = &table->hash[i].lock,
			.head = &table->hash[i].head,
			.first = first_of_slot,
			.next = next_of_slot,
			.list_of = list_of_slot,
		};

		if (!hlist_empty(&table->hash[i].head))
			walk_chain(walk, &chain);
		cond_resched();
	}
}

static void walk_udp(struct walk *walk, const struct net *net)
{
	unsigned int lite;

	for (lite = 0; lite < 2; lite++) {
		struct udp_table *table = pw_udp_table(net, lite);

		if (table && (net == &init_net ||
			      table != pw_udp_table(&init_net, lite)))
			walk_udp_table(walk, table);
	}
}

/* All namespaces ----------------------------------------------------------- */

/*
 * No namespace comes or goes while the semaphore is held; one that has gone out of the
 * list already may still have sockets in the tables that are everybody's.
 */
static bool walk_all(void (*walk_one)(struct walk *walk, const struct net *net),
		     bool (*visit)(struct sock *sk, void *arg), void *arg)
{
	struct walk walk = { .visit = visit, .arg = arg, .more = true };
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		if (walk.more)
			walk_one(&walk, net);
	up_read(&net_rwsem);
	return walk.more;
}

bool pw_tcp_sockets_visit(bool (*visit)(struct sock *sk, void *arg), void *arg)
{
	return walk_all(walk_tcp, visit, arg);
}

bool pw_udp_sockets_visit(bool (*visit)(struct sock *sk, void *arg), void *arg)
{
	return walk_all(walk_udp, visit, arg);
}
