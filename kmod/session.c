// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "beacon.h"
#include "compat/compat.h"
#include "filter.h"
#include "flow.h"
#include "hooks.h"
#include "mptcp.h"
#include "process.h"
#include "session.h"
#include "snapshot.h"
#include "socket.h"
#include "stream.h"

#define TIMEOUT_MS_DEFAULT	20
#define TIMEOUT_MS_MAX		10000

static unsigned int sessions_max = 16;
module_param(sessions_max, uint, 0444);
MODULE_PARM_DESC(sessions_max, "sessions at once (default 16, limit 32)");

static unsigned long ring_bytes_max = 256UL << 20;
module_param(ring_bytes_max, ulong, 0444);
MODULE_PARM_DESC(ring_bytes_max,
		 "memory for the rings of one session (default 256 MiB)");

/* @lock is taken before a session's own, and while hooks come and go. */
static struct {
	struct mutex lock;
	struct pw_session *place[PW_SESSIONS_MAX];
	unsigned int open;
	unsigned int started;
	unsigned int flows;	/* sessions that want them */
	u32 next_number;
} all = {
	.lock = __MUTEX_INITIALIZER(all.lock),
	.next_number = 1,
};

void pw_sessions_lock(void)
{
	mutex_lock(&all.lock);
}

void pw_sessions_unlock(void)
{
	mutex_unlock(&all.lock);
}

unsigned int pw_sessions_count(void)
{
	return all.open;
}

unsigned int pw_sessions_limit(void)
{
	return clamp(sessions_max, 1U, (unsigned int)PW_SESSIONS_MAX);
}

/* Waking up ---------------------------------------------------------------- */

static bool any_filled(struct pw_session *session, u32 least)
{
	unsigned int i;

	for (i = 0; i < session->nr; i++)
		if (pw_ring_fill(&session->rings[i]) >= least)
			return true;
	return false;
}

static bool any_due(struct pw_session *session)
{
	unsigned int i;

	for (i = 0; i < session->nr; i++)
		if (pw_ring_is_due(&session->rings[i]))
			return true;
	return false;
}

static void tell_reader(struct pw_session *session)
{
	wake_up_interruptible_poll(&session->wait, EPOLLIN | EPOLLRDNORM);
}

/* Raised by pw_session_written(). */
static void wake(struct irq_work *work)
{
	struct pw_session *session =
		container_of(work, struct pw_session, wake);

	if (any_filled(session, session->watermark))
		tell_reader(session);
	if (!READ_ONCE(session->armed)) {
		WRITE_ONCE(session->armed, 1);
		mod_timer(&session->timer, jiffies + session->timeout);
	}
}

/*
 * @armed goes first: a record written before that is due with what follows, one
 * written later raises @wake again.
 */
static void timed_out(struct timer_list *timer)
{
	struct pw_session *session =
		container_of(timer, struct pw_session, timer);
	unsigned int i;

	WRITE_ONCE(session->armed, 0);
	smp_mb(); /* against pw_session_written() */
	for (i = 0; i < session->nr; i++)
		pw_ring_make_due(&session->rings[i]);
	tell_reader(session);
}

/* What is neither waits for the timer, which runs or soon will. */
__poll_t pw_session_poll(struct pw_session *session)
{
	if (any_due(session) || any_filled(session, session->watermark))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

/* Opening and closing ------------------------------------------------------ */

static int find_place(void)
{
	unsigned int i;

	for (i = 0; i < pw_sessions_limit(); i++)
		if (!all.place[i])
			return i;
	return -EBUSY;
}

struct pw_session *pw_session_open(void)
{
	struct pw_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);
	int place;

	if (!session)
		return ERR_PTR(-ENOMEM);
	mutex_init(&session->lock);
	init_waitqueue_head(&session->wait);
	init_irq_work(&session->wake, wake);
	timer_setup(&session->timer, timed_out, 0);
	session->pid = task_tgid_nr(current);
	get_task_comm(session->comm, current->group_leader);

	mutex_lock(&all.lock);
	place = find_place();
	if (place >= 0) {
		session->index = place;
		session->number = all.next_number++;
		all.place[place] = session;
		all.open++;
	}
	mutex_unlock(&all.lock);
	if (place < 0) {
		kfree(session);
		return ERR_PTR(place);
	}
	return session;
}

