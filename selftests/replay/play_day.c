// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>

#include "plays.h"

/* A server that is there all day; its process has the key of its place here. */
struct server {
	uint16_t port;
	uint32_t uid;
	const char *comm;
	const char *exe;
	const char *cgroup;
};

enum { FIRST_SERVER = 2, SERVERS = 4, FIRST_CLIENT = FIRST_SERVER + SERVERS };

static const struct server servers[SERVERS] = {
	{ 443, 33, "nginx", "/usr/sbin/nginx", "/system.slice/nginx.service" },
	{ 5432, 112, "postgres", "/usr/lib/postgresql/15/bin/postgres",
	  "/system.slice/postgresql@15-main.service" },
	{ 6379, 110, "redis-server", "/usr/bin/redis-check-rdb",
	  "/system.slice/redis-server.service" },
	{ 22, 0, "sshd", "/usr/sbin/sshd", "/system.slice/ssh.service" },
};

static const char *const programs[] = {
	"curl", "python3", "git-remote-http", "psql", "ssh", "wget", "node",
	"redis-cli",
};

/* One end of a conversation, or a port. */
struct end {
	uint64_t sock;
	uint32_t owner;
	const char *local;
	const char *remote;
	uint16_t lport;
	uint16_t rport;
};

static union pw_slot make(struct stage *stage, unsigned int type,
			  const struct end *end)
{
	union pw_slot slot = stage_event(stage, type, end->sock, end->owner,
					 NULL, NULL);

	slot.event.owner_tid = 1000 + end->owner;
	set_local(&slot, end->local, end->lport);
	if (end->remote)
		set_remote(&slot, end->remote, end->rport);
	return slot;
}

static void bind_to(struct stage *stage, const struct end *end,
		    unsigned int proto, uint8_t how)
{
	struct end bound = *end;
	union pw_slot slot;

	bound.remote = NULL;
	slot = make(stage, PORTWATCH_BIND, &bound);
	slot.event.proto = (uint16_t)proto;
	slot.event.bind.how = how;
	slot.event.bind.req_port = end->lport;
	stage_record(stage, &slot);
}

static void give_back(struct stage *stage, const struct end *end,
		      unsigned int proto, uint8_t kind)
{
	union pw_slot slot = make(stage, PORTWATCH_CLOSE, end);

	slot.event.proto = (uint16_t)proto;
	slot.event.close.kind = kind;
	slot.event.close.reason = kind ? PORTWATCH_REASON_FIN : 0;
	slot.event.close.duration = 400 * US + end->sock % 9973 * US;
	if (kind == PORTWATCH_KIND_CONNECTION) {
		slot.event.close.first = PORTWATCH_FIRST_LOCAL;
		slot.event.close.tx_bytes = 78 + end->sock % 1000;
		slot.event.close.rx_bytes = 12345 + end->sock % 100000;
		slot.event.close.rtt_us = 38;
	}
	stage_record(stage, &slot);
}

/* Three events. */
static void ask_name(struct stage *stage, uint32_t client, uint64_t sock)
{
	const struct end end = {
		sock, client, "127.0.0.1", "127.0.0.53",
		(uint16_t)(32768 + sock % 28000), 53,
	};
	union pw_slot slot;

	bind_to(stage, &end, IPPROTO_UDP, PORTWATCH_HOW_AUTO);
	slot = make(stage, PORTWATCH_CONNECT, &end);
	slot.event.proto = IPPROTO_UDP;
	stage_record(stage, &slot);
	give_back(stage, &end, IPPROTO_UDP, PORTWATCH_KIND_SOCKET);
}

