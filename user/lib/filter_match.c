/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Does a filter want an event? A test is true when one of the values that it lists
 * fits one of those that the event has: both ends where the word names no end,
 * owner and actor for all words about processes. A test about something that the
 * event does not have is false.
 */
#include <fnmatch.h>
#include <string.h>
#include <sys/socket.h>

#include "filter.h"

#define VALUES		2	/* most that an event has of anything */

static bool is_existing(const struct portwatch_event *event)
{
	return event->flags & PORTWATCH_F_EXISTING;
}

/* A bind that failed has no local end yet, but the one that was asked for. */
static bool has_local(const struct portwatch_event *event)
{
	return event->flags & PORTWATCH_F_LOCAL ||
	       event->type == PORTWATCH_BIND_FAILED;
}

static bool has_remote(const struct portwatch_event *event)
{
	return event->flags & PORTWATCH_F_REMOTE;
}

static unsigned int ports_of(const struct portwatch_event *event,
			     enum pw_filter_field field, uint64_t *numbers)
{
	unsigned int count = 0;

	if (field != PW_FIELD_RPORT && has_local(event))
		numbers[count++] = portwatch_port(event->family, event->laddr,
						  event->lport);
	if (field != PW_FIELD_LPORT && has_remote(event))
		numbers[count++] = portwatch_port(event->family, event->raddr,
						  event->rport);
	return count;
}

static uint64_t cid_of(const uint8_t *address)
{
	struct portwatch_vsock_addr vsock;

	memcpy(&vsock, address, sizeof(vsock));
	return vsock.cid;
}

static unsigned int cids_of(const struct portwatch_event *event,
			    uint64_t *numbers)
{
	unsigned int count = 0;

	if (event->family != AF_VSOCK)
		return 0;
	if (event->flags & PORTWATCH_F_LOCAL)
		numbers[count++] = cid_of(event->laddr);
	if (has_remote(event))
		numbers[count++] = cid_of(event->raddr);
	return count;
}

static uint64_t number_of(const struct portwatch_identity *identity,
			  enum pw_filter_field field)
{
	switch (field) {
	case PW_FIELD_PID:
		return identity->pid;
	case PW_FIELD_PPID:
		return identity->ppid;
	case PW_FIELD_UID:
		return identity->uid;
	default:
		return identity->auid;
	}
}

static unsigned int identity_numbers(const struct portwatch_item *item,
				     enum pw_filter_field field,
				     uint64_t *numbers)
{
	unsigned int count = 0;

	if (item->owner)
		numbers[count++] = number_of(item->owner, field);
	if (item->actor)
		numbers[count++] = number_of(item->actor, field);
	return count;
}

static unsigned int tids_of(const struct portwatch_event *event,
			    uint64_t *numbers)
{
	unsigned int count = 0;

	if (event->owner)
		numbers[count++] = event->owner_tid;
	if (event->actor)
		numbers[count++] = event->actor_tid;
	return count;
}

/* A number of the body; 0 where the event has none of that kind. */
static uint64_t close_number(const struct portwatch_event *event,
			     enum pw_filter_field field)
{
	if (event->type != PORTWATCH_CLOSE)
		return 0;
	if (field == PW_FIELD_KIND)
		return event->close.kind;
	return field == PW_FIELD_REASON ? event->close.reason :
					  event->close.first;
}

static uint64_t how_of(const struct portwatch_event *event)
{
	if (is_existing(event))
		return event->existing.how;
	if (event->type == PORTWATCH_BIND)
		return event->bind.how;
	return event->type == PORTWATCH_BIND_FAILED ? event->bind_failed.how : 0;
}

static uint64_t error_of(const struct portwatch_event *event)
{
	if (event->type == PORTWATCH_BIND_FAILED)
		return event->bind_failed.error;
	return event->type == PORTWATCH_CONNECT_FAILED ?
	       event->connect_failed.error : 0;
}

static uint64_t exposure_of(const struct portwatch_event *event)
{
	if ((event->type != PORTWATCH_BIND && event->type != PORTWATCH_LISTEN) ||
	    !has_local(event))
		return 0;
	return portwatch_exposure_of(event->family, event->laddr);
}

