/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * portwatch: the records that stand in the rings. Include <linux/portwatch.h>,
 * which says how they come there and in which order they are read.
 */
#ifndef _UAPI_LINUX_PORTWATCH_RECORD_H
#define _UAPI_LINUX_PORTWATCH_RECORD_H

#include <linux/types.h>

#define PORTWATCH_SLOT_SIZE		128

/* The protocol of a socket of AF_VSOCK, which has none: beyond any IPPROTO_*. */
#define PORTWATCH_PROTO_VSOCK		(0xff00 + 40)

/* Keys of processes that are not announced. */
#define PORTWATCH_PROCESS_UNKNOWN	0
#define PORTWATCH_PROCESS_KERNEL	1

/**
 * enum portwatch_type - what a record is about
 *
 * Up to PORTWATCH_SNAPSHOT these are events, and 1 << type is their bit in
 * portwatch_start.events.
 */
enum portwatch_type {
	PORTWATCH_SOCKET	= 1,	/* created */
	PORTWATCH_BIND		= 2,	/* took a port */
	PORTWATCH_BIND_FAILED	= 3,	/* did not get the port it asked for */
	PORTWATCH_LISTEN	= 4,	/* started to listen */
	PORTWATCH_CONNECT	= 5,	/* SYN about to be sent; UDP peer set */
	PORTWATCH_ESTABLISHED	= 6,	/* the attempt succeeded */
	PORTWATCH_CONNECT_FAILED = 7,	/* the attempt failed */
	PORTWATCH_ACCEPT	= 8,	/* a process took a connection */
	PORTWATCH_CLOSE		= 9,	/* the socket or connection is over */
	PORTWATCH_FLOW		= 10,	/* first datagram to or from a peer */
	PORTWATCH_LOST		= 11,	/* records are missing here */
	PORTWATCH_SNAPSHOT	= 12,	/* marks around sockets open before */
	PORTWATCH_PROCESS	= 13,	/* dictionary: who a key is */
	PORTWATCH_TEXT		= 14,	/* continuation of a process record */
};

#define PORTWATCH_TYPES			16	/* size of arrays by type */
#define PORTWATCH_EVENT_BIT(type)	(1ULL << (type))

/* Events that a session can ask for; LOST, SNAPSHOT and PROCESS always come. */
#define PORTWATCH_EVENTS_ALL						\
	(PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |				\
	 PORTWATCH_EVENT_BIT(PORTWATCH_BIND_FAILED) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_ESTABLISHED) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT_FAILED) |		\
	 PORTWATCH_EVENT_BIT(PORTWATCH_ACCEPT) |			\
	 PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE))

/* Events that come only to a session that asks for them by name: they cost much. */
#define PORTWATCH_EVENTS_SPECIAL PORTWATCH_EVENT_BIT(PORTWATCH_FLOW)

/* Bits of portwatch_event.flags. */
#define PORTWATCH_F_EXISTING		(1U << 0) /* row of a snapshot */
#define PORTWATCH_F_MAPPED		(1U << 1) /* IPv6 socket, IPv4 address */
#define PORTWATCH_F_DUAL_STACK		(1U << 2) /* [::] that takes IPv4 too */
#define PORTWATCH_F_REUSE_ADDR		(1U << 3) /* SO_REUSEADDR */
#define PORTWATCH_F_REUSE_PORT		(1U << 4) /* SO_REUSEPORT */
#define PORTWATCH_F_FREEBIND		(1U << 5) /* IP_FREEBIND */
#define PORTWATCH_F_TRANSPARENT		(1U << 6) /* IP_TRANSPARENT */
#define PORTWATCH_F_REMOTE		(1U << 7) /* raddr and rport are set */
#define PORTWATCH_F_LOCAL		(1U << 8) /* laddr and lport are set */
/* A close of a socket that never had a port or a peer: only with SOCKET events. */
#define PORTWATCH_F_UNUSED		(1U << 9)
/* A flow that took the last place: no new one is told until there is room again. */
#define PORTWATCH_F_FULL		(1U << 10)
/* A close or connect-failed after which the socket, still open, has its port. */
#define PORTWATCH_F_STILL_BOUND		(1U << 11)

/* A figure that could not be had: close.tx_bytes, rx_bytes, count; existing.backlog. */
#define PORTWATCH_UNKNOWN32		0xffffffffU
#define PORTWATCH_UNKNOWN64		0xffffffffffffffffULL

