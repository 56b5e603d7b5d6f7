// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that were open before.
 *
 * Two steps. When the hooks come to be attached, all descriptors of all processes
 * are looked at, then the kernel's own tables, and each socket that has no record gets
 * one (discovery). From then
 * on the hooks keep the table complete, and a session's snapshot is a walk through
 * the table: it gives a row for each record that the session did not see begin,
 * under the lock under which live events of that socket are sent. So a socket is
 * either still open, and its row comes before its close, or it is gone and has none.
 *
 * A process that is started while we look inherits sockets from one that we have
 * seen or shall see; but that one may close them before we come to it. So whoever
 * started since we began is looked at in another round, until a round finds nobody.
 */
#include <linux/fdtable.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

#include "compat/compat.h"
#include "event.h"
#include "hook.h"
#include "mptcp.h"
#include "process.h"
#include "session.h"
#include "snapshot.h"
#include "socket.h"
#include "stream.h"
#include "tables.h"

#define ROUNDS_MAX	8
#define ENLIST_NS	(10 * NSEC_PER_MSEC)
#define ROOM_WANTED	64U	/* free slots, so that live events find room too */

/* Discovery ---------------------------------------------------------------- */

struct tasks {
	struct task_struct **task;
	size_t count;
	size_t room;
};

static bool shares_files(struct task_struct *task)
{
	return !thread_group_leader(task) &&
	       READ_ONCE(task->files) == READ_ONCE(task->group_leader->files);
}

/* Every process, and every thread with descriptors of its own, since @since. */
static bool collect(struct tasks *tasks, u64 since)
{
	struct task_struct *process, *task;
	bool fits = true;

	tasks->count = 0;
	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (task->start_boottime < since || task->flags & PF_KTHREAD ||
		    shares_files(task))
			continue;
		if (tasks->count == tasks->room) {
			fits = false;
			break;
		}
		tasks->task[tasks->count++] = get_task_struct(task);
	}
	rcu_read_unlock();
	return fits;
}

static void drop(struct tasks *tasks)
{
	while (tasks->count)
		put_task_struct(tasks->task[--tasks->count]);
}

/* There may be more tasks than room by the time we have it: then again. */
static int collect_all(struct tasks *tasks, u64 since)
{
	while (!collect(tasks, since)) {
		size_t room = max_t(size_t, 1024, tasks->room * 2);

		drop(tasks);
		kvfree(tasks->task);
		tasks->room = 0;
		tasks->task = kvmalloc_array(room, sizeof(*tasks->task),
					     GFP_KERNEL);
		if (!tasks->task)
			return -ENOMEM;
		tasks->room = room;
	}
	return 0;
}

