// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "expect.h"
#include "watch.h"

#define OPTION_FLAGS (PORTWATCH_F_REUSE_ADDR | PORTWATCH_F_REUSE_PORT | \
		      PORTWATCH_F_FREEBIND | PORTWATCH_F_TRANSPARENT)

static struct expect *expect_add(struct watch *watch)
{
	struct expect *expect;
	size_t room;

	if (watch->nr_expects == watch->room_expects) {
		room = watch->room_expects ? 2 * watch->room_expects : 64;
		expect = realloc(watch->expects, room * sizeof(*expect));
		if (!expect)
			abort();
		watch->expects = expect;
		watch->room_expects = room;
	}
	expect = &watch->expects[watch->nr_expects++];
	memset(expect, 0, sizeof(*expect));
	return expect;
}

static struct expect *expect_new(struct watch *watch, const struct end *end,
				 enum portwatch_type type)
{
	struct expect *expect = expect_add(watch);
	struct portwatch_event *event = &expect->event;

	event->type = type;
	event->family = end->facts.domain;
	event->sock = end->facts.cookie;
	event->proto = end->facts.protocol;
	event->netns = watch->netns;
	event->owner_tid = end->owner.tid;
	expect->owner = end->owner;
	return expect;
}

/* The family of an event is that of the addresses that it shows. */
static void set_family(struct portwatch_event *event,
		       const struct address *address)
{
	event->family = address->family;
	if (address->mapped)
		event->flags |= PORTWATCH_F_MAPPED;
}

static void set_local(struct expect *expect, const struct address *address)
{
	struct portwatch_event *event = &expect->event;

	set_family(event, address);
	event->flags |= PORTWATCH_F_LOCAL;
	event->lport = address->port;
	memcpy(event->laddr, address->bytes, 16);
}

static void set_remote(struct expect *expect, const struct address *address)
{
	struct portwatch_event *event = &expect->event;

	set_family(event, address);
	event->flags |= PORTWATCH_F_REMOTE;
	event->rport = address->port;
	memcpy(event->raddr, address->bytes, 16);
}

static void set_both(struct expect *expect, const struct end *end)
{
	set_local(expect, &end->facts.local);
	set_remote(expect, &end->facts.remote);
}

static void set_dual_stack(struct expect *expect, const struct facts *facts)
{
	if (facts->domain == AF_INET6 && !facts->v6only &&
	    !facts->local.mapped && address_is_any(&facts->local))
		expect->event.flags |= PORTWATCH_F_DUAL_STACK;
}

/* What began at a time that this test does not know began under its eyes. */
static void set_begun(struct watch *watch, struct expect *expect,
		      const uint64_t begun[2])
{
	expect->begun[0] = begun[0] ? begun[0] : watch->start;
	expect->begun[1] = begun[1];
}

struct expect *expect_socket(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_SOCKET);

	expect->event.socket.sock_type = end->facts.type;
	return expect;
}

/* A port that nobody asked for is taken before an address is chosen. */
static struct address no_address(const struct facts *facts)
{
	struct address address = {
		.family = facts->domain, .port = facts->local.port,
	};

	return address;
}

struct expect *expect_bind(struct watch *watch, const struct end *end,
			   enum portwatch_how how)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_BIND);
	struct portwatch_event *event = &expect->event;
	struct facts facts = end->facts;

	if (how == PORTWATCH_HOW_AUTO)
		facts.local = no_address(&facts);
	set_local(expect, &facts.local);
	set_dual_stack(expect, &facts);
	event->flags |= facts.flags;
	event->bind.how = how;
	if (how == PORTWATCH_HOW_AUTO)
		return expect;
	memcpy(event->bind.req_addr, end->asked.bytes, 16);
	event->bind.req_port = end->asked.port;
	return expect;
}

struct expect *expect_bind_failed(struct watch *watch, const struct end *end,
				  enum portwatch_how how, int error)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_BIND_FAILED);

	if (how != PORTWATCH_HOW_AUTO)
		set_local(expect, &end->asked);
	expect->event.bind_failed.error = error;
	expect->event.bind_failed.how = how;
	return expect;
}

