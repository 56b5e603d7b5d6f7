/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: one open reader, its rings, what it wants, its wake-ups.
 */
#ifndef PW_SESSION_H
#define PW_SESSION_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/portwatch.h>

#include "area.h"
#include "event.h"
#include "ring.h"

struct pw_filter;
struct pw_snapshot;

/**
 * struct pw_session - one open reader
 *
 * @index:	its place among the sessions, and its bit in their masks
 * @number:	as shown to users
 * @pid, @comm:	who opened it
 * @lock:	one ioctl at a time
 * @started:	its rings exist; set once, read with acquire
 * @events:	bits of the events wanted, live or as rows of a snapshot
 * @live:	it wants live events
 * @filter:	which of them, or NULL: all; set before @started
 * @start:	when it started
 * @nr:		rings
 * @size:	slots of each
 * @watermark:	fill that wakes the reader at once
 * @timeout:	jiffies after which it is woken anyway
 * @rings:	the kernel's side
 * @header:	mapped read-only
 * @ring_area:	mapped read-only: all rings, one after the other
 * @consumer_area: mapped read-write: a page for each ring
 * @wait:	who polls
 * @wake:	raised where nothing can be woken
 * @timer:	the time-out
 * @armed:	the timer runs, or soon will
 * @snapshot:	how far the snapshot is, or NULL
 * @snapshots:	begun so far
 */
struct pw_session {
	unsigned int index;
	u32 number;
	u32 pid;
	char comm[16];
	struct mutex lock;
	bool started;
	bool live;
	u64 events;
	struct pw_filter *filter;
	u64 start;
	unsigned int nr;
	u32 size;
	u32 watermark;
	unsigned long timeout;
	u32 timeout_ms;
	struct pw_ring *rings;
	struct pw_area header;
	struct pw_area ring_area;
	struct pw_area consumer_area;
	wait_queue_head_t wait;
	struct irq_work wake;
	struct timer_list timer;
	int armed;
	struct pw_snapshot *snapshot;
	unsigned int snapshots;
};

/* Where the areas are, as mmap() page offsets. */
#define PW_PGOFF_HEADER		0
#define PW_PGOFF_BEACONS	1

/* With the module. */
int pw_sessions_init(void);
void pw_sessions_exit(void);

/* Process context; they return an ERR_PTR or a negative errno. */
struct pw_session *pw_session_open(void);
void pw_session_close(struct pw_session *session);
int pw_session_filter(struct pw_session *session,
		      const struct portwatch_tests *tests);
int pw_session_start(struct pw_session *session,
		     const struct portwatch_start *start);
int pw_session_flush(struct pw_session *session);
__poll_t pw_session_poll(struct pw_session *session);

/* For the reports: under the lock of all sessions. */
int pw_session_describe(unsigned int index, struct portwatch_session_info *info);
unsigned int pw_sessions_count(void);
unsigned int pw_sessions_limit(void);
void pw_sessions_lock(void);
void pw_sessions_unlock(void);

/* Page offsets and sizes of the mapped areas of a session that has started. */
unsigned long pw_session_ring_pages(const struct pw_session *session);
unsigned long pw_session_ring_pgoff(const struct pw_session *session);
unsigned long pw_session_consumer_pgoff(const struct pw_session *session);

/*
 * Three processes may be announced before an event, and a loss: so far the fill can
 * jump over the watermark.
 */
#define PW_CROSSING		(3 * PW_PROCESS_SLOTS + 2)

/*
 * A record was written, and its ring now holds @fill slots (0: it was lost);
 * interrupts are off. The reader is woken when there is much
 * to read, else after a while: at most one interrupt for each of these.
 */
static inline void pw_session_written(struct pw_session *session, u32 fill)
{
	smp_mb(); /* head before armed, against session.c: timed_out() */
	if (unlikely(!READ_ONCE(session->armed) ||
		     fill - session->watermark < PW_CROSSING))
		irq_work_queue(&session->wake);
}

#endif /* PW_SESSION_H */
