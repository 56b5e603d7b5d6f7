// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/sock_diag.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "hooks.h"
#include "mptcp.h"
#include "process.h"
#include "slot.h"
#include "socket.h"
#include "stream.h"
#include "vsock.h"

#define SHARD_BITS	8
#define SHARDS		(1U << SHARD_BITS)
#define BUCKET_BITS	6
#define BUCKETS		(1U << BUCKET_BITS)
#define CHUNK		63	/* records added to a shard at once: two pages, with their link */
#define LOW_WATER	24	/* free ones: fetch more */

static unsigned int sockets_max = 1048576;
module_param(sockets_max, uint, 0444);
MODULE_PARM_DESC(sockets_max, "sockets tracked at most (default 1048576)");

/* What is allocated, to be freed at the end. */
struct chunk {
	struct chunk *next;
	struct pw_socket sockets[CHUNK];
};

struct pw_shard {
	raw_spinlock_t lock;
	unsigned int nfree;
	unsigned int nused;
	unsigned int nvsock;	/* of those in use */
	struct hlist_head free;
	struct chunk *chunks;	/* of grow(), not of the lock */
	bool burying;
	struct hlist_head bucket[BUCKETS];
} ____cacheline_aligned_in_smp;

static struct {
	struct pw_shard *shards;
	unsigned int total;	/* records allocated; of grow() */
	bool full;		/* as many as there may be; of grow() */
	bool wanted;		/* somebody found too few since grow() last began */
	atomic64_t missed;
	struct irq_work need_more;
	struct work_struct grow;
} table;

static_assert(sizeof(struct pw_socket) <= 128);
static_assert(sizeof(struct pw_socket) % sizeof(u64) == 0);
static_assert(sizeof(struct chunk) <= 8192);	/* one more byte would cost as much again */

static u32 hash_of(const struct sock *sk)
{
	return hash_ptr(sk, SHARD_BITS + BUCKET_BITS);
}

static struct pw_shard *shard_of(const struct sock *sk)
{
	return &table.shards[hash_of(sk) & (SHARDS - 1)];
}

static struct hlist_head *bucket_of(struct pw_shard *shard,
				    const struct sock *sk)
{
	return &shard->bucket[hash_of(sk) >> SHARD_BITS];
}

static noinline u64 make_cookie(struct sock *sk)
{
	u32 halves[2];

	sock_diag_save_cookie(sk, halves);
	return (u64)halves[1] << 32 | halves[0];
}

u64 pw_socket_cookie(struct sock *sk)
{
	return (u64)atomic64_read(&sk->sk_cookie) ?: make_cookie(sk);
}

struct pw_socket *pw_socket_lock(struct pw_socket_lock *lock, struct sock *sk)
	__acquires(lock->shard)
{
	struct pw_shard *shard = shard_of(sk);
	struct pw_socket *socket;

	lock->shard = shard;
	lock->cookie = pw_socket_cookie(sk);
	raw_spin_lock_irqsave(&shard->lock, lock->flags);
	hlist_for_each_entry(socket, bucket_of(shard, sk), node) {
		if (socket->sk != sk)
			continue;
		if (likely(socket->cookie == lock->cookie))
			return socket;
		/* Its end was not seen; the memory is another socket's now. */
		pw_socket_remove(lock, socket);
		break;
	}
	return NULL;
}

struct pw_socket *pw_socket_lock_known(struct pw_socket_lock *lock,
				       const struct sock *sk, u64 cookie)
	__acquires(lock->shard)
{
	struct pw_shard *shard = shard_of(sk);
	struct pw_socket *socket;

	lock->shard = shard;
	lock->cookie = cookie;
	raw_spin_lock_irqsave(&shard->lock, lock->flags);
	hlist_for_each_entry(socket, bucket_of(shard, sk), node)
		if (socket->sk == sk && socket->cookie == cookie)
			return socket;
	return NULL;
}

void pw_socket_unlock(struct pw_socket_lock *lock)
	__releases(lock->shard)
{
	raw_spin_unlock_irqrestore(&lock->shard->lock, lock->flags);
}

struct pw_socket *pw_socket_add(struct pw_socket_lock *lock, struct sock *sk)
{
	struct pw_shard *shard = lock->shard;
	struct pw_socket *socket;

	/* Something may not be there yet that would take it out. */
	if (!pw_hooks_attached())
		return NULL;
	if (shard->nfree < LOW_WATER && !READ_ONCE(table.full)) {
		WRITE_ONCE(table.wanted, true);
		irq_work_queue(&table.need_more);
	}
	/* Without that hook it would never be taken out. */
	if (sk->sk_protocol == IPPROTO_MPTCP &&
	    !pw_hook_is_attached(PW_HOOK_MPTCP_DESTROY))
		return NULL;
	if (pw_is_vsock(sk) && !pw_hook_is_attached(PW_HOOK_VSOCK_DESTROY))
		return NULL;
	if (unlikely(!shard->nfree)) {
		atomic64_inc(&table.missed);
		return NULL;
	}
	socket = hlist_entry(shard->free.first, struct pw_socket, node);
	hlist_del(&socket->node);
	shard->nfree--;
	shard->nused++;
	pw_words_clear(socket, sizeof(*socket));
	socket->sk = sk;
	socket->cookie = lock->cookie;
	if (pw_is_vsock(sk)) {
		socket->is_vsock = true;
		WRITE_ONCE(shard->nvsock, shard->nvsock + 1);
	}
	hlist_add_head(&socket->node, bucket_of(shard, sk));
	return socket;
}

