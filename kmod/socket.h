/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket's life: one record from creation to the end.
 *
 * Records are found by the address of the socket and checked by its cookie, since a
 * TCP socket's memory is used again at once. The table is cut into shards, each
 * with a lock, its buckets and its own free records; a handler locks the shard,
 * works on the record, emits the event under the lock, and unlocks. So the events
 * of one socket have rising numbers and times that do not decrease. Interrupts are
 * off meanwhile, and nothing sleeps.
 *
 * While a record is in the table its socket has not been freed: the hooks on the
 * end of a socket take the record out under the same lock before the memory goes.
 */
#ifndef PW_SOCKET_H
#define PW_SOCKET_H

#include <linux/list.h>
#include <linux/types.h>
#include <linux/portwatch.h>

struct pw_process;
struct pw_shard;
struct sock;

/* Bits of pw_socket.flags. */
#define PW_S_USED	BIT(0)	/* it had a port or a peer */
#define PW_S_PORT	BIT(1)	/* a bind event was sent for its port */
#define PW_S_LISTENING	BIT(2)
#define PW_S_CONNECTING	BIT(3)	/* a connect event waits for its outcome */
#define PW_S_INCOMING	BIT(4)	/* it was the other end that asked */
#define PW_S_ACCEPTED	BIT(5)
#define PW_S_RELEASED	BIT(6)	/* its last descriptor was closed */
#define PW_S_ENDED	BIT(7)	/* a close was sent for what it was */
#define PW_S_RST_IN	BIT(8)	/* the other end reset it */
#define PW_S_RST_OUT	BIT(9)	/* this end did */
#define PW_S_FIN	BIT(10)	/* it went over to TIME_WAIT */
#define PW_S_SUBFLOW	BIT(11)	/* it carries an MPTCP socket: no events of its own */
#define PW_S_COUNTED	BIT(12)	/* MPTCP: all its bytes are known */
#define PW_S_ABORTED	BIT(13)	/* somebody ends it from outside */
#define PW_S_KERNELS	BIT(14)	/* UDP, found in a table: no file holds it */
#define PW_S_ASSOCIATED	BIT(15)	/* SCTP: it has its one association; vsock: a peer */

/**
 * struct pw_socket - the record of a socket, under its shard's lock
 *
 * @node:	in its bucket, or in the list of free records
 * @sk:		the socket; not to be followed but in the hooks' contexts
 * @cookie:	its cookie
 * @born:	when it was made; 0: before the hooks were attached, not known
 * @mark:	when the SYN was sent; it was connected; it came into the accept
 *		queue; it began to listen
 * @listener:	cookie of the listener that it came from
 * @parent:	of a subflow that is linked: the record of the MPTCP socket (mptcp.c)
 * @owner:	who created or accepted it, with a reference
 * @closer:	who closed its last descriptor or ended it from outside, if not the
 *		owner, with a reference
 * @subflows:	MPTCP: the first of its subflows; of one of these: the next one
 * @tx_bytes, @rx_bytes, @retrans, @rtt_us, @error: MPTCP: of subflows that are closed
 * @taken:	when the last bind event was sent for its port (MPTCP: not while its bytes
 *		are counted)
 * @queue:	TCP, SCTP, vsock: the listener in whose accept queue it is or was; not to be followed
 *		but by who accepts from it
 * @owner_tid, @closer_tid: their threads
 * @seq:	events so far
 * @accepted:	connections accepted from it
 * @shown:	sessions that saw it begin, or whose snapshot has had it: a bit for each
 *		place
 * @flags:	PW_S_*
 * @port:	of the last bind event
 * @how:	how it got its port: enum portwatch_how, 0 unknown
 * @reason, @first: SCTP, vsock: what its end will say, as soon as that is known
 * @is_vsock:	it is of that family, whatever became of the socket
 */
struct pw_socket {
	struct hlist_node node;
	struct sock *sk;
	u64 cookie;
	u64 born;
	u64 mark;
	union {
		u64 listener;
		struct pw_socket *parent;
	};
	struct pw_process *owner;
	struct pw_process *closer;
	struct pw_socket *subflows;
	union {
		u64 tx_bytes;
		struct sock *queue;
	};
	union {
		u64 rx_bytes;
		u64 taken;
	};
	u32 owner_tid;
	u32 closer_tid;
	u32 seq;
	union {
		u32 accepted;
		u32 rtt_us;
	};
	u32 shown;
	u32 retrans;
	u16 flags;
	u16 port;
	union {
		u16 error;
		struct {
			u8 first;
			bool is_vsock;	/* no errno reaches this byte */
		};
	};
	u8 how;
	u8 reason;
};

