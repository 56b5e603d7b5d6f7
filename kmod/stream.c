// SPDX-License-Identifier: GPL-2.0
/*
 * An event is encoded once, by its handler, and copied into the running CPU's
 * ring of each session that wants it, all with the same time.
 *
 * Interrupts are off from the time stamp to the last copy: nothing else on this
 * CPU can write a record meanwhile, so a ring has one producer and its times do
 * not decrease. The region is also what keeps a session alive: a session is taken
 * out of pw_stream_wants and then outlives a grace period (pw_stream_remove).
 */
#include <linux/bitops.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "beacon.h"
#include "event.h"
#include "filter.h"
#include "process.h"
#include "session.h"
#include "stream.h"

u32 pw_stream_wants[PORTWATCH_TYPES] __read_mostly;
u32 pw_stream_live __read_mostly;

/* Sessions that have a filter: a bit for each place. */
static u32 filtering __read_mostly;

static struct pw_session __rcu *sessions[PW_SESSIONS_MAX] __read_mostly;

/* Where a process record is put together; interrupts are off while it is used. */
static DEFINE_PER_CPU(struct portwatch_event[PW_PROCESS_SLOTS], announcement);

void pw_stream_add(struct pw_session *session)
{
	unsigned int type;

	pw_process_forget_session(session->index);
	rcu_assign_pointer(sessions[session->index], session);
	if (session->filter)
		WRITE_ONCE(filtering, filtering | BIT(session->index));
	for (type = 0; type < PORTWATCH_TYPES; type++) {
		u32 wants = pw_stream_wants[type];

		if (session->live &&
		    session->events & PORTWATCH_EVENT_BIT(type))
			wants |= BIT(session->index);
		/* The pointer, and that there is a filter, are seen before the bit. */
		smp_store_release(&pw_stream_wants[type], wants);
	}
	if (session->live) {
		u32 live = pw_stream_live | BIT(session->index);

		/* All wants are seen before this. */
		smp_store_release(&pw_stream_live, live);
	}
}

void pw_stream_remove(struct pw_session *session)
{
	unsigned int type;

	WRITE_ONCE(pw_stream_live, pw_stream_live & ~BIT(session->index));
	for (type = 0; type < PORTWATCH_TYPES; type++)
		WRITE_ONCE(pw_stream_wants[type],
			   pw_stream_wants[type] & ~BIT(session->index));
	/* Who saw a bit may still follow the pointer, with interrupts off. */
	synchronize_rcu();
	WRITE_ONCE(filtering, filtering & ~BIT(session->index));
	RCU_INIT_POINTER(sessions[session->index], NULL);
}

/*
 * A session learns who a key is before the first event that has the key. The bit
 * is set after the record is in the ring, and a CPU that sees the bit reads the
 * clock for its own event later: so the record is older than any event that counts
 * on it, in whichever ring that is.
 */
static void announce(struct pw_ring *ring, struct pw_process *process,
		     unsigned int session, u64 time, bool urgent)
{
	struct portwatch_event *slots = this_cpu_ptr(announcement);
	unsigned int count = pw_event_encode_process(slots, process, time);

	if (pw_ring_write(ring, slots, count, urgent))
		pw_process_set_announced(process, session);
}

/* Sessions among @mask that do not know @process yet. */
static inline u32 strangers(const struct pw_process *process, u32 mask)
{
	return process ? mask & ~pw_process_announced(process) : 0;
}

/* With interrupts off; the session's bit was seen. */
static struct pw_session *session_at(unsigned int index)
{
	return rcu_dereference_check(sessions[index], irqs_disabled());
}

/* Does the session's filter keep it back? Then that is counted. */
static bool keeps_back(struct pw_session *session,
		       const struct portwatch_event *event,
		       const struct pw_emission *with)
{
	if (pw_filter_wants(session->filter, event, with->owner, with->actor))
		return false;
	pw_ring_filter(&session->rings[smp_processor_id()], event->type);
	return true;
}

/* Without the sessions of @mask whose filters keep it back. */
static u32 left_of(u32 mask, const struct portwatch_event *event,
		   const struct pw_emission *with)
{
	u32 ask = mask & READ_ONCE(filtering);

	while (ask) {
		unsigned int index = __ffs(ask);

		ask &= ask - 1;
		if (keeps_back(session_at(index), event, with))
			mask &= ~BIT(index);
	}
	return mask;
}

/**
 * struct introduction - the sessions that do not know those whom an event names
 *
 * @any:	at least one of them
 * @owner:	the owner
 * @actor:	the actor
 * @holder:	the holder
 */
