// SPDX-License-Identifier: GPL-2.0
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "process.h"
#include "process_text.h"
#include "slot.h"

#define BUCKET_BITS	8
#define CHUNK		512	/* identities allocated at once */
#define CHUNKS_MAX	64
#define LOW_WATER	128	/* free ones: fetch more */
#define HAND_STEPS	64	/* most that a search for a victim looks at */

static unsigned int processes_max = 16384;
module_param(processes_max, uint, 0444);
MODULE_PARM_DESC(processes_max,
		 "identities of processes kept at most (default 16384, limit 32768)");

struct pw_process pw_process_kernel = {
	.key = PORTWATCH_PROCESS_KERNEL,
	.auid = -1,
	.flags = PORTWATCH_P_THREAD,
	.refs = ATOMIC_INIT(1),
	.announced = ~0UL,
};

struct bucket {
	raw_spinlock_t lock;
	struct hlist_head head;
} ____cacheline_aligned_in_smp;

/*
 * The pool. @lock guards @free, @nfree, @hand and @next_key. It nests inside
 * nothing and nothing nests inside it. @nchunks only grows, while hooks run; a
 * chunk is filled in before it is counted.
 */
static struct {
	struct bucket *buckets;
	struct pw_process *chunk[CHUNKS_MAX];
	unsigned int nchunks;
	raw_spinlock_t lock;
	struct hlist_head free;
	unsigned int nfree;
	unsigned int hand;
	u32 next_key;
	atomic64_t missed;
	struct irq_work need_more;
	struct work_struct grow;
} pool = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(pool.lock),
	.next_key = PORTWATCH_PROCESS_KERNEL + 1,
};

/*
 * Who this CPU met last, with a reference: nearly always who it meets next. Used in
 * process context with preemption off.
 */
static DEFINE_PER_CPU(struct pw_process *, last_met);

static u32 bucket_of(const struct pw_process_id *id)
{
	return hash_64(id->start ^ id->tgid, BUCKET_BITS);
}

static bool id_equal(const struct pw_process_id *a,
		     const struct pw_process_id *b)
{
	return a->start == b->start && a->exec == b->exec &&
	       a->cgroup == b->cgroup && a->tgid == b->tgid &&
	       a->uid == b->uid && a->comm[0] == b->comm[0] &&
	       a->comm[1] == b->comm[1];
}

static_assert(sizeof_field(struct pw_process_id, comm) == TASK_COMM_LEN);

/*
 * Returns false when the task has gone. Preemption is off meanwhile: as good as
 * rcu_read_lock(), and no call.
 */
static bool id_read(struct pw_process_id *id, struct task_struct *task)
{
	struct task_struct *leader;
	bool alive;

	preempt_disable();
	/* The leader is there as long as the task has not been unhashed. */
	alive = task == current || pid_alive(task);
	if (alive) {
		leader = READ_ONCE(task->group_leader);
		id->start = leader->start_boottime;
		id->exec = task->self_exec_id;
		id->tgid = task->tgid;
		/* May be changed under us: the old name, the new one or a mix. */
		pw_words_copy(id->comm, leader->comm, sizeof(id->comm));
		id->uid = __kuid_val(rcu_dereference_raw(task->real_cred)->euid);
		id->cgroup = cgroup_id(task_css_set_check(task, true)->dfl_cgrp);
	}
	preempt_enable();
	return alive;
}

/* Returns it with a reference, or NULL. */
static struct pw_process *find(const struct pw_process_id *id, u32 index)
{
	struct bucket *bucket = &pool.buckets[index];
	struct pw_process *process, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(process, &bucket->head, node) {
		if (id_equal(&process->id, id)) {
			found = process;
			found->used = true;
			atomic_inc(&found->refs);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return found;
}

/* Identities that nth() may be asked for. */
static unsigned int pool_size(void)
{
	/* Pairs with the release in add_chunk(): the chunk is there. */
	return smp_load_acquire(&pool.nchunks) * CHUNK;
}

static struct pw_process *nth(unsigned int n)
{
	return &pool.chunk[n / CHUNK][n % CHUNK];
}

/* Take one out of its bucket if nobody holds it and it was not used lately. */
static bool retire(struct pw_process *process)
{
	u32 index = READ_ONCE(process->bucket);
	struct bucket *bucket = &pool.buckets[index];
	unsigned long flags;
	bool done = false;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	/* Pairs with pw_process_put(). */
	if (process->hashed && process->bucket == index &&
	    !atomic_read_acquire(&process->refs)) {
		if (process->used) {
			process->used = false;
		} else {
			hlist_del_init(&process->node);
			process->hashed = false;
			done = true;
		}
	}
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return done;
}

/* The clock hand goes round until it finds one that can be had. */
static struct pw_process *find_victim(void)
{
	unsigned int total = pool_size();
	unsigned int i;