static uint64_t body_number(const struct portwatch_event *event,
			    enum pw_filter_field field)
{
	switch (field) {
	case PW_FIELD_ERROR:
		return is_existing(event) ? 0 : error_of(event);
	case PW_FIELD_EXPOSURE:
		return exposure_of(event);
	case PW_FIELD_STATE:
		return is_existing(event) ? event->existing.state : 0;
	case PW_FIELD_HOW:
		return how_of(event);
	case PW_FIELD_LISTENER:
		return event->type == PORTWATCH_ACCEPT && !is_existing(event) ?
		       event->accept.listener : 0;
	default:
		return is_existing(event) ? 0 : close_number(event, field);
	}
}

static unsigned int numbers_of(const struct portwatch_item *item,
			       enum pw_filter_field field, uint64_t *numbers)
{
	const struct portwatch_event *event = item->event;

	switch (field) {
	case PW_FIELD_EVENT:
		numbers[0] = event->type;
		return 1;
	case PW_FIELD_PROTO:
		numbers[0] = event->proto;
		return 1;
	case PW_FIELD_FAMILY:
		numbers[0] = event->family;
		return 1;
	case PW_FIELD_NETNS:
		numbers[0] = event->netns;
		return 1;
	case PW_FIELD_SOCK:
		numbers[0] = event->sock;
		return 1;
	case PW_FIELD_CPU:
		numbers[0] = event->cpu;
		return 1;
	case PW_FIELD_PORT:
	case PW_FIELD_LPORT:
	case PW_FIELD_RPORT:
		return ports_of(event, field, numbers);
	case PW_FIELD_CID:
		return cids_of(event, numbers);
	case PW_FIELD_TID:
		return tids_of(event, numbers);
	case PW_FIELD_PID:
	case PW_FIELD_PPID:
	case PW_FIELD_UID:
	case PW_FIELD_AUID:
		return identity_numbers(item, field, numbers);
	default:
		numbers[0] = body_number(event, field);
		return numbers[0] != 0;
	}
}

static unsigned int addresses_of(const struct portwatch_event *event,
				 enum pw_filter_field field,
				 const uint8_t **addresses)
{
	unsigned int count = 0;

	if (field != PW_FIELD_RADDR && has_local(event))
		addresses[count++] = event->laddr;
	if (field != PW_FIELD_LADDR && has_remote(event))
		addresses[count++] = event->raddr;
	return count;
}

static bool has_loopback(const struct portwatch_event *event)
{
	const uint8_t *addresses[VALUES];
	unsigned int i, count;

	count = addresses_of(event, PW_FIELD_HOST, addresses);
	for (i = 0; i < count; i++)
		if (portwatch_exposure_of(event->family, addresses[i]) ==
		    PORTWATCH_EXPOSURE_LOOPBACK)
			return true;
	return false;
}

static const char *text_of(const struct portwatch_identity *identity,
			   enum pw_filter_field field)
{
	switch (field) {
	case PW_FIELD_COMM:
		return identity->comm;
	case PW_FIELD_EXE:
		return identity->exe;
	case PW_FIELD_UNIT:
		return identity->unit;
	case PW_FIELD_CONTAINER:
		return identity->container;
	default:
		return identity->cgroup;
	}
}

static const char *device_of(const struct portwatch_event *event)
{
	const char *name = NULL;

	if (is_existing(event))
		name = (const char *)event->existing.ifname;
	else if (event->type == PORTWATCH_BIND)
		name = (const char *)event->bind.ifname;
	return name && *name ? name : NULL;
}

static unsigned int texts_of(const struct portwatch_item *item,
			     enum pw_filter_field field, const char **texts)
{
	unsigned int count = 0;

	if (field == PW_FIELD_DEVICE) {
		texts[0] = device_of(item->event);
		return texts[0] != NULL;
	}
	if (item->owner) {
		texts[count] = text_of(item->owner, field);
		count += texts[count] != NULL;
	}
	if (item->actor) {
		texts[count] = text_of(item->actor, field);
		count += texts[count] != NULL;
	}
	return count;
}

static bool in_prefix(const struct pw_filter_value *value,
		      const struct portwatch_event *event,
		      const uint8_t *address)
{
	unsigned int bytes = value->prefix.bits / 8;
	unsigned int bits = value->prefix.bits % 8;

	if (event->family != value->prefix.family ||
	    memcmp(address, value->prefix.address, bytes))
		return false;
	return !bits || !((address[bytes] ^ value->prefix.address[bytes]) >>
			  (8 - bits));
}

