// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>

#include "plays.h"

enum { SSHD = 2, NGINX, THIEF, CHROME, CLIENT, POD };

#define OTHER_NETNS	4026532567U

static void announce(struct stage *stage)
{
	stage_process(stage, SSHD, 633, 0, "sshd", "/usr/sbin/sshd",
		      "/system.slice/ssh.service");
	stage_process(stage, NGINX, 812, 0, "nginx", "/usr/sbin/nginx",
		      "/system.slice/nginx.service");
	stage_process(stage, THIEF, 999, 33, "thief", "/tmp/thief", NULL);
	stage_process(stage, CHROME, 2001, 64321, "chrome",
		      "/opt/google/chrome/chrome", NULL);
	stage_process(stage, CLIENT, 2100, 64321, "python3",
		      "/usr/bin/python3.11", NULL);
	stage_process(stage, POD, 3001, 0, "coredns", "/coredns",
		      "/kubepods.slice/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope");
}

static void mark(struct stage *stage, uint8_t end, uint64_t rows)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_SNAPSHOT, 0, 0, NULL,
					 NULL);

	slot.event.family = 0;
	slot.event.snapshot.end = end;
	slot.event.snapshot.rows = rows;
	stage_record(stage, &slot);
}

static void bind_port(struct stage *stage, uint64_t sock, uint32_t owner,
		      const char *local, uint16_t proto, uint8_t how,
		      uint16_t flags)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_BIND, sock, owner,
					 local, NULL);

	slot.event.proto = proto;
	slot.event.flags |= flags;
	slot.event.bind.how = how;
	slot.event.bind.req_port = how == 1 ? slot.event.lport : 0;
	stage_record(stage, &slot);
}

static void listen_on(struct stage *stage, uint64_t sock, uint32_t owner,
		      const char *local, uint16_t flags)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_LISTEN, sock, owner,
					 local, NULL);

	slot.event.flags |= flags;
	slot.event.listen.backlog = 511;
	stage_record(stage, &slot);
}

static void accept_one(struct stage *stage, uint64_t sock, uint64_t listener)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_ACCEPT, sock, NGINX,
					 "192.0.2.10:80", "198.51.100.7:50000");

	slot.event.accept.listener = listener;
	stage_record(stage, &slot);
}

static void connect_to(struct stage *stage, unsigned int type, uint64_t sock,
		       uint32_t owner, const char *local, const char *remote,
		       uint16_t proto)
{
	union pw_slot slot = stage_event(stage, type, sock, owner, local,
					 remote);

	slot.event.proto = proto;
	if (type == PORTWATCH_CONNECT_FAILED) {
		slot.event.connect_failed.error = ECONNREFUSED;
		slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	}
	stage_record(stage, &slot);
}

static void close_socket(struct stage *stage, uint64_t sock, uint32_t owner,
			 const char *local, uint8_t kind, uint8_t reason,
			 uint8_t first, uint16_t flags)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_CLOSE, sock, owner,
					 local, NULL);

	slot.event.close.kind = kind;
	slot.event.close.reason = reason;
	slot.event.close.first = first;
	slot.event.flags |= flags;
	stage_record(stage, &slot);
}

static void play_snapshot(struct stage *stage)
{
	union pw_slot slot;

	mark(stage, 0, 0);
	slot = stage_event(stage, PORTWATCH_LISTEN, 10, SSHD, "[::]:22", NULL);
	slot.event.flags |= PORTWATCH_F_EXISTING | PORTWATCH_F_DUAL_STACK;
	slot.event.existing.state = PORTWATCH_STATE_LISTENING;
	slot.event.existing.since = 42 * SEC;
	slot.event.existing.backlog = 128;
	slot.event.existing.accepted = 12;
	stage_record(stage, &slot);
	/* A connection: no port of its own. */
	slot = stage_event(stage, PORTWATCH_ACCEPT, 11, SSHD, "192.0.2.10:22",
			   "198.51.100.7:50022");
	slot.event.flags |= PORTWATCH_F_EXISTING;
	slot.event.existing.state = PORTWATCH_STATE_CONNECTED;
	slot.event.existing.since = 3000 * SEC;
	stage_record(stage, &slot);
	mark(stage, 1, 2);
}

/* Four sockets of one server share a port, and somebody else joins them. */
static void play_group(struct stage *stage)
{
	const uint16_t flags = PORTWATCH_F_REUSE_PORT;
	uint64_t sock;

	for (sock = 20; sock < 24; sock++) {
		bind_port(stage, sock, NGINX, "0.0.0.0:80", IPPROTO_TCP,
			  PORTWATCH_HOW_EXPLICIT, flags);
		listen_on(stage, sock, NGINX, "0.0.0.0:80", flags);
		stage_wait(stage, SEC);
	}
	accept_one(stage, 30, 20);
	accept_one(stage, 31, 20);
	accept_one(stage, 32, 23);
	bind_port(stage, 24, THIEF, "0.0.0.0:80", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, flags);
	listen_on(stage, 24, THIEF, "0.0.0.0:80", flags);
}

