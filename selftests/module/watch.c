// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "patience.h"
#include "show.h"
#include "watch.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif
/* Long for an event that comes at all, short for a suite that waits for none. */
#define PATIENCE_NS 5000000000ULL

struct portwatch_options watch_options(void)
{
	struct portwatch_options options = {
		.size = sizeof(options),
		.events = PORTWATCH_EVENTS_ALL,
		.no_snapshot = true,
	};

	return options;
}

int watch_open(struct watch *watch, const struct portwatch_options *options)
{
	watch->options = *options;
	watch->start = clock_boottime();
	return portwatch_reader_open(&watch->reader, options);
}

void watch_close(struct watch *watch)
{
	portwatch_reader_close(watch->reader);
	watch->reader = NULL;
	free(watch->got);
	free(watch->expects);
	watch->got = NULL;
	watch->nr_got = watch->room_got = 0;
	watch->expects = NULL;
	watch->nr_expects = watch->room_expects = 0;
}

void watch_add_pid(struct watch *watch, pid_t pid)
{
	if (watch->nr_pids == WATCH_PIDS)
		abort();
	watch->pids[watch->nr_pids++] = pid;
}

static bool watch_has_pid(const struct watch *watch,
			  const struct portwatch_identity *who)
{
	unsigned int i;

	for (i = 0; who && i < watch->nr_pids; i++)
		if (watch->pids[i] == (pid_t)who->pid)
			return true;
	return false;
}

static bool is_marker(const struct watch *watch, uint64_t sock)
{
	unsigned int i;

	for (i = 0; i < watch->nr_markers; i++)
		if (watch->markers[i] == sock)
			return true;
	return false;
}

static bool is_ours(const struct watch *watch,
		    const struct portwatch_item *item)
{
	size_t i;

	if (is_marker(watch, item->event->sock))
		return false;
	if (watch->whole_netns && item->event->netns == watch->netns)
		return true;
	if (watch_has_pid(watch, item->owner) ||
	    watch_has_pid(watch, item->actor))
		return true;
	for (i = 0; i < watch->nr_expects; i++)
		if (watch->expects[i].event.sock == item->event->sock)
			return true;
	return false;
}

static void keep(struct watch *watch, const struct portwatch_item *item)
{
	struct got *got;
	size_t room;

	if (watch->nr_got == watch->room_got) {
		room = watch->room_got ? 2 * watch->room_got : 256;
		got = realloc(watch->got, room * sizeof(*got));
		if (!got)
			abort();
		watch->got = got;
		watch->room_got = room;
	}
	got = &watch->got[watch->nr_got++];
	memset(got, 0, sizeof(*got));
	got->event = *item->event;
	got->real_time = item->real_time;
	got->inverted = item->inverted;
	got->has_owner = item->owner;
	got->has_actor = item->actor;
	got->has_holder = item->holder;
	if (item->owner)
		got->owner = *item->owner;
	if (item->actor)
		got->actor = *item->actor;
	if (item->holder)
		got->holder = *item->holder;
}

static void take_mark(struct watch *watch, const struct portwatch_event *mark)
{
	if (!mark->snapshot.end) {
		watch->misplaced += watch->begun++ != watch->ended;
		watch->rows = 0;
		return;
	}
	watch->misplaced += ++watch->ended != watch->begun;
	watch->misplaced += mark->snapshot.rows != watch->rows;
}

static void take_row(struct watch *watch)
{
	watch->misplaced += watch->begun != watch->ended + 1;
	watch->rows++;
}

/* Takes in one item; the cookie of the socket it is about, 0 for the others. */
static uint64_t take(struct watch *watch, const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST) {
		watch->lost++;
		return 0;
	}
	if (item->slot->type == PORTWATCH_SNAPSHOT) {
		take_mark(watch, item->event);
		return 0;
	}
	if (item->event->flags & PORTWATCH_F_EXISTING)
		take_row(watch);
	if (is_ours(watch, item))
		keep(watch, item);
	return item->event->sock;
}

/* 1: took in an item, 0: none came in time, or a negative errno. */
static int step(struct watch *watch, uint64_t limit, uint64_t *sock)
{
	uint64_t now = clock_boottime();
	struct portwatch_item item;
	int got;

	if (now > limit)
		return 0;
	got = portwatch_reader_next(watch->reader, &item,
				    (limit - now) / 1000000 + 1);
	if (got > 0)
		*sock = take(watch, &item);
	return got == -EINTR ? 1 : got;
}

/* A socket of nobody's interest takes a port: everything before is older. */
static int marker_make(struct watch *watch, uint64_t *cookie)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(*cookie);
	int err;

	if (fd < 0)
		return -errno;
	err = getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, &length);
	if (watch->nr_markers == 64)
		abort();
	watch->markers[watch->nr_markers++] = *cookie;
	if (!err)
		err = bind(fd, (struct sockaddr *)&name, sizeof(name));
	err = err ? -errno : 0;
	close(fd);
	return err;
}

/* How many events of the marker this reader sees. */
static unsigned int marker_events(const struct watch *watch)
{
	uint64_t events = watch->options.events;

	if (!events)
		events = PORTWATCH_EVENTS_ALL &
			 ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET);
	return !!(events & PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET)) +
	       !!(events & PORTWATCH_EVENT_BIT(PORTWATCH_BIND)) +
	       !!(events & PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE));
}

/* Up to the last event of the marker, which nothing before it is younger than. */
static int read_to_marker(struct watch *watch)
{
	uint64_t cookie, sock, limit = clock_boottime() + 2 * patient(PATIENCE_NS);
	unsigned int left = marker_events(watch);
	int got;

	got = marker_make(watch, &cookie);
	while (got >= 0 && left) {
		sock = 0;
		got = step(watch, limit, &sock);
		if (!got)
			got = -ETIME;
		if (got > 0 && sock == cookie)
			left--;
	}
	if (got >= 0)
		return 0;
	fprintf(stderr, "# the mark in the stream did not come: %s\n",
		strerror(-got));
	return got;
}