struct expect *expect_listen(struct watch *watch, const struct end *end,
			     uint32_t backlog)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_LISTEN);

	set_local(expect, &end->facts.local);
	set_dual_stack(expect, &end->facts);
	expect->event.listen.backlog = backlog;
	return expect;
}

struct expect *expect_connect(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_CONNECT);

	set_both(expect, end);
	return expect;
}

struct expect *expect_established(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_ESTABLISHED);

	set_both(expect, end);
	set_begun(watch, expect, end->begun);
	return expect;
}

/*
 * It is over, and has its port still, which the kernel leaves to who has it open: of
 * TCP one that was asked for by its number, of any other protocol whichever it is.
 */
static void set_still_bound(struct expect *expect, const struct end *end)
{
	bool stream = end->facts.protocol == IPPROTO_TCP ||
		      end->facts.protocol == IPPROTO_MPTCP;

	if (end->process && end->process->ended)
		return;
	if (!end->closing && end->facts.domain == AF_VSOCK &&
	    address_vsock_port(&end->facts.local) != VMADDR_PORT_ANY)
		expect->event.flags |= PORTWATCH_F_STILL_BOUND;
	if (!end->closing && (stream ? end->named : end->facts.local.port))
		expect->event.flags |= PORTWATCH_F_STILL_BOUND;
}

struct expect *expect_connect_failed(struct watch *watch,
				     const struct end *end, int error)
{
	struct expect *expect =
		expect_new(watch, end, PORTWATCH_CONNECT_FAILED);

	set_both(expect, end);
	set_begun(watch, expect, end->begun);
	expect->event.connect_failed.error = error;
	set_still_bound(expect, end);
	return expect;
}

struct expect *expect_failed_at_once(struct watch *watch, const struct end *end,
				     int error)
{
	struct expect *expect = expect_new(watch, end,
					   PORTWATCH_CONNECT_FAILED);

	set_remote(expect, &end->asked);
	expect->event.connect_failed.error = error;
	set_still_bound(expect, end);
	return expect;
}

struct expect *expect_accept(struct watch *watch, const struct end *end,
			     const struct end *listener)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_ACCEPT);

	set_both(expect, end);
	expect->event.accept.listener = listener->facts.cookie;
	expect->begun[0] = watch->start;
	expect->begun[1] = end->born[1];
	return expect;
}

struct expect *expect_flow(struct watch *watch, const struct end *end,
			   enum portwatch_dir dir, const struct address *local,
			   const struct address *peer)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_FLOW);

	set_local(expect, local);
	set_remote(expect, peer);
	expect->event.flow.dir = dir;
	return expect;
}

static struct expect *expect_close(struct watch *watch, const struct end *end,
				   enum portwatch_kind kind,
				   enum portwatch_reason reason)
{
	struct expect *expect = expect_new(watch, end, PORTWATCH_CLOSE);

	expect->event.close.kind = kind;
	expect->event.close.reason = reason;
	return expect;
}

struct expect *expect_close_connection(struct watch *watch,
				       const struct end *end,
				       enum portwatch_reason reason,
				       enum portwatch_first first)
{
	struct expect *expect = expect_close(watch, end,
					     PORTWATCH_KIND_CONNECTION, reason);

	set_both(expect, end);
	set_still_bound(expect, end);
	expect->event.close.first = first;
	expect->event.close.tx_bytes = end->tx;
	expect->event.close.rx_bytes = end->rx;
	expect->event.close.count = end->facts.retrans;
	expect->any_sock = !end->facts.cookie;
	expect->rtt = true;
	expect->retrans_later = true;
	set_begun(watch, expect, end->begun);
	if (first == PORTWATCH_FIRST_LOCAL)
		expect->not_before = end->closing;
	return expect;
}

/* The two stand one after the other. */
static struct expect *expect_close_both(struct watch *watch,
					const struct end *first,
					enum portwatch_reason reason,
					const struct end *second,
					enum portwatch_reason other_reason)
{
	expect_close_connection(watch, first, reason, PORTWATCH_FIRST_LOCAL);
	return expect_close_connection(watch, second, other_reason,
				       PORTWATCH_FIRST_REMOTE) - 1;
}

struct expect *expect_fin(struct watch *watch, const struct end *first,
			  const struct end *second)
{
	return expect_close_both(watch, first, PORTWATCH_REASON_FIN, second,
				 PORTWATCH_REASON_FIN);
}

