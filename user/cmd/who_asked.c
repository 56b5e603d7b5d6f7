/* SPDX-License-Identifier: GPL-2.0 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "command.h"
#include "error.h"
#include "who_asked.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define PART_MAX	64	/* longer than any name or address is */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* A part of the text, as a text of its own; false: it is too long or empty. */
static bool cut(char *part, const char *from, size_t length)
{
	if (!length || length >= PART_MAX)
		return false;
	memcpy(part, from, length);
	part[length] = 0;
	return true;
}

static bool parse_proto(struct pw_asked *asked, const char *text, size_t length)
{
	char name[PART_MAX];

	asked->proto = -1;
	if (cut(name, text, length))
		asked->proto = portwatch_proto_number(name);
	if (asked->proto >= 0)
		return true;
	pw_error(PW_STATUS_USAGE,
		 "%s: no protocol is called \"%.*s\"; there are: tcp udp mptcp sctp udplite vsock",
		 asked->text, (int)length, text);
	return false;
}

/* A service can have another number with another protocol: most have not. */
static bool parse_service(struct pw_asked *asked, const char *name)
{
	const char *proto = asked->proto < 0 ? NULL :
			    asked->proto == IPPROTO_MPTCP ? "tcp" :
			    portwatch_proto_name((unsigned int)asked->proto);
	struct servent entry, *service;
	char buffer[4096];

	if (getservbyname_r(name, proto, &entry, buffer, sizeof(buffer),
			    &service) || !service)
		return false;
	asked->port = ntohs((uint16_t)service->s_port);
	return true;
}

static bool is_vsock(const struct pw_asked *asked)
{
	return asked->proto == PORTWATCH_PROTO_VSOCK;
}

/* Without a protocol a port is one of those that most have. */
static unsigned long port_max(const struct pw_asked *asked)
{
	return is_vsock(asked) ? UINT32_MAX : UINT16_MAX;
}

static bool parse_port(struct pw_asked *asked, const char *text, size_t length)
{
	char name[PART_MAX], *end;
	unsigned long number;

	if (cut(name, text, length)) {
		number = strtoul(name, &end, 10);
		if (isdigit((unsigned char)*name) && !*end && number &&
		    number <= port_max(asked)) {
			asked->port = (uint32_t)number;
			return true;
		}
		if (!isdigit((unsigned char)*name) &&
		    parse_service(asked, name))
			return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "%s: \"%.*s\" is no port; give a number from 1 to %lu, or a service of /etc/services",
		 asked->text, (int)length, text, port_max(asked));
	return false;
}

/* A v4-mapped address means the IPv4 one: that is how events bear it. */
static void unmap(struct pw_asked *asked)
{
	if (asked->family != AF_INET6 ||
	    memcmp(asked->address, mapped, sizeof(mapped)))
		return;
	asked->family = AF_INET;
	memmove(asked->address, asked->address + 12, 4);
	memset(asked->address + 4, 0, 12);
}

/* A context id, as "vsock/1024@2" has it. */
static bool parse_cid(struct pw_asked *asked, const char *text)
{
	struct portwatch_vsock_addr vsock = { .cid = VMADDR_CID_ANY };
	unsigned long number;
	char *end;

	if (strcmp(text, "any")) {
		errno = 0;
		number = strtoul(text, &end, 10);
		if (!isdigit((unsigned char)*text) || *end || errno ||
		    number > UINT32_MAX) {
			pw_error(PW_STATUS_USAGE,
				 "%s: \"%s\" is no context id; give a number, or any",
				 asked->text, text);
			return false;
		}
		vsock.cid = (uint32_t)number;
	}
	asked->family = AF_VSOCK;
	memcpy(asked->address, &vsock, sizeof(vsock));
	return true;
}

static bool parse_address(struct pw_asked *asked, const char *text)
{
	size_t length = strlen(text);
	char address[PART_MAX];
	bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';

	if (cut(address, text + brackets, length - 2 * brackets)) {
		asked->family = strchr(address, ':') ? AF_INET6 : AF_INET;
		if (inet_pton(asked->family, address, asked->address) == 1) {
			unmap(asked);
			return true;
		}
	}
	pw_error(PW_STATUS_USAGE,
		 "%s: \"%s\" is no address; give one such as 127.0.0.1 or ::1",
		 asked->text, text);
	return false;
}

bool pw_asked_parse(struct pw_asked *asked, const char *text)
{
	const char *at = strchrnul(text, '@');
	const char *slash = memchr(text, '/', (size_t)(at - text));
	const char *port = slash ? slash + 1 : text;

	*asked = (struct pw_asked){ .text = text, .proto = -1 };
	if (slash && !parse_proto(asked, text, (size_t)(slash - text)))
		return false;
	if (!parse_port(asked, port, (size_t)(at - port)))
		return false;
	if (!*at)
		return true;
	return is_vsock(asked) ? parse_cid(asked, at + 1) :
				 parse_address(asked, at + 1);
}

/* MPTCP takes its ports from TCP. */
static bool is_proto(const struct pw_asked *asked, int proto)
{
	return asked->proto < 0 || asked->proto == proto ||
	       (asked->proto == IPPROTO_TCP && proto == IPPROTO_MPTCP);
}

bool pw_asked_tcp(const struct pw_asked *asked)
{
	return is_proto(asked, IPPROTO_TCP) || is_proto(asked, IPPROTO_MPTCP);
}

static bool is_any(int family, const uint8_t *address)
{
	static const uint8_t any[16];
	struct portwatch_vsock_addr vsock;

	if (family == AF_VSOCK) {
		memcpy(&vsock, address, sizeof(vsock));
		return vsock.cid == VMADDR_CID_ANY;
	}
	return !memcmp(address, any, family == AF_INET ? 4 : 16);
}

/* @dual: the event's address takes IPv4 as well, if it is [::]. */
static bool meets(const struct pw_asked *asked,
		  const struct portwatch_event *event, bool dual)
{
	size_t size = event->family == AF_VSOCK ? sizeof(uint32_t) :
						  sizeof(asked->address);

	if (!asked->family)
		return true;
	if (event->family == asked->family)
		return is_any(event->family, event->laddr) ||
		       is_any(asked->family, asked->address) ||
		       !memcmp(event->laddr, asked->address, size);
	if (event->family == AF_VSOCK || asked->family == AF_VSOCK)
		return false;
	if (event->family == AF_INET6)
		return dual && is_any(AF_INET6, event->laddr);
	return is_any(asked->family, asked->address);
}

static bool is_port(const struct pw_asked *asked,
		    const struct portwatch_event *event)
{
	return event->flags & PORTWATCH_F_LOCAL &&
	       portwatch_port(event->family, event->laddr, event->lport) ==
	       asked->port;
}

bool pw_asked_held(const struct pw_asked *asked,
		   const struct portwatch_event *event)
{
	return is_port(asked, event) && is_proto(asked, event->proto) &&
	       meets(asked, event, event->flags & PORTWATCH_F_DUAL_STACK);
}

bool pw_asked_tried(const struct pw_asked *asked,
		    const struct portwatch_event *event)
{
	return event->type == PORTWATCH_BIND_FAILED &&
	       is_port(asked, event) && is_proto(asked, event->proto) &&
	       meets(asked, event, true);
}
