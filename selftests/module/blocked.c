// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "blocked.h"
#include "patience.h"
#include "scene.h"

static void interrupted(int number)
{
	(void)number;
}

static void *run(void *argument)
{
	struct blocked_call *call = argument;
	char byte;

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	switch (call->call) {
	case SYS_accept4:
		call->result = accept4(call->fd, NULL, NULL, SOCK_CLOEXEC);
		break;
	case SYS_connect:
		call->result = connect(call->fd, &call->peer.any,
				       call->peer.length);
		break;
	default:
		call->result = recv(call->fd, &byte, 1, 0);
	}
	if (call->result < 0)
		call->result = -errno;
	return NULL;
}

static int open_stream(int protocol)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, protocol);
}

static int open_listener(struct target *name, int protocol, int backlog)
{
	int fd = open_stream(protocol);

	*name = target_loopback(IPV4, 0);
	if (fd < 0 || bind(fd, &name->any, name->length) ||
	    getsockname(fd, &name->any, &name->length) || listen(fd, backlog))
		return -errno;
	return fd;
}

/* It waits for a connection, which blocked_end() makes. */
static int prepare_accept(struct blocked_call *call)
{
	call->fd = open_listener(&call->peer, call->protocol, 1);
	call->peer_fd = open_stream(call->protocol);
	return call->fd < 0 ? call->fd : 0;
}

/* The listener's queue is full with one connection, so it hears no other. */
static int prepare_connect(struct blocked_call *call)
{
	int first = open_stream(call->protocol), err = 0;

	call->peer_fd = open_listener(&call->peer, call->protocol, 0);
	if (call->peer_fd < 0 ||
	    connect(first, &call->peer.any, call->peer.length))
		err = -errno;
	close(first);
	call->fd = open_stream(call->protocol);
	return err;
}

static int prepare_recv(struct blocked_call *call)
{
	int listener = open_listener(&call->peer, call->protocol, 1), err = 0;

	call->fd = open_stream(call->protocol);
	if (listener < 0 ||
	    connect(call->fd, &call->peer.any, call->peer.length))
		err = -errno;
	else
		call->peer_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return err;
}

static int prepare_datagram(struct blocked_call *call)
{
	struct target *name = &call->peer;

	*name = target_loopback(IPV4, 0);
	call->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	call->peer_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(call->fd, &name->any, name->length) ||
	    getsockname(call->fd, &name->any, &name->length) ||
	    connect(call->peer_fd, &name->any, name->length))
		return -errno;
	return 0;
}

static int prepare(struct blocked_call *call)
{
	if (call->call == SYS_accept4)
		return prepare_accept(call);
	if (call->call == SYS_connect)
		return prepare_connect(call);
	if (call->protocol == IPPROTO_UDP)
		return prepare_datagram(call);
	return prepare_recv(call);
}

static bool waits(const struct blocked_call *call)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
		 __atomic_load_n(&call->tid, __ATOMIC_ACQUIRE));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) <= 0 || text[0] < '0' ||
	    text[0] > '9')
		text[0] = '\0';
	close(fd);
	return text[0] && atoi(text) == call->call;
}

bool blocked_all_wait(const struct blocked *blocked)
{
	unsigned int i;

	for (i = 0; i < blocked->nr; i++)
		if (!waits(&blocked->calls[i]))
			return false;
	return true;
}

static int start(struct blocked *blocked, int number, int protocol)
{
	struct blocked_call *call = &blocked->calls[blocked->nr];
	int err;

	memset(call, 0, sizeof(*call));
	call->call = number;
	call->protocol = protocol;
	err = prepare(call);
	if (!err)
		err = -pthread_create(&call->thread, NULL, run, call);
	if (!err)
		blocked->nr++;
	return err;
}

static int start_stream(struct blocked *blocked, int protocol)
{
	int err = start(blocked, SYS_accept4, protocol);

	if (!err)
		err = start(blocked, SYS_connect, protocol);
	if (!err)
		err = start(blocked, SYS_recvfrom, protocol);
	return err;
}

int blocked_begin(struct blocked *blocked)
{
	struct sigaction action = { .sa_handler = interrupted };
	int i, err;

	sigaction(SIGUSR1, &action, NULL);
	blocked->nr = 0;
	err = start_stream(blocked, IPPROTO_TCP);
	if (!err && scene_has(SOCK_STREAM, IPPROTO_MPTCP))
		err = start_stream(blocked, IPPROTO_MPTCP);
	if (!err)
		err = start(blocked, SYS_recvfrom, IPPROTO_UDP);
	for (i = 0; !err && !blocked_all_wait(blocked); i++) {
		if (i == (int)patient(10000))
			err = -ETIME;
		poll(NULL, 0, 1);
	}
	return err;
}

/* What ends its wait, and the result that has to come of it at least. */
static long release(struct blocked_call *call)
{
	switch (call->call) {
	case SYS_accept4:
		connect(call->peer_fd, &call->peer.any, call->peer.length);
		return 0;
	case SYS_connect:
		pthread_kill(call->thread, SIGUSR1);
		return -EINTR;
	default:
		send(call->peer_fd, "x", 1, MSG_NOSIGNAL);
		return 1;
	}
}

static unsigned int finish(struct blocked_call *call)
{
	long wanted = release(call);
	bool right;

	pthread_join(call->thread, NULL);
	right = wanted ? call->result == wanted : call->result >= 0;
	if (!right)
		fprintf(stderr, "# call %d, protocol %d: %ld instead of %ld\n",
			call->call, call->protocol, call->result, wanted);
	if (call->call == SYS_accept4)
		close(call->result);
	close(call->fd);
	close(call->peer_fd);
	return !right;
}

unsigned int blocked_end(struct blocked *blocked)
{
	unsigned int i, bad = 0;

	for (i = 0; i < blocked->nr; i++)
		bad += finish(&blocked->calls[i]);
	return bad;
}