/* Six events. */
static void converse(struct stage *stage, uint32_t client, uint64_t sock)
{
	unsigned int number = (unsigned int)(sock / 4 % SERVERS);
	const char *near = "10.0.2.15", *far = "10.0.2.16";
	uint16_t port = (uint16_t)(32768 + sock / 4 % 28000);
	union pw_slot slot;

	if (sock % 3 == 0) {
		near = "2001:db8::a00:20f";
		far = "2001:db8::a00:210";
	}
	const struct end ends[] = {
		{ sock, client, near, far, port, servers[number].port },
		{ sock + 1, FIRST_SERVER + number, far, near,
		  servers[number].port, port },
	};

	bind_to(stage, &ends[0], IPPROTO_TCP, PORTWATCH_HOW_AUTO);
	slot = make(stage, PORTWATCH_CONNECT, &ends[0]);
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_ESTABLISHED, &ends[0]);
	slot.event.established.latency = 85 * US;
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_ACCEPT, &ends[1]);
	slot.event.accept.listener = FIRST_SERVER + number;
	slot.event.accept.wait = 41 * US;
	stage_record(stage, &slot);
	give_back(stage, &ends[0], IPPROTO_TCP, PORTWATCH_KIND_CONNECTION);
	give_back(stage, &ends[1], IPPROTO_TCP, PORTWATCH_KIND_CONNECTION);
}

/* Four events. */
static void knock_in_vain(struct stage *stage, uint32_t client, uint64_t sock)
{
	const struct end end = {
		sock, client, "10.0.2.15", "10.0.2.99",
		(uint16_t)(32768 + sock % 28000), 8080,
	};
	union pw_slot slot;

	bind_to(stage, &end, IPPROTO_TCP, PORTWATCH_HOW_AUTO);
	slot = make(stage, PORTWATCH_CONNECT, &end);
	stage_record(stage, &slot);
	slot = make(stage, PORTWATCH_CONNECT_FAILED, &end);
	slot.event.connect_failed.error = ECONNREFUSED;
	slot.event.connect_failed.latency = 212 * US;
	stage_record(stage, &slot);
	give_back(stage, &end, IPPROTO_TCP, PORTWATCH_KIND_SOCKET);
}

/* Four events: a port that is taken, and one that a server has. */
static void serve_a_while(struct stage *stage, uint32_t client, uint64_t sock)
{
	const struct end end = {
		sock, client, "0.0.0.0", NULL,
		(uint16_t)(8000 + sock % 1000), 0,
	};
	const struct end taken = {
		sock + 1, client, "0.0.0.0", NULL, 443, 0,
	};
	union pw_slot slot;

	slot = make(stage, PORTWATCH_BIND_FAILED, &taken);
	slot.event.bind_failed.error = EADDRINUSE;
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind_failed.holder = FIRST_SERVER;
	slot.event.bind_failed.holder_uid = servers[0].uid;
	slot.event.bind_failed.holder_state = PORTWATCH_STATE_LISTENING;
	slot.event.bind_failed.holder_since = STAGE_BOOT_TIME;
	stage_record(stage, &slot);
	bind_to(stage, &end, IPPROTO_TCP, PORTWATCH_HOW_EXPLICIT);
	slot = make(stage, PORTWATCH_LISTEN, &end);
	slot.event.listen.backlog = 128;
	stage_record(stage, &slot);
	give_back(stage, &end, IPPROTO_TCP, PORTWATCH_KIND_LISTENER);
}

static void arrive(struct stage *stage, uint32_t key)
{
	const char *program = programs[key % 8];
	char exe[64], cgroup[80];

	snprintf(exe, sizeof(exe), "/usr/bin/%s", program);
	snprintf(cgroup, sizeof(cgroup),
		 "/user.slice/user-%u.slice/session-%u.scope",
		 1000 + key % 16, key / 16 % 100);
	stage_process(stage, key, 1000 + key, 1000 + key % 16, program, exe,
		      cgroup);
}

/*
 * A busy machine: four servers, and a new process every 17 events or so, that asks
 * for a name and has two conversations. Each fourth finds nobody, each tenth serves.
 */
void play_day(struct stage *stage)
{
	const struct server *server;
	uint32_t key = FIRST_CLIENT, i;
	uint64_t sock = 1000;

	for (i = 0; i < SERVERS; i++) {
		server = &servers[i];
		stage_process(stage, FIRST_SERVER + i, 800 + i, server->uid,
			      server->comm, server->exe, server->cgroup);
	}
	for (; stage->seq < stage->events; key++, sock += 20) {
		arrive(stage, key);
		ask_name(stage, key, sock);
		converse(stage, key, sock + 4);
		converse(stage, key, sock + 8);
		if (key % 4 == 0)
			knock_in_vain(stage, key, sock + 12);
		if (key % 10 == 0)
			serve_a_while(stage, key, sock + 16);
	}
}
