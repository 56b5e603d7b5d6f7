// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that are met for the first time where their program cannot be asked for
 * any more, or not then: they are made known before.
 *
 * One that exits has lost its program when its sockets are closed.
 */
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "hook.h"

static bool has_socket(struct files_struct *files)
{
	struct fdtable *fdt;
	bool found = false;
	unsigned int fd;

	rcu_read_lock();
	fdt = rcu_dereference(files->fdt);
	for_each_set_bit(fd, fdt->open_fds, fdt->max_fds) {
		found = pw_is_socket(rcu_dereference(fdt->fd[fd]));
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
}

/* The whole process ends, with this thread or with all of them at once. */
static bool is_last_exit(void)
{
	return thread_group_empty(current) ||
	       current->signal->flags & SIGNAL_GROUP_EXIT;
}

/* exit_signals(task): process context, in each thread that exits. */
PW_FTRACE(pw_on_exit_signals)
{
	struct files_struct *files = current->files;

	/* Threads that end before the others close nothing. */
	if (!files || !current->mm || !is_last_exit())
		return;
	pw_hook_hit(PW_HOOK_EXIT);
	if (has_socket(files))
		pw_process_put(pw_process_current());
}

#ifdef CONFIG_PREEMPT_RT
/*
 * security_socket_bind(sock, ...), security_socket_listen(), security_socket_connect():
 * process context, preemptible. On the way to the functions with a return hook, whose
 * handlers may not take the locks that d_path() takes.
 */
PW_FTRACE(pw_on_security_socket)
{
	const struct socket *sock = (void *)pw_ftrace_arg(regs, 0);

	if (!sock->sk || !pw_has_events(sock->sk))
		return;
	pw_hook_hit(PW_HOOK_MEET);
	pw_process_put(pw_process_current());
}
#endif
