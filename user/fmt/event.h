/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events as rows: which fields each has. Documentation/events.md is the contract.
 */
#ifndef PW_EVENT_H
#define PW_EVENT_H

#include <portwatch.h>

#include "field.h"

/*
 * An event's fields depend on its type, and on a little more than that: each case
 * is a shape.
 */
enum pw_shape {
	PW_SHAPE_SOCKET,
	PW_SHAPE_BIND,
	PW_SHAPE_BIND_AUTO,
	PW_SHAPE_BIND_FAILED,
	PW_SHAPE_BIND_FAILED_AUTO,
	PW_SHAPE_BIND_FAILED_HELD,	/* by a socket */
	PW_SHAPE_BIND_FAILED_TIME_WAIT,	/* by what is left of one */
	PW_SHAPE_LISTEN,
	PW_SHAPE_CONNECT,
	PW_SHAPE_ESTABLISHED,
	PW_SHAPE_CONNECT_FAILED,
	PW_SHAPE_ACCEPT,
	PW_SHAPE_CLOSE_SOCKET,
	PW_SHAPE_CLOSE_CONNECTION,
	PW_SHAPE_CLOSE_LISTENER,
	PW_SHAPE_FLOW,
	PW_SHAPE_LOST,
	PW_SHAPE_OVERWRITTEN,
	PW_SHAPE_SNAPSHOT_BEGIN,
	PW_SHAPE_SNAPSHOT_END,
	/* Rows of a snapshot. */
	PW_SHAPE_EXISTING_SOCKET,
	PW_SHAPE_EXISTING_BIND,
	PW_SHAPE_EXISTING_LISTEN,
	PW_SHAPE_EXISTING_CONNECT,
	PW_SHAPE_EXISTING_ESTABLISHED,
	PW_SHAPE_EXISTING_ACCEPT,
	PW_EVENT_SHAPES,
};

/* Shapes of an identity: the kernel has no user, no parent. */
#define PW_IDENTITY_PROCESS	(1U << 0)
#define PW_IDENTITY_KERNEL	(1U << 1)

/* The fields that others refer to; the rest of the table needs no names. */
enum pw_event_field {
	PW_EVENT_V,
	PW_EVENT_TS,
	PW_EVENT_BOOT_NS,
	PW_EVENT_CPU,
	PW_EVENT_EVENT,
	PW_EVENT_PROTO,
	PW_EVENT_FAMILY,
	PW_EVENT_MAPPED,
	PW_EVENT_SOCK,
	PW_EVENT_LADDR,
	PW_EVENT_LPORT,
	PW_EVENT_RADDR,
	PW_EVENT_RPORT,
	PW_EVENT_NETNS,

	PW_EVENT_PID,
	PW_EVENT_TID,
	PW_EVENT_COMM,
	PW_EVENT_EXE,
	PW_EVENT_UID,
	PW_EVENT_AUID,
	PW_EVENT_PPID,
	PW_EVENT_CGROUP,
	PW_EVENT_UNIT,
	PW_EVENT_CONTAINER,

	PW_EVENT_BY_PID,
	PW_EVENT_BY_TID,
	PW_EVENT_BY_COMM,
	PW_EVENT_BY_EXE,
	PW_EVENT_BY_UID,

	PW_EVENT_EXISTING,
	PW_EVENT_SINCE,
	PW_EVENT_STATE,
	PW_EVENT_TYPE,
	PW_EVENT_ERROR,
	PW_EVENT_CONNECT_ERROR,
	PW_EVENT_HOW,
	PW_EVENT_FAILED_HOW,
	PW_EVENT_EXISTING_HOW,
	PW_EVENT_REQ_ADDR,
	PW_EVENT_FAILED_REQ_ADDR,
	PW_EVENT_REQ_PORT,
	PW_EVENT_FAILED_REQ_PORT,
	PW_EVENT_EXPOSURE,
	PW_EVENT_DUAL_STACK,
	PW_EVENT_REUSE_ADDR,
	PW_EVENT_REUSE_PORT,
	PW_EVENT_FREEBIND,
	PW_EVENT_TRANSPARENT,
	PW_EVENT_DEVICE,
	PW_EVENT_EXISTING_DEVICE,
	PW_EVENT_BACKLOG,
	PW_EVENT_EXISTING_BACKLOG,
	PW_EVENT_LATENCY,
	PW_EVENT_FAILED_LATENCY,
	PW_EVENT_LISTENER,
	PW_EVENT_WAIT,
	PW_EVENT_KIND,
	PW_EVENT_DURATION,
	PW_EVENT_REASON,
	PW_EVENT_FIRST,
	PW_EVENT_TX_BYTES,
	PW_EVENT_RX_BYTES,
	PW_EVENT_RETRANS,
	PW_EVENT_RTT,
	PW_EVENT_ACCEPTED,
	PW_EVENT_EXISTING_ACCEPTED,
	PW_EVENT_LOST,
	PW_EVENT_LOST_FIRST,
	PW_EVENT_LOST_LAST,
	PW_EVENT_PHASE,
	PW_EVENT_ROWS,
	PW_EVENT_DIR,
	PW_EVENT_FULL,
	PW_EVENT_STILL_BOUND,

	PW_EVENT_HOLDER_SOCK,
	PW_EVENT_HOLDER_PID,
	PW_EVENT_HOLDER_COMM,
	PW_EVENT_HOLDER_EXE,
	PW_EVENT_HOLDER_UNIT,
	PW_EVENT_HOLDER_UID,
	PW_EVENT_HOLDER_STATE,
	PW_EVENT_HOLDER_SINCE,
	PW_EVENT_FIELDS,
};

/* The parts of the table, each up to the next one. */
#define PW_EVENT_TIME		PW_EVENT_V
#define PW_EVENT_HEAD		PW_EVENT_CPU	/* what, roughly */
#define PW_EVENT_ENDS		PW_EVENT_SOCK	/* which socket */
#define PW_EVENT_OWNER		PW_EVENT_NETNS	/* whose */
#define PW_EVENT_BY		PW_EVENT_BY_PID	/* by whom */
#define PW_EVENT_OWN		PW_EVENT_EXISTING /* what exactly */
#define PW_EVENT_HOLDER		PW_EVENT_HOLDER_SOCK /* who was in the way */

/* The fields of events, in the order in which they are written. */
extern const struct pw_field pw_event_fields[PW_EVENT_FIELDS];

/*
 * Makes an event a row; it points to the item and lives as long. Returns the
 * event's shape.
 */
enum pw_shape pw_event_row(const struct portwatch_item *item,
			   struct pw_row *row);

/* PW_IDENTITY_PROCESS or PW_IDENTITY_KERNEL. */
uint32_t pw_identity_shape(const struct portwatch_identity *identity);

/* Types that are events of sockets: what "seen" and "printed" count. */
static inline bool pw_event_counts(unsigned int type)
{
	return type >= PORTWATCH_SOCKET && type <= PORTWATCH_FLOW;
}

#endif
