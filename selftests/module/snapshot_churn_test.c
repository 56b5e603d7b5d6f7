// SPDX-License-Identifier: GPL-2.0
/*
 * Row 20 while others open and close: no socket is missed, and none comes both
 * as one that was there and as one that was made.
 */
#include <kselftest_harness.h>

#include <stdio.h>
#include <unistd.h>

#include "churn.h"
#include "module.h"
#include "scene.h"

#define STABLE 150
#define ROUNDS 3
#define MORE 3000	/* events that are read after the snapshot */
#define SOCKETS (1 << 17)

/* What the stream said of a socket so far. */
struct life {
	uint64_t cookie;
	uint8_t rows;
	bool made;	/* its creation, or accept(), was live */
	bool closed;
};

FIXTURE(churn)
{
	struct churn churn;
	int fds[STABLE];
	uint64_t cookies[STABLE];
	struct life *lives;
	uint64_t ended;		/* when the snapshot was complete */
	unsigned int wrong;
};

FIXTURE_VARIANT(churn)
{
	bool seen;	/* the hooks were attached before */
};

FIXTURE_VARIANT_ADD(churn, unseen)
{
};

FIXTURE_VARIANT_ADD(churn, seen)
{
	.seen = true,
};

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, 57, &cookie, &length);
	return cookie;
}

/* By turns: a UDP socket, a listener, and both ends of a connection. */
static int open_stable(int *fds)
{
	struct target name, udp = target_loopback(IPV4, 0);
	unsigned int i;

	for (i = 0; i < STABLE; i++) {
		switch (i % 4) {
		case 0:
			fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
			if (bind(fds[i], &udp.any, udp.length))
				return -errno;
			break;
		case 1:
			fds[i] = churn_listen(&name, 16);
			break;
		case 2:
			fds[i] = socket(AF_INET, SOCK_STREAM, 0);
			if (connect(fds[i], &name.any, name.length))
				return -errno;
			break;
		case 3:
			fds[i] = accept(fds[i - 2], NULL, NULL);
			break;
		}
		if (fds[i] < 0)
			return -EIO;
	}
	return 0;
}

FIXTURE_SETUP(churn)
{
	unsigned int i;

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	if (variant->seen)
		scene_hold_hooks();
	ASSERT_EQ(0, open_stable(self->fds));
	for (i = 0; i < STABLE; i++)
		self->cookies[i] = cookie_of(self->fds[i]);
	churn_begin(&self->churn);
}

FIXTURE_TEARDOWN(churn)
{
	churn_end(&self->churn);
	free(self->lives);
}

static struct life *life_of(struct life *lives, uint64_t cookie)
{
	unsigned int i = cookie * 0x9e3779b97f4a7c15ULL >> 47;

	while (lives[i].cookie && lives[i].cookie != cookie)
		i = (i + 1) % SOCKETS;
	lives[i].cookie = cookie;
	return &lives[i];
}

static unsigned int complain(const char *what,
			     const struct portwatch_event *event)
{
	fprintf(stderr, "# %s: type %u, sock %llu\n", what, event->type,
		(unsigned long long)event->sock);
	return 1;
}

static unsigned int take_row(struct life *life,
			     const struct portwatch_event *event)
{
	unsigned int wrong = 0;

	if (life->rows++)
		wrong += complain("a second row", event);
	if (life->made)
		wrong += complain("a row of one that was made since", event);
	if (life->closed)
		wrong += complain("a row of one that is closed", event);
	return wrong;
}

/*
 * One that has an event after the snapshot was complete was there all the time,
 * or was made since: either was said.
 */
static unsigned int take_live(struct life *life, uint64_t ended,
			      const struct portwatch_event *event)
{
	unsigned int wrong = 0;

	if (event->type == PORTWATCH_SOCKET || event->type == PORTWATCH_ACCEPT) {
		if (life->rows)
			wrong += complain("made, and a row before", event);
		life->made = true;
	} else if (ended && !life->made && !life->rows) {
		/* A connection that nobody took has no beginning. */
		if (event->type != PORTWATCH_CLOSE)
			wrong += complain("never heard of before", event);
	}
	if (event->type == PORTWATCH_CLOSE)
		life->closed = true;
	return wrong;
}

static unsigned int take(struct life *lives, uint64_t *ended,
			 const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;

	if (item->slot->type == PORTWATCH_LOST)
		return complain("a loss", event);
	if (event->type == PORTWATCH_SNAPSHOT) {
		if (event->snapshot.end)
			*ended = event->time;
		return 0;
	}
	if (event->flags & PORTWATCH_F_EXISTING)
		return take_row(life_of(lives, event->sock), event);
	return take_live(life_of(lives, event->sock), *ended, event);
}

static unsigned int check_stable(struct life *lives, const uint64_t *cookies)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < STABLE; i++) {
		if (life_of(lives, cookies[i])->rows == 1)
			continue;
		fprintf(stderr, "# socket %u (%llu) has %u rows\n", i,
			(unsigned long long)cookies[i],
			life_of(lives, cookies[i])->rows);
		wrong++;
	}
	return wrong;
}

static bool is_stable(const uint64_t *cookies, uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < STABLE; i++)
		if (cookies[i] == cookie)
			return true;
	return false;
}

TEST_F_TIMEOUT(churn, hides_no_socket_and_doubles_none, 60)
{
	struct portwatch_options options = {
		.size = sizeof(options), .events = PORTWATCH_EVENTS_ALL,
		.ring_slots = 32768,
	};
	unsigned int round, more, own;
	struct portwatch_reader *reader;
	struct portwatch_item item;

	for (round = 0; round < ROUNDS; round++) {
		free(self->lives);
		self->lives = calloc(SOCKETS, sizeof(*self->lives));
		ASSERT_NE(NULL, self->lives);
		self->ended = 0;
		own = 0;
		ASSERT_EQ(0, portwatch_reader_open(&reader, &options));
		for (more = 0; more < MORE; more += !!self->ended) {
			ASSERT_EQ(1, portwatch_reader_next(reader, &item,
							   10000));
			self->wrong += take(self->lives, &self->ended, &item);
			if (item.slot->type != PORTWATCH_LOST && item.owner &&
			    is_stable(self->cookies, item.event->sock))
				own += item.owner->pid == (uint32_t)getpid();
			ASSERT_GT(20U, self->wrong);
		}
		portwatch_reader_close(reader);
		EXPECT_EQ((unsigned int)STABLE, own);
		EXPECT_EQ(0U, check_stable(self->lives, self->cookies));
	}
	EXPECT_EQ(0U, self->wrong);
}

TEST_HARNESS_MAIN