void pw_socket_remove(struct pw_socket_lock *lock, struct pw_socket *socket)
{
	struct pw_shard *shard = lock->shard;

	if (socket->subflows || socket->flags & PW_S_SUBFLOW)
		pw_mptcp_forget(socket);
	pw_process_put(socket->owner);
	pw_process_put(socket->closer);
	hlist_del(&socket->node);
	hlist_add_head(&socket->node, &shard->free);
	shard->nfree++;
	shard->nused--;
	if (socket->is_vsock)
		WRITE_ONCE(shard->nvsock, shard->nvsock - 1);
}

bool pw_sockets_any_vsock(unsigned int n)
{
	return READ_ONCE(table.shards[n].nvsock);
}

/* What has no file is the kernel's, and has such a record for no other reason. */
#define BURIED	(PW_S_RELEASED | PW_S_KERNELS)

void pw_socket_bury(struct pw_socket_lock *lock, struct pw_socket *socket)
{
	if (unlikely(lock->shard->burying))
		socket->flags |= BURIED;
	else
		pw_socket_remove(lock, socket);
}

static void unbury(struct pw_shard *shard)
{
	struct pw_socket_lock lock = { .shard = shard };
	struct pw_socket *socket;
	struct hlist_node *next;
	unsigned int i;

	raw_spin_lock_irqsave(&shard->lock, lock.flags);
	shard->burying = false;
	for (i = 0; i < BUCKETS; i++)
		hlist_for_each_entry_safe(socket, next, &shard->bucket[i], node)
			if ((socket->flags & BURIED) == BURIED)
				pw_socket_remove(&lock, socket);
	raw_spin_unlock_irqrestore(&shard->lock, lock.flags);
}

void pw_sockets_unbury(void)
{
	unsigned int i;

	for (i = 0; i < SHARDS; i++)
		unbury(&table.shards[i]);
}

void pw_socket_set_owner(struct pw_socket *socket, struct pw_process *owner,
			 u32 tid)
{
	pw_process_put(socket->owner);
	socket->owner = owner;
	socket->owner_tid = owner && owner != &pw_process_kernel ? tid : 0;
}

void pw_socket_set_closer(struct pw_socket *socket, struct pw_process *who)
{
	pw_process_put(socket->closer);
	if (pw_process_same(socket->owner, who))
		who = NULL;
	socket->closer = pw_process_hold(who);
	socket->closer_tid = who ? current->pid : 0;
}

/*
 * May use the share of a ring that is kept for port events: what tells that a port
 * was taken, was not to be had, is served, or was given back.
 */
#define URGENT	(PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |			\
		 PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED) |		\
		 PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN))

static bool is_urgent(const struct pw_socket *socket,
		      const struct portwatch_event *event)
{
	if (event->type == PORTWATCH_CLOSE)
		return event->close.kind == PORTWATCH_KIND_LISTENER ||
		       (socket && socket->flags & PW_S_PORT);
	return URGENT & PORTWATCH_EVENT_BIT(event->type);
}

/* What makes a socket more than one that was made and let go: a port or a peer. */
#define USES	(PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |			\
		 PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN) |		\
		 PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT) |		\
		 PORTWATCH_EVENT_BIT(PORTWATCH_ACCEPT))

/* Where a socket begins to be an open one. */
#define BEGINS	(PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET) |	\
		 PORTWATCH_EVENT_BIT(PORTWATCH_ACCEPT))

static __always_inline u64 emit(struct pw_socket *socket,
				struct portwatch_event *event,
				struct pw_process *actor, u32 actor_tid,
				struct pw_emission *with)
{
	with->urgent = is_urgent(socket, event);
	if (socket) {
		with->owner = socket->owner;
		event->sock_seq = ++socket->seq;
		event->owner_tid = socket->owner_tid;
		if (USES & PORTWATCH_EVENT_BIT(event->type))
			socket->flags |= PW_S_USED;
		/* A session that begins just now gets a row for it. */
		if (BEGINS & PORTWATCH_EVENT_BIT(event->type))
			with->except = ~socket->shown;
	}
	if (actor && !pw_process_same(with->owner, actor)) {
		with->actor = actor;
		event->actor_tid = actor_tid;
	}
	/* Nobody is introduced twice. */
	if (with->holder == with->owner || with->holder == with->actor)
		with->holder = NULL;
	return pw_stream_emit(event, with);
}

u64 pw_socket_emit(struct pw_socket *socket, struct portwatch_event *event,
		   struct pw_process *actor, u32 actor_tid, __u64 *elapsed)
{
	struct pw_emission with = { .elapsed = elapsed };

