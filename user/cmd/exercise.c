/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h>	/* after sys/socket.h (Debian 11) */

#include "exercise.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef SOL_SCTP
#define SOL_SCTP	132
#endif
#define SCTP_BINDX_ADD	100	/* SCTP_SOCKOPT_BINDX_ADD of linux/sctp.h */
#define PATIENCE_MS	1000

/**
 * struct pair - a connection over the loopback
 *
 * A descriptor is -1 where there is none.
 */
struct pair {
	int listener;
	int client;
	int server;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_vm vm;
};

static socklen_t loopback(union address *address, int family, uint16_t port)
{
	memset(address, 0, sizeof(*address));
	address->any.sa_family = (sa_family_t)family;
	if (family == AF_VSOCK) {
		address->vm.svm_cid = VMADDR_CID_LOCAL;
		address->vm.svm_port = port ? port : VMADDR_PORT_ANY;
		return sizeof(address->vm);
	}
	if (family == AF_INET6) {
		address->in6.sin6_addr = in6addr_loopback;
		address->in6.sin6_port = htons(port);
		return sizeof(address->in6);
	}
	address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address->in.sin_port = htons(port);
	return sizeof(address->in);
}

static bool wait_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, PATIENCE_MS) == 1;
}

static int open_socket(int family, int type, int protocol)
{
	return socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

static bool start_listening(int fd, int family, union address *address,
			    socklen_t *length)
{
	*length = loopback(address, family, 0);
	return !bind(fd, &address->any, *length) && !listen(fd, 1) &&
	       !getsockname(fd, &address->any, length);
}

static bool reach(int fd, const union address *address, socklen_t length)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (!connect(fd, &address->any, length))
		return true;
	return errno == EINPROGRESS && wait_for(fd, POLLOUT) &&
	       !getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) && !error;
}

static bool join(struct pair *pair, int family, int protocol)
{
	union address address;
	socklen_t length;

	pair->server = -1;
	pair->client = open_socket(family, SOCK_STREAM, protocol);
	pair->listener = open_socket(family, SOCK_STREAM, protocol);
	if (pair->client < 0 || pair->listener < 0 ||
	    !start_listening(pair->listener, family, &address, &length) ||
	    !reach(pair->client, &address, length) ||
	    !wait_for(pair->listener, POLLIN))
		return false;
	pair->server = accept(pair->listener, NULL, NULL);
	return pair->server >= 0;
}

static void close_one(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The client goes first; the server waits until it knows. */
static void part(struct pair *pair)
{
	close_one(pair->client);
	if (pair->server >= 0)
		wait_for(pair->server, POLLIN);
	close_one(pair->server);
	close_one(pair->listener);
}

static bool exercise_connection(int family, int protocol)
{
	struct pair pair;
	bool done = join(&pair, family, protocol);

	part(&pair);
	return done;
}

static bool exercise_reset(void)
{
	const struct linger at_once = { .l_onoff = 1 };
	struct pair pair;
	bool done = join(&pair, AF_INET, IPPROTO_TCP) &&
		    !setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &at_once,
				sizeof(at_once));

	part(&pair);
	return done;
}

/* It takes a port as sctp_bindx() does. */
static bool exercise_bindx(void)
{
	int fd = open_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP);
	union address address;
	socklen_t length = loopback(&address, AF_INET, 0);
	bool done = fd >= 0 && !setsockopt(fd, SOL_SCTP, SCTP_BINDX_ADD,
					   &address, length);

	close_one(fd);
	return done;
}

/* A socket would load the module, which is for those who use SCTP to do. */
static bool exercise_sctp(void)
{
	return !access("/sys/module/sctp", F_OK) && exercise_bindx() &&
	       exercise_connection(AF_INET, IPPROTO_SCTP);
}

/* The same goes for vsock. */
static bool exercise_vsock(void)
{
	struct pair pair;
	bool done;

	if (access("/sys/module/vsock_loopback", F_OK))
		return false;
	done = join(&pair, AF_VSOCK, 0) && !shutdown(pair.client, SHUT_WR);
	part(&pair);
	return done;
}

/* To the port "discard", and to nobody again: that sends nothing. */
static bool exercise_datagrams(int family)
{
	int fd = open_socket(family, SOCK_DGRAM, 0);
	union address address;
	socklen_t length = loopback(&address, family, 9);
	bool done = fd >= 0 && !connect(fd, &address.any, length);

	address.any.sa_family = AF_UNSPEC;
	done = done && !connect(fd, &address.any, length);
	close_one(fd);
	return done;
}

static bool exercise_exit(void)
{
	int fd = open_socket(AF_INET, SOCK_DGRAM, 0);
	pid_t child = fd < 0 ? -1 : fork();
	int status;

	if (!child)
		_exit(0);
	close_one(fd);
	return child > 0 && waitpid(child, &status, 0) == child;
}

static bool exercise(enum pw_exercise which)
{
	switch (which) {
	case PW_EXERCISE_TCP:
		return exercise_connection(AF_INET, IPPROTO_TCP);
	case PW_EXERCISE_TCP6:
		return exercise_connection(AF_INET6, IPPROTO_TCP);
	case PW_EXERCISE_RESET:
		return exercise_reset();
	case PW_EXERCISE_UDP:
		return exercise_datagrams(AF_INET);
	case PW_EXERCISE_UDP6:
		return exercise_datagrams(AF_INET6);
	case PW_EXERCISE_MPTCP:
		return exercise_connection(AF_INET, IPPROTO_MPTCP);
	case PW_EXERCISE_SCTP:
		return exercise_sctp();
	case PW_EXERCISE_VSOCK:
		return exercise_vsock();
	case PW_EXERCISE_EXIT:
		return exercise_exit();
	case PW_EXERCISES:
		break;
	}
	return false;
}

uint32_t pw_exercise_all(void)
{
	uint32_t done = 0;
	unsigned int i;

	for (i = 0; i < PW_EXERCISES; i++)
		if (exercise((enum pw_exercise)i))
			done |= 1U << i;
	return done;
}
