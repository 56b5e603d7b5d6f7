/* SPDX-License-Identifier: GPL-2.0 */
#include <sys/socket.h>

#include "event.h"

#define SHAPE(name)	(1U << PW_SHAPE_##name)

#define BINDS		(SHAPE(BIND) | SHAPE(BIND_AUTO))
#define BINDS_HELD	(SHAPE(BIND_FAILED_HELD) |			\
			 SHAPE(BIND_FAILED_TIME_WAIT))
#define BINDS_REFUSED	(SHAPE(BIND_FAILED) | BINDS_HELD)
#define BINDS_FAILED	(BINDS_REFUSED | SHAPE(BIND_FAILED_AUTO))
#define EXISTING_PORTS	(SHAPE(EXISTING_BIND) | SHAPE(EXISTING_LISTEN))
#define EXISTING	(EXISTING_PORTS | SHAPE(EXISTING_SOCKET) |	\
			 SHAPE(EXISTING_CONNECT) |			\
			 SHAPE(EXISTING_ESTABLISHED) |			\
			 SHAPE(EXISTING_ACCEPT))
#define PORTS		(BINDS | SHAPE(LISTEN) | EXISTING_PORTS)
#define OPTIONS		(BINDS | EXISTING_PORTS)
#define CLOSES		(SHAPE(CLOSE_SOCKET) | SHAPE(CLOSE_CONNECTION) | \
			 SHAPE(CLOSE_LISTENER))
#define LOSSES		(SHAPE(LOST) | SHAPE(OVERWRITTEN))
#define MARKS		(LOSSES | SHAPE(SNAPSHOT_BEGIN) |		\
			 SHAPE(SNAPSHOT_END))
#define SOCKETS		(PW_SHAPES_ALL & ~MARKS)

#define ANYONE		(PW_IDENTITY_PROCESS | PW_IDENTITY_KERNEL)

#define EVENT_FIELD(field_name, field_type, member, field_shapes)	\
	PW_NAMED(field_name),					\
	.type = PW_TYPE_##field_type, .base = PW_BASE_RECORD,		\
	.offset = offsetof(struct portwatch_event, member),		\
	.shapes = (field_shapes)

#define LOST_FIELD(field_name, field_type, member)			\
	PW_NAMED(field_name),					\
	.type = PW_TYPE_##field_type, .base = PW_BASE_RECORD,		\
	.offset = offsetof(struct portwatch_lost, member),		\
	.shapes = LOSSES

#define PORT_FIELD(field_name, member, address, field_shapes)		\
	EVENT_FIELD(field_name, PORT, member, field_shapes),		\
	.argument = offsetof(struct portwatch_event, address)

#define FLAG_FIELD(field_name, flag, field_shapes)			\
	EVENT_FIELD(field_name, FLAG, flags, field_shapes),		\
	.argument = PORTWATCH_F_##flag

#define IDENTITY_FIELD(field_name, field_type, field_base, member, who)	\
	PW_NAMED(field_name),					\
	.type = PW_TYPE_##field_type, .base = PW_BASE_##field_base,	\
	.offset = offsetof(struct portwatch_identity, member),		\
	.shapes = (who)

#define LOCAL		.need = PORTWATCH_F_LOCAL
#define REMOTE		.need = PORTWATCH_F_REMOTE
#define OMIT_ZERO	.omits = true, .omit = 0
#define OMIT_UNKNOWN32	.omits = true, .omit = PORTWATCH_UNKNOWN32
#define OMIT_UNKNOWN64	.omits = true, .omit = PORTWATCH_UNKNOWN64

static const char *family_name(unsigned int family)
{
	switch (family) {
	case AF_INET:
		return "ipv4";
	case AF_INET6:
		return "ipv6";
	case AF_VSOCK:
		return "vsock";
	default:
		return NULL;
	}
}

static const char *type_name(unsigned int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_RAW:
		return "raw";
	case SOCK_RDM:
		return "rdm";
	case SOCK_SEQPACKET:
		return "seqpacket";
	case SOCK_DCCP:
		return "dccp";
	default:
		return NULL;
	}
}

