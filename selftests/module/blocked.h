/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that wait inside system calls of sockets: accept(), connect() and recv() of
 * TCP and MPTCP, and recv() of UDP.
 */
#ifndef BLOCKED_H
#define BLOCKED_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "address.h"

#define BLOCKED_THREADS 7

/**
 * struct blocked_call - one of them
 *
 * @call:	number of the system call, which is what /proc says that it waits in
 * @protocol:	of the socket
 * @fd:		the socket that it waits at
 * @peer:	whom it hears from, or calls; its socket is @peer_fd
 * @tid:	0 until it runs
 * @result:	of the call: 0 or more, or a negative errno
 */
struct blocked_call {
	int call;
	int protocol;
	int fd;
	int peer_fd;
	struct target peer;
	pthread_t thread;
	pid_t tid;
	long result;
};

struct blocked {
	struct blocked_call calls[BLOCKED_THREADS];
	unsigned int nr;
};

/* Returns when all of them wait; 0 or a negative errno. */
int blocked_begin(struct blocked *blocked);

bool blocked_all_wait(const struct blocked *blocked);

/*
 * Lets each have what it waits for, but a connect(), which is interrupted by a signal.
 * Returns the number of calls that came back with something else, said on stderr.
 */
unsigned int blocked_end(struct blocked *blocked);

#endif /* BLOCKED_H */
