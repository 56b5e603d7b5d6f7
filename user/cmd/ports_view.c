/* SPDX-License-Identifier: GPL-2.0 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fmt/address.h"
#include "fmt/event.h"
#include "fmt/grid.h"
#include "fmt/json.h"
#include "fmt/memory.h"
#include "fmt/put.h"
#include "fmt/services.h"
#include "ports_view.h"
#include "users.h"

struct pw_ports_view {
	const struct pw_style *style;
	const struct portwatch_filter *filter;
	struct pw_services *services;
	struct pw_users *users;
	size_t width;
	size_t lines;
	bool detail;
};

/**
 * struct line - what a line says beyond the event
 *
 * @address:	local address; "*": every address of IPv4 and of IPv6
 * @remote:	the peer, or NULL
 * @service:	name of the port, or NULL
 * @user:	name of the user, or NULL
 * @uid:	the same, or else his number
 * @state:	where it goes without saying, NULL
 * @netns:	network namespace, 0 when all lines are of one
 * @sockets:	sockets that are folded into this line
 * @accepted:	connections that they accepted
 * @since:	when the first of them got the port, nanoseconds since 1970
 * @left_ms:	see struct pw_port; of several the longest
 */
struct line {
	const char *address;
	const char *remote;
	const char *service;
	const char *user;
	const char *uid;
	const char *state;
	uint32_t netns;
	uint32_t sockets;
	uint64_t accepted;
	uint64_t since;
	uint32_t left_ms;
	char state_text[48];
	char address_text[PW_ADDRESS_MAX + 4];
	char remote_text[PW_ADDRESS_MAX + 16];
	char uid_text[PW_NUMBER_MAX];
};

#define LINE_FIELD(field_name, field_type, member)			\
	PW_NAMED(field_name),						\
	.type = PW_TYPE_##field_type, .base = PW_BASE_EXTRA,		\
	.offset = offsetof(struct line, member), .shapes = PW_SHAPES_ALL

static const struct pw_field address = { LINE_FIELD("laddr", TEXT, address) };
static const struct pw_field remote = { LINE_FIELD("remote", TEXT, remote) };
static const struct pw_field service = { LINE_FIELD("service", TEXT, service) };
static const struct pw_field user = { LINE_FIELD("user", TEXT, user) };
static const struct pw_field uid = { LINE_FIELD("uid", TEXT, uid) };
static const struct pw_field state = { LINE_FIELD("state", TEXT, state) };
static const struct pw_field netns = {
	LINE_FIELD("netns", U32, netns), .omits = true, .omit = 0 };
static const struct pw_field sockets = {
	LINE_FIELD("sockets", U32, sockets), .omits = true, .omit = 1 };
static const struct pw_field accepted = {
	LINE_FIELD("accepted", U64, accepted), .omits = true, .omit = 0 };
static const struct pw_field since = {
	LINE_FIELD("since", REAL_TIME, since), .omits = true, .omit = 0 };
static const struct pw_field left = {
	LINE_FIELD("left_ms", U32, left_ms), .omits = true, .omit = 0 };

#define EVENT(name)	(&pw_event_fields[PW_EVENT_##name])

static const struct pw_field *const json_fields[] = {
	EVENT(V), EVENT(PROTO), EVENT(FAMILY), EVENT(MAPPED), EVENT(SOCK),
	EVENT(LADDR), EVENT(LPORT), &service, EVENT(RADDR), EVENT(RPORT),
	EVENT(NETNS), EVENT(PID), EVENT(TID), EVENT(COMM), EVENT(EXE),
	EVENT(UID), &user, EVENT(AUID), EVENT(PPID), EVENT(CGROUP),
	EVENT(UNIT), EVENT(CONTAINER), EVENT(SINCE), EVENT(STATE),
	EVENT(EXISTING_HOW), EVENT(EXPOSURE), EVENT(DUAL_STACK),
	EVENT(REUSE_ADDR), EVENT(REUSE_PORT), EVENT(FREEBIND),
	EVENT(TRANSPARENT), EVENT(EXISTING_DEVICE), EVENT(EXISTING_BACKLOG),
	EVENT(EXISTING_ACCEPTED), &left,
};

static const struct pw_grid_column columns[] = {
	{ EVENT(PROTO), "PROTO", PW_GRID_ALWAYS },
	{ &address, "ADDRESS", PW_GRID_ALWAYS },
	{ EVENT(LPORT), "PORT", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &service, "SERVICE", 0 },
	{ &remote, "REMOTE", 0 },
	{ &state, "STATE", 0 },
	{ EVENT(EXPOSURE), "EXPOSURE", PW_GRID_ALWAYS },
	{ EVENT(EXISTING_DEVICE), "DEVICE", 0 },
	{ EVENT(COMM), "PROCESS", PW_GRID_ALWAYS },
	{ EVENT(PID), "PID", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &sockets, "SOCKETS", PW_GRID_RIGHT },
	{ &uid, "USER", PW_GRID_ALWAYS },
	{ &since, "SINCE", PW_GRID_ALWAYS },
	{ &accepted, "ACCEPTED", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &netns, "NETNS", PW_GRID_RIGHT },
	{ EVENT(EXE), "PROGRAM", PW_GRID_PATH },
};

