// SPDX-License-Identifier: GPL-2.0
/* One event that came beside one that was expected, field by field. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"
#include "patience.h"
#include "show.h"
#include "watch.h"

/* Two clocks of the kernel, read a moment apart. */
#define SLACK 1000000ULL

static unsigned int differ(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "#   ");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	return 1;
}

static unsigned int same(const char *name, uint64_t want, uint64_t got)
{
	if (want == got)
		return 0;
	return differ("%s: expected %" PRIu64 ", got %" PRIu64, name, want,
		      got);
}

static unsigned int between(const char *name, uint64_t low, uint64_t high,
			    uint64_t got)
{
	if (low <= got && got <= high)
		return 0;
	return differ("%s: expected %" PRIu64 " to %" PRIu64 ", got %" PRIu64,
		      name, low, high, got);
}

static unsigned int same_text(const char *who, const char *name,
			      const char *want, const char *got)
{
	if (!got)
		got = "(none)";
	if (!strcmp(want, got))
		return 0;
	return differ("%s %s: expected '%s', got '%s'", who, name, want, got);
}

static unsigned int same_who(const char *role, const struct who *want,
			     const struct portwatch_identity *got)
{
	unsigned int wrong = 0;

	if (want->pid != got->pid)
		wrong += differ("%s pid: expected %u, got %u", role, want->pid,
				got->pid);
	if (want->ppid != got->ppid)
		wrong += differ("%s ppid: expected %u, got %u", role,
				want->ppid, got->ppid);
	if (want->uid != got->uid)
		wrong += differ("%s uid: expected %u, got %u", role, want->uid,
				got->uid);
	if (want->auid != got->auid)
		wrong += differ("%s auid: expected %u, got %u", role,
				want->auid, got->auid);
	wrong += same_text(role, "comm", want->comm, got->comm);
	wrong += same_text(role, "exe", want->exe, got->exe);
	if (want->cgroup[0])
		wrong += same_text(role, "cgroup", want->cgroup, got->cgroup);
	wrong += between("start of the process",
			 want->start_ticks * 10000000,
			 (want->start_ticks + 1) * 10000000, got->start);
	return wrong;
}

static unsigned int compare_owner(const struct expect *expect,
				  const struct got *got)
{
	unsigned int wrong = 0;

	if (expect->unknown_owner) {
		wrong += same("owner", 0, got->event.owner);
		wrong += same("owner_tid", 0, got->event.owner_tid);
		return wrong + same("an owner", 0, got->has_owner);
	}
	if (!got->has_owner)
		return differ("owner: expected pid %u, got none",
			      expect->owner.pid);
	wrong += same("owner_tid", expect->event.owner_tid,
		      got->event.owner_tid);
	wrong += same("owner's key", got->owner.key, got->event.owner);
	return wrong + same_who("owner", &expect->owner, &got->owner);
}

static unsigned int compare_actor(const struct expect *expect,
				  const struct got *got)
{
	unsigned int wrong = 0;

	if (!expect->actor.pid) {
		if (got->has_actor)
			return differ("actor: expected none, got pid %u",
				      got->actor.pid);
		wrong += same("actor", 0, got->event.actor);
		return wrong + same("actor_tid", 0, got->event.actor_tid);
	}
	if (!got->has_actor)
		return differ("actor: expected pid %u, got none",
			      expect->actor.pid);
	wrong += same("actor_tid", expect->event.actor_tid,
		      got->event.actor_tid);
	wrong += same("actor's key", got->actor.key, got->event.actor);
	return wrong + same_who("actor", &expect->actor, &got->actor);
}

static unsigned int compare_holder(const struct expect *expect,
				   const struct got *got)
{
	unsigned int wrong = 0;

	if (got->event.type != PORTWATCH_BIND_FAILED)
		return same("a holder", 0, got->has_holder);
	if (!expect->holder.pid) {
		if (got->has_holder)
			return differ("holder: expected none, got pid %u",
				      got->holder.pid);
		return same("holder", 0, got->event.bind_failed.holder);
	}
	if (!got->has_holder)
		return differ("holder: expected pid %u, got none",
			      expect->holder.pid);
	wrong += same("holder's key", got->holder.key,
		      got->event.bind_failed.holder);
	return wrong + same_who("holder", &expect->holder, &got->holder);
}

