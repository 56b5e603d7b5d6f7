// SPDX-License-Identifier: GPL-2.0
/*
 * Filters of sessions: user/lib/filter_match.c says what each test means, and here
 * it means the same (selftests/unit/test_filter_kernel.c compares the two).
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/vm_sockets.h>

#include "filter.h"
#include "process.h"

#define FNV_BASIS	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

#define KNOWN_EVENTS	(PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL)
#define KNOWN_FLAGS	(2 * PORTWATCH_F_STILL_BOUND - 1)

u64 pw_filter_hash(const char *text, size_t len)
{
	u64 hash = FNV_BASIS;

	while (len--)
		hash = (hash ^ (u8)*text++) * FNV_PRIME;
	return hash;
}

/* Taking it in ------------------------------------------------------------- */

static bool is_zero(const void *what, size_t len)
{
	const u8 *bytes = what;

	while (len--)
		if (*bytes++)
			return false;
	return true;
}

static int make_mask(struct pw_test *to, const struct portwatch_test *from,
		     u64 known)
{
	if (from->mask & ~known || from->range.high || from->family ||
	    from->bits)
		return -EINVAL;
	to->mask = from->mask;
	return 0;
}

static int make_range(struct pw_test *to, const struct portwatch_test *from)
{
	if (from->range.low > from->range.high || from->family || from->bits)
		return -EINVAL;
	to->low = from->range.low;
	to->span = from->range.high - from->range.low;
	return 0;
}

static int make_ports(struct pw_test *to, const struct portwatch_test *from)
{
	struct portwatch_test range = *from;

	if (from->family && from->family != AF_INET)
		return -EINVAL;
	range.family = 0;
	to->family = from->family;
	return make_range(to, &range);
}

static int make_prefix(struct pw_test *to, const struct portwatch_test *from)
{
	unsigned int i, most = from->family == AF_INET ? 32 : 128;
	u8 prefix[16];

	if ((from->family != AF_INET && from->family != AF_INET6) ||
	    from->bits > most)
		return -EINVAL;
	for (i = 0; i < sizeof(prefix); i++) {
		unsigned int bits = from->bits > 8 * i ? from->bits - 8 * i : 0;

		prefix[i] = bits < 8 ? 0xff00 >> bits : 0xff;
		if (from->address[i] & ~prefix[i])
			return -EINVAL;
	}
	to->family = from->family;
	memcpy(to->address, from->address, sizeof(to->address));
	memcpy(to->prefix, prefix, sizeof(to->prefix));
	return 0;
}

static int make_values(struct pw_test *to, const struct portwatch_test *from)
{
	switch (from->field) {
	case PORTWATCH_TEST_EVENT:
		return make_mask(to, from, KNOWN_EVENTS);
	case PORTWATCH_TEST_FLAGS:
		return make_mask(to, from, KNOWN_FLAGS);
	case PORTWATCH_TEST_LOOPBACK:
		return make_mask(to, from, 0);
	case PORTWATCH_TEST_PORT:
	case PORTWATCH_TEST_LPORT:
	case PORTWATCH_TEST_RPORT:
		return make_ports(to, from);
	case PORTWATCH_TEST_ADDRESS:
	case PORTWATCH_TEST_LADDR:
	case PORTWATCH_TEST_RADDR:
		return make_prefix(to, from);
	case PORTWATCH_TEST_PROTO ... PORTWATCH_TEST_SOCK:
	case PORTWATCH_TEST_CID ... PORTWATCH_TEST_LISTENER:
		return make_range(to, from);
	default:
		return -EINVAL;
	}
}

/* Nothing but this keeps an event from going round for ever, or out of the list. */
static bool goes_forward(u8 target, unsigned int index, unsigned int count)
{
	return target == PORTWATCH_WANTED || target == PORTWATCH_UNWANTED ||
	       (target > index && target < count);
}

