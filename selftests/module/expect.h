/* SPDX-License-Identifier: GPL-2.0 */
/* What a test knows must come, made from what its own calls told it. */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include <portwatch.h>

#include "end.h"
#include "process.h"

struct watch;
struct got;

/**
 * struct expect - one event that must come
 *
 * @event:	every field as it must be, but for what is measured
 * @owner:	who created or accepted the socket (its tid: by which thread)
 * @actor:	who did it, where that is not the owner; pid 0: nobody
 * @unknown_owner: the event must not name an owner
 * @holder:	who has the port; pid 0: nobody is named
 * @held_since:	when he took it, at the earliest and at the latest; both 0: that must
 *		not be said
 * @begun:	when that of which the body has the duration, latency or wait began,
 *		at the earliest and at the latest; a row: when the socket was made.
 *		Both 0: there must be none
 * @not_before:	the event cannot be older
 * @free_span:	the duration cannot be known by the module: not compared
 * @free_close:	of a close only what is over, why, and who was first
 * @rtt:	a round trip must have been measured
 * @retrans_later: the end was asked before it was over: more may have been sent
 *		again since, on a machine that is slow
 * @exposure:	what the library must say of the local address, 0: anything
 * @free_flags:	flags that are not compared, and the address that belongs to them
 * @any_sock:	the test has no way to know the cookie: found by the remote port
 */
struct expect {
	struct portwatch_event event;
	struct who owner;
	struct who actor;
	struct who holder;
	bool unknown_owner;
	uint64_t begun[2];
	uint64_t held_since[2];
	uint64_t not_before;
	bool free_span;
	bool free_close;
	bool rtt;
	bool retrans_later;
	enum portwatch_exposure exposure;
	uint16_t free_flags;
	bool any_sock;
};

/*
 * Each adds one event of a socket, with the addresses, options and byte counts
 * that the end has now, and gives it back for what is special. It stays valid
 * until the next one is added.
 */
struct expect *expect_socket(struct watch *watch, const struct end *end);
struct expect *expect_bind(struct watch *watch, const struct end *end,
			   enum portwatch_how how);
struct expect *expect_bind_failed(struct watch *watch, const struct end *end,
				  enum portwatch_how how, int error);
struct expect *expect_listen(struct watch *watch, const struct end *end,
			     uint32_t backlog);
struct expect *expect_connect(struct watch *watch, const struct end *end);
struct expect *expect_established(struct watch *watch, const struct end *end);
struct expect *expect_connect_failed(struct watch *watch,
				     const struct end *end, int error);
/* Nobody heard anything of it: the asked address, and none of this end. */
struct expect *expect_failed_at_once(struct watch *watch, const struct end *end,
				     int error);
struct expect *expect_accept(struct watch *watch, const struct end *end,
			     const struct end *listener);
/* @peer: whom the datagram goes to or comes from; @local: the other address of it. */
struct expect *expect_flow(struct watch *watch, const struct end *end,
			   enum portwatch_dir dir, const struct address *local,
			   const struct address *peer);
struct expect *expect_close_connection(struct watch *watch,
				       const struct end *end,
				       enum portwatch_reason reason,
				       enum portwatch_first first);
/*
 * Both ends of a connection that one of them ended: by a FIN; by a reset. What the
 * first one must say is given back.
 */
struct expect *expect_fin(struct watch *watch, const struct end *first,
			  const struct end *second);
struct expect *expect_reset(struct watch *watch, const struct end *first,
			    const struct end *second);
struct expect *expect_unaccepted(struct watch *watch,
				 const struct end *listener,
				 const struct end *client);
struct expect *expect_close_listener(struct watch *watch,
				     const struct end *end, uint32_t accepted);
struct expect *expect_close_socket(struct watch *watch, const struct end *end);
struct expect *expect_close_unused(struct watch *watch, const struct end *end);
/* Of a socket whose attempt failed, and that gave its port back then. */
struct expect *expect_close_failed(struct watch *watch, const struct end *end);
struct expect *expect_row(struct watch *watch, const struct end *end,
			  enum portwatch_type type, enum portwatch_state state);

/* The event was done by another process than the owner. */
void expect_by(struct expect *expect, const struct process *process);

/* The port is held by that socket. */
void expect_holder(struct expect *expect, const struct end *holder,
		   enum portwatch_state state);

/* Compares, says on stderr what differs, returns the number of differences. */
unsigned int expect_compare(const struct watch *watch,
			    const struct expect *expect, const struct got *got);

#endif /* EXPECT_H */