/* How a port was taken: portwatch_event.bind.how. */
enum portwatch_how {
	PORTWATCH_HOW_EXPLICIT	= 1,	/* this port was asked for */
	PORTWATCH_HOW_EPHEMERAL	= 2,	/* port 0 was asked for */
	PORTWATCH_HOW_AUTO	= 3,	/* connect, send or listen, no bind */
};

/* What is over: portwatch_event.close.kind. */
enum portwatch_kind {
	PORTWATCH_KIND_SOCKET	  = 1,
	PORTWATCH_KIND_CONNECTION = 2,
	PORTWATCH_KIND_LISTENER	  = 3,
};

/* Why it ended: portwatch_event.close.reason. */
enum portwatch_reason {
	PORTWATCH_REASON_FIN		= 1,	/* closed in order */
	PORTWATCH_REASON_RST_SENT	= 2,	/* reset by this end */
	PORTWATCH_REASON_RST_RECEIVED	= 3,	/* reset by the other end */
	PORTWATCH_REASON_TIMEOUT	= 4,	/* the other end fell silent */
	PORTWATCH_REASON_ABORTED	= 5,	/* killed from outside (ss -K) */
	PORTWATCH_REASON_UNACCEPTED	= 6,	/* listener closed first */
	PORTWATCH_REASON_RELEASED	= 7,	/* no connection: let go */
};

/* Who closed first: portwatch_event.close.first. 0: not known. */
enum portwatch_first {
	PORTWATCH_FIRST_LOCAL	= 1,
	PORTWATCH_FIRST_REMOTE	= 2,
};

/* Which way a datagram went: portwatch_event.flow.dir. */
enum portwatch_dir {
	PORTWATCH_DIR_OUT	= 1,	/* from this socket */
	PORTWATCH_DIR_IN	= 2,	/* to it */
};

/*
 * State of a socket in a snapshot row, portwatch_event.existing.state, and of the
 * holder of a port, portwatch_event.bind_failed.holder_state: there it is BOUND,
 * LISTENING, CONNECTED (being connected or closed too) or TIME_WAIT.
 */
enum portwatch_state {
	PORTWATCH_STATE_OPEN		= 1,	/* no port yet */
	PORTWATCH_STATE_BOUND		= 2,
	PORTWATCH_STATE_LISTENING	= 3,
	PORTWATCH_STATE_CONNECTING	= 4,
	PORTWATCH_STATE_CONNECTED	= 5,
	PORTWATCH_STATE_TIME_WAIT	= 6,	/* what a connection left behind */
};

/**
 * struct portwatch_slot - how every slot begins
 *
 * @time:	when it happened
 * @seq:	number of this record among all offered to this ring (wraps)
 * @cpu:	CPU of the ring
 * @type:	enum portwatch_type
 * @aux:	meaning depends on the type
 */
struct portwatch_slot {
	__u64	time;
	__u32	seq;
	__u16	cpu;
	__u8	type;
	__u8	aux;
};

/**
 * struct portwatch_vsock_addr - an address of AF_VSOCK
 *
 * @cid:	context id: who of all virtual machines and their host
 *		(VMADDR_CID_ANY: all that this machine is)
 * @port:	port; where one was asked for, VMADDR_PORT_ANY is any
 *
 * Both in host order.
 */
struct portwatch_vsock_addr {
	__u32	cid;
	__u32	port;
};

