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
					   list[i]->event.lport);
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

struct end {
	uint8_t how;
	uint8_t reason;
	uint8_t first;
	bool kept;
};

/* A connection is over: does its socket keep the port? */
static const struct end ends[] = {
	{ PORTWATCH_HOW_EXPLICIT, PORTWATCH_REASON_RST_RECEIVED,
	  PORTWATCH_FIRST_REMOTE, true },
	{ PORTWATCH_HOW_EPHEMERAL, PORTWATCH_REASON_RST_RECEIVED,
	  PORTWATCH_FIRST_REMOTE, false },
	{ PORTWATCH_HOW_AUTO, PORTWATCH_REASON_RST_RECEIVED,
	  PORTWATCH_FIRST_REMOTE, false },
	{ PORTWATCH_HOW_EXPLICIT, PORTWATCH_REASON_RST_RECEIVED,
	  PORTWATCH_FIRST_LOCAL, false },
	{ PORTWATCH_HOW_EXPLICIT, PORTWATCH_REASON_RST_SENT,
	  PORTWATCH_FIRST_LOCAL, false },
	{ PORTWATCH_HOW_EXPLICIT, PORTWATCH_REASON_FIN,
	  PORTWATCH_FIRST_REMOTE, false },
	{ PORTWATCH_HOW_EXPLICIT, PORTWATCH_REASON_TIMEOUT, 0, false },
};

static void connections_that_end(void **state)
{
	struct pw_ledger *ledger;
	union pw_slot slot;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ledger = pw_ledger_new(false);
		give(ledger, bind_event(1, 7000, ends[i].how));
		slot = event(PORTWATCH_ESTABLISHED, 1, 7000);
		set_remote(&slot, "127.0.0.1", 80);
		give(ledger, slot);
		assert_ports(ledger, "");
		give(ledger, close_event(1, PORTWATCH_KIND_CONNECTION,
					 ends[i].reason, ends[i].first));
		assert_ports(ledger, ends[i].kept ? "7000" : "");
		pw_ledger_free(ledger);
	}
}

struct attempt {
	uint8_t how;
	bool made;
	const char *left;
};

/* One that was made gives back a port that was not asked for by its number. */
static const struct attempt attempts[] = {
	{ PORTWATCH_HOW_EXPLICIT, true, "7000" },
	{ PORTWATCH_HOW_EXPLICIT, false, "7000" },
	{ PORTWATCH_HOW_EPHEMERAL, true, "" },
	{ PORTWATCH_HOW_EPHEMERAL, false, "7000" },
};

static void attempts_that_fail(void **state)
{
	struct pw_ledger *ledger;
	union pw_slot slot;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(attempts); i++) {
		ledger = pw_ledger_new(false);
		give(ledger, bind_event(1, 7000, attempts[i].how));
		slot = event(PORTWATCH_CONNECT, 1, 7000);
		set_remote(&slot, "127.0.0.1", 80);
		if (attempts[i].made) {
			give(ledger, slot);
			assert_ports(ledger, "");
		}
		slot.event.type = PORTWATCH_CONNECT_FAILED;
		assert_int_equal(give(ledger, slot), attempts[i].left[0] != 0);
		assert_ports(ledger, attempts[i].left);
		pw_ledger_free(ledger);
	}
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
		cmocka_unit_test(connections_that_end),
		cmocka_unit_test(attempts_that_fail),
		cmocka_unit_test(snapshot_repairs),
		cmocka_unit_test(snapshot_with_loss),
		cmocka_unit_test(row_after_event),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
