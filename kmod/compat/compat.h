/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The differences between kernels. The rest of the module is written for one
 * kernel; where an older or newer one names or does a thing in another way, it
 * learns it here and nowhere else.
 */
#ifndef PW_COMPAT_H
#define PW_COMPAT_H

#include <linux/cgroup.h>
#include <linux/ftrace.h>
#include <linux/fs.h>
#include <linux/fdtable.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <net/inet_sock.h>

/*
 * Of a variable that is filled in full before it is read: many kernels are built so
 * that every other one is cleared first. Older ones have no word for it.
 */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized		__attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

/* Handlers of ftrace entries: arguments come in registers. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
typedef struct ftrace_regs pw_ftrace_regs_t;
#else
typedef struct pt_regs pw_ftrace_regs_t;
#endif

static inline unsigned long pw_ftrace_arg(pw_ftrace_regs_t *regs, unsigned int n)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return ftrace_regs_get_argument(regs, n);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return regs_get_kernel_argument(&regs->regs, n);
#else
	return regs_get_kernel_argument(regs, n);
#endif
}

/*
 * At the entry of tcp_reset(sk, skb): did the other end send a reset? The kernel also
 * calls it for itself, when data comes for an end that reads no more, which is then
 * answered with a reset. Before 5.11 it has no segment to look at, and this call is
 * told by where it comes from: tcp_validate_incoming() looks for resets, and of those
 * in tcp_rcv_state_process() only this one is for an end that was shut down.
 */
static inline bool pw_tcp_reset_came_in(pw_ftrace_regs_t *regs,
					unsigned long caller)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	const struct sk_buff *skb = (const void *)pw_ftrace_arg(regs, 1);

	return !skb || tcp_hdr(skb)->rst;
#else
	const struct sock *sk = (const void *)pw_ftrace_arg(regs, 0);
	char name[KSYM_SYMBOL_LEN];

	if (!(sk->sk_shutdown & RCV_SHUTDOWN))
		return true;
	sprint_symbol_no_offset(name, caller - 1); /* in the call, not after it */
	return strcmp(name, "tcp_rcv_state_process");
#endif
}

/* Before 5.11 arguments are there only with all registers. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define PW_FTRACE_FLAGS		FTRACE_OPS_FL_PERMANENT
#else
#define PW_FTRACE_FLAGS		(FTRACE_OPS_FL_PERMANENT |		\
				 FTRACE_OPS_FL_SAVE_REGS |		\
				 FTRACE_OPS_FL_RECURSION_SAFE)
#endif

/* Exported since 6.2, and since then in the stable kernels from 5.15 on. */
static inline void pw_ftrace_free_filter(struct ftrace_ops *ops)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
	ftrace_free_filter(ops);
#else
	/* An empty filter in place of ours has no memory of its own. */
	ftrace_set_filter(ops, NULL, 0, 1);
#endif
}

/* mptcp_pm_new_connection() was not given the subflow before 5.12. */
#define PW_MPTCP_TELLS_SUBFLOW	(LINUX_VERSION_CODE >= KERNEL_VERSION(5, 12, 0))

/* From 6.6 the options of a socket are bits. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define pw_inet_freebind(sk)	inet_test_bit(FREEBIND, sk)
#define pw_inet_transparent(sk)	inet_test_bit(TRANSPARENT, sk)
#else
#define pw_inet_freebind(sk)	(inet_sk(sk)->freebind)
#define pw_inet_transparent(sk)	(inet_sk(sk)->transparent)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define pw_timer_delete_sync	timer_delete_sync
#else
#define pw_timer_delete_sync	del_timer_sync
#endif

/*
 * For pages that are mapped. Before 5.11 one that a control group pays for has its mark
 * where others count their mappings, and vm_insert_page() refuses it: nobody pays there.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define PW_GFP_MAPPED		GFP_KERNEL_ACCOUNT
#else
#define PW_GFP_MAPPED		GFP_KERNEL
#endif

static inline void pw_vma_refuse_write(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_clear(vma, VM_MAYWRITE);
#else
	vma->vm_flags &= ~VM_MAYWRITE;
#endif
}

static inline void pw_vma_set_private(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_mod(vma, VM_DONTCOPY | VM_DONTDUMP | VM_DONTEXPAND,
		     VM_MAYEXEC);
#else
	vma->vm_flags |= VM_DONTCOPY | VM_DONTDUMP | VM_DONTEXPAND;
	vma->vm_flags &= ~VM_MAYEXEC;
#endif
}

/* A reference on a file that may be going away, under RCU. */
static inline struct file *pw_get_file_rcu(struct file __rcu **from)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_rcu(from);
#else
	struct file *file = rcu_dereference(*from);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* The socket that a file is, or NULL: an inode of that kind can be a mere name. */
static inline struct socket *pw_sock_from_file(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return sock_from_file(file);
#else
	int err;

	return sock_from_file(file, &err);
#endif
}

/* Under RCU. From 6.15 the kernel lets a name be replaced under readers. */
static inline const char *pw_cgroup_name(const struct cgroup *cgroup)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	return rcu_dereference(cgroup->kn->name);
#else
	return cgroup->kn->name;
#endif
}

/* The program that an mm runs, with a reference, or NULL. */
static inline struct file *pw_mm_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
	file = pw_get_file_rcu(&mm->exe_file);
	rcu_read_unlock();
	return file;
}

#endif /* PW_COMPAT_H */
