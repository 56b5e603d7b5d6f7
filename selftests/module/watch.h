/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader of the library, and what it gave that belongs to the test: events in
 * the test's network namespace, of its processes, or of its sockets.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <portwatch.h>

#include "expect.h"

#define WATCH_PIDS 64
#define WATCH_SOCKETS 4096

/* A copy of one event that the reader gave. */
struct got {
	struct portwatch_event event;
	struct portwatch_identity owner;
	struct portwatch_identity actor;
	struct portwatch_identity holder;
	bool has_owner;
	bool has_actor;
	bool has_holder;
	bool inverted;
	bool taken;		/* belongs to an expectation */
	uint64_t real_time;
};

/* How far the numbers of a socket's own events have come. */
struct counted {
	uint64_t sock;
	uint32_t next;
};

struct watch {
	struct portwatch_reader *reader;
	struct portwatch_options options;
	uint64_t start;
	uint64_t last_time;
	uint32_t netns;
	bool whole_netns;	/* all of the netns is the test's */
	bool old_sockets;	/* some were open before */
	unsigned int lost;	/* LOST records that came */
	unsigned int begun;	/* snapshots that began, and that ended */
	unsigned int ended;
	uint64_t rows;		/* rows that came since it began */
	unsigned int misplaced;	/* rows outside, or a count that is not theirs */
	pid_t pids[WATCH_PIDS];
	unsigned int nr_pids;
	struct got *got;
	size_t nr_got;
	size_t room_got;
	struct expect *expects;
	size_t nr_expects;
	size_t room_expects;
	struct counted counted[WATCH_SOCKETS];
	size_t nr_counted;
	uint64_t markers[64];
	unsigned int nr_markers;
};

/* Options that most tests use: every event, no snapshot. */
struct portwatch_options watch_options(void);

int watch_open(struct watch *watch, const struct portwatch_options *options);
void watch_close(struct watch *watch);
void watch_add_pid(struct watch *watch, pid_t pid);

/*
 * Reads until at least so many events of the test came (or a limit of time is
 * over), then makes a mark in the stream and reads up to it.
 */
int watch_collect(struct watch *watch, size_t events);

/* Reads until that many snapshots have ended. */
int watch_snapshots(struct watch *watch, unsigned int snapshots);

/*
 * Collects, compares with what was expected, says on stderr what is different,
 * and forgets both. Returns the number of differences.
 */
int watch_check(struct watch *watch);

/* Reads up to a mark and forgets what came: before the part that counts. */
int watch_skip(struct watch *watch);

#define EXPECT_EVENTS(watch) EXPECT_EQ(0, watch_check(watch))
#define ASSERT_EVENTS(watch) ASSERT_EQ(0, watch_check(watch))

#endif /* WATCH_H */