static const struct pw_grid_column detail_columns[] = {
	{ EVENT(PROTO), "PROTO", PW_GRID_ALWAYS },
	{ &address, "ADDRESS", PW_GRID_ALWAYS },
	{ EVENT(LPORT), "PORT", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &remote, "REMOTE", 0 },
	{ &state, "STATE", PW_GRID_ALWAYS },
	{ EVENT(EXPOSURE), "EXPOSURE", 0 },
	{ EVENT(EXISTING_DEVICE), "DEVICE", 0 },
	{ EVENT(COMM), "PROCESS", PW_GRID_ALWAYS },
	{ EVENT(PID), "PID", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &sockets, "SOCKETS", PW_GRID_RIGHT },
	{ &uid, "USER", PW_GRID_ALWAYS },
	{ EVENT(UNIT), "UNIT", 0 },
	{ &since, "SINCE", 0 },
	{ &netns, "NETNS", PW_GRID_RIGHT },
	{ EVENT(EXE), "PROGRAM", PW_GRID_PATH },
};

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

struct pw_ports_view *pw_ports_view_new(const struct pw_style *style,
					const struct portwatch_filter *filter)
{
	struct pw_ports_view *view = pw_memory_new(sizeof(*view));

	view->style = style;
	view->filter = filter;
	view->width = style->width;
	view->users = pw_users_new();
	if (style->services)
		view->services = pw_services_read(style->services);
	return view;
}

void pw_ports_view_free(struct pw_ports_view *view)
{
	if (!view)
		return;
	pw_services_free(view->services);
	pw_users_free(view->users);
	free(view);
}

void pw_ports_view_limit(struct pw_ports_view *view, size_t width, size_t lines)
{
	view->width = width;
	view->lines = lines;
}

void pw_ports_view_detail(struct pw_ports_view *view)
{
	view->detail = true;
}

static struct portwatch_item item_of(const struct pw_port *port)
{
	return (struct portwatch_item){
		.event = &port->event,
		.real_time = port->event.time + port->real_time_of_boot,
		.owner = port->owner,
	};
}

static bool is_wanted(const struct pw_ports_view *view,
		      const struct pw_port *port)
{
	struct portwatch_item item = item_of(port);

	return !view->filter || portwatch_filter_match(view->filter, &item);
}

/* A listener of TCP, a bound socket of UDP: nobody would expect anything else. */
static const char *state_of(const struct portwatch_event *event)
{
	bool datagrams = event->proto == IPPROTO_UDP ||
			 event->proto == IPPROTO_UDPLITE ||
			 event->proto == IPPROTO_ICMP ||
			 event->proto == IPPROTO_ICMPV6;

	if (event->existing.state == (datagrams ? PORTWATCH_STATE_BOUND :
						  PORTWATCH_STATE_LISTENING))
		return NULL;
	return portwatch_state_name(event->existing.state);
}

static const char *put_ends(struct line *line,
			    const struct portwatch_event *event)
{
	char *at = line->address_text;

	if (event->flags & PORTWATCH_F_DUAL_STACK)
		return "*";
	at = pw_put_address(at, event->family, event->laddr);
	*at = 0;
	return line->address_text;
}

static const char *put_remote(struct line *line,
			      const struct portwatch_event *event)
{
	char *at = line->remote_text;

	if (!(event->flags & PORTWATCH_F_REMOTE))
		return NULL;
	if (event->family == AF_INET6)
		*at++ = '[';
	at = pw_put_address(at, event->family, event->raddr);
	if (event->family == AF_INET6)
		*at++ = ']';
	if (event->rport || event->family == AF_VSOCK) {
		*at++ = ':';
		at = pw_put_number(at, portwatch_port(event->family,
						      event->raddr,
						      event->rport));
	}
	*at = 0;
	return line->remote_text;
}

static void put_user(const struct pw_ports_view *view,
		     const struct portwatch_identity *owner, struct line *line)
{
	line->user = NULL;
	line->uid = NULL;
	if (!owner || owner->key == PORTWATCH_PROCESS_KERNEL)
		return;
	*pw_put_number(line->uid_text, owner->uid) = 0;
	line->user = pw_user_name(view->users, owner->uid);
	line->uid = line->user ? line->user : line->uid_text;
}

