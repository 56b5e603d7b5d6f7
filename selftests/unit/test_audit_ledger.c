// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/ledger.h"
#include "make_slot.h"
#include "test.h"

static const struct portwatch_identity server = { .key = 2, .comm = "server" };

/* Gives the ledger an event at the next time; true: it changed. */
static bool give(struct pw_ledger *ledger, union pw_slot slot)
{
	static uint64_t time = 1000;
	struct portwatch_item item = {
		.slot = &slot.head, .real_time = 5000000 + time,
		.owner = &server,
	};

	slot.head.time = time++;
	return pw_ledger_event(ledger, &item);
}

static union pw_slot event(unsigned int type, uint64_t sock, uint16_t port)
{
	union pw_slot slot = make_event(type, 0);

	slot.event.sock = sock;
	slot.event.owner = server.key;
	if (port)
		set_local(&slot, "127.0.0.1", port);
	return slot;
}

static union pw_slot bind_event(uint64_t sock, uint16_t port, uint8_t how)
{
	union pw_slot slot = event(PORTWATCH_BIND, sock, port);

	slot.event.bind.how = how;
	return slot;
}

static union pw_slot close_event(uint64_t sock, uint8_t kind, uint8_t reason,
				 uint8_t first)
{
	union pw_slot slot = event(PORTWATCH_CLOSE, sock, 0);

	slot.event.close.kind = kind;
	slot.event.close.reason = reason;
	slot.event.close.first = first;
	return slot;
}

static union pw_slot row(unsigned int type, uint64_t sock, uint16_t port,
			 uint8_t state)
{
	union pw_slot slot = event(type, sock, port);

	slot.event.flags |= PORTWATCH_F_EXISTING;
	slot.event.existing.state = state;
	slot.event.existing.since = 1;
	return slot;
}

static union pw_slot mark(uint8_t end)
{
	union pw_slot slot = event(PORTWATCH_SNAPSHOT, 0, 0);

	slot.event.snapshot.end = end;
	return slot;
}

static union pw_slot loss(void)
{
	union pw_slot slot;

	memset(&slot, 0, sizeof(slot));
	slot.lost.type = PORTWATCH_LOST;
	return slot;
}

/* Asserts which ports the ledger has: "80 443". */
static void assert_ports(struct pw_ledger *ledger, const char *want)
{
	const struct pw_port **list;
	char text[256] = "";
	size_t count, i, length = 0;

	list = pw_ledger_list(ledger, &count);
	for (i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
					   "%s%u", i ? " " : "",
					   portwatch_port(list[i]->event.family,
							  list[i]->event.laddr,
							  list[i]->event.lport));
	free(list);
	assert_string_equal(text, want);
}

static void taken_and_given_back(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	const struct pw_port **list;
	size_t count;

	(void)state;
	assert_ports(ledger, "");
	assert_true(give(ledger, bind_event(1, 80, PORTWATCH_HOW_EXPLICIT)));
	assert_ports(ledger, "80");
	assert_true(give(ledger, event(PORTWATCH_LISTEN, 1, 80)));
	list = pw_ledger_list(ledger, &count);
	assert_int_equal(count, 1);
	assert_int_equal(list[0]->event.type, PORTWATCH_LISTEN);
	assert_int_equal(list[0]->event.existing.state,
			 PORTWATCH_STATE_LISTENING);
	assert_int_equal(list[0]->event.existing.how, PORTWATCH_HOW_EXPLICIT);
	assert_true(list[0]->event.flags & PORTWATCH_F_EXISTING);
	assert_ptr_equal(list[0]->owner, &server);
	assert_int_equal(list[0]->real_time_of_boot, 5000000);
	free(list);
	assert_true(give(ledger, close_event(1, PORTWATCH_KIND_LISTENER,
					     PORTWATCH_REASON_RELEASED, 0)));
	assert_ports(ledger, "");
	/* Of a socket that it does not know, it has nothing to say. */
	assert_false(give(ledger, close_event(1, PORTWATCH_KIND_SOCKET,
					      PORTWATCH_REASON_RELEASED, 0)));
	pw_ledger_free(ledger);
}

