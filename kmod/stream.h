/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sessions that receive events, and delivery to them.
 */
#ifndef PW_STREAM_H
#define PW_STREAM_H

#include <linux/types.h>
#include <asm/barrier.h>
#include <linux/portwatch.h>

struct pw_process;
struct pw_session;

#define PW_SESSIONS_MAX		32

/* For each type, the sessions that asked for it: a bit for each place. */
extern u32 pw_stream_wants[PORTWATCH_TYPES];

/*
 * Sessions that get everything that they asked for: a socket that is made while a
 * session's bit is set is not in its first snapshot, any other one is.
 */
extern u32 pw_stream_live;

static inline u32 pw_stream_who_sees_all(void)
{
	/* Pairs with the release in pw_stream_add(): then the wants are seen too. */
	return smp_load_acquire(&pw_stream_live);
}

/* Process context, serialised by the caller (session.c). */
void pw_stream_add(struct pw_session *session);
void pw_stream_remove(struct pw_session *session);

/**
 * struct pw_emission - what goes with an event
 *
 * @owner, @actor, @holder: whom the event names; may be NULL; kept alive by the
 *		caller; the key of @holder is in the event already
 * @elapsed:	a field of the event that holds a time, and gets the nanoseconds from
 *		then to the event; NULL: none; 0 (not known) stays 0
 * @urgent:	it may use the reserve of a ring
 * @except:	sessions that may not have it, a bit for each place
 */
struct pw_emission {
	struct pw_process *owner;
	struct pw_process *actor;
	struct pw_process *holder;
	__u64 *elapsed;
	bool urgent;
	u32 except;
};

/*
 * Both are called with interrupts off, in any context but NMI. They fill in time,
 * seq, cpu, owner and actor of the event. The first returns the time of the event,
 * also when nobody wants it.
 */
u64 pw_stream_emit(struct portwatch_event *event,
		   const struct pw_emission *with);
void pw_stream_emit_to(struct pw_session *session,
		       struct portwatch_event *event, struct pw_process *owner);

/* The running CPU's ring of a session: write the LOST record that is due. */
void pw_stream_flush_gap(struct pw_session *session);

#endif /* PW_STREAM_H */