/**
 * struct portwatch_event - a record of type SOCKET to SNAPSHOT, LOST excepted
 *
 * @time, @seq, @cpu, @type: as in struct portwatch_slot
 * @family:	AF_INET, AF_INET6 or AF_VSOCK (AF_UNSPEC: a mark)
 * @sock:	socket cookie
 * @sock_seq:	number of this event among the socket's own
 * @proto:	IPPROTO_*, as in the socket (IPPROTO_MPTCP is 262); IPPROTO_RAW for a
 *		raw socket, whatever it carries; PORTWATCH_PROTO_VSOCK
 * @flags:	PORTWATCH_F_*
 * @owner:	key of the process that created or accepted the socket
 * @owner_tid:	its thread, as the first pid namespace numbers it
 * @actor:	key of the process that did this, when it is not the owner, else 0
 * @actor_tid:	its thread
 * @netns:	inode number of the network namespace
 * @lport:	local port (PORTWATCH_F_LOCAL); bind-failed: the port asked for
 * @rport:	remote port (PORTWATCH_F_REMOTE)
 * @laddr:	local address (PORTWATCH_F_LOCAL); bind-failed: the one asked for
 * @raddr:	remote address (PORTWATCH_F_REMOTE)
 * @body:	what follows, as bytes
 * @socket:	type SOCKET
 * @socket.sock_type: SOCK_STREAM, SOCK_DGRAM, ...
 * @bind:	type BIND
 * @bind.req_addr: address asked for (zero where @bind.how is AUTO)
 * @bind.ifname: interface that the socket is bound to (SO_BINDTODEVICE), or ""
 * @bind.req_port: port asked for (0 for EPHEMERAL and AUTO)
 * @bind.how:	enum portwatch_how
 * @bind_failed: type BIND_FAILED
 * @bind_failed.error: errno
 * @bind_failed.how: enum portwatch_how; 0: the address made no sense
 * @bind_failed.holder_state: enum portwatch_state of the socket because of which
 *		the port was not to be had (EADDRINUSE, a port that was named), by the
 *		kernel's tables as they were right after the failure. 0: none was
 *		found there that conflicts; then all of the holder is 0.
 * @bind_failed.holder_sock: its cookie; 0 for TIME_WAIT, which is no socket any
 *		more, and for a subflow of which the MPTCP socket cannot be told
 * @bind_failed.holder_since: when it took the port, a connection without a bind of
 *		its own: when it was connected; 0: not known
 * @bind_failed.holder: key of its owner; PORTWATCH_PROCESS_UNKNOWN: not known, or
 *		none (TIME_WAIT)
 * @bind_failed.holder_uid: user of the socket, in the first user namespace; of
 *		TIME_WAIT none is known and it is 0
 * @listen:	type LISTEN
 * @listen.backlog: as asked for, limited by net.core.somaxconn
 * @established: type ESTABLISHED
 * @established.latency: nanoseconds since the SYN
 * @connect_failed: type CONNECT_FAILED
 * @connect_failed.latency: nanoseconds since the SYN (0: none was sent)
 * @connect_failed.error: errno; ECANCELED: closed before there was an outcome
 * @accept:	type ACCEPT
 * @accept.listener: cookie of the listening socket
 * @accept.wait: nanoseconds in the accept queue (0: not known)
 * @close:	type CLOSE
 * @close.duration: nanoseconds since it was connected, queued for accept,
 *		listening or, for another socket, created (0: not known)
 * @close.tx_bytes: payload sent, each byte once (connections), or
 *		PORTWATCH_UNKNOWN64
 * @close.rx_bytes: payload received, the same
 * @close.rtt_us: smoothed round trip, microseconds (0: never measured)
 * @close.count: connections: segments sent again, or PORTWATCH_UNKNOWN32; listeners:
 *		accepted
 * @close.kind:	enum portwatch_kind
 * @close.reason: enum portwatch_reason
 * @close.first: enum portwatch_first
 * @flow:	type FLOW; the addresses are those of the datagram
 * @flow.dir:	enum portwatch_dir
 * @snapshot:	type SNAPSHOT
 * @snapshot.rows: rows between the marks (in the end mark), those that the filter
 *		kept back included
 * @snapshot.end: 0: begin mark, 1: end mark
 * @existing:	instead of the above in a row of a snapshot (PORTWATCH_F_EXISTING);
 *		the row's type is LISTEN, BIND, CONNECT, ESTABLISHED, ACCEPT or
 *		SOCKET, after what the socket last did
 * @existing.since: when the socket was created or accepted; 0: not known, it was
 *		open before the module looked (the kernel keeps no such time)
 * @existing.ifname: as in @bind
 * @existing.backlog: of a listener, or PORTWATCH_UNKNOWN32
 * @existing.accepted: connections accepted, as far as the module saw it
 * @existing.state: enum portwatch_state
 * @existing.how: enum portwatch_how, 0 where not known
 *
 * Addresses and ports are valid only with the flags that say so. Those of AF_VSOCK
 * are too long for @lport, @rport and @bind.req_port, which are 0 then: @laddr, @raddr
 * and @bind.req_addr begin with a struct portwatch_vsock_addr. Reserved fields and the
 * rest of the body are zero.
 */