static void accepted_is_counted(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	const struct pw_port **list;
	union pw_slot slot;
	size_t count, i;

	(void)state;
	give(ledger, event(PORTWATCH_LISTEN, 1, 80));
	for (i = 0; i < 3; i++) {
		slot = event(PORTWATCH_ACCEPT, 10 + i, 80);
		slot.event.accept.listener = i < 2 ? 1 : 999;
		assert_int_equal(give(ledger, slot), i < 2);
	}
	list = pw_ledger_list(ledger, &count);
	assert_int_equal(count, 1);
	assert_int_equal(list[0]->event.existing.accepted, 2);
	free(list);
	pw_ledger_free(ledger);
}

static void clients_hold_no_port(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	union pw_slot slot;

	(void)state;
	assert_false(give(ledger, event(PORTWATCH_CONNECT, 1, 40000)));
	assert_false(give(ledger, event(PORTWATCH_ESTABLISHED, 1, 40000)));
	slot = bind_event(2, 40001, PORTWATCH_HOW_AUTO);
	slot.event.proto = IPPROTO_UDP;
	assert_true(give(ledger, slot));
	assert_ports(ledger, "40001");
	slot = event(PORTWATCH_CONNECT, 2, 40001);
	slot.event.proto = IPPROTO_UDP;
	assert_true(give(ledger, slot));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);

	ledger = pw_ledger_new(true);
	assert_true(give(ledger, event(PORTWATCH_CONNECT, 1, 40000)));
	assert_true(give(ledger, event(PORTWATCH_ESTABLISHED, 1, 40000)));
	assert_ports(ledger, "40000");
	assert_true(give(ledger, close_event(1, PORTWATCH_KIND_CONNECTION,
					     PORTWATCH_REASON_FIN,
					     PORTWATCH_FIRST_LOCAL)));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);
}

/* What ends a socket that has a port: does it keep it? The event says so. */
static const struct end {
	uint8_t type;
	uint8_t kind;
	uint8_t before;
} ends[] = {
	{ PORTWATCH_CLOSE, PORTWATCH_KIND_CONNECTION, PORTWATCH_ESTABLISHED },
	{ PORTWATCH_CLOSE, PORTWATCH_KIND_LISTENER, PORTWATCH_LISTEN },
	{ PORTWATCH_CONNECT_FAILED, 0, PORTWATCH_CONNECT },
	{ PORTWATCH_CONNECT_FAILED, 0, PORTWATCH_BIND },
};

static union pw_slot end_event(const struct end *end, bool kept)
{
	union pw_slot slot = event(end->type, 1, 7000);

	if (end->type == PORTWATCH_CLOSE)
		slot.event.close.kind = end->kind;
	if (end->kind != PORTWATCH_KIND_LISTENER)
		set_remote(&slot, "127.0.0.1", 80);
	if (kept)
		slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	return slot;
}

static void begin_end(struct pw_ledger *ledger, const struct end *end)
{
	union pw_slot slot = event(end->before, 1, 7000);

	give(ledger, bind_event(1, 7000, PORTWATCH_HOW_EXPLICIT));
	if (end->before == PORTWATCH_LISTEN)
		slot.event.listen.backlog = 5;
	else
		set_remote(&slot, "127.0.0.1", 80);
	if (end->before != PORTWATCH_BIND)
		give(ledger, slot);
}

/* It is as if it had been bound and nothing else. */
static void assert_bound(struct pw_ledger *ledger, uint64_t since)
{
	const struct portwatch_event *row;
	const struct pw_port **list;
	size_t count;

	list = pw_ledger_list(ledger, &count);
	assert_int_equal(count, 1);
	row = &list[0]->event;
	assert_int_equal(row->type, PORTWATCH_BIND);
	assert_int_equal(row->existing.state, PORTWATCH_STATE_BOUND);
	assert_int_equal(row->existing.backlog, 0);
	assert_int_equal(row->existing.accepted, 0);
	assert_int_equal(row->flags, PORTWATCH_F_EXISTING | PORTWATCH_F_LOCAL);
	assert_int_equal(row->lport, 7000);
	assert_int_equal(row->rport, 0);
	assert_int_equal(row->existing.since, since);
	free(list);
}

