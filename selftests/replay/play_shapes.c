// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "plays.h"

#define MPTCP	262

enum { OWNER = 2, ACTOR };

static const uint16_t options[] = {
	PORTWATCH_F_DUAL_STACK, PORTWATCH_F_REUSE_ADDR, PORTWATCH_F_REUSE_PORT,
	PORTWATCH_F_FREEBIND, PORTWATCH_F_TRANSPARENT,
};

static union pw_slot make(struct stage *stage, unsigned int type, uint64_t sock)
{
	return stage_event(stage, type, sock, OWNER, "10.0.0.1:1000",
			   "10.0.0.2:2000");
}

static void record_sockets(struct stage *stage)
{
	static const uint32_t types[] = {
		SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, 77,
	};
	static const uint16_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, 999,
	};
	union pw_slot slot;
	size_t i;

	for (i = 0; i < 5; i++) {
		slot = stage_event(stage, PORTWATCH_SOCKET, 1 + i, OWNER, NULL,
				   NULL);
		slot.event.socket.sock_type = types[i];
		slot.event.proto = protos[i];
		stage_record(stage, &slot);
	}
}

static void record_binds(struct stage *stage)
{
	static const char *const ends[] = {
		"0.0.0.0:80", "127.0.0.1:81", "[::]:82", "[fe80::1]:83",
		"224.0.0.251:5353", "8.8.8.8:85", "[fc00::1]:86",
	};
	union pw_slot slot;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		slot = stage_event(stage, PORTWATCH_BIND, 20 + i, OWNER,
				   ends[i], NULL);
		slot.event.proto = i == 4 ? IPPROTO_UDP : MPTCP;
		slot.event.bind.how = (uint8_t)(1 + i % 3);
		slot.event.bind.req_port = i % 3 ? 0 : slot.event.lport;
		memcpy(slot.event.bind.req_addr, slot.event.laddr, 16);
		slot.event.flags |= i < 5 ? options[i] : 0;
		if (i == 5)
			strcpy((char *)slot.event.bind.ifname, "eth0");
		stage_record(stage, &slot);
	}
	slot = stage_event(stage, PORTWATCH_BIND, 30, OWNER, "127.0.0.1:88",
			   NULL);
	slot.event.flags |= PORTWATCH_F_MAPPED;
	slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind.req_port = 88;
	memcpy(slot.event.bind.req_addr, slot.event.laddr, 16);
	stage_record(stage, &slot);
}

static void record_failures(struct stage *stage)
{
	static const uint32_t errors[] = {
		EADDRINUSE, EACCES, EADDRNOTAVAIL, 4242,
	};
	union pw_slot slot;
	uint8_t i;

	for (i = 0; i < 4; i++) {
		slot = stage_event(stage, PORTWATCH_BIND_FAILED, 40 + i, OWNER,
				   i == 3 ? NULL : "192.0.2.1:80", NULL);
		slot.event.bind_failed.error = errors[i];
		slot.event.bind_failed.how = i == 3 ? PORTWATCH_HOW_AUTO :
						      PORTWATCH_HOW_EXPLICIT;
		stage_record(stage, &slot);
	}
	slot = make(stage, PORTWATCH_CONNECT_FAILED, 45);
	slot.event.connect_failed.error = ECANCELED;
	slot.event.connect_failed.latency = 3 * SEC;
	slot.event.actor = ACTOR;
	slot.event.actor_tid = 78;
	stage_record(stage, &slot);
	slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	stage_record(stage, &slot);
}

/* A port that somebody has: another process, the kernel, nobody any more. */
static void record_holders(struct stage *stage)
{
	static const struct {
		uint32_t process, uid;
		uint64_t sock;
		uint8_t state;
	} holders[] = {
		{ ACTOR, 33, 20, PORTWATCH_STATE_LISTENING },
		{ PORTWATCH_PROCESS_KERNEL, 0, 21, PORTWATCH_STATE_BOUND },
		{ PORTWATCH_PROCESS_UNKNOWN, 0, 0, PORTWATCH_STATE_TIME_WAIT },
		{ PORTWATCH_PROCESS_UNKNOWN, 33, 0, PORTWATCH_STATE_CONNECTED },
		{ ACTOR, 33, 22, 77 },
	};
	union pw_slot slot;
	size_t i;

	for (i = 0; i < sizeof(holders) / sizeof(holders[0]); i++) {
		slot = stage_event(stage, PORTWATCH_BIND_FAILED, 46 + i, OWNER,
				   "192.0.2.1:80", NULL);
		slot.event.actor = i == 1 ? ACTOR : PORTWATCH_PROCESS_UNKNOWN;
		slot.event.bind_failed.error = EADDRINUSE;
		slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
		slot.event.bind_failed.holder = holders[i].process;
		slot.event.bind_failed.holder_sock = holders[i].sock;
		slot.event.bind_failed.holder_state = holders[i].state;
		slot.event.bind_failed.holder_uid = holders[i].uid;
		slot.event.bind_failed.holder_since =
			holders[i].process ? stage->time - 5 * SEC : 0;
		stage_record(stage, &slot);
	}
}

