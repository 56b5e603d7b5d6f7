// SPDX-License-Identifier: GPL-2.0
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/local_lock.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>

#include "compat/compat.h"
#include "filter.h"
#include "process.h"
#include "process_text.h"

/*
 * d_path() wants room for the longest path. Nothing that interrupts a process uses
 * this, so the lock is what disables preemption, and a sleeping one on PREEMPT_RT.
 * (Allocated: there are 8 KiB for the per-CPU variables of all modules.)
 */
struct scratch {
	local_lock_t lock;
	char path[PATH_MAX];
};

static struct scratch __percpu *scratch;

/*
 * Who asks for a path may sleep on PREEMPT_RT, and the wait of those who detach a hook
 * (synchronize_rcu_tasks()) is not for those who sleep. So before that nobody asks any
 * more, and who does has got his answer.
 */
static struct srcu_struct asking;
static bool may_ask = true;

int pw_process_text_init(void)
{
	unsigned int cpu;
	int err;

	scratch = alloc_percpu(struct scratch);
	if (!scratch)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(scratch, cpu)->lock);
	err = init_srcu_struct(&asking);
	if (err) {
		free_percpu(scratch);
		scratch = NULL;
	}
	return err;
}

void pw_process_text_exit(void)
{
	if (!scratch)
		return;
	cleanup_srcu_struct(&asking);
	free_percpu(scratch);
	scratch = NULL;
}

void pw_process_text_stop(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		return;
	WRITE_ONCE(may_ask, false);
	synchronize_srcu(&asking);
}

void pw_process_text_go_on(void)
{
	WRITE_ONCE(may_ask, true);
}

/*
 * d_path() takes spinlocks when somebody mounts, renames or changes root meanwhile.
 * On PREEMPT_RT these sleep, which the entry of a function allows, but not the
 * handlers of a return probe or of one of several hooks on the same function.
 */
static bool may_look_at_exe(void)
{
	return !IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible();
}

static size_t append(struct pw_process *process, size_t at, const char *from,
		     size_t len, size_t max)
{
	if (len > max) {
		len = max;
		process->flags |= PORTWATCH_P_TRUNCATED;
	}
	memcpy(process->text + at, from, len);
	return len;
}

/* The path as the process itself would name it, as in /proc/PID/exe. */
static void put_exe(struct pw_process *process, struct mm_struct *mm, char *buffer)
{
	struct file *file = pw_mm_exe_file(mm);
	char *path;

	process->exe_len = 0;
	if (!file)
		return;
	path = d_path(&file->f_path, buffer, PATH_MAX);
	if (!IS_ERR(path))
		process->exe_len = append(process, 0, path, strlen(path),
					  PW_EXE_MAX);
	fput(file);
}

/*
 * The path is put together here, without the lock on names that kernfs_path() takes
 * (it sleeps on PREEMPT_RT): a group of the second hierarchy is never renamed, and
 * it keeps those above it until it goes, a grace period after the task left it.
 *
 * It has all the room that the other texts left. What does not fit is not told, for a
 * part of it would name another group.
 */
static void put_cgroup(struct pw_process *process, struct task_struct *task)
{
	size_t at = process->exe_len + process->cmdline_len;
	struct cgroup *cgroup, *parent, *own;
	char *text = process->text + at;
	size_t end = 0, part;

	rcu_read_lock();
	own = task_dfl_cgroup(task);
	for (cgroup = own; (parent = cgroup_parent(cgroup)); cgroup = parent)
		end += 1 + strlen(pw_cgroup_name(cgroup));
	if (end > PW_TEXT_MAX - at) {
		process->flags |= PORTWATCH_P_TRUNCATED;
		process->cgroup_len = 0;
		goto out;
	}
	process->cgroup_len = end ?: 1;
	text[0] = '/';
	for (cgroup = own; (parent = cgroup_parent(cgroup)); cgroup = parent) {
		part = strlen(pw_cgroup_name(cgroup));
		end -= 1 + part;
		text[end] = '/';
		memcpy(text + end + 1, pw_cgroup_name(cgroup), part);
	}
	process->cgroup_hash = pw_filter_hash(text, process->cgroup_len);
out:
	rcu_read_unlock();
}

static size_t cmdline_len(struct pw_process *process, struct mm_struct *mm)
{
	unsigned long start = READ_ONCE(mm->arg_start);
	unsigned long end = READ_ONCE(mm->arg_end);

	if (!start || end <= start)
		return 0;
	if (end - start > PW_CMDLINE_MAX)
		process->flags |= PORTWATCH_P_TRUNCATED;
	return min_t(unsigned long, end - start, PW_CMDLINE_MAX);
}

static void put_exe_locked(struct pw_process *process, struct mm_struct *mm)
{
	local_lock(&scratch->lock);
	put_exe(process, mm, this_cpu_ptr(scratch)->path);
	local_unlock(&scratch->lock);
}

static void put_exe_current(struct pw_process *process)
{
	struct mm_struct *mm = current->mm;
	int index;

	process->exe_len = 0;
	process->exe_unread = mm && !may_look_at_exe();
	if (!mm || process->exe_unread)
		return;
	if (!IS_ENABLED(CONFIG_PREEMPT_RT)) {
		put_exe_locked(process, mm);
		return;
	}
	index = srcu_read_lock(&asking);
	process->exe_unread = !READ_ONCE(may_ask);
	if (!process->exe_unread)
		put_exe_locked(process, mm);
	srcu_read_unlock(&asking, index);
}

bool pw_process_text_is_wanting(const struct pw_process *process)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && process->exe_unread &&
	       READ_ONCE(may_ask) && may_look_at_exe();
}

void pw_process_text_current(struct pw_process *process)
{
	struct mm_struct *mm = current->mm;
	size_t len;

	put_exe_current(process);
	process->cmdline_len = 0;
	len = mm ? cmdline_len(process, mm) : 0;
	/* Only what is in memory: nothing may be paged in here. */
	if (len && !copy_from_user_nofault(process->text + process->exe_len,
					   (void __user *)READ_ONCE(mm->arg_start),
					   len))
		process->cmdline_len = len;
	put_cgroup(process, current);
}

void pw_process_text_task(struct pw_process *process, struct task_struct *task)
{
	char *buffer = kmalloc(PATH_MAX, GFP_KERNEL);
	struct mm_struct *mm;
	int len;

	process->exe_len = 0;
	process->exe_unread = false;
	process->cmdline_len = 0;
	process->cgroup_len = 0;
	if (!buffer) {
		process->flags |= PORTWATCH_P_TRUNCATED;
		return;
	}
	mm = get_task_mm(task);
	if (mm) {
		put_exe(process, mm, buffer);
		len = cmdline_len(process, mm);
		/* Not from a mapped file: that could keep us waiting for ever. */
		len = access_process_vm(task, READ_ONCE(mm->arg_start),
					process->text + process->exe_len, len,
					FOLL_ANON);
		process->cmdline_len = max(len, 0);
		mmput(mm);
	}
	put_cgroup(process, task);
	kfree(buffer);
}