static void ends_that_keep_the_port(void **state)
{
	struct pw_ledger *ledger;
	const struct pw_port **list;
	uint64_t since;
	size_t i, count;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(ends); i++) {
		ledger = pw_ledger_new(i % 2);
		begin_end(ledger, &ends[i / 2]);
		assert_true(give(ledger, end_event(&ends[i / 2], true)));
		list = pw_ledger_list(ledger, &count);
		since = list[0]->event.existing.since;
		free(list);
		assert_int_not_equal(since, 0);
		assert_bound(ledger, since);
		/* The last descriptor is closed. */
		assert_true(give(ledger,
				 close_event(1, PORTWATCH_KIND_SOCKET,
					     PORTWATCH_REASON_RELEASED, 0)));
		assert_ports(ledger, "");
		pw_ledger_free(ledger);
	}
}

static void ends_that_give_the_port_back(void **state)
{
	struct pw_ledger *ledger;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(ends); i++) {
		ledger = pw_ledger_new(i % 2);
		begin_end(ledger, &ends[i / 2]);
		give(ledger, end_event(&ends[i / 2], false));
		assert_ports(ledger, "");
		pw_ledger_free(ledger);
	}
}

/* The ledger heard of it only when it ended; when it took the port is not known. */
static void end_of_what_was_not_known(void **state)
{
	struct pw_ledger *ledger;
	union pw_slot slot;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ledger = pw_ledger_new(false);
		assert_true(give(ledger, end_event(&ends[i], true)));
		assert_bound(ledger, 0);
		pw_ledger_free(ledger);
	}
	/* An attempt that failed before anything was sent shows no address. */
	ledger = pw_ledger_new(false);
	slot = event(PORTWATCH_CONNECT_FAILED, 1, 0);
	slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	assert_false(give(ledger, slot));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);
}

/* With a port of its own a socket of SCTP that listens calls others. */
static void connection_of_what_listens(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	union pw_slot slot;

	(void)state;
	slot = event(PORTWATCH_LISTEN, 1, 7000);
	slot.event.proto = IPPROTO_SCTP;
	give(ledger, slot);
	slot = close_event(1, PORTWATCH_KIND_CONNECTION,
			   PORTWATCH_REASON_FIN, PORTWATCH_FIRST_LOCAL);
	slot.event.proto = IPPROTO_SCTP;
	assert_false(give(ledger, slot));
	assert_ports(ledger, "7000");
	slot.event.close.kind = PORTWATCH_KIND_LISTENER;
	assert_true(give(ledger, slot));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);
}

/* They stand in the order of their numbers. */
static void ports_of_vsock(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	union pw_slot slot;

	(void)state;
	slot = bind_event(1, 0, PORTWATCH_HOW_EPHEMERAL);
	set_vsock_local(&slot, UINT32_MAX, 3000000000);
	give(ledger, slot);
	slot = bind_event(2, 0, PORTWATCH_HOW_EXPLICIT);
	set_vsock_local(&slot, 1, 70000);
	give(ledger, slot);
	give(ledger, bind_event(3, 65535, PORTWATCH_HOW_EXPLICIT));
	assert_ports(ledger, "65535 70000 3000000000");
	slot = event(PORTWATCH_CONNECT, 1, 0);
	set_vsock_local(&slot, UINT32_MAX, 3000000000);
	set_vsock_remote(&slot, 1, 1);
	give(ledger, slot);
	assert_ports(ledger, "65535 70000");
	slot.event.type = PORTWATCH_CONNECT_FAILED;
	slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	assert_true(give(ledger, slot));
	assert_ports(ledger, "65535 70000 3000000000");
	pw_ledger_free(ledger);
}