static const char *phase_name(unsigned int end)
{
	return end ? "end" : "begin";
}

static const char *exposure_name(unsigned int exposure)
{
	return portwatch_exposure_name((enum portwatch_exposure)exposure);
}

static enum pw_tone exposure_tone(const char *word, uint64_t number)
{
	(void)word;
	switch ((enum portwatch_exposure)number) {
	case PORTWATCH_EXPOSURE_LOOPBACK:
		return PW_TONE_GOOD;
	case PORTWATCH_EXPOSURE_ANY:
	case PORTWATCH_EXPOSURE_GLOBAL:
		return PW_TONE_WARN;
	default:
		return PW_TONE_PLAIN;
	}
}

static enum pw_tone reason_tone(const char *word, uint64_t number)
{
	(void)word;
	return number == PORTWATCH_REASON_FIN ||
	       number == PORTWATCH_REASON_RELEASED ? PW_TONE_PLAIN :
						     PW_TONE_BAD;
}

static enum pw_tone error_tone(const char *word, uint64_t number)
{
	(void)word;
	(void)number;
	return PW_TONE_BAD;
}

static enum pw_tone retrans_tone(const char *word, uint64_t number)
{
	(void)word;
	return number ? PW_TONE_WARN : PW_TONE_PLAIN;
}