int watch_collect(struct watch *watch, size_t events)
{
	uint64_t sock, limit = clock_boottime() + patient(PATIENCE_NS);
	int got = 1;

	while (got > 0 && watch->nr_got < events)
		got = step(watch, limit, &sock);
	if (got < 0)
		return got;
	return read_to_marker(watch);
}

int watch_snapshots(struct watch *watch, unsigned int snapshots)
{
	uint64_t sock, limit = clock_boottime() + patient(PATIENCE_NS);
	int got = 1;

	while (got > 0 && watch->ended < snapshots)
		got = step(watch, limit, &sock);
	return got > 0 ? 0 : got ? got : -ETIME;
}

static bool is_expected_sock(const struct watch *watch, uint64_t sock)
{
	size_t i;

	for (i = 0; i < watch->nr_expects; i++)
		if (watch->expects[i].event.sock == sock)
			return true;
	return false;
}

static bool belongs(const struct watch *watch, const struct expect *expect,
		    const struct got *got)
{
	const struct portwatch_event *want = &expect->event;

	if (got->taken || got->event.type != want->type ||
	    (got->event.flags ^ want->flags) & PORTWATCH_F_EXISTING)
		return false;
	if (!expect->any_sock)
		return got->event.sock == want->sock;
	return got->event.rport == want->rport &&
	       got->event.lport == want->lport &&
	       !is_expected_sock(watch, got->event.sock);
}

static struct got *find(struct watch *watch, const struct expect *expect)
{
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		if (belongs(watch, expect, &watch->got[i]))
			return &watch->got[i];
	return NULL;
}

static void complain(const char *what, const struct portwatch_event *event)
{
	fprintf(stderr, "# %s: ", what);
	show_event(stderr, event);
	fprintf(stderr, "\n");
}

/* Expectations of one socket are in order: so must be what came. */
static unsigned int check_order(const struct watch *watch, size_t upto,
				const struct got *found,
				struct got *const *before)
{
	size_t i;

	for (i = 0; i < upto; i++)
		if (before[i] && before[i] > found &&
		    watch->expects[i].event.sock == found->event.sock) {
			complain("out of order", &found->event);
			return 1;
		}
	return 0;
}

static unsigned int check_expected(struct watch *watch)
{
	struct got **found = calloc(watch->nr_expects + 1, sizeof(*found));
	unsigned int here, wrong = 0;
	struct expect *expect;
	size_t i;

	for (i = 0; i < watch->nr_expects; i++) {
		expect = &watch->expects[i];
		found[i] = find(watch, expect);
		if (!found[i]) {
			complain("missing", &expect->event);
			wrong++;
			continue;
		}
		found[i]->taken = true;
		here = expect_compare(watch, expect, found[i]);
		if (here)
			complain("which was", &found[i]->event);
		wrong += here + check_order(watch, i, found[i], found);
	}
	free(found);
	return wrong;
}

/* Between the events of one session that asked for all, no number is missing. */
static unsigned int check_number(struct watch *watch,
				 const struct portwatch_event *event)
{
	struct counted *counted;
	size_t i;

	if ((watch->options.events & PORTWATCH_EVENTS_ALL) !=
	    PORTWATCH_EVENTS_ALL || !event->sock ||
	    event->flags & PORTWATCH_F_EXISTING)
		return 0;
	for (i = 0; i < watch->nr_counted; i++)
		if (watch->counted[i].sock == event->sock)
			break;
	if (i == WATCH_SOCKETS)
		abort();
	counted = &watch->counted[i];
	if (i == watch->nr_counted) {
		counted->sock = event->sock;
		counted->next = watch->old_sockets ? event->sock_seq : 1;
		watch->nr_counted++;
	}
	if (counted->next++ == event->sock_seq)
		return 0;
	fprintf(stderr, "#   sock_seq: expected %u, got %u\n",
		counted->next - 1, event->sock_seq);
	complain("which was", event);
	counted->next = event->sock_seq + 1;
	return 1;
}

int watch_skip(struct watch *watch)
{
	int err = watch_collect(watch, 0);
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		check_number(watch, &watch->got[i].event);
	watch->nr_got = 0;
	watch->nr_expects = 0;
	return err;
}

static unsigned int check_stream(struct watch *watch)
{
	unsigned int wrong = 0;
	struct got *got;
	size_t i;

	for (i = 0; i < watch->nr_got; i++) {
		got = &watch->got[i];
		wrong += check_number(watch, &got->event);
		if (got->event.time < watch->last_time) {
			complain("older than the one before", &got->event);
			wrong++;
		}
		watch->last_time = got->event.time;
		if (!got->taken) {
			complain("not expected", &got->event);
			wrong++;
		}
	}
	return wrong;
}

static void show_all(const struct watch *watch)
{
	size_t i;

	for (i = 0; i < watch->nr_got && i < 100; i++)
		complain("got", &watch->got[i].event);
}

int watch_check(struct watch *watch)
{
	int err = watch_collect(watch, watch->nr_expects);
	unsigned int wrong;

	if (err)
		return err;
	wrong = check_expected(watch);
	wrong += check_stream(watch);
	if (watch->lost) {
		fprintf(stderr, "# %u lost records came\n", watch->lost);
		wrong++;
	}
	if (watch->misplaced) {
		fprintf(stderr, "# rows and marks do not agree\n");
		wrong++;
	}
	if (wrong)
		show_all(watch);
	watch->nr_got = 0;
	watch->nr_expects = 0;
	return wrong;
}