struct introduction {
	u32 any;
	u32 owner;
	u32 actor;
	u32 holder;
};

/* Before the clock is read, see announce(). */
static inline void introduce(struct introduction *to,
			     const struct pw_emission *with, u32 mask)
{
	to->owner = strangers(with->owner, mask);
	to->actor = strangers(with->actor, mask);
	to->holder = strangers(with->holder, mask);
	to->any = to->owner | to->actor | to->holder;
}

static void announce_all(struct pw_ring *ring, unsigned int session,
			 const struct introduction *to,
			 const struct pw_emission *with, u64 time)
{
	if (to->owner & BIT(session))
		announce(ring, with->owner, session, time, with->urgent);
	if (to->actor & BIT(session))
		announce(ring, with->actor, session, time, with->urgent);
	if (to->holder & BIT(session))
		announce(ring, with->holder, session, time, with->urgent);
}

static u32 uid_of(const struct pw_process *owner)
{
	return owner ? owner->id.uid : PORTWATCH_UID_UNKNOWN;
}

/* @to: NULL where every session knows everybody, as mostly. */
static __always_inline void deliver_to(u32 mask, struct portwatch_event *event,
				       const struct pw_emission *with,
				       const struct introduction *to)
{
	struct portwatch_beacon *beacon = pw_beacon();
	unsigned int cpu = smp_processor_id();

	event->owner = pw_process_key(with->owner);
	event->actor = pw_process_key(with->actor);
	event->time = pw_beacon_begin(beacon);
	if (with->elapsed && *with->elapsed)
		*with->elapsed = event->time - *with->elapsed;
	while (mask) {
		unsigned int index = __ffs(mask);
		struct pw_session *session = session_at(index);
		struct pw_ring *ring = &session->rings[cpu];
		u32 fill;

		mask &= mask - 1;
		if (to && to->any & BIT(index))
			announce_all(ring, index, to, with, event->time);
		fill = pw_ring_write(ring, event, 1, with->urgent);
		if (unlikely(!fill))
			pw_ring_blame(ring, uid_of(with->owner));
		pw_session_written(session, fill);
	}
	pw_beacon_end(beacon);
}

static noinline void deliver_to_strangers(u32 mask,
					  struct portwatch_event *event,
					  const struct pw_emission *with)
{
	struct introduction to;

	introduce(&to, with, mask);
	deliver_to(mask, event, with, &to);
}

static void deliver(u32 mask, struct portwatch_event *event,
		    const struct pw_emission *with)
{
	if (unlikely(strangers(with->owner, mask) |
		     strangers(with->actor, mask) |
		     strangers(with->holder, mask)))
		deliver_to_strangers(mask, event, with);
	else
		deliver_to(mask, event, with, NULL);
}

static __always_inline u64 emit(u32 mask, struct portwatch_event *event,
				const struct pw_emission *with)
{
	if (!mask)
		return ktime_get_boottime_ns();
	deliver(mask, event, with);
	return event->time;
}

/* Apart, so that who has no filter pays for none. */
static noinline u64 emit_filtered(u32 mask, struct portwatch_event *event,
				  const struct pw_emission *with)
{
	return emit(left_of(mask, event, with), event, with);
}

u64 pw_stream_emit(struct portwatch_event *event,
		   const struct pw_emission *with)
{
	/* Pairs with the release in pw_stream_add(): the session is there. */
	u32 mask = smp_load_acquire(&pw_stream_wants[event->type]);

	if (event->flags & PORTWATCH_F_UNUSED)
		mask &= READ_ONCE(pw_stream_wants[PORTWATCH_SOCKET]);
	mask &= ~with->except;
	if (unlikely(mask & READ_ONCE(filtering)))
		return emit_filtered(mask, event, with);
	return emit(mask, event, with);
}

void pw_stream_emit_to(struct pw_session *session,
		       struct portwatch_event *event, struct pw_process *owner)
{
	const struct pw_emission with = { .owner = owner, .urgent = true };

	if (session->filter && event->type != PORTWATCH_SNAPSHOT &&
	    keeps_back(session, event, &with))
		return;
	deliver(BIT(session->index), event, &with);
}

void pw_stream_flush_gap(struct pw_session *session)
{
	struct portwatch_beacon *beacon = pw_beacon();

	pw_ring_flush_gap(&session->rings[smp_processor_id()],
			  pw_beacon_begin(beacon));
	pw_beacon_end(beacon);
}