	for (i = 0; i < HAND_STEPS && total; i++) {
		struct pw_process *process;
		unsigned long flags;

		raw_spin_lock_irqsave(&pool.lock, flags);
		process = nth(pool.hand++ % total);
		raw_spin_unlock_irqrestore(&pool.lock, flags);
		if (retire(process))
			return process;
	}
	return NULL;
}

static struct pw_process *take_free(void)
{
	struct pw_process *process = NULL;
	unsigned long flags;
	bool low;

	raw_spin_lock_irqsave(&pool.lock, flags);
	if (!hlist_empty(&pool.free)) {
		process = hlist_entry(pool.free.first, struct pw_process, node);
		hlist_del_init(&process->node);
		pool.nfree--;
	}
	low = pool.nfree < LOW_WATER && pool.nchunks * CHUNK < processes_max;
	raw_spin_unlock_irqrestore(&pool.lock, flags);

	if (low)
		irq_work_queue(&pool.need_more);
	return process ?: find_victim();
}

static void give_free(struct pw_process *process)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pool.lock, flags);
	hlist_add_head(&process->node, &pool.free);
	pool.nfree++;
	raw_spin_unlock_irqrestore(&pool.lock, flags);
}

static u32 new_key(void)
{
	unsigned long flags;
	u32 key;

	raw_spin_lock_irqsave(&pool.lock, flags);
	key = pool.next_key++;
	raw_spin_unlock_irqrestore(&pool.lock, flags);
	return key;
}

static void fill(struct pw_process *process, struct task_struct *task,
		 const struct pw_process_id *id)
{
	process->id = *id;
	process->key = new_key();
	process->announced = 0;
	process->used = true;
	process->flags = task->flags & PF_KTHREAD ? PORTWATCH_P_THREAD : 0;
	process->auid = from_kuid(&init_user_ns, audit_get_loginuid(task));
	rcu_read_lock();
	process->ppid = task_tgid_nr(rcu_dereference(task->real_parent));
	rcu_read_unlock();
	atomic_set(&process->refs, 1);
}

/*
 * Another CPU may have been quicker (threads of one process): then theirs counts
 * and ours goes back.
 */
static struct pw_process *publish(struct pw_process *process)
{
	u32 index = bucket_of(&process->id);
	struct bucket *bucket = &pool.buckets[index];
	struct pw_process *other;
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	hlist_for_each_entry(other, &bucket->head, node)
		if (id_equal(&other->id, &process->id))
			goto found;
	process->bucket = index;
	process->hashed = true;
	hlist_add_head(&process->node, &bucket->head);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	return process;

found:
	atomic_inc(&other->refs);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	give_free(process);
	return other;
}

static struct pw_process *meet_again(const struct pw_process_id *id)
{
	struct pw_process *process;

	preempt_disable();
	process = __this_cpu_read(last_met);
	if (process && id_equal(&process->id, id))
		atomic_inc(&process->refs);
	else
		process = NULL;
	preempt_enable();
	return process;
}

/* Passes @process on. */
static struct pw_process *meet(struct pw_process *process)
{
	struct pw_process *before;

	atomic_inc(&process->refs);
	preempt_disable();
	before = __this_cpu_read(last_met);
	__this_cpu_write(last_met, process);
	preempt_enable();
	pw_process_put(before);
	return process;
}

/*
 * One that lacks what could be had now makes room for a new one: nobody finds it
 * any more (no process has executed so many programs), and it goes when those who
 * hold it let go. Passes @process on, or nothing.
 */
static struct pw_process *replace_wanting(struct pw_process *process)
{
	struct bucket *bucket;
	unsigned long flags;

	if (!process || likely(!pw_process_text_is_wanting(process)))
		return process;
	bucket = &pool.buckets[bucket_of(&process->id)];
	raw_spin_lock_irqsave(&bucket->lock, flags);
	process->id.exec = U64_MAX;
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
	pw_process_put(process);
	return NULL;
}

/*
 * A worker of a workqueue, or a thread of the kernel in somebody's memory (before 5.12
 * an io_uring has such).
 */
static bool acts_for_another(void)
{
	return current->flags & PF_WQ_WORKER || current->mm;
}