const struct pw_field pw_event_fields[PW_EVENT_FIELDS] = {
	[PW_EVENT_V] = {
		EVENT_FIELD("v", CONSTANT, time, PW_SHAPES_ALL),
		.argument = PORTWATCH_RECORD_VERSION },
	[PW_EVENT_TS] = {
		PW_NAMED("ts"), .type = PW_TYPE_REAL_TIME,
		.base = PW_BASE_ITEM, .shapes = PW_SHAPES_ALL,
		.offset = offsetof(struct portwatch_item, real_time) },
	[PW_EVENT_BOOT_NS] = {
		EVENT_FIELD("boot_ns", U64, time, PW_SHAPES_ALL) },
	[PW_EVENT_CPU] = {
		EVENT_FIELD("cpu", U16, cpu,
			    PW_SHAPES_ALL & ~SHAPE(OVERWRITTEN)) },
	[PW_EVENT_EVENT] = {
		EVENT_FIELD("event", NAME8, type, PW_SHAPES_ALL),
		.name_of = portwatch_event_name },
	[PW_EVENT_PROTO] = {
		EVENT_FIELD("proto", NAME16, proto, SOCKETS),
		.name_of = portwatch_proto_name },
	[PW_EVENT_FAMILY] = {
		EVENT_FIELD("family", NAME8, family, SOCKETS),
		.name_of = family_name, OMIT_ZERO },
	[PW_EVENT_MAPPED] = { FLAG_FIELD("mapped", MAPPED, SOCKETS) },
	[PW_EVENT_SOCK] = { EVENT_FIELD("sock", U64, sock, SOCKETS) },
	[PW_EVENT_LADDR] = {
		EVENT_FIELD("laddr", ADDRESS, laddr, SOCKETS & ~BINDS_FAILED),
		LOCAL },
	[PW_EVENT_LPORT] = {
		PORT_FIELD("lport", lport, laddr, SOCKETS & ~BINDS_FAILED),
		LOCAL },
	[PW_EVENT_RADDR] = {
		EVENT_FIELD("raddr", ADDRESS, raddr, SOCKETS), REMOTE },
	[PW_EVENT_RPORT] = {
		PORT_FIELD("rport", rport, raddr, SOCKETS), REMOTE,
		OMIT_ZERO },
	[PW_EVENT_NETNS] = {
		EVENT_FIELD("netns", U32, netns, SOCKETS), OMIT_ZERO },

	[PW_EVENT_PID] = { IDENTITY_FIELD("pid", U32, OWNER, pid, ANYONE) },
	[PW_EVENT_TID] = {
		EVENT_FIELD("tid", U32, owner_tid, SOCKETS), OMIT_ZERO },
	[PW_EVENT_COMM] = { IDENTITY_FIELD("comm", TEXT, OWNER, comm, ANYONE) },
	[PW_EVENT_EXE] = { IDENTITY_FIELD("exe", TEXT, OWNER, exe, ANYONE) },
	[PW_EVENT_UID] = {
		IDENTITY_FIELD("uid", U32, OWNER, uid, PW_IDENTITY_PROCESS) },
	[PW_EVENT_AUID] = {
		IDENTITY_FIELD("auid", U32, OWNER, auid, PW_IDENTITY_PROCESS),
		.omits = true, .omit = UINT32_MAX },
	[PW_EVENT_PPID] = {
		IDENTITY_FIELD("ppid", U32, OWNER, ppid, PW_IDENTITY_PROCESS) },
	[PW_EVENT_CGROUP] = {
		IDENTITY_FIELD("cgroup", TEXT, OWNER, cgroup, ANYONE) },
	[PW_EVENT_UNIT] = { IDENTITY_FIELD("unit", TEXT, OWNER, unit, ANYONE) },
	[PW_EVENT_CONTAINER] = {
		IDENTITY_FIELD("container", TEXT, OWNER, container, ANYONE) },

	[PW_EVENT_BY_PID] = { IDENTITY_FIELD("pid", U32, ACTOR, pid, ANYONE) },
	[PW_EVENT_BY_TID] = {
		EVENT_FIELD("tid", U32, actor_tid, SOCKETS), OMIT_ZERO },
	[PW_EVENT_BY_COMM] = {
		IDENTITY_FIELD("comm", TEXT, ACTOR, comm, ANYONE) },
	[PW_EVENT_BY_EXE] = { IDENTITY_FIELD("exe", TEXT, ACTOR, exe, ANYONE) },
	[PW_EVENT_BY_UID] = {
		IDENTITY_FIELD("uid", U32, ACTOR, uid, PW_IDENTITY_PROCESS) },

	[PW_EVENT_EXISTING] = { FLAG_FIELD("existing", EXISTING, EXISTING) },
	[PW_EVENT_SINCE] = {
		EVENT_FIELD("since", BOOT_TIME, existing.since, EXISTING),
		OMIT_ZERO },
	[PW_EVENT_STATE] = {
		EVENT_FIELD("state", NAME8, existing.state, EXISTING),
		.name_of = portwatch_state_name, OMIT_ZERO },
	[PW_EVENT_TYPE] = {
		EVENT_FIELD("type", NAME32, socket.sock_type, SHAPE(SOCKET)),
		.name_of = type_name },
	[PW_EVENT_ERROR] = {
		EVENT_FIELD("error", NAME32, bind_failed.error, BINDS_FAILED),
		.name_of = portwatch_errno_name, .tone = error_tone },
	[PW_EVENT_CONNECT_ERROR] = {
		EVENT_FIELD("error", NAME32, connect_failed.error,
			    SHAPE(CONNECT_FAILED)),
		.name_of = portwatch_errno_name, .tone = error_tone },
	[PW_EVENT_HOW] = {
		EVENT_FIELD("how", NAME8, bind.how, BINDS),
		.name_of = portwatch_how_name, OMIT_ZERO },
	[PW_EVENT_FAILED_HOW] = {
		EVENT_FIELD("how", NAME8, bind_failed.how, BINDS_FAILED),
		.name_of = portwatch_how_name, OMIT_ZERO },
	[PW_EVENT_EXISTING_HOW] = {
		EVENT_FIELD("how", NAME8, existing.how, EXISTING),
		.name_of = portwatch_how_name, OMIT_ZERO },
	[PW_EVENT_REQ_ADDR] = {
		EVENT_FIELD("req_addr", ADDRESS, bind.req_addr, SHAPE(BIND)) },
	[PW_EVENT_FAILED_REQ_ADDR] = {
		EVENT_FIELD("req_addr", ADDRESS, laddr, BINDS_REFUSED),
		LOCAL },
	[PW_EVENT_REQ_PORT] = {
		PORT_FIELD("req_port", bind.req_port, bind.req_addr,
			   SHAPE(BIND)) },
	[PW_EVENT_FAILED_REQ_PORT] = {
		PORT_FIELD("req_port", lport, laddr, BINDS_REFUSED),
		LOCAL },
	[PW_EVENT_EXPOSURE] = {
		EVENT_FIELD("exposure", EXPOSURE, laddr, PORTS), LOCAL,
		.name_of = exposure_name, .tone = exposure_tone },
	[PW_EVENT_DUAL_STACK] = { FLAG_FIELD("dual_stack", DUAL_STACK, PORTS) },
	[PW_EVENT_REUSE_ADDR] = {
		FLAG_FIELD("reuse_addr", REUSE_ADDR, OPTIONS) },
	[PW_EVENT_REUSE_PORT] = {
		FLAG_FIELD("reuse_port", REUSE_PORT, OPTIONS) },
	[PW_EVENT_FREEBIND] = { FLAG_FIELD("freebind", FREEBIND, OPTIONS) },
	[PW_EVENT_TRANSPARENT] = {
		FLAG_FIELD("transparent", TRANSPARENT, OPTIONS) },
	[PW_EVENT_DEVICE] = {
		EVENT_FIELD("device", CHARS, bind.ifname, BINDS),
		.argument = 16 },
	[PW_EVENT_EXISTING_DEVICE] = {
		EVENT_FIELD("device", CHARS, existing.ifname, EXISTING),
		.argument = 16 },
	[PW_EVENT_BACKLOG] = {
		EVENT_FIELD("backlog", U32, listen.backlog, SHAPE(LISTEN)) },
	[PW_EVENT_EXISTING_BACKLOG] = {
		EVENT_FIELD("backlog", U32, existing.backlog,
			    SHAPE(EXISTING_LISTEN)), OMIT_UNKNOWN32 },
	[PW_EVENT_LATENCY] = {
		EVENT_FIELD("latency_ns", U64, established.latency,
			    SHAPE(ESTABLISHED)),
		.unit = PW_UNIT_NANOSECONDS, OMIT_ZERO },
	[PW_EVENT_FAILED_LATENCY] = {
		EVENT_FIELD("latency_ns", U64, connect_failed.latency,
			    SHAPE(CONNECT_FAILED)),
		.unit = PW_UNIT_NANOSECONDS, OMIT_ZERO },
	[PW_EVENT_LISTENER] = {
		EVENT_FIELD("listener", U64, accept.listener, SHAPE(ACCEPT)),
		OMIT_ZERO },
	[PW_EVENT_WAIT] = {
		EVENT_FIELD("wait_ns", U64, accept.wait, SHAPE(ACCEPT)),
		.unit = PW_UNIT_NANOSECONDS, OMIT_ZERO },
	[PW_EVENT_KIND] = {
		EVENT_FIELD("kind", NAME8, close.kind, CLOSES),
		.name_of = portwatch_kind_name, OMIT_ZERO },
	[PW_EVENT_DURATION] = {
		EVENT_FIELD("duration_ns", U64, close.duration, CLOSES),
		.unit = PW_UNIT_NANOSECONDS, OMIT_ZERO },
	[PW_EVENT_REASON] = {
		EVENT_FIELD("reason", NAME8, close.reason, CLOSES),
		.name_of = portwatch_reason_name, .tone = reason_tone,
		OMIT_ZERO },
	[PW_EVENT_FIRST] = {
		EVENT_FIELD("first", NAME8, close.first,
			    SHAPE(CLOSE_CONNECTION)),
		.name_of = portwatch_first_name, OMIT_ZERO },
	[PW_EVENT_TX_BYTES] = {
		EVENT_FIELD("tx_bytes", U64, close.tx_bytes,
			    SHAPE(CLOSE_CONNECTION)), .unit = PW_UNIT_BYTES,
		OMIT_UNKNOWN64 },
	[PW_EVENT_RX_BYTES] = {
		EVENT_FIELD("rx_bytes", U64, close.rx_bytes,
			    SHAPE(CLOSE_CONNECTION)), .unit = PW_UNIT_BYTES,
		OMIT_UNKNOWN64 },
	[PW_EVENT_RETRANS] = {
		EVENT_FIELD("retrans", U32, close.count,
			    SHAPE(CLOSE_CONNECTION)), .tone = retrans_tone,
		OMIT_UNKNOWN32 },
	[PW_EVENT_RTT] = {
		EVENT_FIELD("rtt_us", U32, close.rtt_us,
			    SHAPE(CLOSE_CONNECTION)),
		.unit = PW_UNIT_MICROSECONDS, OMIT_ZERO },
	[PW_EVENT_ACCEPTED] = {
		EVENT_FIELD("accepted", U32, close.count,
			    SHAPE(CLOSE_LISTENER)) },
	[PW_EVENT_EXISTING_ACCEPTED] = {
		EVENT_FIELD("accepted", U32, existing.accepted,
			    SHAPE(EXISTING_LISTEN)) },
	[PW_EVENT_LOST] = { LOST_FIELD("lost", COUNTS, count) },
	[PW_EVENT_LOST_FIRST] = { LOST_FIELD("first", BOOT_TIME, first) },
	[PW_EVENT_LOST_LAST] = { LOST_FIELD("last", BOOT_TIME, last) },
	[PW_EVENT_PHASE] = {
		EVENT_FIELD("phase", NAME8, snapshot.end,
			    SHAPE(SNAPSHOT_BEGIN) | SHAPE(SNAPSHOT_END)),
		.name_of = phase_name },
	[PW_EVENT_ROWS] = {
		EVENT_FIELD("rows", U64, snapshot.rows, SHAPE(SNAPSHOT_END)) },
	[PW_EVENT_DIR] = {
		EVENT_FIELD("dir", NAME8, flow.dir, SHAPE(FLOW)),
		.name_of = portwatch_dir_name, OMIT_ZERO },
	[PW_EVENT_FULL] = { FLAG_FIELD("full", FULL, SHAPE(FLOW)) },
	[PW_EVENT_STILL_BOUND] = {
		FLAG_FIELD("still_bound", STILL_BOUND,
			   SHAPE(CLOSE_CONNECTION) | SHAPE(CLOSE_LISTENER) |
			   SHAPE(CONNECT_FAILED)) },

	[PW_EVENT_HOLDER_SOCK] = {
		EVENT_FIELD("sock", U64, bind_failed.holder_sock, BINDS_HELD),
		OMIT_ZERO },
	[PW_EVENT_HOLDER_PID] = {
		IDENTITY_FIELD("pid", U32, HOLDER, pid, ANYONE) },
	[PW_EVENT_HOLDER_COMM] = {
		IDENTITY_FIELD("comm", TEXT, HOLDER, comm, ANYONE) },
	[PW_EVENT_HOLDER_EXE] = {
		IDENTITY_FIELD("exe", TEXT, HOLDER, exe, ANYONE) },
	[PW_EVENT_HOLDER_UNIT] = {
		IDENTITY_FIELD("unit", TEXT, HOLDER, unit, ANYONE) },
	[PW_EVENT_HOLDER_UID] = {
		EVENT_FIELD("uid", U32, bind_failed.holder_uid,
			    SHAPE(BIND_FAILED_HELD)) },
	[PW_EVENT_HOLDER_STATE] = {
		EVENT_FIELD("state", NAME8, bind_failed.holder_state,
			    BINDS_HELD),
		.name_of = portwatch_state_name },
	[PW_EVENT_HOLDER_SINCE] = {
		EVENT_FIELD("since_ns", U64, bind_failed.holder_since,
			    BINDS_HELD), OMIT_ZERO },
};