/* The file is held: the socket's end cannot come meanwhile. */
static void found(struct socket *sock, struct task_struct *task)
{
	struct sock *sk = sock->sk;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	struct pw_process *who;

	if (!sk || !pw_has_events(sk))
		return;
	who = pw_process_of(task);
	socket = pw_socket_lock(&lock, sk);
	if (!socket) {
		socket = pw_socket_add(&lock, sk);
		if (socket)
			socket->flags = pw_socket_flags_of(sk);
	}
	if (socket && !socket->owner) {
		pw_socket_set_owner(socket, who, task->pid);
		who = NULL;
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * The next open socket of a task from @fd on, with a reference to its file. No others are
 * held: who holds a file last is who closes it, and somebody may wait for that.
 */
static struct file *next_file(struct task_struct *task, unsigned int *fd)
{
	struct file *file = NULL;
	struct fdtable *fdt;

	task_lock(task);
	rcu_read_lock();
	if (task->files) {
		fdt = rcu_dereference(task->files->fdt);
		for (; *fd < fdt->max_fds && !file; ++*fd) {
			*fd = find_next_bit(fdt->open_fds, fdt->max_fds, *fd);
			if (*fd >= fdt->max_fds)
				break;
			if (pw_is_socket(rcu_dereference(fdt->fd[*fd])))
				file = pw_get_file_rcu(&fdt->fd[*fd]);
		}
	}
	rcu_read_unlock();
	task_unlock(task);
	return file;
}

static void look_at(struct task_struct *task)
{
	unsigned int fd = 0;
	struct file *file;

	while ((file = next_file(task, &fd))) {
		struct socket *sock = pw_sock_from_file(file);

		if (sock)
			found(sock, task);
		fput(file);
		pw_sockets_make_room();
	}
}

/* Nobody refers to it by a file: it is the kernel's, or soon will have one. */
static bool has_no_file(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);

	return sock && !READ_ONCE(sock->file);
}

/*
 * A socket that a table of the kernel's has, and keeps meanwhile: it has not been freed.
 * It may have a record if its end will be seen. The hook for the end of TCP comes to a
 * socket that is dead, and locks what we have locked, before us or after. That for the
 * end of UDP comes when nobody holds the file any more. Where there never was a file
 * nothing tells; but if the hook was there, so is the record, buried. It can only have
 * ended unseen before the hook was attached, and be in the table all this time: so such
 * a socket is never looked at but while the table has it (show_kernels()).
 */
static void found_in_table(struct sock *sk, struct sock *subflow)
{
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket = pw_socket_lock(&lock, sk);

	if (!socket && !pw_is_let_go(sk) &&
	    (!subflow || pw_subflow_parent(subflow) == sk))
		socket = pw_socket_add(&lock, sk);
	else
		socket = NULL;
	if (socket) {
		socket->flags = pw_socket_flags_of(sk);
		/* In the queue of a listener. */
		if (pw_is_tcp(sk) && !READ_ONCE(sk->sk_socket))
			socket->flags |= PW_S_INCOMING;
		if (!pw_has_states(sk) && has_no_file(sk))
			socket->flags |= PW_S_KERNELS;
		if (sk->sk_kern_sock)
			pw_socket_set_owner(socket,
					    pw_process_hold(&pw_process_kernel),
					    0);
	}
	pw_socket_unlock(&lock);
}

/*
 * What carries an MPTCP socket is not a socket of its own. The one that it carries has
 * it as long as it has not ended, and has lost it when it does.
 */
static bool look_at_entry(struct sock *sk, void *arg)
{
	struct sock *parent;

	if (!sk_fullsock(sk) || !pw_is_inet(sk))
		return true;
	if (!pw_is_subflow(sk)) {
		found_in_table(sk, NULL);
		return true;
	}
	parent = pw_subflow_parent(sk);
	if (parent)
		found_in_table(parent, sk);
	return true;
}

/*
 * Sockets that are in no process's table of descriptors: the kernel's own, those on
 * their way in a message, those that only an io_uring has, and connections that nobody
 * has accepted. Nobody tells whose they are.
 */
static void look_at_tables(void)
{
	pw_tcp_sockets_visit(look_at_entry, NULL);
	pw_udp_sockets_visit(look_at_entry, NULL);
	pw_sockets_unbury();
}

static int look_at_descriptors(void)
{
	struct tasks tasks = { NULL };
	unsigned int round;
	u64 since = 0;
	int err = 0;

	for (round = 0; round < ROUNDS_MAX && !err; round++) {
		u64 now = ktime_get_boottime_ns();
		size_t i;

		err = collect_all(&tasks, since);
		if (err || !tasks.count)
			break;
		for (i = 0; i < tasks.count; i++)
			look_at(tasks.task[i]);
		drop(&tasks);
		/* A task is in the list a little later than it began. */
		since = now - ENLIST_NS;
	}
	kvfree(tasks.task);
	return err;
}

/*
 * Somebody may have been in socket() or accept() when the hooks came, past them, and
 * stand there still without a descriptor. Hardly any of them sleeps there: we wait until
 * all have slept, or are back in their programs. (Who waits for room among descriptors, or
 * for the memory that the peer's address goes to, is missed; so are all where the kernel
 * has no such wait: 5.10 of Debian.)
 */
int pw_snapshot_discover(void)
{
	int err;

	synchronize_rcu_tasks();
	err = look_at_descriptors();

	if (!err)
		look_at_tables();
	return err;
}

/* Rows --------------------------------------------------------------------- */

/**
 * struct pw_snapshot - how far a session's snapshot is
 *
 * @session:	whose
 * @shard:	the one to go on with
 * @rows:	given so far
 * @begun:	the begin mark is written
 * @kernels:	there are sockets that are not to be looked at from here
 * @full:	the ring is
 */
struct pw_snapshot {
	struct pw_session *session;
	unsigned int shard;
	u64 rows;
	bool begun;
	bool kernels;
	bool full;
};

static u8 state_of(const struct pw_socket *socket, const struct sock *sk)
{
	u8 state = sk->sk_state;

	/*
	 * SCTP has no state for an attempt, and none for what is over; that of a vsock
	 * does not change back when its transport could not send anything.
	 */
	if ((pw_is_sctp(sk) || pw_is_vsock(sk)) && state != TCP_LISTEN)
		state = socket->flags & PW_S_ASSOCIATED ? TCP_ESTABLISHED :
			socket->flags & PW_S_CONNECTING ? TCP_SYN_SENT :
							  TCP_CLOSE;
	else if (pw_is_over(socket, sk))
		state = TCP_CLOSE;
	switch (state) {
	case TCP_LISTEN:
		return PORTWATCH_STATE_LISTENING;
	case TCP_SYN_SENT:
		return PORTWATCH_STATE_CONNECTING;
	case TCP_CLOSE:
		return pw_has_port(sk) ? PORTWATCH_STATE_BOUND :
					 PORTWATCH_STATE_OPEN;
	default:
		return PORTWATCH_STATE_CONNECTED;
	}
}

/* The type of a row: what the socket last did. */
static u8 type_of(const struct pw_socket *socket, u8 state, bool has_states)
{
	switch (state) {
	case PORTWATCH_STATE_OPEN:
		return PORTWATCH_SOCKET;
	case PORTWATCH_STATE_BOUND:
		return PORTWATCH_BIND;
	case PORTWATCH_STATE_LISTENING:
		return PORTWATCH_LISTEN;
	case PORTWATCH_STATE_CONNECTING:
		return PORTWATCH_CONNECT;
	default:
		if (!has_states)
			return PORTWATCH_CONNECT;
		return socket->flags & PW_S_INCOMING ? PORTWATCH_ACCEPT :
						       PORTWATCH_ESTABLISHED;
	}
}

/*
 * A connection that nobody has accepted, or whose last descriptor is closed, is
 * nobody's open socket: its end will be told, but it has no row.
 */
static bool has_row(const struct pw_socket *socket, const struct pw_session *session)
{
	if (socket->shown & BIT(session->index) ||
	    socket->flags & (PW_S_RELEASED | PW_S_SUBFLOW))
		return false;
	return !(socket->flags & PW_S_INCOMING) || socket->flags & PW_S_ACCEPTED;
}

/* Else we wait for the reader. With interrupts off. */
static bool has_room(const struct pw_session *session)
{
	return pw_ring_room(&session->rings[smp_processor_id()]) >=
	       min(ROOM_WANTED, session->size / 2);
}

/*
 * Under the shard's lock, interrupts off. The socket is not locked, and what is read of
 * it is what it is at this moment.
 */
static bool show_row(struct pw_socket *socket, struct pw_snapshot *snapshot)
{
	struct pw_session *session = snapshot->session;
	struct sock *sk = socket->sk;
	bool has_states = pw_has_states(sk) || pw_is_sctp(sk) ||
			  pw_is_vsock(sk);
	struct portwatch_event event __uninitialized;
	u8 state, type;

	if (!has_row(socket, session))
		return true;
	state = state_of(socket, sk);
	type = type_of(socket, state, has_states);
	if (!(session->events & PORTWATCH_EVENT_BIT(type)))
		return true;
	if (!has_room(session)) {
		snapshot->full = true;
		return false;
	}
	socket->shown |= BIT(session->index);
	pw_event_init(&event, type, sk, socket->cookie);
	/* A peer that is shown is that of a connection which is over. */
	if (state == PORTWATCH_STATE_BOUND && has_states)
		pw_event_clear_remote(&event, sk);
	if (type == PORTWATCH_BIND)
		pw_event_set_options(&event, sk);
	else if (type == PORTWATCH_LISTEN)
		pw_event_set_dual_stack(&event, sk);
	pw_event_set_ifname(event.existing.ifname, sk);
	event.flags |= PORTWATCH_F_EXISTING;
	event.sock_seq = socket->seq;
	event.owner_tid = socket->owner_tid;
	event.existing.since = socket->born;
	event.existing.state = state;
	event.existing.how = socket->how;
	if (state == PORTWATCH_STATE_LISTENING) {
		event.existing.accepted = socket->accepted;
		event.existing.backlog = pw_is_mptcp(sk) ?
					 pw_mptcp_backlog(socket) :
					 READ_ONCE(sk->sk_max_ack_backlog);
	}
	pw_stream_emit_to(session, &event, socket->owner);
	snapshot->rows++;
	return true;
}

/* The record is there, so the memory of its socket is too. */
static bool show(struct pw_socket *socket, void *arg)
{
	struct pw_snapshot *snapshot = arg;

	if (!(socket->flags & PW_S_KERNELS))
		return show_row(socket, snapshot);
	snapshot->kernels = true;
	return true;
}

/* The memory is there because the kernel's table has the socket. */
static bool show_kernels(struct sock *sk, void *arg)
{
	struct pw_snapshot *snapshot = arg;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;

	if (!has_no_file(sk))
		return true;
	socket = pw_socket_lock(&lock, sk);
	if (socket && socket->flags & PW_S_KERNELS)
		show_row(socket, snapshot);
	pw_socket_unlock(&lock);
	return !snapshot->full;
}

static bool forget(struct pw_socket *socket, void *arg)
{
	struct pw_session *session = arg;

	socket->shown &= ~BIT(session->index);
	return true;
}

static bool put_mark(struct pw_snapshot *snapshot, bool end)
{
	struct pw_session *session = snapshot->session;
	struct portwatch_event event __uninitialized;
	unsigned long flags;
	bool room;

	memset(&event, 0, sizeof(event)); /* to the last byte of the union */
	event.type = PORTWATCH_SNAPSHOT;
	event.snapshot.end = end;
	event.snapshot.rows = snapshot->rows;

	local_irq_save(flags);
	room = has_room(session);
	if (room)
		pw_stream_emit_to(session, &event, NULL);
	local_irq_restore(flags);
	return room;
}

void pw_snapshot_forget(struct pw_session *session)
{
	unsigned int n;

	for (n = 0; n < pw_sockets_shards(); n++)
		pw_sockets_visit(n, forget, session);
}

/*
 * The reader may forget whom the rows do not name. So all are announced again; and what
 * counts on an earlier announcement is in the rings before the begin mark.
 */
static void begin_anew(struct pw_session *session)
{
	pw_snapshot_forget(session);
	pw_process_forget_session(session->index);
	synchronize_rcu();
}

static int begin(struct pw_session *session)
{
	struct pw_snapshot *snapshot = kzalloc(sizeof(*snapshot), GFP_KERNEL);

	if (!snapshot)
		return -ENOMEM;
	snapshot->session = session;
	session->snapshot = snapshot;
	if (session->snapshots++)
		begin_anew(session);
	return 0;
}

int pw_snapshot_step(struct pw_session *session)
{
	struct pw_snapshot *snapshot;

	if (!session->snapshot && begin(session))
		return -ENOMEM;
	snapshot = session->snapshot;
	if (!snapshot->begun && !put_mark(snapshot, false))
		return 1;
	snapshot->begun = true;

	snapshot->full = false;
	for (; snapshot->shard < pw_sockets_shards(); snapshot->shard++) {
		pw_sockets_visit(snapshot->shard, show, snapshot);
		if (snapshot->full)
			return 1;
		cond_resched();
	}
	/* Those that had their row before will not have another. */
	if (snapshot->kernels && !pw_udp_sockets_visit(show_kernels, snapshot))
		return 1;
	if (!put_mark(snapshot, true))
		return 1;
	pw_snapshot_free(session);
	return 0;
}

void pw_snapshot_free(struct pw_session *session)
{
	kfree(session->snapshot);
	session->snapshot = NULL;
}
