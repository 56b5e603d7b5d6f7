// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/portwatch: open, ioctl, mmap, poll. What userspace may ask for is decided
 * here; what it means, elsewhere. An open file, and a mapping of it, keep the
 * module from being unloaded.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "area.h"
#include "beacon.h"
#include "chardev.h"
#include "compat/compat.h"
#include "hooks.h"
#include "process.h"
#include "session.h"
#include "snapshot.h"
#include "socket.h"

static int device_open(struct inode *inode, struct file *file)
{
	struct pw_session *session;

	/* In the first user namespace: root of a container is not enough. */
	if (!capable(CAP_AUDIT_READ))
		return -EPERM;
	session = pw_session_open();
	if (IS_ERR(session))
		return PTR_ERR(session);
	file->private_data = session;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	pw_session_close(file->private_data);
	return 0;
}

/* Without it a mapping would pass for anonymous memory. */
static const struct vm_operations_struct area_ops = { };

static bool has_started(struct pw_session *session)
{
	/* Pairs with the release in start_locked(): its areas are there. */
	return smp_load_acquire(&session->started);
}

static __poll_t device_poll(struct file *file, struct poll_table_struct *wait)
{
	struct pw_session *session = file->private_data;

	poll_wait(file, &session->wait, wait);
	return has_started(session) ? pw_session_poll(session) : 0;
}

/*
 * Copy in a structure that begins with its size: of at least @known bytes; what a
 * longer one says beyond that must be zero.
 */
static int read_struct(void *to, size_t known, void __user *arg)
{
	u32 size;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < known)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return copy_struct_from_user(to, known, arg, size);
}

static int ioctl_start(struct pw_session *session, void __user *arg)
{
	struct portwatch_start start;
	int err = read_struct(&start, sizeof(start), arg);

	return err ?: pw_session_start(session, &start);
}

static int ioctl_filter(struct pw_session *session, void __user *arg)
{
	struct portwatch_tests *tests = kmalloc(sizeof(*tests), GFP_KERNEL);
	int err;

	if (!tests)
		return -ENOMEM;
	err = read_struct(tests, sizeof(*tests), arg);
	if (!err)
		err = pw_session_filter(session, tests);
	kfree(tests);
	return err;
}

static int ioctl_status(void __user *arg)
{
	struct portwatch_status status;
	int err = read_struct(&status, sizeof(status), arg);

	if (err)
		return err;
	memset(&status, 0, sizeof(status));
	status.size = sizeof(status);
	status.api_version = PORTWATCH_API_VERSION;
	status.record_version = PORTWATCH_RECORD_VERSION;
	pw_sessions_lock();
	status.sessions = pw_sessions_count();
	status.sessions_max = pw_sessions_limit();
	status.hooks = PW_HOOKS;
	status.attached = pw_hooks_attached();
	status.now = ktime_get_boottime_ns();
	pw_sockets_count(&status.sockets, &status.sockets_max,
			 &status.sockets_missed);
	pw_processes_count(&status.processes, &status.processes_max,
			   &status.processes_missed);
	pw_hooks_sum(&status.hits, &status.misses);
	pw_sessions_unlock();
	strscpy(status.version, THIS_MODULE->version ?: "",
		sizeof(status.version));
	return copy_to_user(arg, &status, sizeof(status)) ? -EFAULT : 0;
}

static int ioctl_hook(void __user *arg)
{
	struct portwatch_hook hook;
	int err = read_struct(&hook, sizeof(hook), arg);
	u32 index = hook.index;

	if (err)
		return err;
	memset(&hook, 0, sizeof(hook));
	hook.size = sizeof(hook);
	pw_sessions_lock();
	err = pw_hook_describe(index, &hook);
	pw_sessions_unlock();
	if (err)
		return err;
	return copy_to_user(arg, &hook, sizeof(hook)) ? -EFAULT : 0;
}

static int ioctl_session(void __user *arg)
{
	struct portwatch_session_info info;
	int err = read_struct(&info, sizeof(info), arg);
	u32 index = info.index;

	if (err)
		return err;
	memset(&info, 0, sizeof(info));
	info.size = sizeof(info);
	info.index = index;
	pw_sessions_lock();
	err = pw_session_describe(index, &info);
	pw_sessions_unlock();
	if (err)
		return err;
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* Those that need a session that has started, one at a time. */
static int ioctl_started(struct pw_session *session,
			 int (*action)(struct pw_session *session))
{
	int ret;

	if (!has_started(session))
		return -ENODATA;
	if (mutex_lock_interruptible(&session->lock))
		return -EINTR;
	ret = action(session);
	mutex_unlock(&session->lock);
	return ret;
}

static long device_ioctl(struct file *file, unsigned int command,
			 unsigned long argument)
{
	struct pw_session *session = file->private_data;
	void __user *arg = (void __user *)argument;

	switch (command) {
	case PORTWATCH_IOC_START:
		return ioctl_start(session, arg);
	case PORTWATCH_IOC_FILTER:
		return ioctl_filter(session, arg);
	case PORTWATCH_IOC_SNAPSHOT:
		return argument ? -EINVAL :
		       ioctl_started(session, pw_snapshot_step);
	case PORTWATCH_IOC_FLUSH:
		return argument ? -EINVAL :
		       ioctl_started(session, pw_session_flush);
	case PORTWATCH_IOC_STATUS:
		return ioctl_status(arg);
	case PORTWATCH_IOC_HOOK:
		return ioctl_hook(arg);
	case PORTWATCH_IOC_SESSION:
		return ioctl_session(arg);
	default:
		return -ENOTTY;
	}
}

static int map_area(struct vm_area_struct *vma, const struct pw_area *area,
		    unsigned long first, bool writable)
{
	/* A file opened for reading only has no VM_SHARED. */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	if (!writable) {
		if (vma->vm_flags & VM_WRITE)
			return -EPERM;
		pw_vma_refuse_write(vma);
	}
	pw_vma_set_private(vma);
	vma->vm_ops = &area_ops;
	return pw_area_map(area, vma, vma->vm_pgoff - first);
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct pw_session *session = file->private_data;
	unsigned long rings, consumers;

	if (!has_started(session))
		return -ENODATA;
	rings = pw_session_ring_pgoff(session);
	consumers = pw_session_consumer_pgoff(session);
	if (vma->vm_pgoff >= consumers)
		return map_area(vma, &session->consumer_area, consumers, true);
	if (vma->vm_pgoff >= rings)
		return map_area(vma, &session->ring_area, rings, false);
	if (vma->vm_pgoff >= PW_PGOFF_BEACONS)
		return map_area(vma, &pw_beacon_area, PW_PGOFF_BEACONS, false);
	return map_area(vma, &session->header, PW_PGOFF_HEADER, false);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= device_mmap,
	.llseek		= noop_llseek,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "portwatch",
	.fops	= &device_fops,
	.mode	= 0600,
};

int pw_chardev_init(void)
{
	return misc_register(&device);
}

void pw_chardev_exit(void)
{
	misc_deregister(&device);
}