static enum pw_shape existing_shape(unsigned int type)
{
	switch (type) {
	case PORTWATCH_BIND:
		return PW_SHAPE_EXISTING_BIND;
	case PORTWATCH_LISTEN:
		return PW_SHAPE_EXISTING_LISTEN;
	case PORTWATCH_CONNECT:
		return PW_SHAPE_EXISTING_CONNECT;
	case PORTWATCH_ESTABLISHED:
		return PW_SHAPE_EXISTING_ESTABLISHED;
	case PORTWATCH_ACCEPT:
		return PW_SHAPE_EXISTING_ACCEPT;
	default:
		return PW_SHAPE_EXISTING_SOCKET;
	}
}

static enum pw_shape close_shape(unsigned int kind)
{
	switch (kind) {
	case PORTWATCH_KIND_CONNECTION:
		return PW_SHAPE_CLOSE_CONNECTION;
	case PORTWATCH_KIND_LISTENER:
		return PW_SHAPE_CLOSE_LISTENER;
	default:
		return PW_SHAPE_CLOSE_SOCKET;
	}
}

static enum pw_shape failed_shape(const struct portwatch_event *event)
{
	if (event->bind_failed.how == PORTWATCH_HOW_AUTO)
		return PW_SHAPE_BIND_FAILED_AUTO;
	switch (event->bind_failed.holder_state) {
	case 0:
		return PW_SHAPE_BIND_FAILED;
	case PORTWATCH_STATE_TIME_WAIT:
		return PW_SHAPE_BIND_FAILED_TIME_WAIT;
	default:
		return PW_SHAPE_BIND_FAILED_HELD;
	}
}

