// SPDX-License-Identifier: GPL-2.0
#include "plays.h"

#define CONNECTIONS	200000

enum { CLIENT = 2, SERVER };

static union pw_slot make(struct stage *stage, unsigned int type, uint64_t sock,
			  uint32_t owner, uint16_t lport, uint16_t rport)
{
	union pw_slot slot = stage_event(stage, type, sock, owner,
					 "10.0.2.15:1", "93.184.216.34:1");

	slot.event.owner_tid = owner;
	slot.event.lport = lport;
	slot.event.rport = rport;
	return slot;
}

static void close_connection(struct stage *stage, uint64_t sock, uint32_t owner,
			     uint16_t lport, uint16_t rport)
{
	union pw_slot slot = make(stage, PORTWATCH_CLOSE, sock, owner, lport,
				  rport);

	slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
	slot.event.close.reason = PORTWATCH_REASON_FIN;
	slot.event.close.first = owner == CLIENT ? PORTWATCH_FIRST_LOCAL :
						   PORTWATCH_FIRST_REMOTE;
	slot.event.close.duration = 400 * US + sock;
	slot.event.close.tx_bytes = 78;
	slot.event.close.rx_bytes = 12345;
	slot.event.close.rtt_us = 38;
	stage_record(stage, &slot);
}

/* What a load generator does: the five events of a connection, again and again. */
void play_flood(struct stage *stage)
{
	union pw_slot slot;
	uint16_t port;
	uint64_t sock;

	stage_process(stage, CLIENT, 901, 1000, "wrk", "/usr/bin/wrk",
		      "/user.slice/user-1000.slice/session-3.scope");
	stage_process(stage, SERVER, 813, 33, "nginx", "/usr/sbin/nginx",
		      "/system.slice/nginx.service");
	for (sock = 1000000; sock < 1000000 + 2 * CONNECTIONS; sock += 2) {
		port = (uint16_t)(32768 + sock / 2 % 28000);
		slot = make(stage, PORTWATCH_CONNECT, sock, CLIENT, port, 80);
		stage_record(stage, &slot);
		slot.event.type = PORTWATCH_ESTABLISHED;
		slot.event.established.latency = 85 * US;
		slot.head.time = stage->time;
		stage_record(stage, &slot);
		slot = make(stage, PORTWATCH_ACCEPT, sock + 1, SERVER, 80, port);
		slot.event.accept.listener = 200;
		slot.event.accept.wait = 41 * US;
		stage_record(stage, &slot);
		close_connection(stage, sock, CLIENT, port, 80);
		close_connection(stage, sock + 1, SERVER, 80, port);
	}
}