static void snapshot_repairs(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);

	(void)state;
	give(ledger, bind_event(1, 80, PORTWATCH_HOW_EXPLICIT));
	give(ledger, bind_event(2, 81, PORTWATCH_HOW_EXPLICIT));
	assert_false(pw_ledger_doubtful(ledger));
	/* The close of 1 and the bind of 3 are lost. */
	give(ledger, loss());
	assert_true(pw_ledger_doubtful(ledger));
	give(ledger, mark(0));
	give(ledger, row(PORTWATCH_BIND, 2, 81, PORTWATCH_STATE_BOUND));
	give(ledger, row(PORTWATCH_BIND, 3, 82, PORTWATCH_STATE_BOUND));
	/* Made while the rows come: the snapshot need not know it. */
	give(ledger, bind_event(4, 83, PORTWATCH_HOW_EXPLICIT));
	assert_true(give(ledger, mark(1)));
	assert_ports(ledger, "81 82 83");
	assert_false(pw_ledger_doubtful(ledger));
	pw_ledger_free(ledger);
}

/* Rows can be lost, too: then nothing is given up, and the doubt stays. */
static void snapshot_with_loss(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);

	(void)state;
	give(ledger, bind_event(1, 80, PORTWATCH_HOW_EXPLICIT));
	give(ledger, mark(0));
	give(ledger, loss());
	assert_false(give(ledger, mark(1)));
	assert_ports(ledger, "80");
	assert_true(pw_ledger_doubtful(ledger));
	/* An end without a begin proves nothing either. */
	assert_false(give(ledger, mark(1)));
	assert_ports(ledger, "80");
	pw_ledger_free(ledger);
}

static void row_after_event(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	const struct pw_port **list;
	union pw_slot slot;
	uint64_t since;
	size_t count;

	(void)state;
	give(ledger, bind_event(1, 80, PORTWATCH_HOW_EXPLICIT));
	list = pw_ledger_list(ledger, &count);
	since = list[0]->event.existing.since;
	free(list);
	assert_false(give(ledger, row(PORTWATCH_BIND, 1, 80,
				      PORTWATCH_STATE_BOUND)));
	slot = row(PORTWATCH_LISTEN, 1, 80, PORTWATCH_STATE_LISTENING);
	slot.event.existing.accepted = 9;
	assert_true(give(ledger, slot));
	assert_false(give(ledger, slot));
	/* what was missed shows, whatever it is */
	slot.event.existing.backlog = 5;
	assert_true(give(ledger, slot));
	slot.event.flags |= PORTWATCH_F_REUSE_PORT;
	assert_true(give(ledger, slot));
	list = pw_ledger_list(ledger, &count);
	assert_int_equal(count, 1);
	assert_int_equal(list[0]->event.existing.since, since);
	assert_int_equal(list[0]->event.existing.how, PORTWATCH_HOW_EXPLICIT);
	assert_int_equal(list[0]->event.existing.accepted, 9);
	free(list);
	/* Connected since: no port of its own any more. */
	assert_true(give(ledger, row(PORTWATCH_ESTABLISHED, 1, 80,
				     PORTWATCH_STATE_CONNECTED)));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);
}

static void many(void **state)
{
	struct pw_ledger *ledger = pw_ledger_new(false);
	const struct pw_port **list;
	uint64_t sock;
	size_t count, i;

	(void)state;
	for (sock = 1; sock <= 30000; sock++)
		give(ledger, bind_event(sock * 64, (uint16_t)(sock * 7919),
					PORTWATCH_HOW_EXPLICIT));
	list = pw_ledger_list(ledger, &count);
	assert_int_equal(count, 30000);
	for (i = 1; i < count; i++)
		assert_true(list[i - 1]->event.lport <= list[i]->event.lport);
	free(list);
	for (sock = 1; sock <= 30000; sock++)
		assert_true(give(ledger, close_event(sock * 64,
						     PORTWATCH_KIND_SOCKET,
						     0, 0)));
	assert_ports(ledger, "");
	pw_ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(taken_and_given_back),
		cmocka_unit_test(accepted_is_counted),
		cmocka_unit_test(clients_hold_no_port),
		cmocka_unit_test(ends_that_keep_the_port),
		cmocka_unit_test(ends_that_give_the_port_back),
		cmocka_unit_test(end_of_what_was_not_known),
		cmocka_unit_test(connection_of_what_listens),
		cmocka_unit_test(ports_of_vsock),
		cmocka_unit_test(snapshot_repairs),
		cmocka_unit_test(snapshot_with_loss),
		cmocka_unit_test(row_after_event),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