static enum pw_shape shape_of(const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;

	if (item->slot->type == PORTWATCH_LOST)
		return PW_SHAPE_LOST;
	if (item->slot->type == PORTWATCH_OVERWRITTEN)
		return PW_SHAPE_OVERWRITTEN;
	if (item->slot->type == PORTWATCH_SNAPSHOT)
		return event->snapshot.end ? PW_SHAPE_SNAPSHOT_END :
					     PW_SHAPE_SNAPSHOT_BEGIN;
	if (event->flags & PORTWATCH_F_EXISTING)
		return existing_shape(event->type);
	switch (event->type) {
	case PORTWATCH_BIND:
		return event->bind.how == PORTWATCH_HOW_AUTO ?
			PW_SHAPE_BIND_AUTO : PW_SHAPE_BIND;
	case PORTWATCH_BIND_FAILED:
		return failed_shape(event);
	case PORTWATCH_LISTEN:
		return PW_SHAPE_LISTEN;
	case PORTWATCH_CONNECT:
		return PW_SHAPE_CONNECT;
	case PORTWATCH_ESTABLISHED:
		return PW_SHAPE_ESTABLISHED;
	case PORTWATCH_CONNECT_FAILED:
		return PW_SHAPE_CONNECT_FAILED;
	case PORTWATCH_ACCEPT:
		return PW_SHAPE_ACCEPT;
	case PORTWATCH_CLOSE:
		return close_shape(event->close.kind);
	case PORTWATCH_FLOW:
		return PW_SHAPE_FLOW;
	default:
		return PW_SHAPE_SOCKET;
	}
}