/**
 * struct pw_socket_lock - a locked shard
 *
 * @shard:	which
 * @flags:	interrupt state to go back to
 * @cookie:	of the socket that was looked for
 */
struct pw_socket_lock {
	struct pw_shard *shard;
	unsigned long flags;
	u64 cookie;
};

/* With the first session and the last; process context. */
int pw_sockets_init(void);
void pw_sockets_exit(void);

/*
 * Lock the shard of @sk and find its record; NULL when it has none. Any context but
 * NMI. pw_socket_unlock() follows in any case.
 */
struct pw_socket *pw_socket_lock(struct pw_socket_lock *lock, struct sock *sk)
	__acquires(lock->shard);
void pw_socket_unlock(struct pw_socket_lock *lock)
	__releases(lock->shard);

/*
 * The same for a socket that may be gone: neither it nor its memory is looked at, its
 * record is found by address and cookie.
 */
struct pw_socket *pw_socket_lock_known(struct pw_socket_lock *lock,
				       const struct sock *sk, u64 cookie)
	__acquires(lock->shard);

/*
 * Under the lock: make a record, blank but for sk and cookie. NULL when there
 * is no room: counted.
 */
struct pw_socket *pw_socket_add(struct pw_socket_lock *lock, struct sock *sk);

/* Under the lock: take it out, let go of its processes. */
void pw_socket_remove(struct pw_socket_lock *lock, struct pw_socket *socket);

/*
 * The same for a socket that ends. Until pw_sockets_unbury() its record stays, and says
 * that it has ended: whoever meets it in a table of the kernel's, which has it a little
 * longer, is to know (snapshot.c).
 */
void pw_socket_bury(struct pw_socket_lock *lock, struct pw_socket *socket);
void pw_sockets_unbury(void);

/* Under the lock: the reference goes over to the record. */
void pw_socket_set_owner(struct pw_socket *socket, struct pw_process *owner,
			 u32 tid);

/* Under the lock: the running process @who ends it; NULL: not known who. */
void pw_socket_set_closer(struct pw_socket *socket, struct pw_process *who);

/*
 * Under the lock: number an event, say who, and send it. @socket may be NULL (the
 * event then has no owner), @actor too; an actor that is the owner is left out.
 * @elapsed: see struct pw_emission. Returns the time of the event.
 */
u64 pw_socket_emit(struct pw_socket *socket, struct portwatch_event *event,
		   struct pw_process *actor, u32 actor_tid, __u64 *elapsed);

/* The same, to some sessions only: those of @sessions, a bit for each place. */
void pw_socket_emit_to(struct pw_socket *socket, struct portwatch_event *event,
		       u32 sessions, struct pw_process *actor, u32 actor_tid);

/* Is there a record of that socket? @sk need not be there any more. */
bool pw_socket_is_known(const struct sock *sk, u64 cookie);

/* As pw_socket_emit(), for a port that is held: sessions learn who @holder (may be NULL) is. */
u64 pw_socket_emit_held(struct pw_socket *socket, struct portwatch_event *event,
			struct pw_process *actor, u32 actor_tid,
			struct pw_process *holder);

/* The cookie of a socket, made if it has none yet. */
u64 pw_socket_cookie(struct sock *sk);

/*
 * Visit the records of shard @n under its lock, until @visit says false. Returns
 * whether it was asked for all of them.
 */
unsigned int pw_sockets_shards(void);
bool pw_sockets_visit(unsigned int n,
		      bool (*visit)(struct pw_socket *socket, void *arg),
		      void *arg);

/* May shard @n have a record of vsock? */
bool pw_sockets_any_vsock(unsigned int n);

/* Wait until there is room again where it became scarce; may sleep. */
void pw_sockets_make_room(void);

void pw_sockets_count(u64 *now, u64 *max, u64 *missed);

#endif /* PW_SOCKET_H */
