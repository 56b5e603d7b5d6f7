// SPDX-License-Identifier: GPL-2.0
/* A service on vsock, a client in the same machine, and the host. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "plays.h"

#define SERVER	2
#define CLIENT	3
#define PORT	3000000000U

static union pw_slot bind_event(struct stage *stage, unsigned int type,
				uint64_t sock, uint32_t owner, uint32_t cid,
				uint32_t port)
{
	const struct portwatch_vsock_addr asked = { .cid = cid, .port = port };
	union pw_slot slot = stage_event(stage, type, sock, owner, NULL, NULL);

	set_vsock_local(&slot, cid, port);
	if (type == PORTWATCH_BIND) {
		slot.event.bind.how = PORTWATCH_HOW_EXPLICIT;
		memcpy(slot.event.bind.req_addr, &asked, sizeof(asked));
	}
	return slot;
}

static void record_server(struct stage *stage)
{
	union pw_slot slot;

	slot = bind_event(stage, PORTWATCH_BIND, 1, SERVER, VMADDR_CID_ANY,
			  PORT);
	stage_record(stage, &slot);
	slot = bind_event(stage, PORTWATCH_LISTEN, 1, SERVER, VMADDR_CID_ANY,
			  PORT);
	slot.event.listen.backlog = 16;
	stage_record(stage, &slot);
	/* The last one is private to it, and one is for the host alone. */
	slot = bind_event(stage, PORTWATCH_BIND, 2, SERVER, VMADDR_CID_LOCAL,
			  80);
	stage_record(stage, &slot);
	slot = bind_event(stage, PORTWATCH_BIND, 3, SERVER, 42, 0);
	stage_record(stage, &slot);
	stage_wait(stage, 5 * MS);
	slot = bind_event(stage, PORTWATCH_BIND_FAILED, 4, CLIENT,
			  VMADDR_CID_LOCAL, PORT);
	slot.event.bind_failed.error = EADDRINUSE;
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind_failed.holder_state = PORTWATCH_STATE_LISTENING;
	slot.event.bind_failed.holder_sock = 1;
	slot.event.bind_failed.holder = SERVER;
	stage_record(stage, &slot);
}

static union pw_slot call_event(struct stage *stage, unsigned int type,
				uint64_t sock, uint32_t cid, uint32_t port)
{
	union pw_slot slot = stage_event(stage, type, sock, CLIENT, NULL, NULL);

	set_vsock_local(&slot, VMADDR_CID_ANY, 1234567);
	set_vsock_remote(&slot, cid, port);
	return slot;
}

static void record_connection(struct stage *stage)
{
	union pw_slot slot;

	slot = call_event(stage, PORTWATCH_CONNECT, 5, VMADDR_CID_LOCAL, PORT);
	stage_record(stage, &slot);
	stage_wait(stage, 80 * US);
	slot = call_event(stage, PORTWATCH_ESTABLISHED, 5, VMADDR_CID_LOCAL,
			  PORT);
	slot.event.established.latency = 80 * US;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_ACCEPT, 6, SERVER, NULL, NULL);
	set_vsock_local(&slot, VMADDR_CID_LOCAL, PORT);
	set_vsock_remote(&slot, VMADDR_CID_LOCAL, 1234567);
	slot.event.accept.listener = 1;
	slot.event.accept.wait = 30 * US;
	stage_record(stage, &slot);
	stage_wait(stage, 2 * SEC);
	slot = call_event(stage, PORTWATCH_CLOSE, 5, VMADDR_CID_LOCAL, PORT);
	slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
	slot.event.close.reason = PORTWATCH_REASON_FIN;
	slot.event.close.first = PORTWATCH_FIRST_LOCAL;
	slot.event.close.duration = 2 * SEC;
	slot.event.close.tx_bytes = PORTWATCH_UNKNOWN64;
	slot.event.close.rx_bytes = PORTWATCH_UNKNOWN64;
	slot.event.close.count = PORTWATCH_UNKNOWN32;
	stage_record(stage, &slot);
}

static void record_refusals(struct stage *stage)
{
	union pw_slot slot;

	slot = call_event(stage, PORTWATCH_CONNECT, 7, VMADDR_CID_HOST, 1024);
	stage_record(stage, &slot);
	slot.event.type = PORTWATCH_CONNECT_FAILED;
	slot.event.connect_failed.error = ECONNRESET;
	slot.event.connect_failed.latency = 1 * MS;
	slot.event.flags |= PORTWATCH_F_STILL_BOUND;
	stage_record(stage, &slot);
	slot = stage_event(stage, PORTWATCH_CONNECT_FAILED, 8, CLIENT, NULL,
			   NULL);
	set_vsock_remote(&slot, 4711, 1024);
	slot.event.connect_failed.error = ENODEV;
	stage_record(stage, &slot);
}

void play_vsock(struct stage *stage)
{
	stage_process(stage, SERVER, 700, 0, "vmserver", "/usr/bin/vmserver",
		      "/system.slice/vmserver.service");
	stage_process(stage, CLIENT, 800, 0, "vmclient", "/usr/bin/vmclient",
		      NULL);
	record_server(stage);
	record_connection(stage);
	record_refusals(stage);
}
