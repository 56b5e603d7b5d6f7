/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * portwatch: the interface between the kernel module and its readers.
 *
 * This header, with the records in <linux/portwatch_record.h> and the filters in
 * <linux/portwatch_filter.h> that it brings in, is the manual of /dev/portwatch. It is plain C, the same for
 * 32-bit and 64-bit readers, and nothing in it is packed.
 *
 * A session
 * ---------
 * Every open() of /dev/portwatch is a session of its own. It needs
 * CAP_AUDIT_READ in the first user namespace (else EPERM); a device opened
 * while the module's limit of sessions is reached says EBUSY. A session does
 * nothing until PORTWATCH_IOC_START gives it its rings and says which events
 * it wants; the kernel's hooks are attached with the first session that starts
 * and detached with the last one that is closed.
 *
 *	fd = open("/dev/portwatch", O_RDWR | O_CLOEXEC);
 *	ioctl(fd, PORTWATCH_IOC_FILTER, &tests);	where not all are wanted
 *	ioctl(fd, PORTWATCH_IOC_START, &start);
 *	header = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
 *	beacons, rings, consumers = mmap(...) as the header says
 *	loop:	drain all rings, oldest record first; store the tails;
 *		poll(fd) when all are empty
 *
 * Pages are split by who writes them. The header, the beacons and the rings are
 * written by the kernel and can only be mapped PROT_READ; each ring's consumer
 * page is written by the reader. The kernel trusts nothing that it finds there.
 *
 * Rings
 * -----
 * There is one ring for each possible CPU (a hole in the CPU numbering has a
 * ring of which nothing is ever read). A ring is a page with struct
 * portwatch_ring, then ring_slots slots of PORTWATCH_SLOT_SIZE bytes. A record
 * is one slot, or several (process records), one after the other.
 * Slot n of the stream stands at index n % ring_slots; ring_slots is a power of
 * two. The kernel publishes `head` (slots ever written) with a store-release
 * after the slots are written; the reader loads it with acquire. The reader
 * publishes `tail` (slots ever consumed) with a store-release after it has
 * copied what it needs; the kernel loads it with acquire. head - tail is the
 * fill. A tail that cannot be (ahead of head, or more than a ring behind) is
 * counted in `bad_tail` and the ring is taken to be full.
 *
 * Records of one ring stand in the order of `time`, and times do not decrease.
 *
 * Order over all rings
 * --------------------
 * A reader merges the rings by `time`. It may emit a record only when no other
 * ring can still deliver an older one; the beacons tell. Before a CPU reads the
 * clock for a record it sets its beacon to PORTWATCH_BEACON_STARTING, and then
 * to the time that it read; it clears the beacon to 0 when the record is in all
 * sessions' rings. A reader does, in this order:
 *
 *	now  = clock_gettime(CLOCK_BOOTTIME)
 *	full memory barrier
 *	for each CPU:	b = load-acquire beacon[cpu].busy
 *			h = load-acquire ring[cpu].head
 *			bound[cpu] = b == 0 ? now :
 *				     b == STARTING ? bound of the last round : b
 *
 * Every record of that CPU at or past slot h has time >= bound[cpu]. A ring in
 * which slots are waiting is bounded by its first waiting record. The smallest
 * bound is the time before which everything is known.
 *
 * What is lost
 * ------------
 * A record that finds no room is not written. It is counted, by type, in the
 * ring's `lost`, and as soon as there is room again a record of type
 * PORTWATCH_LOST is written in its place, before anything newer, which says
 * what is missing since the last such record. When nothing newer comes, a
 * reader that finds `gap` non-zero asks for it with PORTWATCH_IOC_FLUSH. `seq`
 * numbers all records offered to a ring, lost ones too (a lost record does not
 * count itself and bears the number of the first record that is missing), so a
 * jump in `seq` is always explained, to the unit, by a lost record. At any time,
 * for each type: seen = delivered + filtered + lost. Whose the lost events were is
 * counted too, for the PORTWATCH_LOSERS users of each ring who lost most.
 *
 * The last reserve_slots slots of a ring are kept for port events (bind,
 * bind-failed, listen, and the close of a socket that held a port of its own)
 * and lost records, so a flood of connections cannot hide a new listener.
 *
 * Waking up
 * ---------
 * poll() says POLLIN when a ring holds `watermark` slots or more, or when some
 * record has waited `timeout_ms`. A reader is never woken for each record.
 *
 * Sockets and processes
 * ---------------------
 * `sock` is the kernel's socket cookie (what `ss -e` prints as sk:, here in
 * full); it is unique until the machine is booted again. `sock_seq` counts the
 * events of that socket from 1, whether or not this session asked for them.
 *
 * `owner` and `actor` are keys of processes. A process record with that key
 * comes earlier in the stream than the first event that uses it; it is sent
 * at least once to each session, and again after it was lost. Key 0 means: not
 * known, or (actor) none. Key 1 is the kernel itself and is never announced. A process that executes another
 * program, or changes its name, its user or its cgroup, gets a new key. Keys are
 * not used again.
 *
 * Byte order is the machine's, except that ports are host order numbers and
 * addresses are in network order: 4 bytes (the other 12 are zero) when family is
 * AF_INET, 16 when it is AF_INET6; when it is AF_VSOCK, they are a struct
 * portwatch_vsock_addr, which has the port, too. A v4-mapped IPv6 address is given as the IPv4
 * one, with family AF_INET and PORTWATCH_F_MAPPED.
 *
 * Times are nanoseconds of CLOCK_BOOTTIME.
 *
 * Versions
 * --------
 * PORTWATCH_API_VERSION is the version of ioctls and mappings,
 * PORTWATCH_RECORD_VERSION that of the records. New record types, flags and
 * values of an enumeration, protocols and families of addresses may be added without
 * a new version: a reader skips types that it does not know. Every structure that userspace passes in starts
 * with its own size; a size that the kernel does not know, an unknown flag or a
 * reserved field that is not zero is refused with EINVAL (E2BIG when the
 * structure is longer than the kernel's and the rest is not zero).
 */
#ifndef _UAPI_LINUX_PORTWATCH_H
#define _UAPI_LINUX_PORTWATCH_H

#include <linux/ioctl.h>
#include <linux/types.h>

#include <linux/portwatch_filter.h>
#include <linux/portwatch_record.h>

#define PORTWATCH_DEVICE		"/dev/portwatch"
#define PORTWATCH_MAGIC			0x43545750U	/* "PWTC" */
#define PORTWATCH_API_VERSION		1
#define PORTWATCH_RECORD_VERSION	1

#define PORTWATCH_SLOTS_MIN		32	/* one page of them */
#define PORTWATCH_SLOTS_MAX		(1U << 20)
#define PORTWATCH_SLOTS_DEFAULT		8192

/* Where the areas of a session begin, as mmap() offsets: see the header. */
#define PORTWATCH_MMAP_HEADER		0

/* Values of portwatch_beacon.busy other than a time. */
#define PORTWATCH_BEACON_IDLE		0
#define PORTWATCH_BEACON_STARTING	1

/**
 * struct portwatch_header - the first page of a session, read-only
 *
 * @magic:	PORTWATCH_MAGIC
 * @header_size: bytes of this structure that the kernel filled
 * @api_version, @record_version: see above
 * @slot_size:	PORTWATCH_SLOT_SIZE
 * @page_size:	the kernel's
 * @nr_rings:	rings, beacons and consumer pages: one for each CPU number
 * @ring_slots:	slots of each ring
 * @reserve_slots: of these, kept for port events
 * @watermark, @timeout_ms: see poll above
 * @session:	number of this session
 * @reserved:	zero
 * @events:	bits of the events that come
 * @start_time:	when the session started
 * @beacon_offset: where to mmap() the beacons (read-only)
 * @beacon_bytes: size of that area
 * @beacon_stride: bytes from one CPU's beacon to the next one's
 * @ring_offset: where to mmap() ring 0 (read-only)
 * @ring_stride: from one ring to the next, as mmap() offsets
 * @ring_bytes:	size of a ring: its page, then its slots
 * @ring_data:	where in a ring its first slot is
 * @consumer_offset: where to mmap() the consumer page of ring 0 (read-write)
 * @consumer_stride: from one consumer page to the next
 */
struct portwatch_header {
	__u32	magic;
	__u32	header_size;
	__u32	api_version;
	__u32	record_version;
	__u32	slot_size;
	__u32	page_size;
	__u32	nr_rings;
	__u32	ring_slots;
	__u32	reserve_slots;
	__u32	watermark;
	__u32	timeout_ms;
	__u32	session;
	__u64	reserved;
	__u64	events;
	__u64	start_time;
	__u64	beacon_offset;
	__u64	beacon_bytes;
	__u64	beacon_stride;
	__u64	ring_offset;
	__u64	ring_stride;
	__u64	ring_bytes;
	__u64	ring_data;
	__u64	consumer_offset;
	__u64	consumer_stride;
};

/**
 * struct portwatch_beacon - what a CPU is about to deliver
 *
 * @busy:	0, PORTWATCH_BEACON_STARTING, or a time that no record that it is
 *		writing is older than
 */
struct portwatch_beacon {
	__u64	busy;
};

/* Entries of portwatch_ring.losers. */
#define PORTWATCH_LOSERS		8

/* The owner of a socket is not known, so neither is his user. */
#define PORTWATCH_UID_UNKNOWN		0xffffffffU

/**
 * struct portwatch_loser - a user whose events found no room in a ring
 *
 * @uid:	effective user id of the sockets' owners when they were met, in the first
 *		user namespace (0 for sockets of the kernel), or PORTWATCH_UID_UNKNOWN
 * @lost:	of his events so many were lost at most; 0: the entry is not used
 * @over:	and at least @lost - @over
 *
 * Whoever is not in the table takes the place of the one with the smallest @lost when
 * all places are taken, with that number for his @over; so all @lost together are
 * all events that were lost, and whoever lost more than one in PORTWATCH_LOSERS of
 * them is there. @over is 0 as long as there are no more users than places.
 */
struct portwatch_loser {
	__u64	uid;
	__u64	lost;
	__u64	over;
};

/**
 * struct portwatch_ring - the first page of a ring, read-only
 *
 * @head:	slots ever written
 * @gap:	records lost since the last LOST record
 * @bad_tail:	times that the consumer's tail could not be
 * @reserved:	zero
 * @seen:	records that came up for this session, by type; of a type that it did
 *		not ask for none comes up
 * @filtered:	of these, those that its filter (PORTWATCH_IOC_FILTER) did not want
 * @lost:	of these, those that found no room
 * @delivered:	of these, those that were written
 * @losers:	whose the lost ones were, in no order; dictionary records not counted
 */
struct portwatch_ring {
	__u64	head;
	__u64	gap;
	__u64	bad_tail;
	__u64	reserved[5];
	__u64	seen[PORTWATCH_TYPES];
	__u64	filtered[PORTWATCH_TYPES];
	__u64	lost[PORTWATCH_TYPES];
	__u64	delivered[PORTWATCH_TYPES];
	struct portwatch_loser losers[PORTWATCH_LOSERS];
};

/**
 * struct portwatch_consumer - the consumer page of a ring, written by the reader
 *
 * @tail:	slots ever consumed
 */
struct portwatch_consumer {
	__u64	tail;
};

/**
 * struct portwatch_start - argument of PORTWATCH_IOC_START
 *
 * @size:	sizeof(struct portwatch_start)
 * @flags:	PORTWATCH_START_*
 * @events:	bits of the events wanted (PORTWATCH_EVENTS_ALL and
 *		PORTWATCH_EVENTS_SPECIAL at most), live and as rows of a snapshot
 * @ring_slots:	slots of each ring, a power of two from PORTWATCH_SLOTS_MIN to
 *		PORTWATCH_SLOTS_MAX; 0: PORTWATCH_SLOTS_DEFAULT, or what fits
 * @watermark:	wake the reader when a ring holds so many slots; 0: a quarter
 * @timeout_ms:	wake it at the latest after so long; 0: 20 ms; 10,000 at most
 * @reserved:	zero
 */
struct portwatch_start {
	__u32	size;
	__u32	flags;
	__u64	events;
	__u32	ring_slots;
	__u32	watermark;
	__u32	timeout_ms;
	__u32	reserved;
};

/* No live events: only what PORTWATCH_IOC_SNAPSHOT brings. */
#define PORTWATCH_START_NO_EVENTS	(1U << 0)

/**
 * struct portwatch_status - answer of PORTWATCH_IOC_STATUS, about the module
 *
 * @size:	set by the caller: sizeof(struct portwatch_status); the kernel
 *		answers with the size that it filled
 * @api_version, @record_version: see above
 * @sessions:	open now
 * @sessions_max: as many can be
 * @hooks:	rows that PORTWATCH_IOC_HOOK can give
 * @attached:	1 while the hooks are attached
 * @reserved:	zero
 * @now:	the kernel's CLOCK_BOOTTIME
 * @sockets:	sockets that are tracked now
 * @sockets_max: as many can be
 * @sockets_missed: times that a socket came up that could not be tracked for want of room
 * @processes, @processes_max, @processes_missed: the same for processes
 * @hits, @misses: of all hooks, since the module was loaded
 * @version:	version of the module, as modinfo prints it
 */
struct portwatch_status {
	__u32	size;
	__u32	api_version;
	__u32	record_version;
	__u32	sessions;
	__u32	sessions_max;
	__u32	hooks;
	__u32	attached;
	__u32	reserved;
	__u64	now;
	__u64	sockets;
	__u64	sockets_max;
	__u64	sockets_missed;
	__u64	processes;
	__u64	processes_max;
	__u64	processes_missed;
	__u64	hits;
	__u64	misses;
	__u8	version[32];
};

/* Values of portwatch_hook.kind. */
#define PORTWATCH_HOOK_TRACEPOINT	1
#define PORTWATCH_HOOK_FTRACE		2	/* entry of a function */
#define PORTWATCH_HOOK_KRETPROBE	3	/* return of a function */

/* Values of portwatch_hook.state. */
#define PORTWATCH_HOOK_DETACHED		0
#define PORTWATCH_HOOK_ATTACHED		1
#define PORTWATCH_HOOK_ABSENT		2	/* this kernel has no such function */
#define PORTWATCH_HOOK_WAITING		3	/* for a module that is not loaded */
#define PORTWATCH_HOOK_IDLE		4	/* no session asks for what it sees */

/**
 * struct portwatch_hook - argument and answer of PORTWATCH_IOC_HOOK
 *
 * @size:	set by the caller: sizeof(struct portwatch_hook)
 * @index:	set by the caller: 0 to portwatch_status.hooks - 1
 * @kind:	PORTWATCH_HOOK_TRACEPOINT, ...
 * @state:	PORTWATCH_HOOK_ATTACHED, ...
 * @required:	1 where no session can start without it
 * @error:	errno of the last attempt to attach it, 0 where that went well
 * @hits:	times it fired since the module was loaded
 * @misses:	times it should have fired and could not; of hooks for FLOW also datagrams
 *		of which it cannot be said whether they are the first
 * @name:	what portwatch calls it
 * @symbol:	function or tracepoint that it is attached to; "module:function" where
 *		a module of the kernel has it
 * @purpose:	what is not seen without it
 */
struct portwatch_hook {
	__u32	size;
	__u32	index;
	__u32	kind;
	__u32	state;
	__u32	required;
	__u32	error;
	__u64	hits;
	__u64	misses;
	__u8	name[32];
	__u8	symbol[64];
	__u8	purpose[96];
};

/**
 * struct portwatch_session_info - argument and answer of PORTWATCH_IOC_SESSION
 *
 * @size:	set by the caller: sizeof(struct portwatch_session_info)
 * @index:	set by the caller: 0 to portwatch_status.sessions_max - 1; a
 *		place that no session has answers ENOENT
 * @session:	its number
 * @pid:	process that opened it
 * @comm:	name of that process then
 * @events:	bits of the events that it wants; 0 before it started
 * @ring_slots: slots of each of its rings
 * @lost_uid:	user who lost most events in one of its rings (see struct
 *		portwatch_loser); means nothing while @lost is 0
 * @start_time:	when it started, 0 before
 * @seen, @filtered, @lost, @delivered: sums over its rings and over all types of
 *		event (dictionary records not counted)
 */
struct portwatch_session_info {
	__u32	size;
	__u32	index;
	__u32	session;
	__u32	pid;
	__u8	comm[16];
	__u64	events;
	__u32	ring_slots;
	__u32	lost_uid;
	__u64	start_time;
	__u64	seen;
	__u64	filtered;
	__u64	lost;
	__u64	delivered;
};

/*
 * START	gives the session its rings and attaches the hooks. EBUSY: started
 *		before; ENOMEM: for a hook too, or the caller's control group may have
 *		no more; EINVAL, E2BIG: see Versions; ENOSPC: the rings are
 *		larger than the module's ring_bytes_max lets them be; ENODEV: a
 *		required hook cannot be attached.
 * FILTER	gives the session a filter, or another one, before it starts; see
 *		<linux/portwatch_filter.h>. EBUSY: it has started; EINVAL, E2BIG: see
 *		Versions, and a field, a range, a prefix or a bit that is unknown or
 *		makes no sense, or a test that goes anywhere but forward; ENOMEM. After
 *		an error the session has the filter that it had. A module that knows no
 *		filters says ENOTTY; then the reader has to choose by itself.
 * SNAPSHOT	writes rows for sockets that were open before the session started,
 *		between a begin and an end mark. Returns 0 when the end mark is
 *		written and 1 when the rings are getting full: drain them and call
 *		again. Called after the end, it starts anew, and from then on every
 *		process is announced once more: a reader that forgets at the end mark
 *		whom nothing has named since it called knows everybody all the same.
 *		ENODATA: not started.
 * FLUSH	writes the LOST records that are due, where there is room.
 * STATUS, HOOK, SESSION: see their structures. They need no START.
 */
#define PORTWATCH_IOC			'P'
#define PORTWATCH_IOC_START	_IOW(PORTWATCH_IOC, 0xb0, struct portwatch_start)
#define PORTWATCH_IOC_SNAPSHOT	_IO(PORTWATCH_IOC, 0xb1)
#define PORTWATCH_IOC_FLUSH	_IO(PORTWATCH_IOC, 0xb2)
#define PORTWATCH_IOC_STATUS	_IOWR(PORTWATCH_IOC, 0xb3, struct portwatch_status)
#define PORTWATCH_IOC_HOOK	_IOWR(PORTWATCH_IOC, 0xb4, struct portwatch_hook)
#define PORTWATCH_IOC_SESSION	_IOWR(PORTWATCH_IOC, 0xb5, struct portwatch_session_info)
#define PORTWATCH_IOC_FILTER	_IOW(PORTWATCH_IOC, 0xb6, struct portwatch_tests)

#endif /* _UAPI_LINUX_PORTWATCH_H */
