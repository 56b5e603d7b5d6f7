/* SPDX-License-Identifier: GPL-2.0 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/memory.h"
#include "ledger.h"

#define BUCKETS_MIN	256

/* A socket in the hash table; @round is the snapshot that last confirmed it. */
struct entry {
	struct pw_port port;
	struct entry *next;
	unsigned int round;
};

/**
 * struct pw_ledger - a hash table by socket
 *
 * @all:	see pw_ledger_new()
 * @in_snapshot: between a begin and an end mark
 * @lost:	events were lost since the last whole snapshot
 * @round:	number of the last snapshot
 */
struct pw_ledger {
	struct entry **buckets;
	size_t size;
	size_t count;
	unsigned int round;
	bool all;
	bool in_snapshot;
	bool lost;
};

struct pw_ledger *pw_ledger_new(bool all)
{
	struct pw_ledger *ledger = pw_memory_new(sizeof(*ledger));

	ledger->all = all;
	ledger->size = BUCKETS_MIN;
	ledger->buckets = pw_memory_new(ledger->size *
					sizeof(ledger->buckets[0]));
	return ledger;
}

void pw_ledger_free(struct pw_ledger *ledger)
{
	struct entry *entry, *next;
	size_t i;

	if (!ledger)
		return;
	for (i = 0; i < ledger->size; i++) {
		for (entry = ledger->buckets[i]; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	}
	free(ledger->buckets);
	free(ledger);
}

/* Where the entry of @sock is linked, or where it would be. */
static struct entry **find(const struct pw_ledger *ledger, uint64_t sock)
{
	uint64_t hash = sock * 0x9e3779b97f4a7c15ULL >> 32;
	struct entry **link = &ledger->buckets[hash & (ledger->size - 1)];

	while (*link && (*link)->port.event.sock != sock)
		link = &(*link)->next;
	return link;
}

static void grow(struct pw_ledger *ledger)
{
	struct entry **old = ledger->buckets, *entry, *next, **link;
	size_t size = ledger->size, i;

	ledger->size = 2 * size;
	ledger->buckets = pw_memory_new(ledger->size * sizeof(*old));
	for (i = 0; i < size; i++) {
		for (entry = old[i]; entry; entry = next) {
			next = entry->next;
			link = find(ledger, entry->port.event.sock);
			entry->next = NULL;
			*link = entry;
		}
	}
	free(old);
}

/* A port as the list shows it: a socket that waits for whoever comes. */
static bool is_listed(const struct pw_ledger *ledger, const struct entry *entry)
{
	uint8_t state = entry->port.event.existing.state;

	return ledger->all || state == PORTWATCH_STATE_BOUND ||
	       state == PORTWATCH_STATE_LISTENING;
}

/* The entry of the event's socket, made if there is none, as a snapshot row. */
static struct entry *take(struct pw_ledger *ledger,
			  const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;
	struct entry **link = find(ledger, event->sock), *entry = *link;
	struct portwatch_event before = { 0 };

	if (!entry) {
		if (ledger->count >= ledger->size) {
			grow(ledger);
			link = find(ledger, event->sock);
		}
		entry = pw_memory_new(sizeof(*entry));
		*link = entry;
		ledger->count++;
		before.existing.since = event->time;
	} else {
		before = entry->port.event;
	}
	entry->round = ledger->round;
	entry->port.event = *event;
	entry->port.event.flags |= PORTWATCH_F_EXISTING | before.flags;
	memset(entry->port.event.body, 0, sizeof(entry->port.event.body));
	entry->port.event.existing = before.existing;
	if (!(event->flags & PORTWATCH_F_LOCAL)) {
		memcpy(entry->port.event.laddr, before.laddr,
		       sizeof(before.laddr));
		entry->port.event.lport = before.lport;
	}
	entry->port.real_time_of_boot = item->real_time - item->slot->time;
	if (item->owner || !entry->port.owner)
		entry->port.owner = item->owner;
	return entry;
}

static bool drop(struct pw_ledger *ledger, uint64_t sock)
{
	struct entry **link = find(ledger, sock), *entry = *link;
	bool listed;

	if (!entry)
		return false;
	listed = is_listed(ledger, entry);
	*link = entry->next;
	free(entry);
	ledger->count--;
	return listed;
}

static bool has_no_connections(const struct portwatch_event *event)
{
	return event->proto == IPPROTO_UDP || event->proto == IPPROTO_UDPLITE ||
	       event->proto == IPPROTO_ICMP || event->proto == IPPROTO_ICMPV6;
}

static bool on_bind(struct pw_ledger *ledger, const struct portwatch_item *item)
{
	struct entry *entry = take(ledger, item);
	struct portwatch_event *row = &entry->port.event;

	row->existing.since = item->event->time;
	row->existing.state = PORTWATCH_STATE_BOUND;
	row->existing.how = item->event->bind.how;
	memcpy(row->existing.ifname, item->event->bind.ifname,
	       sizeof(row->existing.ifname));
	return true;
}

static bool on_listen(struct pw_ledger *ledger,
		      const struct portwatch_item *item)
{
	struct entry *entry = take(ledger, item);

	entry->port.event.existing.state = PORTWATCH_STATE_LISTENING;
	entry->port.event.existing.backlog = item->event->listen.backlog;
	return true;
}

/* A socket of SCTP that listens can call others besides. */
static bool still_listens(const struct entry *entry)
{
	const struct portwatch_event *row = &entry->port.event;

	return row->proto == IPPROTO_SCTP &&
	       row->existing.state == PORTWATCH_STATE_LISTENING;
}

/* The socket has a peer now, and waits for nobody else. */
static bool on_peer(struct pw_ledger *ledger, const struct portwatch_item *item,
		    uint8_t state)
{
	struct entry *entry = *find(ledger, item->event->sock);
	bool listed = entry && is_listed(ledger, entry);

	if (entry ? still_listens(entry) : !ledger->all)
		return false;
	entry = take(ledger, item);
	entry->port.event.existing.state = state;
	return listed || is_listed(ledger, entry);
}

static void forget_peer(struct entry *entry)
{
	struct portwatch_event *row = &entry->port.event;

	row->type = PORTWATCH_BIND;
	row->flags &= (uint16_t)~(PORTWATCH_F_REMOTE |
				  PORTWATCH_F_STILL_BOUND);
	memset(row->raddr, 0, sizeof(row->raddr));
	row->rport = 0;
	row->existing.state = PORTWATCH_STATE_BOUND;
	row->existing.backlog = 0;
	row->existing.accepted = 0;
}

/*
 * The event ends what the socket was, and says that it has its port still: the close of
 * the socket comes later. It may be the first thing that is heard of it.
 */
static bool stays_bound(struct pw_ledger *ledger,
			const struct portwatch_item *item)
{
	struct entry *entry = *find(ledger, item->event->sock);

	if (!entry && !(item->event->flags & PORTWATCH_F_LOCAL))
		return false;
	if (!entry) {
		entry = take(ledger, item);
		entry->port.event.existing.since = 0;
	}
	forget_peer(entry);
	return true;
}

static bool on_connect_failed(struct pw_ledger *ledger,
			      const struct portwatch_item *item)
{
	struct entry *entry = *find(ledger, item->event->sock);

	if (item->event->flags & PORTWATCH_F_STILL_BOUND)
		return stays_bound(ledger, item);
	if (!entry || !has_no_connections(item->event))
		return drop(ledger, item->event->sock);
	forget_peer(entry);
	return true;
}

static bool on_accept(struct pw_ledger *ledger,
		      const struct portwatch_item *item)
{
	struct entry *listener = *find(ledger, item->event->accept.listener);
	bool changed = false;

	if (listener) {
		listener->port.event.existing.accepted++;
		changed = is_listed(ledger, listener);
	}
	return on_peer(ledger, item, PORTWATCH_STATE_CONNECTED) || changed;
}

/* Any end of a connection, a listener or a socket gives the port back, or says so. */
static bool on_close(struct pw_ledger *ledger,
		     const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;
	struct entry *entry = *find(ledger, event->sock);

	if (event->flags & PORTWATCH_F_STILL_BOUND)
		return stays_bound(ledger, item);
	if (entry && event->close.kind == PORTWATCH_KIND_CONNECTION &&
	    still_listens(entry))
		return false;
	return drop(ledger, event->sock);
}

/* The same, but for the event that it was learned from? */
static bool is_same(const struct pw_port *one, const struct pw_port *other)
{
	struct portwatch_event event = one->event;

	event.time = other->event.time;
	event.seq = other->event.seq;
	event.cpu = other->event.cpu;
	event.actor = other->event.actor;
	event.actor_tid = other->event.actor_tid;
	return one->owner == other->owner &&
	       !memcmp(&event, &other->event, sizeof(event));
}

/* What the kernel says of a socket replaces what was thought of it. */
static bool on_row(struct pw_ledger *ledger, const struct portwatch_item *item)
{
	const struct portwatch_event *event = item->event;
	uint8_t state = event->existing.state;
	struct entry *entry = *find(ledger, event->sock);
	bool known = entry;
	struct pw_port before;

	if (!(event->flags & PORTWATCH_F_LOCAL) ||
	    (!ledger->all && state != PORTWATCH_STATE_BOUND &&
	     state != PORTWATCH_STATE_LISTENING))
		return drop(ledger, event->sock);
	if (known)
		before = entry->port;
	entry = take(ledger, item);
	entry->port.event.existing = event->existing;
	entry->port.event.flags = event->flags;
	if (!known)
		return true;
	/* When the port was taken is better than when the socket was made. */
	entry->port.event.existing.since = before.event.existing.since;
	if (!event->existing.how)
		entry->port.event.existing.how = before.event.existing.how;
	return !is_same(&before, &entry->port);
}

/* Sockets that were there at the begin mark and are not among the rows are gone. */
static bool sweep(struct pw_ledger *ledger)
{
	struct entry **link, *entry;
	bool changed = false;
	size_t i;

	for (i = 0; i < ledger->size; i++) {
		link = &ledger->buckets[i];
		while ((entry = *link)) {
			if (entry->round == ledger->round) {
				link = &entry->next;
				continue;
			}
			changed |= is_listed(ledger, entry);
			*link = entry->next;
			free(entry);
			ledger->count--;
		}
	}
	return changed;
}

/* A snapshot in which something was lost proves nothing about what is gone. */
static bool on_mark(struct pw_ledger *ledger, const struct portwatch_item *item)
{
	if (!item->event->snapshot.end) {
		ledger->round++;
		ledger->in_snapshot = true;
		ledger->lost = false;
		return false;
	}
	if (!ledger->in_snapshot)
		return false;
	ledger->in_snapshot = false;
	return !ledger->lost && sweep(ledger);
}

bool pw_ledger_event(struct pw_ledger *ledger,
		     const struct portwatch_item *item)
{
	if (item->slot->type == PORTWATCH_LOST) {
		ledger->lost = true;
		return false;
	}
	if (item->slot->type == PORTWATCH_SNAPSHOT)
		return on_mark(ledger, item);
	if (item->event->flags & PORTWATCH_F_EXISTING)
		return on_row(ledger, item);
	switch (item->slot->type) {
	case PORTWATCH_BIND:
		return on_bind(ledger, item);
	case PORTWATCH_LISTEN:
		return on_listen(ledger, item);
	case PORTWATCH_CONNECT:
		return on_peer(ledger, item, has_no_connections(item->event) ?
					     PORTWATCH_STATE_CONNECTED :
					     PORTWATCH_STATE_CONNECTING);
	case PORTWATCH_ESTABLISHED:
		return on_peer(ledger, item, PORTWATCH_STATE_CONNECTED);
	case PORTWATCH_CONNECT_FAILED:
		return on_connect_failed(ledger, item);
	case PORTWATCH_ACCEPT:
		return on_accept(ledger, item);
	case PORTWATCH_CLOSE:
		return on_close(ledger, item);
	default:
		return false;
	}
}

bool pw_ledger_doubtful(const struct pw_ledger *ledger)
{
	return ledger->lost;
}

static int compare_numbers(uint64_t left, uint64_t right)
{
	return (left > right) - (left < right);
}

static uint32_t local_port(const struct pw_port *port)
{
	return portwatch_port(port->event.family, port->event.laddr,
			      port->event.lport);
}

static int compare(const void *left, const void *right)
{
	const struct pw_port *a = *(const struct pw_port *const *)left;
	const struct pw_port *b = *(const struct pw_port *const *)right;
	int order;

	order = compare_numbers(local_port(a), local_port(b));
	if (!order)
		order = compare_numbers(a->event.proto, b->event.proto);
	if (!order)
		order = compare_numbers(a->event.netns, b->event.netns);
	if (!order)
		order = compare_numbers(a->event.family, b->event.family);
	if (!order)
		order = memcmp(a->event.laddr, b->event.laddr,
			       sizeof(a->event.laddr));
	if (!order)
		order = compare_numbers(a->event.owner, b->event.owner);
	if (!order)
		order = compare_numbers(a->event.sock, b->event.sock);
	return order;
}

const struct pw_port **pw_ledger_list(const struct pw_ledger *ledger,
				      size_t *count)
{
	const struct pw_port **list;
	const struct entry *entry;
	size_t i;

	list = pw_memory_new((ledger->count + 1) * sizeof(*list));
	*count = 0;
	for (i = 0; i < ledger->size; i++)
		for (entry = ledger->buckets[i]; entry; entry = entry->next)
			if (is_listed(ledger, entry))
				list[(*count)++] = &entry->port;
	qsort(list, *count, sizeof(*list), compare);
	return list;
}
