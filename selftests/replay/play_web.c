// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>

#include "plays.h"

enum { MASTER = 2, WORKER, CURL, RESOLVED, SSHD, PYTHON, SYSTEMD };

#define WEB	"/system.slice/nginx.service"
#define USER	"/user.slice/user-1000.slice/session-3.scope"

static void announce(struct stage *stage)
{
	stage_process(stage, SYSTEMD, 1, 0, "systemd",
		      "/usr/lib/systemd/systemd", "/init.scope");
	stage_process(stage, MASTER, 812, 0, "nginx", "/usr/sbin/nginx", WEB);
	stage_process(stage, WORKER, 813, 33, "nginx", "/usr/sbin/nginx", WEB);
	stage_process(stage, RESOLVED, 345, 64321, "systemd-resolve",
		      "/usr/lib/systemd/systemd-resolved",
		      "/system.slice/systemd-resolved.service");
	stage_process(stage, SSHD, 633, 0, "sshd", "/usr/sbin/sshd",
		      "/system.slice/ssh.service");
	stage_process(stage, CURL, 901, 1000, "curl", "/usr/bin/curl", USER);
	stage_process(stage, PYTHON, 950, 1000, "python3",
		      "/usr/bin/python3.11", USER);
}

static void record_existing(struct stage *stage, unsigned int type,
			    uint64_t sock, uint32_t owner, const char *local,
			    const char *remote)
{
	union pw_slot slot = stage_event(stage, type, sock, owner, local,
					 remote);

	slot.event.flags |= PORTWATCH_F_EXISTING;
	slot.event.existing.since = 42 * SEC;
	slot.event.existing.state = PORTWATCH_STATE_CONNECTED;
	if (type == PORTWATCH_LISTEN) {
		slot.event.existing.state = PORTWATCH_STATE_LISTENING;
		slot.event.existing.backlog = 128;
		slot.event.existing.accepted = 12;
	} else if (type == PORTWATCH_BIND) {
		slot.event.proto = IPPROTO_UDP;
		slot.event.existing.state = PORTWATCH_STATE_BOUND;
	}
	stage_record(stage, &slot);
}

static void record_mark(struct stage *stage, uint8_t end)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_SNAPSHOT, 0, 0, NULL,
					 NULL);

	slot.event.family = 0;
	slot.event.proto = 0;
	slot.event.netns = 0;
	slot.event.snapshot.end = end;
	slot.event.snapshot.rows = end ? 3 : 0;
	stage_record(stage, &slot);
}

static void record_snapshot(struct stage *stage)
{
	record_mark(stage, 0);
	record_existing(stage, PORTWATCH_LISTEN, 101, SSHD, "0.0.0.0:22", NULL);
	record_existing(stage, PORTWATCH_BIND, 102, RESOLVED, "127.0.0.53:53",
			NULL);
	record_existing(stage, PORTWATCH_ACCEPT, 103, SSHD, "192.0.2.10:22",
			"198.51.100.7:50022");
	record_mark(stage, 1);
}

static void record_listener(struct stage *stage)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_BIND, 200, MASTER, "0.0.0.0:80",
			   NULL);
	slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind.req_port = 80;
	slot.event.owner_tid = 812;
	slot.event.flags |= PORTWATCH_F_REUSE_ADDR;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_LISTEN, 200, MASTER, "0.0.0.0:80",
			   NULL);
	slot.event.owner_tid = 812;
	slot.event.listen.backlog = 511;
	stage_record(stage, &slot);
}

static void record_close(struct stage *stage, uint64_t sock, uint32_t owner,
			 const char *local, const char *remote, uint64_t tx,
			 uint64_t rx, uint8_t first)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_CLOSE, sock, owner,
					 local, remote);

	slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
	slot.event.close.reason = PORTWATCH_REASON_FIN;
	slot.event.close.first = first;
	slot.event.close.duration = 4 * MS + 120 * US;
	slot.event.close.tx_bytes = tx;
	slot.event.close.rx_bytes = rx;
	slot.event.close.rtt_us = 38;
	stage_record(stage, &slot);
}

