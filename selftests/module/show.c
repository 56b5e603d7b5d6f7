// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>

#include "show.h"

static const char *or_unknown(const char *name)
{
	return name ? name : "?";
}

void show_address(FILE *file, unsigned int family, const void *address,
		  unsigned int port)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family == AF_INET ? AF_INET : AF_INET6, address, text,
		  sizeof(text));
	fprintf(file, " [%s]:%u", text, port);
}

static void show_bind(FILE *file, const struct portwatch_event *event)
{
	fprintf(file, " how=%s asked",
		or_unknown(portwatch_how_name(event->bind.how)));
	show_address(file, event->family, event->bind.req_addr,
		     event->bind.req_port);
	if (event->bind.ifname[0])
		fprintf(file, " device=%.16s", event->bind.ifname);
}

static void show_close(FILE *file, const struct portwatch_event *event)
{
	fprintf(file, " kind=%s reason=%s first=%s duration=%" PRIu64,
		or_unknown(portwatch_kind_name(event->close.kind)),
		or_unknown(portwatch_reason_name(event->close.reason)),
		or_unknown(portwatch_first_name(event->close.first)),
		(uint64_t)event->close.duration);
	fprintf(file, " tx=%" PRIu64 " rx=%" PRIu64 " rtt=%u count=%u",
		(uint64_t)event->close.tx_bytes,
		(uint64_t)event->close.rx_bytes, event->close.rtt_us,
		event->close.count);
}

static void show_existing(FILE *file, const struct portwatch_event *event)
{
	fprintf(file, " state=%s how=%u since=%" PRIu64 " backlog=%u accepted=%u",
		or_unknown(portwatch_state_name(event->existing.state)),
		event->existing.how, (uint64_t)event->existing.since,
		event->existing.backlog, event->existing.accepted);
}

static void show_bind_failed(FILE *file, const struct portwatch_event *event)
{
	fprintf(file, " error=%u how=%u holder=%u state=%u sock=%" PRIu64,
		event->bind_failed.error, event->bind_failed.how,
		event->bind_failed.holder, event->bind_failed.holder_state,
		(uint64_t)event->bind_failed.holder_sock);
	fprintf(file, " uid=%u since=%" PRIu64, event->bind_failed.holder_uid,
		(uint64_t)event->bind_failed.holder_since);
}

static void show_body(FILE *file, const struct portwatch_event *event)
{
	switch (event->type) {
	case PORTWATCH_SOCKET:
		fprintf(file, " type=%u", event->socket.sock_type);
		break;
	case PORTWATCH_BIND:
		show_bind(file, event);
		break;
	case PORTWATCH_BIND_FAILED:
		show_bind_failed(file, event);
		break;
	case PORTWATCH_FLOW:
		fprintf(file, " dir=%s",
			or_unknown(portwatch_dir_name(event->flow.dir)));
		break;
	case PORTWATCH_LISTEN:
		fprintf(file, " backlog=%u", event->listen.backlog);
		break;
	case PORTWATCH_ESTABLISHED:
		fprintf(file, " latency=%" PRIu64,
			(uint64_t)event->established.latency);
		break;
	case PORTWATCH_CONNECT_FAILED:
		fprintf(file, " error=%u latency=%" PRIu64,
			event->connect_failed.error,
			(uint64_t)event->connect_failed.latency);
		break;
	case PORTWATCH_ACCEPT:
		fprintf(file, " listener=%" PRIu64 " wait=%" PRIu64,
			(uint64_t)event->accept.listener,
			(uint64_t)event->accept.wait);
		break;
	case PORTWATCH_CLOSE:
		show_close(file, event);
		break;
	}
}

void show_event(FILE *file, const struct portwatch_event *event)
{
	fprintf(file, "%s sock=%" PRIu64 "/%u proto=%u family=%u flags=%x",
		or_unknown(portwatch_event_name(event->type)),
		(uint64_t)event->sock, event->sock_seq, event->proto,
		event->family, event->flags);
	if (event->flags & PORTWATCH_F_LOCAL)
		show_address(file, event->family, event->laddr, event->lport);
	if (event->flags & PORTWATCH_F_REMOTE) {
		fprintf(file, " >");
		show_address(file, event->family, event->raddr, event->rport);
	}
	if (event->flags & PORTWATCH_F_EXISTING)
		show_existing(file, event);
	else
		show_body(file, event);
	fprintf(file, " owner=%u/%u actor=%u/%u", event->owner,
		event->owner_tid, event->actor, event->actor_tid);
}