static unsigned int same_address(const char *name, unsigned int family,
				 const uint8_t *want, const uint8_t *got)
{
	if (!memcmp(want, got, 16))
		return 0;
	fprintf(stderr, "#   %s: expected", name);
	show_address(stderr, family, want, 0);
	fprintf(stderr, ", got");
	show_address(stderr, family, got, 0);
	fprintf(stderr, "\n");
	return 1;
}

/* An address that may be there or not is compared where it is. */
static unsigned int compare_addresses(const struct expect *expect,
				      const struct portwatch_event *got)
{
	const struct portwatch_event *want = &expect->event;
	uint16_t absent = expect->free_flags & ~got->flags;
	unsigned int wrong = 0;

	if (!(absent & PORTWATCH_F_LOCAL)) {
		wrong += same("lport", want->lport, got->lport);
		wrong += same_address("laddr", got->family, want->laddr,
				      got->laddr);
	}
	if (!(absent & PORTWATCH_F_REMOTE)) {
		wrong += same("rport", want->rport, got->rport);
		wrong += same_address("raddr", got->family, want->raddr,
				      got->raddr);
	}
	if (expect->exposure)
		wrong += same("exposure", expect->exposure,
			      portwatch_exposure_of(got->family, got->laddr));
	return wrong;
}

static unsigned int compare_span(const char *name, const struct expect *expect,
				 uint64_t time, uint64_t got)
{
	uint64_t low = 1, high = time - expect->begun[0] + SLACK;

	if (expect->free_span)
		return 0;
	if (!expect->begun[0] && !expect->begun[1])
		return same(name, 0, got);
	if (time > expect->begun[1] + SLACK)
		low = time - expect->begun[1] - SLACK;
	return between(name, low, high, got);
}

static unsigned int compare_since(const struct expect *expect, uint64_t got)
{
	if (!expect->begun[0] && !expect->begun[1])
		return same("since", 0, got);
	return between("since", expect->begun[0] - SLACK,
		       expect->begun[1] + SLACK, got);
}

/* What is compared as a holder, or with bounds, is taken out of the body. */
static unsigned int compare_held(const struct expect *expect,
				 struct portwatch_event *got)
{
	const uint64_t *bounds = expect->held_since;
	uint64_t since = got->bind_failed.holder_since;

	got->bind_failed.holder = 0;
	got->bind_failed.holder_since = 0;
	if (!bounds[1])
		return same("held since", 0, since);
	return between("held since", bounds[0] ? bounds[0] - SLACK : 1,
		       bounds[1] + SLACK, since);
}

static unsigned int compare_close_measures(const struct expect *expect,
					   struct portwatch_event *got)
{
	uint32_t retrans = expect->event.close.count;
	unsigned int wrong;

	if (expect->free_close) {
		got->close.duration = 0;
		got->close.tx_bytes = expect->event.close.tx_bytes;
		got->close.rx_bytes = expect->event.close.rx_bytes;
		got->close.rtt_us = 0;
		got->close.count = retrans;
		return 0;
	}
	wrong = compare_span("duration", expect, got->time,
			     got->close.duration);
	got->close.duration = 0;
	if (expect->rtt) {
		wrong += between("rtt", 1,
				 (got->time - expect->begun[0]) / 1000,
				 got->close.rtt_us);
		got->close.rtt_us = 0;
	}
	if (expect->retrans_later) {
		wrong += between("retrans", retrans, retrans + patient(3),
				 got->close.count);
		got->close.count = retrans;
	}
	return wrong;
}

/* What is measured is compared with bounds, and then taken out of the body. */
static unsigned int compare_measures(const struct expect *expect,
				     struct portwatch_event *got)
{
	uint64_t time = got->time;
	unsigned int wrong = 0;

