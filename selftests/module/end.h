/* SPDX-License-Identifier: GPL-2.0 */
/* One end of a conversation: a socket, and what the test's own calls said of it. */
#ifndef END_H
#define END_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "process.h"

/**
 * struct end - a socket of a test
 *
 * @process:	who has the descriptor @fd
 * @owner:	who created or accepted it, as it was then
 * @facts:	what the kernel said of it after the last call
 * @asked:	what bind() or connect() was given last
 * @tx, @rx:	payload that went through calls here
 * @born:	CLOCK_BOOTTIME before and after it was created or accepted
 * @begun:	the same of what its close counts from: connect, accept, listen;
 *		0: not known
 * @taken:	CLOCK_BOOTTIME before and after the bind() that worked; both 0: none
 * @named:	that was asked for the port by its number
 * @listening:	listen() worked
 * @closing:	CLOCK_BOOTTIME before the call that closed it, 0: still open
 */
struct end {
	struct process *process;
	int fd;
	struct who owner;
	struct facts facts;
	struct address asked;
	uint64_t tx;
	uint64_t rx;
	uint64_t born[2];
	uint64_t begun[2];
	uint64_t taken[2];
	uint64_t closing;
	bool named;
	bool listening;
};

/* Each returns what the call returned, or a negative errno. */
int end_open(struct end *end, struct process *process, int domain, int type);
int end_open_protocol(struct end *end, struct process *process, int domain,
		      int type, int protocol);
int end_bind(struct end *end, struct target target);
int end_listen(struct end *end, int backlog);
int end_connect(struct end *end, struct target target);
int end_outcome(struct end *end);
/* connect() and send() in one: TCP Fast Open; @flags MSG_DONTWAIT or 0. */
int end_fast_open(struct end *end, int bytes, int flags, struct target target);
int end_accept(struct end *end, struct end *listener);
int end_close(struct end *end);
/* The second one when it has heard that the first one is done: a FIN may take its time. */
void end_close_in_turn(struct end *first, struct end *second);

/* SCTP. */
int end_bindx(struct end *end, struct target target);
int end_peel_off(struct end *end, struct end *from, int which);

int end_shutdown(struct end *end, int how);
int end_send(struct end *end, int bytes);
int end_send_to(struct end *end, int bytes, struct target target);
int end_receive(struct end *end, int bytes);
int end_drain(struct end *end);

/* So many bytes go from @end to @other, are read, and so many come back: 0 then. */
int end_talk(struct end *end, struct end *other, int there, int back);

int end_option(struct end *end, int level, int name, int value);
int end_linger_zero(struct end *end);
int end_device(struct end *end, const char *name);
int end_deaf(struct end *end, bool deaf);
int end_nonblock(struct end *end);
int end_facts(struct end *end);

/* Until so many connections wait for accept() of a TCP listener: 0, or -ETIMEDOUT. */
int end_wait_queued(struct end *listener, unsigned int count);

/* accept() by a process that blocks in it: begun, and finished later. */
int end_accept_begin(struct end *listener, bool in_thread);
int end_accept_finish(struct end *end, struct end *listener);

/* A descriptor for the same socket in another process, over a unix socket. */
int end_give(struct end *end, struct process *to, struct end *copy);

/* Its only descriptor is on the way in a message, from pair[0] to pair[1]. */
int end_put_in_flight(struct end *end, int pair[2]);

/* The same by the process itself, which nobody can take it from any more. */
int end_strand(struct end *end);

/* A descriptor for the same socket that the other process took by pidfd_getfd(). */
int end_steal(struct end *end, struct process *thief, struct end *copy);

/* The same descriptor in a child that was forked. */
struct end end_in(const struct end *end, struct process *child);

uint16_t end_port(const struct end *end);

#endif /* END_H */