static void record_life(struct stage *stage)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_LISTEN, 50, OWNER, "[::]:82", NULL);
	slot.event.flags |= PORTWATCH_F_DUAL_STACK;
	slot.event.listen.backlog = 0;
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_CONNECT, 51);
	slot.event.owner_tid = 70;
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_ESTABLISHED, 51);
	slot.event.established.latency = 1234567;
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_ACCEPT, 52);
	slot.event.accept.listener = 50;
	slot.event.accept.wait = 0;
	slot.event.actor = ACTOR;
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_FLOW, 53);
	slot.event.proto = IPPROTO_UDP;
	slot.event.flow.dir = PORTWATCH_DIR_IN;
	slot.event.flags |= PORTWATCH_F_FULL;
	stage_record(stage, &slot);
}

static void record_closes(struct stage *stage)
{
	union pw_slot slot;
	uint8_t reason;

	for (reason = 1; reason <= 7; reason++) {
		slot = make(stage, PORTWATCH_CLOSE, 60U + reason);
		slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
		slot.event.close.reason = reason;
		slot.event.close.first = reason < 4 ? 1 + reason % 2 : 0;
		slot.event.close.duration = reason * 5432109876ULL;
		slot.event.close.tx_bytes = 1ULL << (reason * 5);
		slot.event.close.rx_bytes = reason - 1ULL;
		slot.event.close.rtt_us = reason * 150U;
		slot.event.close.count = reason % 3;
		slot.event.actor = reason == 5 ? ACTOR : 0;
		if (reason == 3)
			slot.event.flags |= PORTWATCH_F_STILL_BOUND;
		stage_record(stage, &slot);
	}
	slot = stage_event(stage, PORTWATCH_CLOSE, 70, OWNER, "[::]:82", NULL);
	slot.event.close.kind = PORTWATCH_KIND_LISTENER;
	slot.event.close.reason = PORTWATCH_REASON_RELEASED;
	slot.event.close.duration = 11520 * SEC;
	stage_record(stage, &slot);
	slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_CLOSE, 71, OWNER, NULL, NULL);
	slot.event.close.kind = PORTWATCH_KIND_SOCKET;
	slot.event.close.reason = PORTWATCH_REASON_RELEASED;
	slot.event.flags |= PORTWATCH_F_UNUSED;
	stage_record(stage, &slot);
}

static void record_existing(struct stage *stage)
{
	static const uint8_t types[] = {
		PORTWATCH_SOCKET, PORTWATCH_BIND, PORTWATCH_LISTEN,
		PORTWATCH_CONNECT, PORTWATCH_ESTABLISHED, PORTWATCH_ACCEPT,
	};
	static const uint8_t states[] = {
		PORTWATCH_STATE_OPEN, PORTWATCH_STATE_BOUND,
		PORTWATCH_STATE_LISTENING, PORTWATCH_STATE_CONNECTING,
		PORTWATCH_STATE_CONNECTED, 99,
	};
	union pw_slot slot;
	size_t i;

	for (i = 0; i < 6; i++) {
		slot = stage_event(stage, types[i], 80 + i, OWNER,
				   i ? "127.0.0.1:1000" : NULL,
				   i > 2 ? "127.0.0.1:2000" : NULL);
		slot.event.flags |= PORTWATCH_F_EXISTING;
		slot.event.existing.state = states[i];
		slot.event.existing.since = i == 5 ? 0 : i * 500 * SEC + 1;
		slot.event.existing.backlog = i == 2 ? 128 : 0;
		slot.event.existing.accepted = i == 2 ? 7 : 0;
		slot.event.existing.how = i == 1 ? PORTWATCH_HOW_EPHEMERAL : 0;
		if (i == 1)
			strcpy((char *)slot.event.existing.ifname,
			       "wlp0s20f3-guest");
		stage_record(stage, &slot);
	}
}

/* Sockets of the kernel, and of nobody knows whom. */
static void record_strangers(struct stage *stage)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_BIND, 90, PORTWATCH_PROCESS_KERNEL,
			   "0.0.0.0:51820", NULL);
	slot.event.proto = IPPROTO_UDP;
	slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind.req_port = 51820;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_ESTABLISHED, 91, 0,
			   "[2001:db8:1234:5678:9abc:def0:1234:5678]:54321",
			   "[2606:2800:220:1:248:1893:25c8:1946]:443");
	slot.event.established.latency = 999;
	stage_record(stage, &slot);
}

void play_shapes(struct stage *stage)
{
	stage_process(stage, OWNER, 77, 33, "server", "/srv/server",
		      "/system.slice/server.service");
	stage_process(stage, ACTOR, 78, 1000, "kill", "/bin/kill", NULL);
	record_sockets(stage);
	record_binds(stage);
	record_failures(stage);
	record_holders(stage);
	record_life(stage);
	record_closes(stage);
	record_existing(stage);
	record_strangers(stage);
}