static void make_line(const struct pw_ports_view *view,
		      const struct pw_port *port, struct line *line)
{
	const struct portwatch_event *event = &port->event;

	line->address = put_ends(line, event);
	line->remote = put_remote(line, event);
	line->service = pw_service_name(view->services, event->proto,
					event->lport);
	put_user(view, port->owner, line);
	line->state = view->detail ? portwatch_state_name(event->existing.state) :
				     state_of(event);
	line->left_ms = port->left_ms;
	line->netns = event->netns;
	line->sockets = 1;
	line->accepted = event->existing.accepted;
	line->since = event->existing.since ?
		      event->existing.since + port->real_time_of_boot : 0;
}

static void make_row(const struct portwatch_item *item,
		     const struct line *line, struct pw_row *row)
{
	pw_event_row(item, row);
	row->base[PW_BASE_EXTRA] = line;
	row->shapes[PW_BASE_EXTRA] = PW_SHAPES_ALL;
}

void pw_ports_view_json(struct pw_ports_view *view, struct pw_output *output,
			const struct pw_port *const *list, size_t count)
{
	struct portwatch_item item;
	struct line line;
	struct pw_row row;
	size_t i;

	for (i = 0; i < count; i++) {
		if (!is_wanted(view, list[i]))
			continue;
		item = item_of(list[i]);
		make_line(view, list[i], &line);
		make_row(&item, &line, &row);
		pw_json_fields(output, '{', json_fields, LENGTH(json_fields),
			       &row);
		pw_output_text(output, "}\n");
	}
}

/* What has a peer has a row of its own, or one with all such of a process. */
static bool may_fold(const struct pw_ports_view *view,
		     const struct pw_port *port)
{
	if (port->event.flags & PORTWATCH_F_REMOTE && !view->detail)
		return false;
	return port->owner ||
	       port->event.existing.state == PORTWATCH_STATE_TIME_WAIT;
}

/* Sockets of one process that share one port with SO_REUSEPORT, or by accept(). */
static bool is_same(const struct pw_ports_view *view, const struct pw_port *a,
		    const struct pw_port *b)
{
	return a->event.lport == b->event.lport &&
	       a->event.proto == b->event.proto &&
	       a->event.family == b->event.family &&
	       a->event.netns == b->event.netns &&
	       a->event.existing.state == b->event.existing.state &&
	       a->owner == b->owner && may_fold(view, a) && may_fold(view, b) &&
	       !memcmp(a->event.laddr, b->event.laddr, sizeof(a->event.laddr));
}

static void fold(struct line *line, const struct pw_port *port)
{
	uint64_t time = port->event.existing.since + port->real_time_of_boot;

	line->sockets++;
	line->remote = NULL;
	if (port->left_ms > line->left_ms)
		line->left_ms = port->left_ms;
	line->accepted += port->event.existing.accepted;
	if (port->event.existing.since && time < line->since)
		line->since = time;
}

/* Nobody can do anything about it, but it will be over. */
static void put_left(struct line *line, const struct pw_port *port)
{
	char *at = line->state_text;

	if (port->event.existing.state != PORTWATCH_STATE_TIME_WAIT)
		return;
	at = pw_put_text(at, "time-wait, no process, ");
	at = pw_put_number(at, (line->left_ms + 999) / 1000);
	*pw_put_text(at, " s left") = 0;
	line->state = line->state_text;
}

static bool one_netns(const struct pw_port *const *list, size_t count)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (list[i]->event.netns != list[0]->event.netns)
			return false;
	return true;
}

static void fill_grid(struct pw_ports_view *view, struct pw_grid *grid,
		      const struct pw_port *const *list, size_t count)
{
	bool one = one_netns(list, count);
	struct portwatch_item item;
	struct line line;
	struct pw_row row;
	size_t i, first;

	for (i = 0; i < count; i++) {
		if (!is_wanted(view, list[i]))
			continue;
		first = i;
		make_line(view, list[first], &line);
		while (i + 1 < count && is_same(view, list[first], list[i + 1]))
			fold(&line, list[++i]);
		put_left(&line, list[first]);
		if (one)
			line.netns = 0;
		item = item_of(list[first]);
		make_row(&item, &line, &row);
		pw_grid_add(grid, &row);
	}
}

void pw_ports_view_table(struct pw_ports_view *view, struct pw_output *output,
			 const struct pw_port *const *list, size_t count,
			 uint64_t now)
{
	struct pw_grid_style style = {
		.colour = view->style->colour,
		.ascii = view->style->ascii,
		.utc = view->style->utc,
		.header = view->style->header,
		.clear = view->lines,
		.width = view->width,
		.lines = view->lines,
		.now = now,
	};
	struct pw_grid *grid;

	grid = view->detail ?
	       pw_grid_new(detail_columns, LENGTH(detail_columns), &style) :
	       pw_grid_new(columns, LENGTH(columns), &style);
	fill_grid(view, grid, list, count);
	pw_grid_print(grid, output);
	pw_grid_free(grid);
}