/* A container's id may be abbreviated, as its runtime shows it. */
static bool abbreviates(const char *value, const char *id)
{
	size_t len = strspn(value, "0123456789abcdef");

	return !value[len] && len >= 4 && strlen(id) == 64 &&
	       !strncmp(value, id, len);
}

static bool text_fits(const struct pw_filter_value *value,
		      enum pw_filter_field field, const char *text)
{
	const char *base;

	/* a program without a folder: wherever it stands */
	if (field == PW_FIELD_EXE && !strchr(value->text, '/')) {
		base = strrchr(text, '/');
		text = base ? base + 1 : text;
	}
	if (value->type == PW_VALUE_PATTERN)
		return !fnmatch(value->text, text, 0);
	return !strcmp(value->text, text) ||
	       (field == PW_FIELD_CONTAINER && abbreviates(value->text, text));
}

static bool in_range(const struct pw_filter_value *value,
		     const struct portwatch_item *item, uint64_t number)
{
	return number >= value->range.low && number <= value->range.high &&
	       !(value->service && item->event->family == AF_VSOCK);
}

static bool match_numbers(const struct pw_filter_value *values,
			  unsigned int nr_values,
			  enum pw_filter_field field,
			  const struct portwatch_item *item)
{
	uint64_t numbers[VALUES];
	unsigned int i, j, count;

	count = numbers_of(item, field, numbers);
	for (i = 0; i < count; i++)
		for (j = 0; j < nr_values; j++)
			if (in_range(&values[j], item, numbers[i]))
				return true;
	return false;
}

static bool match_addresses(const struct pw_filter_value *values,
			    unsigned int nr_values,
			    enum pw_filter_field field,
			    const struct portwatch_item *item)
{
	const uint8_t *addresses[VALUES];
	unsigned int i, j, count;

	count = addresses_of(item->event, field, addresses);
	for (i = 0; i < count; i++)
		for (j = 0; j < nr_values; j++)
			if (in_prefix(&values[j], item->event, addresses[i]))
				return true;
	return false;
}

static bool match_texts(const struct pw_filter_value *values,
			unsigned int nr_values, enum pw_filter_field field,
			const struct portwatch_item *item)
{
	const char *texts[VALUES];
	unsigned int i, j, count;

	count = texts_of(item, field, texts);
	for (i = 0; i < count; i++)
		for (j = 0; j < nr_values; j++)
			if (text_fits(&values[j], field, texts[i]))
				return true;
	return false;
}

static bool match_test(const struct portwatch_filter *filter,
		       const struct pw_filter_node *test,
		       const struct portwatch_item *item)
{
	const struct pw_filter_value *values = filter->values + test->first;
	enum pw_filter_field field = test->word->field;

	if (field == PW_FIELD_FLAGS)
		return item->event->flags & test->word->flag;
	if (field == PW_FIELD_LOOPBACK)
		return has_loopback(item->event);
	if (values->type == PW_VALUE_RANGE)
		return match_numbers(values, test->count, field, item);
	if (values->type == PW_VALUE_PREFIX)
		return match_addresses(values, test->count, field, item);
	return match_texts(values, test->count, field, item);
}

/* As deep as parser limits let the tree be: NODES_MAX of filter_parse.c. */
static bool match_node(const struct portwatch_filter *filter, unsigned int index,
		       const struct portwatch_item *item)
{
	const struct pw_filter_node *node = &filter->nodes[index];

	switch (node->op) {
	case PW_OP_NOT:
		return !match_node(filter, node->left, item);
	case PW_OP_AND:
		return match_node(filter, node->left, item) &&
		       match_node(filter, node->right, item);
	case PW_OP_OR:
		return match_node(filter, node->left, item) ||
		       match_node(filter, node->right, item);
	default:
		return match_test(filter, node, item);
	}
}

bool portwatch_filter_match(const struct portwatch_filter *filter,
			    const struct portwatch_item *item)
{
	if (!filter->nr_nodes || item->slot->type == PORTWATCH_LOST ||
	    item->slot->type == PORTWATCH_SNAPSHOT)
		return true;
	return match_node(filter, filter->root, item);
}