struct pw_process *pw_process_current(void)
{
	struct pw_process *process;
	struct pw_process_id id;

	if (unlikely(current->flags & (PF_WQ_WORKER | PF_KTHREAD)) &&
	    acts_for_another())
		return NULL;
	id_read(&id, current);
	process = replace_wanting(meet_again(&id));
	if (likely(process))
		return process;
	process = replace_wanting(find(&id, bucket_of(&id)));
	if (process)
		return meet(process);
	process = take_free();
	if (!process) {
		atomic64_inc(&pool.missed);
		return NULL;
	}
	fill(process, current, &id);
	pw_process_text_current(process);
	return meet(publish(process));
}

struct pw_process *pw_process_of(struct task_struct *task)
{
	struct pw_process *process;
	struct pw_process_id id;

	if (!id_read(&id, task))
		return NULL;
	process = replace_wanting(find(&id, bucket_of(&id)));
	if (process)
		return process;
	process = take_free();
	if (!process) {
		atomic64_inc(&pool.missed);
		return NULL;
	}
	fill(process, task, &id);
	pw_process_text_task(process, task);
	return publish(process);
}

/* What a thread of the kernel does with a socket of the kernel, the kernel does. */
static bool is_the_kernel(const struct pw_process *a, const struct pw_process *b)
{
	return (a == &pw_process_kernel || b == &pw_process_kernel) &&
	       a->flags & b->flags & PORTWATCH_P_THREAD;
}

bool pw_process_same(const struct pw_process *a, const struct pw_process *b)
{
	if (a == b)
		return true;
	if (!a || !b)
		return false;
	return (a->id.tgid == b->id.tgid && a->id.start == b->id.start) ||
	       is_the_kernel(a, b);
}

void pw_process_set_announced(struct pw_process *process, unsigned int session)
{
	smp_mb__before_atomic(); /* after the record, see stream.c */
	set_bit(session, &process->announced);
}

/*
 * A new session is in the place of an old one, and gets no events yet; or a session
 * wants to be told anew.
 */
void pw_process_forget_session(unsigned int session)
{
	unsigned int n, total = pool_size();

	for (n = 0; n < total; n++)
		clear_bit(session, &nth(n)->announced);
}

void pw_processes_count(u64 *now, u64 *max, u64 *missed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&pool.lock, flags);
	*now = pool.nchunks * CHUNK - pool.nfree;
	raw_spin_unlock_irqrestore(&pool.lock, flags);
	*max = processes_max;
	*missed = atomic64_read(&pool.missed);
}

static int add_chunk(void)
{
	struct pw_process *chunk;
	unsigned int i;

	if (pool.nchunks == CHUNKS_MAX || pool.nchunks * CHUNK >= processes_max)
		return -ENOSPC;
	chunk = vzalloc(array_size(CHUNK, sizeof(*chunk)));
	if (!chunk)
		return -ENOMEM;
	pool.chunk[pool.nchunks] = chunk;
	/* Pairs with pool_size(). */
	smp_store_release(&pool.nchunks, pool.nchunks + 1);
	for (i = 0; i < CHUNK; i++)
		give_free(&chunk[i]);
	return 0;
}

static void grow(struct work_struct *work)
{
	add_chunk();
}

/* The pool's lock is taken where no work can be queued. */
static void need_more(struct irq_work *work)
{
	schedule_work(&pool.grow);
}

int pw_processes_init(void)
{
	unsigned int i;
	int err;

	pool.buckets = kvcalloc(1 << BUCKET_BITS, sizeof(*pool.buckets),
				GFP_KERNEL);
	if (!pool.buckets)
		return -ENOMEM;
	for (i = 0; i < 1 << BUCKET_BITS; i++)
		raw_spin_lock_init(&pool.buckets[i].lock);
	init_irq_work(&pool.need_more, need_more);
	INIT_WORK(&pool.grow, grow);
	err = pw_process_text_init();
	if (!err)
		err = add_chunk();
	if (err)
		pw_processes_exit();
	return err;
}

/* No hook is attached any more: nobody looks for an identity or holds one. */
void pw_processes_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(last_met, cpu) = NULL;
	irq_work_sync(&pool.need_more);
	cancel_work_sync(&pool.grow);
	while (pool.nchunks)
		vfree(pool.chunk[--pool.nchunks]);
	INIT_HLIST_HEAD(&pool.free);
	pool.nfree = 0;
	pool.hand = 0;
	pw_process_text_exit();
	kvfree(pool.buckets);
	pool.buckets = NULL;
}