struct portwatch_event {
	__u64	time;
	__u32	seq;
	__u16	cpu;
	__u8	type;
	__u8	family;
	__u64	sock;
	__u32	sock_seq;
	__u16	proto;
	__u16	flags;
	__u32	owner;
	__u32	owner_tid;
	__u32	actor;
	__u32	actor_tid;
	__u32	netns;
	__u16	lport;
	__u16	rport;
	__u8	laddr[16];
	__u8	raddr[16];
	union {
		__u8	body[40];
		struct {
			__u32	sock_type;
		} socket;
		struct {
			__u8	req_addr[16];
			__u8	ifname[16];
			__u16	req_port;
			__u8	how;
		} bind;
		struct {
			__u32	error;
			__u8	how;
			__u8	holder_state;
			__u16	reserved;
			__u64	holder_sock;
			__u64	holder_since;
			__u32	holder;
			__u32	holder_uid;
		} bind_failed;
		struct {
			__u32	backlog;
		} listen;
		struct {
			__u64	latency;
		} established;
		struct {
			__u64	latency;
			__u32	error;
		} connect_failed;
		struct {
			__u64	listener;
			__u64	wait;
		} accept;
		struct {
			__u64	duration;
			__u64	tx_bytes;
			__u64	rx_bytes;
			__u32	rtt_us;
			__u32	count;
			__u8	kind;
			__u8	reason;
			__u8	first;
		} close;
		struct {
			__u8	dir;
		} flow;
		struct {
			__u64	rows;
			__u8	end;
		} snapshot;
		struct {
			__u64	since;
			__u8	ifname[16];
			__u32	backlog;
			__u32	accepted;
			__u8	state;
			__u8	how;
		} existing;
	};
};

/**
 * struct portwatch_lost - a record of type LOST
 *
 * @time, @seq, @cpu, @type: as in struct portwatch_slot; @seq is the number of
 *		the first record that is missing
 * @reserved0:	zero
 * @first:	time of the first record that is missing
 * @last:	time of the last one
 * @count:	how many are missing, by type
 * @reserved:	zero
 *
 * The next record of this ring has number @seq plus the sum of @count.
 */
struct portwatch_lost {
	__u64	time;
	__u32	seq;
	__u16	cpu;
	__u8	type;
	__u8	reserved0;
	__u64	first;
	__u64	last;
	__u32	count[PORTWATCH_TYPES];
	__u8	reserved[32];
};

/* Bits of portwatch_process.flags. */
#define PORTWATCH_P_THREAD	(1U << 0) /* a thread of the kernel */
#define PORTWATCH_P_TRUNCATED	(1U << 1) /* a text did not fit, or had no memory */

/**
 * struct portwatch_process - a record of type PROCESS: who a key is
 *
 * @time, @seq, @cpu, @type: as in struct portwatch_slot
 * @slots:	slots of this record, this one included; the others have type
 *		TEXT and the same @time and @seq
 * @key:	the key that events use
 * @pid:	process id, in the first pid namespace
 * @ppid:	that of its parent when it was announced first
 * @uid:	effective user id, in the first user namespace
 * @auid:	login user id, (__u32)-1 where there is none
 * @flags:	PORTWATCH_P_*
 * @start:	when the process started
 * @cgroup_id:	id of its cgroup (v2)
 * @comm:	its name, zero-padded; may hold any bytes but 0
 * @exe_len, @cmdline_len, @cgroup_len: lengths of the three texts
 * @text_len:	bytes of @text used
 * @text:	the texts, one after the other without a separator: path of the
 *		program, command line (arguments separated by 0 bytes), path of the
 *		cgroup; it goes on in the TEXT slots. A length of 0 means that the
 *		text could not be had, or, of the cgroup, did not fit.
 */
struct portwatch_process {
	__u64	time;
	__u32	seq;
	__u16	cpu;
	__u8	type;
	__u8	slots;
	__u32	key;
	__u32	pid;
	__u32	ppid;
	__u32	uid;
	__u32	auid;
	__u32	flags;
	__u64	start;
	__u64	cgroup_id;
	__u8	comm[16];
	__u16	exe_len;
	__u16	cmdline_len;
	__u16	cgroup_len;
	__u16	text_len;
	__u8	text[48];
};

/**
 * struct portwatch_text - a slot of type TEXT: goes on with a process record
 *
 * @time, @seq, @cpu, @type: as in struct portwatch_slot
 * @part:	1 for the first slot after the process slot, and so on
 * @key:	the process
 * @text_len:	bytes of @text used
 * @text:	text
 */
struct portwatch_text {
	__u64	time;
	__u32	seq;
	__u16	cpu;
	__u8	type;
	__u8	part;
	__u32	key;
	__u16	text_len;
	__u8	text[106];
};

#endif /* _UAPI_LINUX_PORTWATCH_RECORD_H */