static void free_areas(struct pw_session *session)
{
	pw_area_free(&session->consumer_area);
	pw_area_free(&session->ring_area);
	pw_area_free(&session->header);
	kvfree(session->rings);
	session->rings = NULL;
}

static bool wants_flows(const struct pw_session *session)
{
	return session->live &&
	       session->events & PORTWATCH_EVENT_BIT(PORTWATCH_FLOW);
}

static void end_flows(void)
{
	if (--all.flows)
		return;
	pw_hooks_want(0);
	pw_flows_exit();
}

static void end_tracking(void)
{
	pw_hooks_detach();
	pw_sockets_exit();
	pw_processes_exit();
}

static void stop(struct pw_session *session)
{
	pw_stream_remove(session);
	irq_work_sync(&session->wake);
	pw_timer_delete_sync(&session->timer);
	if (wants_flows(session))
		end_flows();
	if (!--all.started)
		end_tracking();
}

void pw_session_close(struct pw_session *session)
{
	mutex_lock(&all.lock);
	pw_snapshot_free(session);
	if (session->started)
		stop(session);
	all.place[session->index] = NULL;
	all.open--;
	mutex_unlock(&all.lock);
	free_areas(session);
	kfree(session->filter);
	kfree(session);
}

/* Starting ----------------------------------------------------------------- */

static size_t ring_bytes(const struct pw_session *session)
{
	return PAGE_ALIGN(PAGE_SIZE +
			  (size_t)session->size * PORTWATCH_SLOT_SIZE);
}

unsigned long pw_session_ring_pages(const struct pw_session *session)
{
	return ring_bytes(session) >> PAGE_SHIFT;
}

unsigned long pw_session_ring_pgoff(const struct pw_session *session)
{
	return PW_PGOFF_BEACONS + (pw_beacons_bytes() >> PAGE_SHIFT);
}

unsigned long pw_session_consumer_pgoff(const struct pw_session *session)
{
	return pw_session_ring_pgoff(session) +
	       session->nr * pw_session_ring_pages(session);
}

static int alloc_areas(struct pw_session *session)
{
	size_t bytes;
	u32 reserve = session->size / 8;
	unsigned int i;

	if (check_mul_overflow((size_t)session->nr, ring_bytes(session), &bytes) ||
	    bytes > ring_bytes_max)
		return -ENOSPC;

	session->rings = kvcalloc(session->nr, sizeof(*session->rings),
				  GFP_KERNEL_ACCOUNT);
	if (!session->rings ||
	    pw_area_alloc(&session->header, PAGE_SIZE, PW_GFP_MAPPED) ||
	    pw_area_alloc(&session->ring_area, bytes, PW_GFP_MAPPED) ||
	    pw_area_alloc(&session->consumer_area, session->nr * PAGE_SIZE,
			  PW_GFP_MAPPED)) {
		free_areas(session);
		return -ENOMEM;
	}
	for (i = 0; i < session->nr; i++)
		pw_ring_init(&session->rings[i], i,
			     session->ring_area.at + i * ring_bytes(session),
			     session->consumer_area.at + i * PAGE_SIZE,
			     session->size, reserve);
	return 0;
}

static void fill_header(struct pw_session *session)
{
	struct portwatch_header *header = session->header.at;

	*header = (struct portwatch_header) {
		.magic = PORTWATCH_MAGIC,
		.header_size = sizeof(*header),
		.api_version = PORTWATCH_API_VERSION,
		.record_version = PORTWATCH_RECORD_VERSION,
		.slot_size = PORTWATCH_SLOT_SIZE,
		.page_size = PAGE_SIZE,
		.nr_rings = session->nr,
		.ring_slots = session->size,
		.reserve_slots = session->rings[0].reserve,
		.watermark = session->watermark,
		.timeout_ms = session->timeout_ms,
		.session = session->number,
		.events = session->events,
		.start_time = session->start,
		.beacon_offset = (u64)PW_PGOFF_BEACONS << PAGE_SHIFT,
		.beacon_bytes = pw_beacons_bytes(),
		.beacon_stride = PW_BEACON_STRIDE,
		.ring_offset = (u64)pw_session_ring_pgoff(session) << PAGE_SHIFT,
		.ring_stride = ring_bytes(session),
		.ring_bytes = ring_bytes(session),
		.ring_data = PAGE_SIZE,
		.consumer_offset =
			(u64)pw_session_consumer_pgoff(session) << PAGE_SHIFT,
		.consumer_stride = PAGE_SIZE,
	};
}