int pw_filter_make(struct pw_filter *filter, const struct portwatch_tests *tests)
{
	unsigned int i, count = tests->count;
	int err;

	if (tests->reserved || !count || count > PORTWATCH_TESTS_MAX)
		return -EINVAL;
	if (!is_zero(&tests->test[count], (PORTWATCH_TESTS_MAX - count) *
					  sizeof(tests->test[0])))
		return -EINVAL;
	memset(filter, 0, sizeof(*filter));
	for (i = 0; i < count; i++) {
		const struct portwatch_test *from = &tests->test[i];
		struct pw_test *to = &filter->test[i];

		if (!goes_forward(from->on_true, i, count) ||
		    !goes_forward(from->on_false, i, count) ||
		    !is_zero(from->reserved, sizeof(from->reserved)))
			return -EINVAL;
		to->field = from->field;
		to->on_true = from->on_true;
		to->on_false = from->on_false;
		err = make_values(to, from);
		if (err)
			return err;
	}
	return 0;
}

/* Asking ------------------------------------------------------------------- */

static bool within(const struct pw_test *test, u64 number)
{
	return number - test->low <= test->span;
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

static struct portwatch_vsock_addr vsock_of(const u8 *address)
{
	struct portwatch_vsock_addr vsock;

	memcpy(&vsock, address, sizeof(vsock));
	return vsock;
}

static bool port_fits(const struct pw_test *test,
		      const struct portwatch_event *event, const u8 *address,
		      u32 port)
{
	if (unlikely(event->family == AF_VSOCK)) {
		if (test->family)
			return false;
		port = vsock_of(address).port;
	}
	return within(test, port);
}

static bool lport_fits(const struct pw_test *test,
		       const struct portwatch_event *event)
{
	return has_local(event) &&
	       port_fits(test, event, event->laddr, event->lport);
}

static bool rport_fits(const struct pw_test *test,
		       const struct portwatch_event *event)
{
	return has_remote(event) &&
	       port_fits(test, event, event->raddr, event->rport);
}

static bool address_fits(const struct pw_test *test, const u8 *address)
{
	u64 words[2];

	memcpy(words, address, sizeof(words));
	return !(((words[0] ^ test->address[0]) & test->prefix[0]) |
		 ((words[1] ^ test->address[1]) & test->prefix[1]));
}

static bool laddr_fits(const struct pw_test *test,
		       const struct portwatch_event *event)
{
	return event->family == test->family && has_local(event) &&
	       address_fits(test, event->laddr);
}

static bool raddr_fits(const struct pw_test *test,
		       const struct portwatch_event *event)
{
	return event->family == test->family && has_remote(event) &&
	       address_fits(test, event->raddr);
}

static bool is_loopback(u8 family, const u8 *address)
{
	static const u8 mapped[13] = { [10] = 0xff, [11] = 0xff, [12] = 127 };
	static const u8 loopback[16] = { [15] = 1 };

	if (family == AF_INET)
		return address[0] == 127;
	if (family == AF_VSOCK)
		return vsock_of(address).cid == VMADDR_CID_LOCAL;
	return family == AF_INET6 &&
	       (!memcmp(address, loopback, sizeof(loopback)) ||
		!memcmp(address, mapped, sizeof(mapped)));
}

static bool has_loopback(const struct portwatch_event *event)
{
	return (has_local(event) && is_loopback(event->family, event->laddr)) ||
	       (has_remote(event) && is_loopback(event->family, event->raddr));
}

static bool cid_fits(const struct pw_test *test,
		     const struct portwatch_event *event)
{
	if (event->family != AF_VSOCK)
		return false;
	return (event->flags & PORTWATCH_F_LOCAL &&
		within(test, vsock_of(event->laddr).cid)) ||
	       (has_remote(event) && within(test, vsock_of(event->raddr).cid));
}

static bool process_fits(const struct pw_test *test,
			 const struct pw_process *process)
{
	if (!process)
		return false;
	switch (test->field) {
	case PORTWATCH_TEST_PID:
		return within(test, process->id.tgid);
	case PORTWATCH_TEST_PPID:
		return within(test, process->ppid);
	case PORTWATCH_TEST_UID:
		return within(test, process->id.uid);
	case PORTWATCH_TEST_AUID:
		return within(test, process->auid);
	default:
		return process->cgroup_len &&
		       within(test, process->cgroup_hash);
	}
}

static u64 close_number(const struct portwatch_event *event, u8 field)
{
	if (event->type != PORTWATCH_CLOSE)
		return 0;
	if (field == PORTWATCH_TEST_KIND)
		return event->close.kind;
	return field == PORTWATCH_TEST_REASON ? event->close.reason :
						event->close.first;
}

/* A number of the body; 0 where the event has none of that kind. */
static u64 body_number(const struct portwatch_event *event, u8 field)
{
	switch (field) {
	case PORTWATCH_TEST_ERROR:
		if (event->type == PORTWATCH_BIND_FAILED)
			return event->bind_failed.error;
		return event->type == PORTWATCH_CONNECT_FAILED ?
		       event->connect_failed.error : 0;
	case PORTWATCH_TEST_HOW:
		if (event->type == PORTWATCH_BIND)
			return event->bind.how;
		return event->type == PORTWATCH_BIND_FAILED ?
		       event->bind_failed.how : 0;
	case PORTWATCH_TEST_LISTENER:
		return event->type == PORTWATCH_ACCEPT ?
		       event->accept.listener : 0;
	case PORTWATCH_TEST_STATE:
		return 0;
	default:
		return close_number(event, field);
	}
}

static u64 row_number(const struct portwatch_event *event, u8 field)
{
	if (field == PORTWATCH_TEST_STATE)
		return event->existing.state;
	return field == PORTWATCH_TEST_HOW ? event->existing.how : 0;
}

static bool body_fits(const struct pw_test *test,
		      const struct portwatch_event *event)
{
	u64 number = event->flags & PORTWATCH_F_EXISTING ?
		     row_number(event, test->field) :
		     body_number(event, test->field);

	return number && within(test, number);
}

static bool fits(const struct pw_test *test, const struct portwatch_event *event,
		 const struct pw_process *owner, const struct pw_process *actor)
{
	switch (test->field) {
	case PORTWATCH_TEST_EVENT:
		return test->mask >> event->type & 1;
	case PORTWATCH_TEST_FLAGS:
		return test->mask & event->flags;
	case PORTWATCH_TEST_PROTO:
		return within(test, event->proto);
	case PORTWATCH_TEST_FAMILY:
		return within(test, event->family);
	case PORTWATCH_TEST_NETNS:
		return within(test, event->netns);
	case PORTWATCH_TEST_SOCK:
		return within(test, event->sock);
	case PORTWATCH_TEST_PORT:
		return lport_fits(test, event) || rport_fits(test, event);
	case PORTWATCH_TEST_LPORT:
		return lport_fits(test, event);
	case PORTWATCH_TEST_RPORT:
		return rport_fits(test, event);
	case PORTWATCH_TEST_ADDRESS:
		return laddr_fits(test, event) || raddr_fits(test, event);
	case PORTWATCH_TEST_LADDR:
		return laddr_fits(test, event);
	case PORTWATCH_TEST_RADDR:
		return raddr_fits(test, event);
	case PORTWATCH_TEST_LOOPBACK:
		return has_loopback(event);
	case PORTWATCH_TEST_CID:
		return cid_fits(test, event);
	case PORTWATCH_TEST_TID:
		return (owner && within(test, event->owner_tid)) ||
		       (actor && within(test, event->actor_tid));
	case PORTWATCH_TEST_PID:
	case PORTWATCH_TEST_PPID ... PORTWATCH_TEST_CGROUP:
		return process_fits(test, owner) || process_fits(test, actor);
	default:
		return body_fits(test, event);
	}
}

bool pw_filter_wants(const struct pw_filter *filter,
		     const struct portwatch_event *event,
		     const struct pw_process *owner,
		     const struct pw_process *actor)
{
	unsigned int next = 0;

	do {
		const struct pw_test *test = &filter->test[next];

		next = fits(test, event, owner, actor) ? test->on_true :
							 test->on_false;
	} while (next < PORTWATCH_TESTS_MAX);
	return next == PORTWATCH_WANTED;
}
