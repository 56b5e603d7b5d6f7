// SPDX-License-Identifier: GPL-2.0
/*
 * One fault of each kind that the debug kernel (selftests/vm/debug.config) has to
 * find, all made when this is loaded. Only for a machine that is thrown away.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static DEFINE_RAW_SPINLOCK(inner);
static DEFINE_SPINLOCK(sleeps_on_rt);
static int __rcu *guarded;
static volatile int sink;

/* What the compiler cannot know it cannot warn of. */
static volatile unsigned int forty = 40;

static noinline void read_outside_of_rcu(void)
{
	sink = !rcu_dereference(guarded);
}

static noinline void sleeping_lock_in_a_raw_one(void)
{
	raw_spin_lock(&inner);
	spin_lock(&sleeps_on_rt);
	spin_unlock(&sleeps_on_rt);
	raw_spin_unlock(&inner);
}

static noinline void beyond_a_slab_object(void)
{
	char *bytes = kmalloc(40, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(bytes);
	WRITE_ONCE(bytes[forty], 1);
	kfree(bytes);
}

static noinline void beyond_what_vmalloc_gave(void)
{
	char *bytes = vmalloc(40);

	OPTIMIZER_HIDE_VAR(bytes);
	WRITE_ONCE(bytes[forty], 1);
	vfree(bytes);
}

static noinline void after_it_was_freed(void)
{
	char *bytes = kmalloc(400, GFP_KERNEL);
	char *gone = bytes;

	OPTIMIZER_HIDE_VAR(gone);
	kfree(bytes);
	WRITE_ONCE(gone[forty], 1);
}

static noinline void beyond_the_stack(void)
{
	char bytes[40];

	memset(bytes, 0, sizeof(bytes));
	sink = READ_ONCE(*(bytes + forty));
}

static noinline void shift_too_far(void)
{
	/* cppcheck-suppress [shiftTooManyBits, integerOverflow] */
	sink = 1 << forty;
}

static noinline void sleep_without_preemption(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static noinline void cpu_with_preemption(void)
{
	sink = smp_processor_id();
}

static void timer_expired(struct timer_list *timer)
{
}

static noinline void free_a_timer_that_runs(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	timer_setup(timer, timer_expired, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static noinline void forget_memory(void)
{
	int i;

	for (i = 0; i < 10; i++)
		sink = !kmalloc(400, GFP_KERNEL);
}

static int __init trouble_init(void)
{
	/* Lockdep's own first: whatever else is found is the end of it. */
	read_outside_of_rcu();
	sleeping_lock_in_a_raw_one();
	beyond_a_slab_object();
	beyond_what_vmalloc_gave();
	after_it_was_freed();
	beyond_the_stack();
	shift_too_far();
	sleep_without_preemption();
	cpu_with_preemption();
	free_a_timer_that_runs();
	forget_memory();
	return 0;
}

static void __exit trouble_exit(void)
{
}

module_init(trouble_init);
module_exit(trouble_exit);
MODULE_DESCRIPTION("Faults that a debug kernel has to find");
MODULE_LICENSE("GPL");