/* UDP: who waits for anybody has a port, who talks to one peer has not. */
static void play_datagrams(struct stage *stage)
{
	bind_port(stage, 40, CHROME, "224.0.0.251:5353", IPPROTO_UDP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	bind_port(stage, 41, CHROME, "192.0.2.10:46123", IPPROTO_UDP,
		  PORTWATCH_HOW_AUTO, 0);
	connect_to(stage, PORTWATCH_CONNECT, 41, CHROME, "192.0.2.10:46123",
		   "203.0.113.53:53", IPPROTO_UDP);
	bind_port(stage, 42, CHROME, "0.0.0.0:46124", IPPROTO_UDP,
		  PORTWATCH_HOW_AUTO, 0);
	bind_port(stage, 43, PORTWATCH_PROCESS_KERNEL, "0.0.0.0:51820",
		  IPPROTO_UDP, PORTWATCH_HOW_EXPLICIT, 0);
}

/* Ports that come back, or do not. */
static void play_returns(struct stage *stage)
{
	/* Bound and no more: it blocks the port, and ss does not show it. */
	bind_port(stage, 50, CLIENT, "127.0.0.1:7000", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	/* Bound, refused: bound again. */
	bind_port(stage, 51, CLIENT, "127.0.0.1:7001", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	connect_to(stage, PORTWATCH_CONNECT, 51, CLIENT, "127.0.0.1:7001",
		   "127.0.0.1:1", IPPROTO_TCP);
	connect_to(stage, PORTWATCH_CONNECT_FAILED, 51, CLIENT,
		   "127.0.0.1:7001", "127.0.0.1:1", IPPROTO_TCP);
	/* Given a port, connected, reset by the other end: given back. */
	bind_port(stage, 52, CLIENT, "127.0.0.1:7002", IPPROTO_TCP,
		  PORTWATCH_HOW_EPHEMERAL, 0);
	connect_to(stage, PORTWATCH_ESTABLISHED, 52, CLIENT, "127.0.0.1:7002",
		   "127.0.0.1:80", IPPROTO_TCP);
	close_socket(stage, 52, CLIENT, "127.0.0.1:7002",
		     PORTWATCH_KIND_CONNECTION, PORTWATCH_REASON_RST_RECEIVED,
		     PORTWATCH_FIRST_REMOTE, 0);
	/* Bound, connected, closed in order: given back. */
	bind_port(stage, 53, CLIENT, "127.0.0.1:7003", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	connect_to(stage, PORTWATCH_ESTABLISHED, 53, CLIENT, "127.0.0.1:7003",
		   "127.0.0.1:80", IPPROTO_TCP);
	close_socket(stage, 53, CLIENT, "127.0.0.1:7003",
		     PORTWATCH_KIND_CONNECTION, PORTWATCH_REASON_FIN,
		     PORTWATCH_FIRST_LOCAL, 0);
	/* Listened, closed: given back. */
	bind_port(stage, 54, CLIENT, "127.0.0.1:7004", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	listen_on(stage, 54, CLIENT, "127.0.0.1:7004", 0);
	close_socket(stage, 54, CLIENT, "127.0.0.1:7004",
		     PORTWATCH_KIND_LISTENER, PORTWATCH_REASON_RELEASED, 0, 0);
	/* Listened, shut: bound. */
	bind_port(stage, 55, CLIENT, "127.0.0.1:7005", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	listen_on(stage, 55, CLIENT, "127.0.0.1:7005", 0);
	close_socket(stage, 55, CLIENT, "127.0.0.1:7005",
		     PORTWATCH_KIND_LISTENER, PORTWATCH_REASON_RELEASED, 0,
		     PORTWATCH_F_STILL_BOUND);
	/* The same, and closed later: given back at last. */
	bind_port(stage, 56, CLIENT, "127.0.0.1:7006", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	listen_on(stage, 56, CLIENT, "127.0.0.1:7006", 0);
	close_socket(stage, 56, CLIENT, "127.0.0.1:7006",
		     PORTWATCH_KIND_LISTENER, PORTWATCH_REASON_RELEASED, 0,
		     PORTWATCH_F_STILL_BOUND);
	close_socket(stage, 56, CLIENT, "127.0.0.1:7006",
		     PORTWATCH_KIND_SOCKET, PORTWATCH_REASON_RELEASED, 0, 0);
	/* Bound, connected, reset by the other end: bound again. */
	bind_port(stage, 57, CLIENT, "127.0.0.1:7007", IPPROTO_TCP,
		  PORTWATCH_HOW_EXPLICIT, 0);
	connect_to(stage, PORTWATCH_ESTABLISHED, 57, CLIENT, "127.0.0.1:7007",
		   "127.0.0.1:80", IPPROTO_TCP);
	close_socket(stage, 57, CLIENT, "127.0.0.1:7007",
		     PORTWATCH_KIND_CONNECTION, PORTWATCH_REASON_RST_RECEIVED,
		     PORTWATCH_FIRST_REMOTE, PORTWATCH_F_STILL_BOUND);
}

void play_ports(struct stage *stage)
{
	union pw_slot slot;

	announce(stage);
	play_snapshot(stage);
	play_group(stage);
	play_datagrams(stage);
	play_returns(stage);
	slot = stage_event(stage, PORTWATCH_BIND, 60, POD, "[::]:53", NULL);
	slot.event.proto = IPPROTO_UDP;
	slot.event.netns = OTHER_NETNS;
	slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
	stage_record(stage, &slot);
}
