/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which TCP sockets carry an MPTCP one.
 *
 * An MPTCP socket sends and receives by subflows: TCP sockets that the kernel makes
 * for it. What is told is told of the MPTCP socket, which keeps neither their bytes
 * nor their errors where we could read them. So the record of each subflow points to
 * that of its parent, and the parent's to the first of its subflows.
 */
#ifndef PW_MPTCP_H
#define PW_MPTCP_H

#include <linux/types.h>

struct portwatch_event;
struct pw_socket;
struct sock;

/* With the first session, before the hooks. */
void pw_mptcp_init(void);

/*
 * @ssk carries @sk. Any context in which neither can end meanwhile. The second is for
 * the first subflow of a new attempt, the third for that of a connection that came
 * in, which nobody else knows yet: all bytes are counted from there.
 */
void pw_mptcp_join(struct sock *sk, struct sock *ssk);
void pw_mptcp_begin(struct sock *sk, struct sock *ssk);
void pw_mptcp_came_in(struct sock *sk, struct sock *ssk);

/*
 * The socket that a subflow carries, as far as is known, or NULL. A subflow that has not
 * ended keeps it from being freed.
 */
struct sock *pw_mptcp_parent(struct sock *ssk);

/*
 * Under the lock of its shard: a subflow closes (and is locked); what it carried goes
 * to its parent.
 */
void pw_mptcp_settle(struct pw_socket *subflow);

/* Under the lock of a record's shard: no record points to it any more. */
void pw_mptcp_forget(struct pw_socket *socket);

/* Under the lock of its shard: what it carried until now. */
void pw_mptcp_traffic(struct portwatch_event *event, struct pw_socket *socket);
bool pw_mptcp_has_subflow(struct pw_socket *socket);

/* The same: of a listener, PORTWATCH_UNKNOWN32 where it cannot be had. */
u32 pw_mptcp_backlog(struct pw_socket *socket);

/*
 * Is this TCP socket of the kernel being made by the running task to be a subflow?
 * Note is taken of it, then.
 */
bool pw_subflow_is_coming(struct sock *sk);

#endif /* PW_MPTCP_H */
