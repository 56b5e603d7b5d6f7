/* SPDX-License-Identifier: GPL-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt/memory.h"
#include "time_wait.h"

/* Numbers of the kernel that no header of it tells a program. */
#define STATE_FIN_WAIT2	5
#define STATE_TIME_WAIT	6
#define TIMER_TIME_WAIT	3

#define REPLY_SIZE	32768

/* What is collected; @netns is where. */
struct collection {
	struct pw_port *ports;
	size_t count;
	size_t room;
	uint16_t port;
	uint32_t netns;
};

static int ask(int fd, int family, uint16_t port)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = (uint8_t)family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = 1U << STATE_TIME_WAIT |
					1U << STATE_FIN_WAIT2,
			.id.idiag_sport = htons(port),
		},
	};

	if (send(fd, &message, sizeof(message), 0) < 0)
		return -errno;
	return 0;
}

/* An event has one family: a mapped pair is an IPv4 pair. */
static void set_addresses(struct portwatch_event *event,
			  const struct inet_diag_sockid *id)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t skip = 0;

	if (event->family == AF_INET6 &&
	    !memcmp(id->idiag_src, mapped, sizeof(mapped))) {
		event->family = AF_INET;
		event->flags |= PORTWATCH_F_MAPPED;
		skip = sizeof(mapped);
	}
	memcpy(event->laddr, (const uint8_t *)id->idiag_src + skip,
	       event->family == AF_INET ? 4 : 16);
	memcpy(event->raddr, (const uint8_t *)id->idiag_dst + skip,
	       event->family == AF_INET ? 4 : 16);
	event->lport = ntohs(id->idiag_sport);
	event->rport = ntohs(id->idiag_dport);
}

static void add(struct collection *all, const struct inet_diag_msg *message)
{
	struct portwatch_event *event;
	struct pw_port *port;

	/* A socket that waits for a FIN has another timer, or none. */
	if (message->idiag_timer != TIMER_TIME_WAIT ||
	    ntohs(message->id.idiag_sport) != all->port)
		return;
	if (all->count == all->room) {
		all->room = all->room ? 2 * all->room : 64;
		all->ports = pw_memory_resize(all->ports,
					      all->room * sizeof(*all->ports));
	}
	port = &all->ports[all->count++];
	memset(port, 0, sizeof(*port));
	port->left_ms = message->idiag_expires;
	event = &port->event;
	event->type = PORTWATCH_ESTABLISHED;
	event->proto = IPPROTO_TCP;
	event->family = message->idiag_family;
	event->netns = all->netns;
	event->flags = PORTWATCH_F_EXISTING | PORTWATCH_F_LOCAL |
		       PORTWATCH_F_REMOTE;
	event->existing.state = PORTWATCH_STATE_TIME_WAIT;
	set_addresses(event, &message->id);
}

/* Takes in what came at once: 1 when there is more, 0 at the end, or -errno. */
static int take(struct collection *all, struct nlmsghdr *header, int length)
{
	for (; NLMSG_OK(header, (unsigned int)length);
	     header = NLMSG_NEXT(header, length)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(header))->error;
		if (header->nlmsg_len >=
		    NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			add(all, NLMSG_DATA(header));
	}
	return 1;
}

static int collect(struct collection *all, int fd, int family)
{
	void *reply;
	int ret = ask(fd, family, all->port);
	ssize_t length;

	if (ret)
		return ret;
	reply = pw_memory_new(REPLY_SIZE);
	do {
		length = recv(fd, reply, REPLY_SIZE, 0);
		if (length < 0 && errno == EINTR)
			ret = 1;
		else
			ret = length < 0 ? -errno :
			      take(all, reply, (int)length);
	} while (ret > 0);
	free(reply);
	return ret;
}

bool pw_time_wait_open(struct pw_time_wait *way)
{
	struct stat info;

	way->netns = stat("/proc/self/ns/net", &info) ? 0 :
						       (uint32_t)info.st_ino;
	way->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
			 NETLINK_SOCK_DIAG);
	if (way->fd < 0)
		way->fd = -errno;
	return way->fd >= 0;
}

void pw_time_wait_close(struct pw_time_wait *way)
{
	if (way->fd >= 0)
		close(way->fd);
}

int pw_time_wait_list(const struct pw_time_wait *way, uint16_t port,
		      struct pw_port **list, size_t *count)
{
	struct collection all = { .port = port, .netns = way->netns };
	int ret;

	if (way->fd < 0)
		return way->fd;
	ret = collect(&all, way->fd, AF_INET);
	if (!ret)
		ret = collect(&all, way->fd, AF_INET6);
	*list = all.ports;
	*count = all.count;
	return ret;
}
