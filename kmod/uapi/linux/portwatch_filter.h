/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * portwatch: which events of those that a session asked for it wants. Include
 * <linux/portwatch.h>, whose PORTWATCH_IOC_FILTER takes this.
 *
 * A filter is a list of tests. An event begins with the first one; each says by
 * which test it goes on, or that the event is wanted (PORTWATCH_WANTED) or not
 * (PORTWATCH_UNWANTED). It can only go forward, so every event comes to an end, after
 * count tests at most; and what is joined by "and", "or" and "not", however deep,
 * can be written in this way. "proto tcp and not port 22,80":
 *
 *	0  PROTO 6	true: 1			false: UNWANTED
 *	1  PORT 22	true: UNWANTED		false: 2
 *	2  PORT 80	true: UNWANTED		false: WANTED
 *
 * A test of something that has two (two ends; owner and actor) is true when one of
 * them fits. A test of something that the event does not have is false, whatever the
 * values are.
 *
 * An event that is not wanted is counted in portwatch_ring.seen and .filtered, takes
 * no room in the ring and has no number there. Rows of a snapshot are events; LOST
 * records and the marks of a snapshot are not asked about, they always come.
 */
#ifndef _UAPI_LINUX_PORTWATCH_FILTER_H
#define _UAPI_LINUX_PORTWATCH_FILTER_H

#include <linux/types.h>

#define PORTWATCH_TESTS_MAX		64

/* Values of portwatch_test.on_true and .on_false beyond the numbers of tests. */
#define PORTWATCH_WANTED		254
#define PORTWATCH_UNWANTED		255

/**
 * enum portwatch_test_field - what a test looks at, and which values it has
 *
 * "mask": bits in portwatch_test.mask; "range": portwatch_test.range; "prefix":
 * family, bits and address. Numbers of the event's body are compared where the
 * event has that field and it is not 0.
 */
enum portwatch_test_field {
	/* mask of PORTWATCH_EVENT_BIT(): the event is one of these */
	PORTWATCH_TEST_EVENT		= 1,
	/* mask of PORTWATCH_F_*: it has one of these */
	PORTWATCH_TEST_FLAGS		= 2,
	/* ranges, of what is the same in all events */
	PORTWATCH_TEST_PROTO		= 3,
	PORTWATCH_TEST_FAMILY		= 4,
	PORTWATCH_TEST_NETNS		= 5,
	PORTWATCH_TEST_SOCK		= 6,
	/* ranges of ports: of either end, the local and the remote one */
	PORTWATCH_TEST_PORT		= 7,
	PORTWATCH_TEST_LPORT		= 8,
	PORTWATCH_TEST_RPORT		= 9,
	/* prefixes: the same ends */
	PORTWATCH_TEST_ADDRESS		= 10,
	PORTWATCH_TEST_LADDR		= 11,
	PORTWATCH_TEST_RADDR		= 12,
	/* neither: an end is a loopback address: 127.0.0.0/8, ::1, VMADDR_CID_LOCAL */
	PORTWATCH_TEST_LOOPBACK		= 13,
	/* range: context id of either end of a vsock */
	PORTWATCH_TEST_CID		= 14,
	/* ranges, of owner or actor */
	PORTWATCH_TEST_PID		= 15,
	PORTWATCH_TEST_TID		= 16,
	PORTWATCH_TEST_PPID		= 17,
	PORTWATCH_TEST_UID		= 18,
	PORTWATCH_TEST_AUID		= 19,
	/* range: 64-bit FNV-1a of the path of its cgroup, as process records have it */
	PORTWATCH_TEST_CGROUP		= 20,
	/* ranges, of the body */
	PORTWATCH_TEST_ERROR		= 21,	/* bind-failed, connect-failed */
	PORTWATCH_TEST_STATE		= 22,	/* rows of a snapshot */
	PORTWATCH_TEST_HOW		= 23,	/* bind, bind-failed, rows */
	PORTWATCH_TEST_KIND		= 24,	/* close */
	PORTWATCH_TEST_REASON		= 25,	/* close */
	PORTWATCH_TEST_FIRST		= 26,	/* close */
	PORTWATCH_TEST_LISTENER		= 27,	/* accept */
};

/**
 * struct portwatch_test - a test of a filter
 *
 * @field:	enum portwatch_test_field
 * @on_true, @on_false: the test to go on with, one behind this one; or
 *		PORTWATCH_WANTED or PORTWATCH_UNWANTED
 * @family:	of a prefix, AF_INET or AF_INET6; of ports, 0, or AF_INET: the port
 *		of a vsock is not meant
 * @bits:	length of a prefix
 * @reserved:	zero
 * @range:	both ends belong to it
 * @mask:	bits
 * @address:	the prefix, as events have addresses; zero beyond @bits
 *
 * What a field has no use for is zero. The local end of a bind-failed is the one
 * that was asked for. A port of a vsock is the one in its address.
 */
struct portwatch_test {
	__u8	field;
	__u8	on_true;
	__u8	on_false;
	__u8	family;
	__u8	bits;
	__u8	reserved[3];
	union {
		struct {
			__u64	low;
			__u64	high;
		} range;
		__u64	mask;
		__u8	address[16];
	};
};

/**
 * struct portwatch_tests - argument of PORTWATCH_IOC_FILTER
 *
 * @size:	sizeof(struct portwatch_tests)
 * @count:	tests, 1 to PORTWATCH_TESTS_MAX
 * @reserved:	zero
 * @test:	the tests; those beyond @count are zero
 */
struct portwatch_tests {
	__u32	size;
	__u32	count;
	__u64	reserved;
	struct portwatch_test test[PORTWATCH_TESTS_MAX];
};

#endif /* _UAPI_LINUX_PORTWATCH_FILTER_H */
