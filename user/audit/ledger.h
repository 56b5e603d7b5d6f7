/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has which port: events in, ports out.
 *
 * A ledger knows nothing of devices, files or terminals. It is given every event in
 * order, live ones and rows of snapshots, and can be asked at any time. After a
 * loss it may hold what is gone: another snapshot puts that right.
 */
#ifndef PW_LEDGER_H
#define PW_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <portwatch.h>

struct pw_ledger;

/**
 * struct pw_port - a socket that holds a port
 *
 * @event:	the socket as a row of a snapshot (PORTWATCH_F_EXISTING), kept up
 *		with what happened to it since; @event.existing.since is when the
 *		port was taken, or when the socket was made if that was not seen
 * @owner:	who created it, or NULL when not known
 * @real_time_of_boot: makes a real time of the times in @event
 * @left_ms:	of what a connection left behind (PORTWATCH_STATE_TIME_WAIT, which
 *		no ledger has): how long it will stay, milliseconds
 */
struct pw_port {
	struct portwatch_event event;
	const struct portwatch_identity *owner;
	uint64_t real_time_of_boot;
	uint32_t left_ms;
};

/* @all: keep sockets that have a peer, too: connections, connected UDP. */
struct pw_ledger *pw_ledger_new(bool all);
void pw_ledger_free(struct pw_ledger *ledger);

/* Takes an event; true when that changed what pw_ledger_list() says. */
bool pw_ledger_event(struct pw_ledger *ledger,
		     const struct portwatch_item *item);

/* True when events were lost since the last whole snapshot. */
bool pw_ledger_doubtful(const struct pw_ledger *ledger);

/*
 * The ports, by number, protocol, address and owner, in an array to be freed. They
 * live until the next event.
 */
const struct pw_port **pw_ledger_list(const struct pw_ledger *ledger,
				      size_t *count);

#endif