struct expect *expect_reset(struct watch *watch, const struct end *first,
			    const struct end *second)
{
	return expect_close_both(watch, first, PORTWATCH_REASON_RST_SENT,
				 second, PORTWATCH_REASON_RST_RECEIVED);
}

/*
 * The test never sees a descriptor of a connection that nobody took: what it
 * knows of it is the other end.
 */
struct expect *expect_unaccepted(struct watch *watch,
				 const struct end *listener,
				 const struct end *client)
{
	struct end child = *listener;

	child.facts.cookie = 0;
	child.facts.local = client->facts.remote;
	child.facts.remote = client->facts.local;
	child.tx = client->rx;
	child.rx = client->tx;
	child.facts.retrans = 0;
	child.named = false;
	child.begun[0] = client->begun[0];
	child.begun[1] = client->begun[1];
	return expect_close_connection(watch, &child,
				       PORTWATCH_REASON_UNACCEPTED, 0);
}

struct expect *expect_close_listener(struct watch *watch,
				     const struct end *end, uint32_t accepted)
{
	struct expect *expect = expect_close(watch, end,
					     PORTWATCH_KIND_LISTENER,
					     PORTWATCH_REASON_RELEASED);

	set_local(expect, &end->facts.local);
	set_still_bound(expect, end);
	expect->event.close.count = accepted;
	set_begun(watch, expect, end->begun);
	expect->not_before = end->closing;
	return expect;
}

/*
 * A socket that is no connection: it shows the port that it has, and of UDP the
 * peer. Of a failed TCP connect the module may show the attempt.
 */
struct expect *expect_close_socket(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_close(watch, end, PORTWATCH_KIND_SOCKET,
					     PORTWATCH_REASON_RELEASED);

	set_local(expect, &end->facts.local);
	if (end->facts.has_remote)
		set_remote(expect, &end->facts.remote);
	set_begun(watch, expect, end->born);
	expect->not_before = end->closing;
	return expect;
}

struct expect *expect_close_unused(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_close(watch, end, PORTWATCH_KIND_SOCKET,
					     PORTWATCH_REASON_RELEASED);

	expect->event.flags |= PORTWATCH_F_UNUSED;
	set_begun(watch, expect, end->born);
	expect->not_before = end->closing;
	return expect;
}

struct expect *expect_close_failed(struct watch *watch, const struct end *end)
{
	struct expect *expect = expect_close_unused(watch, end);

	expect->event.family = end->facts.domain;
	expect->event.flags = 0;
	return expect;
}

struct expect *expect_row(struct watch *watch, const struct end *end,
			  enum portwatch_type type, enum portwatch_state state)
{
	struct expect *expect = expect_new(watch, end, type);

	expect->event.flags |= PORTWATCH_F_EXISTING;
	expect->event.existing.state = state;
	expect->free_flags = OPTION_FLAGS;
	set_begun(watch, expect, end->born);
	if (state != PORTWATCH_STATE_OPEN)
		set_local(expect, &end->facts.local);
	if (end->facts.remote.family && type != PORTWATCH_LISTEN)
		set_remote(expect, &end->facts.remote);
	if (type == PORTWATCH_LISTEN || type == PORTWATCH_BIND)
		set_dual_stack(expect, &end->facts);
	return expect;
}

void expect_by(struct expect *expect, const struct process *process)
{
	expect->actor = process->who;
	expect->event.actor_tid = process->who.tid;
}

/*
 * One that did not take the port by bind() has had it since it was connected; the
 * test knows when that was for the end that connected, and that it was before the
 * accept() for the other.
 */
void expect_holder(struct expect *expect, const struct end *holder,
		   enum portwatch_state state)
{
	struct portwatch_event *event = &expect->event;
	bool taken = holder->taken[1];

	event->bind_failed.holder_state = state;
	event->bind_failed.holder_sock = holder->facts.cookie;
	event->bind_failed.holder_uid = holder->owner.uid;
	expect->holder = holder->owner;
	expect->held_since[0] = taken ? holder->taken[0] : holder->begun[0];
	expect->held_since[1] = taken ? holder->taken[1] : holder->begun[1];
}
