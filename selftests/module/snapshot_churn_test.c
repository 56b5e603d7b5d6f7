// SPDX-License-Identifier: GPL-2.0
/*
 * Row 20 while others open and close: no socket is missed, and none comes both
 * as one that was there and as one that was made. Most of those that stay have no
 * descriptor.
 */
#include <kselftest_harness.h>

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "module.h"
#include "patience.h"
#include "scene.h"

#define STABLE 150
#define LOAD 250	/* descriptors in a message */
#define LOADS 4
#define UNHELD (LOADS * LOAD)
#define NEIGHBOURS 40
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
	pid_t neighbour;
	int fds[STABLE];
	int way[2];
	uint64_t cookies[STABLE + UNHELD];
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

/* One of many that share a port; of TCP it listens. */
static int open_sharing(int type, struct target *name)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    bind(fd, &name->any, name->length) ||
	    getsockname(fd, &name->any, &name->length) ||
	    (type == SOCK_STREAM && listen(fd, 4)))
		return -errno;
	return fd;
}

/* All of them in one message, and nowhere else. */
static int send_off(int way, const int fds[LOAD])
{
	char room[CMSG_SPACE(sizeof(int) * LOAD)] = { 0 };
	struct iovec vector = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	unsigned int i;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * LOAD);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * LOAD);
	if (sendmsg(way, &message, 0) != 1)
		return -errno;
	for (i = 0; i < LOAD; i++)
		close(fds[i]);
	return 0;
}

/* In flight, and in two long lists: that of a port of UDP, and of one of TCP. */
static int open_unheld(int way, uint64_t *cookies, struct target names[2])
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	unsigned int load, i, kind;
	int fds[LOAD], err = 0;

	for (load = 0; load < LOADS && !err; load++) {
		kind = load % 2;
		for (i = 0; i < LOAD; i++) {
			fds[i] = open_sharing(types[kind], &names[kind]);
			if (fds[i] < 0)
				return fds[i];
			*cookies++ = cookie_of(fds[i]);
		}
		err = send_off(way, fds);
	}
	return err;
}

/* Others join these lists and leave them, so whoever walks there loses his place. */
static pid_t begin_neighbour(struct target names[2])
{
	pid_t child = fork();
	int fds[NEIGHBOURS];
	unsigned int i;

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nice(19);
	for (;;) {
		for (i = 0; i < NEIGHBOURS; i++)
			fds[i] = open_sharing(i % 2 ? SOCK_STREAM : SOCK_DGRAM,
					      &names[i % 2]);
		for (i = 0; i < NEIGHBOURS; i++)
			close(fds[i]);
	}
}

FIXTURE_SETUP(churn)
{
	struct target names[2] = { target_loopback(IPV4, 0),
				   target_loopback(IPV4, 0) };
	unsigned int i;

	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	if (variant->seen)
		scene_hold_hooks();
	ASSERT_EQ(0, open_stable(self->fds));
	for (i = 0; i < STABLE; i++)
		self->cookies[i] = cookie_of(self->fds[i]);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, self->way));
	ASSERT_EQ(0, open_unheld(self->way[0], self->cookies + STABLE, names));
	churn_begin(&self->churn);
	self->neighbour = begin_neighbour(names);
}

FIXTURE_TEARDOWN(churn)
{
	churn_end(&self->churn);
	kill(self->neighbour, SIGKILL);
	waitpid(self->neighbour, NULL, 0);
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

	for (i = 0; i < STABLE + UNHELD; i++) {
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
							   patient(10000)));
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
