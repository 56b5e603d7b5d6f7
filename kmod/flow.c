// SPDX-License-Identifier: GPL-2.0
/*
 * Places are taken under the lock of a bucket and given back by one worker, which
 * looks through all of them when few are left, for those whose socket is gone. So
 * what a place says of its flow changes only when it is free.
 */
#include <linux/irq_work.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "flow.h"
#include "slot.h"
#include "socket.h"

#define FLOWS_MIN	16U
#define FLOWS_MAX	(1U << 22)
#define LOCKS		256U	/* one for many buckets */

static unsigned int flows_max = 65536;
module_param(flows_max, uint, 0444);
MODULE_PARM_DESC(flows_max,
		 "peers of unconnected UDP sockets kept at most (default 65536)");

/**
 * struct flow - a place
 *
 * @node:	in its bucket, or among the free ones
 * @key:	which flow; sock is 0 where it is free
 * @sk:		its socket, not to be followed
 * @told:	sessions that were told: a bit for each place
 * @bucket:	where it is
 */
struct flow {
	struct hlist_node node;
	struct pw_flow_key key;
	struct sock *sk;
	u32 told;
	u32 bucket;
};

static_assert(sizeof(struct pw_flow_key) % sizeof(u32) == 0);

/* @lock guards @free and @nfree, inside that of a bucket. */
static struct {
	struct flow *flows;
	struct hlist_head *buckets;
	unsigned int count;
	unsigned int mask;
	u32 seed;
	raw_spinlock_t locks[LOCKS];
	raw_spinlock_t lock;
	struct hlist_head free;
	unsigned int nfree;
	struct irq_work need_sweep;
	struct delayed_work sweep;
	struct mutex sweeping;	/* places are given back under it */
} table = {
	.sweeping = __MUTEX_INITIALIZER(table.sweeping),
};

static u32 bucket_of(const struct pw_flow_key *key)
{
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), table.seed) &
	       table.mask;
}

static raw_spinlock_t *lock_of(u32 bucket)
{
	return &table.locks[bucket & (LOCKS - 1)];
}

static struct flow *find(const struct pw_flow_key *key, u32 bucket)
{
	struct flow *flow;

	hlist_for_each_entry(flow, &table.buckets[bucket], node)
		if (!memcmp(&flow->key, key, sizeof(*key)))
			return flow;
	return NULL;
}

bool pw_flow_is_news(const struct pw_flow_key *key, u32 wants)
{
	u32 bucket = bucket_of(key);
	struct flow *flow;
	bool news;

	raw_spin_lock(lock_of(bucket));
	flow = find(key, bucket);
	news = !flow || wants & ~flow->told;
	raw_spin_unlock(lock_of(bucket));
	return news;
}

/*
 * A quarter is left, or nothing: it is time to look for sockets that are gone, once a
 * second at most.
 */
static struct flow *take_place(bool *full)
{
	struct flow *flow = NULL;

	raw_spin_lock(&table.lock);
	if (table.nfree) {
		flow = hlist_entry(table.free.first, struct flow, node);
		hlist_del(&flow->node);
		table.nfree--;
	}
	*full = !table.nfree;
	if (table.nfree == table.count / 4 || !table.nfree)
		irq_work_queue(&table.need_sweep);
	raw_spin_unlock(&table.lock);
	return flow;
}

u32 pw_flow_tell(const struct pw_flow_key *key, struct sock *sk, u32 wants,
		 bool *full)
{
	u32 bucket = bucket_of(key), news = 0;
	struct flow *flow;

	*full = false;
	raw_spin_lock(lock_of(bucket));
	flow = find(key, bucket);
	if (!flow) {
		flow = take_place(full);
		if (flow) {
			flow->sk = sk;
			flow->told = 0;
			flow->bucket = bucket;
			flow->key = *key;
			flow->key.sock = 0;
			/* With sock all the rest is seen; see sock_of(). */
			smp_store_release(&flow->key.sock, key->sock);
			hlist_add_head(&flow->node, &table.buckets[bucket]);
		}
	}
	if (flow) {
		news = wants & ~flow->told;
		flow->told |= news;
	}
	raw_spin_unlock(lock_of(bucket));
	return news;
}

/*
 * 0 where a place is free. Otherwise, under @sweeping, it stays as it is, but for
 * @told.
 */
static u64 sock_of(const struct flow *flow)
{
	return smp_load_acquire(&flow->key.sock); /* pairs with pw_flow_tell() */
}

static void give_back(struct flow *flow)
{
	unsigned long flags;

	raw_spin_lock_irqsave(lock_of(flow->bucket), flags);
	hlist_del(&flow->node);
	WRITE_ONCE(flow->key.sock, 0);
	raw_spin_lock(&table.lock);
	hlist_add_head(&flow->node, &table.free);
	table.nfree++;
	raw_spin_unlock(&table.lock);
	raw_spin_unlock_irqrestore(lock_of(flow->bucket), flags);
}

static void sweep(struct work_struct *work)
{
	unsigned int i;

	mutex_lock(&table.sweeping);
	for (i = 0; i < table.count; i++) {
		struct flow *flow = &table.flows[i];
		u64 sock = sock_of(flow);

		if (sock && !pw_socket_is_known(flow->sk, sock))
			give_back(flow);
		cond_resched();
	}
	mutex_unlock(&table.sweeping);
}

static void need_sweep(struct irq_work *work)
{
	schedule_delayed_work(&table.sweep, HZ);
}

void pw_flows_forget_session(unsigned int session)
{
	unsigned long flags;
	unsigned int i;

	mutex_lock(&table.sweeping);
	for (i = 0; i < table.count; i++) {
		struct flow *flow = &table.flows[i];

		if (!sock_of(flow))
			continue;
		raw_spin_lock_irqsave(lock_of(flow->bucket), flags);
		flow->told &= ~BIT(session);
		raw_spin_unlock_irqrestore(lock_of(flow->bucket), flags);
	}
	mutex_unlock(&table.sweeping);
}

static void free_table(void)
{
	kvfree(table.buckets);
	kvfree(table.flows);
	table.buckets = NULL;
	table.flows = NULL;
	table.count = 0;
	table.nfree = 0;
	INIT_HLIST_HEAD(&table.free);
}

static int alloc_table(unsigned int count)
{
	unsigned int i;

	table.mask = roundup_pow_of_two(count) - 1;
	table.flows = kvcalloc(count, sizeof(*table.flows), GFP_KERNEL);
	table.buckets = kvcalloc(table.mask + 1, sizeof(*table.buckets),
				 GFP_KERNEL);
	if (!table.flows || !table.buckets) {
		free_table();
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		hlist_add_head(&table.flows[i].node, &table.free);
	table.count = count;
	table.nfree = count;
	return 0;
}

int pw_flows_init(void)
{
	unsigned int i;

	for (i = 0; i < LOCKS; i++)
		raw_spin_lock_init(&table.locks[i]);
	raw_spin_lock_init(&table.lock);
	init_irq_work(&table.need_sweep, need_sweep);
	INIT_DELAYED_WORK(&table.sweep, sweep);
	table.seed = get_random_u32();
	return alloc_table(clamp(flows_max, FLOWS_MIN, FLOWS_MAX));
}

/* No hook is attached any more that looks for flows. */
void pw_flows_exit(void)
{
	irq_work_sync(&table.need_sweep);
	cancel_delayed_work_sync(&table.sweep);
	free_table();
}
