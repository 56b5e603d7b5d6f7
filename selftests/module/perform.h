/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process of a test can be asked to do. A test process does it itself;
 * an actor (actor.c) gets the request over a socket and answers with what its
 * own calls told it.
 */
#ifndef PERFORM_H
#define PERFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"

enum verb {
	DO_NOTHING,
	DO_OPEN,	/* a: domain, b: type, c: protocol */
	DO_BIND,	/* target */
	DO_LISTEN,	/* a: backlog */
	DO_CONNECT,	/* target */
	DO_ACCEPT,	/* a: flags of accept4() */
	DO_CLOSE,
	DO_SHUTDOWN,	/* a: how */
	DO_SEND,	/* a: bytes */
	DO_SEND_TO,	/* a: bytes, b: flags, target */
	DO_RECEIVE,	/* a: bytes; fewer only at the end */
	DO_OPTION,	/* a: level, b: name, c: value */
	DO_LINGER_ZERO,
	DO_NONBLOCK,
	DO_DEVICE,	/* text: SO_BINDTODEVICE */
	DO_BINDX,	/* target: one more */
	DO_PEEL_OFF,	/* a: which association, from 0 */
	DO_DEAF,	/* a: 1 drop every packet that comes in, 0 hear again */
	DO_OUTCOME,	/* wait for the end of a connect, give its errno */
	DO_DRAIN,	/* wait until everything that was sent is confirmed */
	DO_FACTS,
	DO_RENAME,	/* text */
	DO_SETUID,	/* a */
	DO_EXEC,	/* text: path; fd (or -1) stays open */
	DO_FORK,	/* a descriptor comes along: the child's control socket */
	DO_VFORK,	/* likewise; answers when the child has ended */
	DO_LEAVE,	/* the first thread ends, another one goes on */
	DO_GIVE,	/* answers with the descriptor */
	DO_TAKE,	/* a descriptor comes along: kept, answers its number */
	DO_STEAL,	/* a: pid, b: descriptor there; answers its number here */
	DO_STRAND,	/* fd goes into a message to itself, then is closed */
	DO_BREATHE,	/* a: milliseconds to live on without doing anything */
	DO_EXIT,	/* no answer */
};

/* A 32-bit program has the same messages. */
typedef uint64_t same_uint64_t __attribute__((aligned(8)));

struct request {
	enum verb verb;
	int fd;
	int a;
	int b;
	int c;
	bool thread;		/* in a thread of its own */
	struct target target;
	char text[128];
};

/* What the kernel says of a socket when it is asked. */
struct facts {
	same_uint64_t cookie;
	int domain;
	int type;
	int protocol;		/* as in events */
	bool has_remote;
	struct address local;
	struct address remote;
	uint16_t flags;		/* PORTWATCH_F_* that are options */
	bool v6only;
	uint32_t retrans;	/* TCP: segments sent again */
	uint32_t queued;	/* TCP: connections that wait for accept() */
	bool syn_data;		/* TCP: data came or went with the SYN */
};

struct answer {
	int result;		/* 0 or more, or a negative errno */
	int carried;		/* DO_GIVE: descriptor that goes along, or -1 */
	pid_t pid;
	pid_t tid;
	same_uint64_t before;	/* CLOCK_BOOTTIME around the call */
	same_uint64_t after;
	struct facts facts;
};

_Static_assert(sizeof(struct request) == 288, "in each program");
_Static_assert(sizeof(struct answer) == 112, "in each program");

uint64_t clock_boottime(void);
void perform(const struct request *request, int carried, struct answer *answer);

/* Messages between a test and its actors; negative errno, -EPIPE at the end. */
int message_send(int control, const void *data, size_t size, int carried);
int message_receive(int control, void *data, size_t size, int *carried);

#endif /* PERFORM_H */