/* A page is fetched, over the loopback. */
static void record_page(struct stage *stage, uint64_t sock, const char *client,
			const char *server)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_CONNECT, sock, CURL, client,
			   server);
	slot.event.owner_tid = 901;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_ESTABLISHED, sock, CURL, client,
			   server);
	slot.event.owner_tid = 901;
	slot.event.established.latency = 85 * US;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_ACCEPT, sock + 1, WORKER, server,
			   client);
	slot.event.owner_tid = 813;
	slot.event.accept.listener = 200;
	slot.event.accept.wait = 41 * US;
	stage_record(stage, &slot);
	stage_wait(stage, 4 * MS);
	record_close(stage, sock, CURL, client, server, 78, 853,
		     PORTWATCH_FIRST_LOCAL);
	record_close(stage, sock + 1, WORKER, server, client, 853, 78,
		     PORTWATCH_FIRST_REMOTE);
}

static void record_failure(struct stage *stage, uint64_t sock,
			   const char *local, const char *remote,
			   uint32_t error, uint64_t latency)
{
	union pw_slot slot = stage_event(stage, PORTWATCH_CONNECT, sock, PYTHON,
					 local, remote);

	if (local)
		stage_record(stage, &slot);
	stage_wait(stage, latency);
	slot = stage_event(stage, PORTWATCH_CONNECT_FAILED, sock, PYTHON, local,
			   remote);
	slot.event.connect_failed.error = error;
	slot.event.connect_failed.latency = latency;
	stage_record(stage, &slot);
}

static void record_name_lookup(struct stage *stage)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_BIND, 300, CURL, "127.0.0.1:46123",
			   NULL);
	slot.event.proto = IPPROTO_UDP;
	slot.event.bind.how = PORTWATCH_HOW_AUTO;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_CONNECT, 300, CURL,
			   "127.0.0.1:46123", "127.0.0.53:53");
	slot.event.proto = IPPROTO_UDP;
	stage_record(stage, &slot);
	stage_wait(stage, 3 * MS);
	slot = stage_event(stage, PORTWATCH_CLOSE, 300, CURL,
			   "127.0.0.1:46123", "127.0.0.53:53");
	slot.event.proto = IPPROTO_UDP;
	slot.event.close.kind = PORTWATCH_KIND_SOCKET;
	slot.event.close.reason = PORTWATCH_REASON_RELEASED;
	slot.event.close.duration = 3 * MS + 14 * US;
	stage_record(stage, &slot);
}

/* Someone else wants port 80, and the server is stopped. */
static void record_end(struct stage *stage)
{
	union pw_slot slot;

	slot = stage_event(stage, PORTWATCH_BIND_FAILED, 500, PYTHON,
			   "0.0.0.0:80", NULL);
	slot.event.bind_failed.error = EADDRINUSE;
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	stage_record(stage, &slot);
	stage_wait(stage, 12 * SEC);
	slot = stage_event(stage, PORTWATCH_CLOSE, 200, MASTER, "0.0.0.0:80",
			   NULL);
	slot.event.actor = SYSTEMD;
	slot.event.actor_tid = 1;
	slot.event.close.kind = PORTWATCH_KIND_LISTENER;
	slot.event.close.reason = PORTWATCH_REASON_RELEASED;
	slot.event.close.duration = 12 * SEC + 31 * MS;
	slot.event.close.count = 2;
	stage_record(stage, &slot);
}

void play_web(struct stage *stage)
{
	announce(stage);
	record_snapshot(stage);
	stage_wait(stage, 300 * MS);
	record_listener(stage);
	stage_wait(stage, 800 * MS);
	record_name_lookup(stage);
	record_page(stage, 400, "127.0.0.1:48212", "127.0.0.1:80");
	stage_wait(stage, 250 * MS);
	record_page(stage, 410, "[2001:db8::10]:48214", "[2001:db8::80]:80");
	stage_wait(stage, 90 * MS);
	record_failure(stage, 420, "127.0.0.1:48220", "127.0.0.1:81",
		       ECONNREFUSED, 61 * US);
	record_failure(stage, 421, NULL, "203.0.113.9:443", ENETUNREACH, 0);
	record_failure(stage, 422, "192.0.2.10:48222", "203.0.113.10:443",
		       ETIMEDOUT, 8 * SEC);
	record_end(stage);
}