uint32_t pw_identity_shape(const struct portwatch_identity *identity)
{
	return identity && identity->key == PORTWATCH_PROCESS_KERNEL ?
		PW_IDENTITY_KERNEL : PW_IDENTITY_PROCESS;
}

enum pw_shape pw_event_row(const struct portwatch_item *item,
			   struct pw_row *row)
{
	bool mark = !pw_event_counts(item->slot->type);
	enum pw_shape shape = shape_of(item);

	*row = (struct pw_row){
		.base = {
			[PW_BASE_RECORD] = item->slot,
			[PW_BASE_ITEM] = item,
			[PW_BASE_OWNER] = mark ? NULL : item->owner,
			[PW_BASE_ACTOR] = mark ? NULL : item->actor,
			[PW_BASE_HOLDER] = mark ? NULL : item->holder,
		},
		.shapes = {
			[PW_BASE_RECORD] = 1U << shape,
			[PW_BASE_ITEM] = PW_SHAPES_ALL,
			[PW_BASE_OWNER] = pw_identity_shape(item->owner),
			[PW_BASE_ACTOR] = pw_identity_shape(item->actor),
			[PW_BASE_HOLDER] = pw_identity_shape(item->holder),
		},
		.real_time_of_boot = item->real_time - item->slot->time,
		.flags = mark ? 0 : item->event->flags,
		.family = mark ? 0 : item->event->family,
	};
	return shape;
}
