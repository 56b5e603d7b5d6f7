// SPDX-License-Identifier: GPL-2.0
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/compat.h"
#include "process.h"
#include "process_text.h"

/*
 * d_path() wants room for the longest path. Preemption is off while it is used, and
 * nothing that interrupts a process uses it.
 */
static DEFINE_PER_CPU(char[PATH_MAX], scratch);

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

static void put_cgroup(struct pw_process *process, struct task_struct *task,
		       char *buffer)
{
	size_t at = process->exe_len + process->cmdline_len;
	int len;

	rcu_read_lock();
	len = cgroup_path(task_dfl_cgroup(task), buffer, PATH_MAX);
	rcu_read_unlock();
	process->cgroup_len = 0;
	if (len > 0)
		process->cgroup_len = append(process, at, buffer,
					     strnlen(buffer, PATH_MAX),
					     PW_CGROUP_MAX);
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

void pw_process_text_current(struct pw_process *process)
{
	struct mm_struct *mm = current->mm;
	char *buffer;

	process->cmdline_len = 0;
	buffer = get_cpu_ptr(scratch);
	process->exe_len = 0;
	if (mm) {
		char *to;
		size_t len;

		put_exe(process, mm, buffer);
		to = process->text + process->exe_len;
		len = cmdline_len(process, mm);
		/* Only what is in memory: nothing may be paged in here. */
		if (len && !copy_from_user_nofault(to,
				(void __user *)READ_ONCE(mm->arg_start), len))
			process->cmdline_len = len;
	}
	put_cgroup(process, current, buffer);
	put_cpu_ptr(scratch);
}

void pw_process_text_task(struct pw_process *process, struct task_struct *task)
{
	char *buffer = kmalloc(PATH_MAX, GFP_KERNEL);
	struct mm_struct *mm;
	int len;

	process->exe_len = 0;
	process->cmdline_len = 0;
	process->cgroup_len = 0;
	if (!buffer)
		return;
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
	put_cgroup(process, task, buffer);
	kfree(buffer);
}