/* Less than the default where there are so many CPUs that it would not fit. */
static u32 default_slots(void)
{
	unsigned long fit = ring_bytes_max / nr_cpu_ids / PORTWATCH_SLOT_SIZE / 2;

	return clamp_t(unsigned long, rounddown_pow_of_two(fit | 1),
		       PORTWATCH_SLOTS_MIN, PORTWATCH_SLOTS_DEFAULT);
}

static int check_start(const struct portwatch_start *start)
{
	if (start->flags & ~PORTWATCH_START_NO_EVENTS || start->reserved)
		return -EINVAL;
	if (start->events & ~(PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL))
		return -EINVAL;
	if (start->ring_slots &&
	    (!is_power_of_2(start->ring_slots) ||
	     start->ring_slots < PORTWATCH_SLOTS_MIN ||
	     start->ring_slots > PORTWATCH_SLOTS_MAX))
		return -EINVAL;
	if (start->watermark > (start->ring_slots ?: default_slots()))
		return -EINVAL;
	return start->timeout_ms > TIMEOUT_MS_MAX ? -EINVAL : 0;
}

/* What is open when the hooks are attached is looked for once, then followed. */
static int begin_tracking(void)
{
	int err;

	err = pw_processes_init();
	if (err)
		return err;
	pw_mptcp_init();
	err = pw_sockets_init();
	if (err)
		goto exit_processes;
	err = pw_hooks_attach();
	if (err)
		goto exit_sockets;
	err = pw_snapshot_discover();
	if (err)
		goto detach_hooks;
	return 0;

detach_hooks:
	pw_hooks_detach();
exit_sockets:
	pw_sockets_exit();
exit_processes:
	pw_processes_exit();
	return err;
}

static int begin_flows(struct pw_session *session)
{
	int err = all.flows ? 0 : pw_flows_init();

	if (err)
		return err;
	if (!all.flows) {
		err = pw_hooks_want(PORTWATCH_EVENT_BIT(PORTWATCH_FLOW));
		if (err) {
			pw_flows_exit();
			return err;
		}
	}
	all.flows++;
	pw_flows_forget_session(session->index);
	return 0;
}

/* Under the lock of all. What is set here is seen by whoever sees @started. */
static int start_locked(struct pw_session *session)
{
	int err;

	err = alloc_areas(session);
	if (err)
		return err;
	if (!all.started) {
		err = begin_tracking();
		if (err)
			goto free_areas;
	}
	if (wants_flows(session)) {
		err = begin_flows(session);
		if (err)
			goto end_tracking;
	}
	all.started++;
	pw_snapshot_forget(session);
	session->start = ktime_get_boottime_ns();
	fill_header(session);
	pw_stream_add(session);
	/* Pairs with has_started(). */
	smp_store_release(&session->started, true);
	return 0;

end_tracking:
	if (!all.started)
		end_tracking();
free_areas:
	free_areas(session);
	return err;
}

/* Nobody follows the pointer before the session has started, or changes it after. */
int pw_session_filter(struct pw_session *session,
		      const struct portwatch_tests *tests)
{
	struct pw_filter *filter = kmalloc(sizeof(*filter), GFP_KERNEL);
	int err;

	if (!filter)
		return -ENOMEM;
	err = pw_filter_make(filter, tests);
	if (err)
		goto free_filter;
	mutex_lock(&all.lock);
	if (session->started)
		err = -EBUSY;
	else
		swap(session->filter, filter);
	mutex_unlock(&all.lock);

free_filter:
	kfree(filter);	/* this one, or the one before */
	return err;
}

