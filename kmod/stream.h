/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sessions that receive events, and delivery to them.
 */
#ifndef PW_STREAM_H
#define PW_STREAM_H

#include <linux/types.h>
#include <linux/portwatch.h>

struct pw_process;
struct pw_session;

#define PW_SESSIONS_MAX		32

/* For each type, the sessions that asked for it: a bit for each place. */
extern u32 pw_stream_wants[PORTWATCH_TYPES];

/* Process context, serialised by the caller (session.c). */
void pw_stream_add(struct pw_session *session);
void pw_stream_remove(struct pw_session *session);

/*
 * Both are called with interrupts off, in any context but NMI. @owner and @actor
 * may be NULL and are kept alive by the caller. @urgent: may use the reserve.
 * They fill in time, seq, cpu, owner and actor of the event.
 */
void pw_stream_emit(struct portwatch_event *event, struct pw_process *owner,
		    struct pw_process *actor, bool urgent);
void pw_stream_emit_to(struct pw_session *session,
		       struct portwatch_event *event, struct pw_process *owner);

/* The running CPU's ring of a session: write the LOST record that is due. */
void pw_stream_flush_gap(struct pw_session *session);

#endif /* PW_STREAM_H */