	if (got->flags & PORTWATCH_F_EXISTING) {
		wrong = compare_since(expect, got->existing.since);
		got->existing.since = 0;
		return wrong;
	}
	switch (got->type) {
	case PORTWATCH_BIND_FAILED:
		wrong = compare_held(expect, got);
		break;
	case PORTWATCH_ESTABLISHED:
		wrong = compare_span("latency", expect, time,
				     got->established.latency);
		got->established.latency = 0;
		break;
	case PORTWATCH_CONNECT_FAILED:
		wrong = compare_span("latency", expect, time,
				     got->connect_failed.latency);
		got->connect_failed.latency = 0;
		break;
	case PORTWATCH_ACCEPT:
		wrong = compare_span("wait", expect, time, got->accept.wait);
		got->accept.wait = 0;
		break;
	case PORTWATCH_CLOSE:
		wrong = compare_close_measures(expect, got);
		break;
	}
	return wrong;
}

static unsigned int compare_close(const struct portwatch_event *want,
				  const struct portwatch_event *got)
{
	unsigned int wrong = 0;

	wrong += same("kind", want->close.kind, got->close.kind);
	wrong += same("reason", want->close.reason, got->close.reason);
	wrong += same("first", want->close.first, got->close.first);
	wrong += same("tx_bytes", want->close.tx_bytes, got->close.tx_bytes);
	wrong += same("rx_bytes", want->close.rx_bytes, got->close.rx_bytes);
	wrong += same("rtt_us", want->close.rtt_us, got->close.rtt_us);
	wrong += same("count", want->close.count, got->close.count);
	return wrong;
}

/* The rest of a body is zero: all of it is compared. */
static unsigned int compare_body(const struct portwatch_event *want,
				 const struct portwatch_event *got)
{
	unsigned int i, wrong = 0;

	if (!memcmp(want->body, got->body, sizeof(want->body)))
		return 0;
	if (want->type == PORTWATCH_CLOSE)
		wrong += compare_close(want, got);
	fprintf(stderr, "#   body: expected / got");
	for (i = 0; i < sizeof(want->body); i++)
		if (want->body[i] != got->body[i])
			fprintf(stderr, " [%u] %02x/%02x", i, want->body[i],
				got->body[i]);
	fprintf(stderr, "\n");
	return wrong ? wrong : 1;
}

static unsigned int compare_common(const struct watch *watch,
				   const struct expect *expect,
				   const struct portwatch_event *got)
{
	const struct portwatch_event *want = &expect->event;
	uint64_t earliest = watch->start;
	unsigned int wrong = 0;

	if (expect->not_before > earliest)
		earliest = expect->not_before;
	wrong += between("time", earliest - SLACK, clock_boottime() + SLACK,
			 got->time);
	wrong += between("cpu", 0, sysconf(_SC_NPROCESSORS_CONF) - 1, got->cpu);
	wrong += same("family", want->family, got->family);
	wrong += same("proto", want->proto, got->proto);
	wrong += same("flags", want->flags & ~expect->free_flags,
		      got->flags & ~expect->free_flags);
	if (!expect->any_sock)
		wrong += same("sock", want->sock, got->sock);
	wrong += same("a sock", 1, !!got->sock);
	return wrong + same("netns", want->netns, got->netns);
}

static unsigned int compare_real_time(const struct got *got)
{
	struct timespec now;
	uint64_t real, boot = clock_boottime();

	clock_gettime(CLOCK_REALTIME, &now);
	real = now.tv_sec * 1000000000ULL + now.tv_nsec;
	real -= boot - got->event.time;
	return between("real_time", real - 100 * SLACK, real + 100 * SLACK,
		       got->real_time);
}

unsigned int expect_compare(const struct watch *watch,
			    const struct expect *expect, const struct got *got)
{
	struct portwatch_event event = got->event;
	unsigned int wrong = 0;

	wrong += compare_common(watch, expect, &event);
	wrong += compare_addresses(expect, &event);
	wrong += compare_owner(expect, got);
	wrong += compare_actor(expect, got);
	wrong += compare_holder(expect, got);
	wrong += compare_measures(expect, &event);
	wrong += compare_body(&expect->event, &event);
	wrong += compare_real_time(got);
	wrong += same("inverted", false, got->inverted);
	return wrong;
}