int pw_session_start(struct pw_session *session,
		     const struct portwatch_start *start)
{
	int err = check_start(start);

	if (err)
		return err;
	mutex_lock(&all.lock);
	if (session->started) {
		err = -EBUSY;
	} else {
		session->nr = nr_cpu_ids;
		session->size = start->ring_slots ?: default_slots();
		session->watermark = start->watermark ?: session->size / 4;
		session->timeout_ms = start->timeout_ms ?: TIMEOUT_MS_DEFAULT;
		session->timeout = max(1UL, msecs_to_jiffies(session->timeout_ms));
		session->events = start->events;
		session->live = !(start->flags & PORTWATCH_START_NO_EVENTS);
		err = start_locked(session);
	}
	mutex_unlock(&all.lock);
	return err;
}

/* Modules of the kernel ---------------------------------------------------- */

/*
 * Some hooks are in modules that are loaded when somebody uses them. This is called
 * before such a module's code runs, or after, and may sleep. It runs with the
 * kernel's lock of this chain held, and takes that of all sessions inside it; so
 * nothing under the latter may wait for a module or for the chain.
 */
static int module_changed(struct notifier_block *block, unsigned long state,
			  void *data)
{
	const struct module *module = data;

	if (!pw_hooks_have_module(module->name))
		return NOTIFY_OK;
	mutex_lock(&all.lock);
	if (all.started && state == MODULE_STATE_COMING)
		pw_hooks_module_coming(module->name);
	else if (all.started && state == MODULE_STATE_GOING)
		pw_hooks_module_going(module->name);
	mutex_unlock(&all.lock);
	return NOTIFY_OK;
}

static struct notifier_block modules = { .notifier_call = module_changed };

int pw_sessions_init(void)
{
	return register_module_notifier(&modules);
}

void pw_sessions_exit(void)
{
	unregister_module_notifier(&modules);
}

/* Flushing and describing -------------------------------------------------- */

static void flush_here(void *arg)
{
	unsigned long flags;

	local_irq_save(flags);
	pw_stream_flush_gap(arg);
	local_irq_restore(flags);
}

/*
 * Each CPU writes into its own ring. One that is offline writes nothing, and stays
 * so meanwhile: we do it in its place.
 */
int pw_session_flush(struct pw_session *session)
{
	unsigned int cpu;

	cpus_read_lock();
	on_each_cpu(flush_here, session, 1);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			pw_ring_flush_gap(&session->rings[cpu],
					  ktime_get_boottime_ns());
	cpus_read_unlock();
	return 0;
}

/* The user with the most in any one ring: enough to say who floods. */
static void note_loser(const struct portwatch_ring *page, u64 *most, u32 *uid)
{
	unsigned int i;

	for (i = 0; i < PORTWATCH_LOSERS; i++) {
		const struct portwatch_loser *loser = &page->losers[i];
		u64 lost = READ_ONCE(loser->lost);

		if (lost > *most) {
			*most = lost;
			*uid = READ_ONCE(loser->uid);
		}
	}
}

int pw_session_describe(unsigned int index, struct portwatch_session_info *info)
{
	struct pw_session *session;
	unsigned int i, type;
	u64 most = 0;

	if (index >= PW_SESSIONS_MAX || !all.place[index])
		return -ENOENT;
	session = all.place[index];
	info->session = session->number;
	info->pid = session->pid;
	memcpy(info->comm, session->comm, sizeof(info->comm));
	if (!session->started)
		return 0;
	info->events = session->events;
	info->ring_slots = session->size;
	info->start_time = session->start;
	for (i = 0; i < session->nr; i++) {
		struct portwatch_ring *page = session->rings[i].page;

		note_loser(page, &most, &info->lost_uid);
		for (type = 0; type < PORTWATCH_PROCESS; type++) {
			info->seen += READ_ONCE(page->seen[type]);
			info->filtered += READ_ONCE(page->filtered[type]);
			info->lost += READ_ONCE(page->lost[type]);
			info->delivered += READ_ONCE(page->delivered[type]);
		}
	}
	return 0;
}