	return emit(socket, event, actor, actor_tid, &with);
}

void pw_socket_emit_to(struct pw_socket *socket, struct portwatch_event *event,
		       u32 sessions, struct pw_process *actor, u32 actor_tid)
{
	struct pw_emission with = { .except = ~sessions };

	emit(socket, event, actor, actor_tid, &with);
}

bool pw_socket_is_known(const struct sock *sk, u64 cookie)
{
	struct pw_shard *shard = shard_of(sk);
	struct pw_socket *socket;
	unsigned long flags;
	bool known = false;

	raw_spin_lock_irqsave(&shard->lock, flags);
	hlist_for_each_entry(socket, bucket_of(shard, sk), node)
		known |= socket->sk == sk && socket->cookie == cookie;
	raw_spin_unlock_irqrestore(&shard->lock, flags);
	return known;
}

u64 pw_socket_emit_held(struct pw_socket *socket, struct portwatch_event *event,
			struct pw_process *actor, u32 actor_tid,
			struct pw_process *holder)
{
	struct pw_emission with = { .holder = holder };

	return emit(socket, event, actor, actor_tid, &with);
}

unsigned int pw_sockets_shards(void)
{
	return SHARDS;
}

bool pw_sockets_visit(unsigned int n,
		      bool (*visit)(struct pw_socket *socket, void *arg),
		      void *arg)
{
	struct pw_shard *shard = &table.shards[n];
	struct pw_socket *socket;
	unsigned long flags;
	bool more = true;
	unsigned int i;

	raw_spin_lock_irqsave(&shard->lock, flags);
	for (i = 0; i < BUCKETS && more; i++)
		hlist_for_each_entry(socket, &shard->bucket[i], node) {
			more = visit(socket, arg);
			if (!more)
				break;
		}
	raw_spin_unlock_irqrestore(&shard->lock, flags);
	return more;
}

void pw_sockets_count(u64 *now, u64 *max, u64 *missed)
{
	unsigned int i;

	*now = 0;
	for (i = 0; table.shards && i < SHARDS; i++)
		*now += READ_ONCE(table.shards[i].nused);
	*max = sockets_max;
	*missed = atomic64_read(&table.missed);
}

static int add_chunk(struct pw_shard *shard)
{
	struct chunk *chunk;
	unsigned long flags;
	unsigned int i;

	if (table.total + CHUNK > max(sockets_max, SHARDS * CHUNK)) {
		WRITE_ONCE(table.full, true);
		return -ENOSPC;
	}
	chunk = kvzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	table.total += CHUNK;
	chunk->next = shard->chunks;
	shard->chunks = chunk;
	raw_spin_lock_irqsave(&shard->lock, flags);
	for (i = 0; i < CHUNK; i++)
		hlist_add_head(&chunk->sockets[i].node, &shard->free);
	shard->nfree += CHUNK;
	raw_spin_unlock_irqrestore(&shard->lock, flags);
	return 0;
}

/*
 * Sockets are spread over the shards evenly, so what one needs the others will
 * need soon: all are brought above twice the low water.
 */
static void grow(struct work_struct *work)
{
	unsigned int i;

	WRITE_ONCE(table.wanted, false);
	for (i = 0; i < SHARDS; i++)
		if (READ_ONCE(table.shards[i].nfree) < 2 * LOW_WATER &&
		    add_chunk(&table.shards[i]))
			break;
}

/* The shard's lock is held where it is found out, so no work is queued there. */
static void need_more(struct irq_work *work)
{
	schedule_work(&table.grow);
}

void pw_sockets_make_room(void)
{
	cond_resched();
	/* To wait for the irq_work would take a grace period on PREEMPT_RT each time. */
	if (!READ_ONCE(table.wanted))
		return;
	schedule_work(&table.grow);
	flush_work(&table.grow);
}

int pw_sockets_init(void)
{
	unsigned int i;
	int err = 0;

	table.shards = kvcalloc(SHARDS, sizeof(*table.shards), GFP_KERNEL);
	if (!table.shards)
		return -ENOMEM;
	init_irq_work(&table.need_more, need_more);
	INIT_WORK(&table.grow, grow);
	table.total = 0;
	table.full = false;
	table.wanted = false;
	for (i = 0; i < SHARDS; i++) {
		raw_spin_lock_init(&table.shards[i].lock);
		table.shards[i].burying = true;
	}
	for (i = 0; i < SHARDS && !err; i++)
		err = add_chunk(&table.shards[i]);
	if (err)
		pw_sockets_exit();
	return err;
}

static void free_chunks(struct pw_shard *shard)
{
	while (shard->chunks) {
		struct chunk *chunk = shard->chunks;

		shard->chunks = chunk->next;
		kvfree(chunk);
	}
}

/* No hook is attached any more. */
void pw_sockets_exit(void)
{
	unsigned int i;

	irq_work_sync(&table.need_more);
	cancel_work_sync(&table.grow);
	for (i = 0; i < SHARDS; i++)
		free_chunks(&table.shards[i]);
	kvfree(table.shards);
	table.shards = NULL;
}
