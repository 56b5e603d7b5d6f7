/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who: identities of processes.
 *
 * An identity is what a process was while it ran one program under one name, one
 * user and in one cgroup. It is made once, in process context, and then only read;
 * events carry its key, and each session is told once who the key is.
 *
 * Identities come from a pool that is filled in process context: the hooks run
 * where nothing can be allocated. They are found by process, kept by reference
 * (sockets hold one on their owner), and taken back, those without a reference and
 * unused for long first, when the pool runs dry.
 */
#ifndef PW_PROCESS_H
#define PW_PROCESS_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/portwatch.h>

/* Bytes kept of the three texts of a process; the last one has what is left. */
#define PW_EXE_MAX	512
#define PW_CGROUP_MAX	256
#define PW_CMDLINE_MAX	384
#define PW_TEXT_MAX	(PW_EXE_MAX + PW_CGROUP_MAX + PW_CMDLINE_MAX)

/**
 * struct pw_process_id - what makes two identities different
 *
 * @start:	start time of the process (leader), CLOCK_BOOTTIME
 * @exec:	counts the programs that it executed
 * @cgroup:	id of its cgroup
 * @tgid:	in the first pid namespace
 * @uid:	effective, in the first user namespace
 * @comm:	name of the leader, all 16 bytes as they are
 */
struct pw_process_id {
	u64 start;
	u64 exec;
	u64 cgroup;
	u32 tgid;
	u32 uid;
	u64 comm[2];
};

/**
 * struct pw_process - an identity
 *
 * @node:	in its bucket, under the bucket's lock
 * @bucket:	index of that bucket, under the same lock
 * @hashed:	whether it is in it
 * @used:	found since the clock hand last passed
 * @exe_unread:	it was met where its program could not be asked for (PREEMPT_RT)
 * @refs:	holders; rises from 0 only under the bucket's lock
 * @announced:	sessions that know @key: a bit for each place
 * @key:	unique as long as the module is loaded
 * @cgroup_hash: of the path of its cgroup, for filters
 * @text:	path of program, command line, path of cgroup, one after the other
 */
struct pw_process {
	struct hlist_node node;
	u32 bucket;
	bool hashed;
	bool used;
	bool exe_unread;
	atomic_t refs;
	unsigned long announced;

	u32 key;
	u32 ppid;
	u32 auid;
	u32 flags;
	struct pw_process_id id;
	u64 cgroup_hash;
	u16 exe_len;
	u16 cmdline_len;
	u16 cgroup_len;
	char text[PW_TEXT_MAX];
};

/* The owner of the kernel's own sockets. */
extern struct pw_process pw_process_kernel;

/* With the first session and the last; process context. */
int pw_processes_init(void);
void pw_processes_exit(void);

/*
 * The running process, in process context (atomic or not, interrupts on). NULL
 * when there is no room: counted; and for a thread of the kernel that does what
 * somebody left to it, who is not known. The caller gets a reference.
 */
struct pw_process *pw_process_current(void);

/* Another process, where sleeping is allowed; otherwise the same. */
struct pw_process *pw_process_of(struct task_struct *task);

/* Any context. */
static inline struct pw_process *pw_process_hold(struct pw_process *process)
{
	if (process)
		atomic_inc(&process->refs);
	return process;
}

static inline void pw_process_put(struct pw_process *process)
{
	if (!process)
		return;
	smp_mb__before_atomic(); /* we are done with it: against retire() */
	atomic_dec(&process->refs);
}

/* Is it the same process? Its program, name and user may differ. */
bool pw_process_same(const struct pw_process *a, const struct pw_process *b);

/* Is it the running process, whatever that runs by now? As pw_process_same(), cheaply. */
static inline bool pw_process_is_current(const struct pw_process *process)
{
	return process && process->id.tgid == current->tgid &&
	       process->id.start == current->group_leader->start_boottime;
}

static inline u32 pw_process_key(const struct pw_process *process)
{
	return process ? process->key : PORTWATCH_PROCESS_UNKNOWN;
}

/* Which sessions know it; see stream.c for the order. */
static inline unsigned long pw_process_announced(const struct pw_process *process)
{
	/* Pairs with pw_process_set_announced(). */
	return smp_load_acquire(&process->announced);
}

void pw_process_set_announced(struct pw_process *process, unsigned int session);
void pw_process_forget_session(unsigned int session);

void pw_processes_count(u64 *now, u64 *max, u64 *missed);

#endif /* PW_PROCESS_H */
