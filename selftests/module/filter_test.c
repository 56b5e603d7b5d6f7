// SPDX-License-Identifier: GPL-2.0
/*
 * Filters in the kernel. Beside a session with a filter there is one without: of what
 * that one gets, the first gets what the library's filter wants, and nothing else.
 */
#include <kselftest_harness.h>

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <portwatch.h>

#include "address.h"
#include "group.h"
#include "module.h"
#include "patience.h"
#include "raw.h"
#include "scene.h"

#define PATIENCE	1000	/* times 10 ms */
#define EVENTS		4096
#define SERVER		7500
#define NOBODY_LISTENS	7501
#define MARK		4290	/* the port of the first mark; the second has the next */
#define OTHER_USER	12345

SCENE_HOLD_HOOKS

/* What the tests do ---------------------------------------------------------- */

static int open_at(int type, struct target target)
{
	int fd = socket(target.any.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, &target.any, target.length)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A port of UDP that is taken and given back. */
static int mark(unsigned int number)
{
	return close(open_at(SOCK_DGRAM, target_loopback(IPV4, MARK + number)));
}

static int connect_to(int type, struct target target)
{
	int fd = socket(target.any.sa_family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, &target.any, target.length)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Of every event one, at this address. */
static int act_at(enum family family, const char *text)
{
	struct target server = target_text(family, text, SERVER);
	struct target nobody = target_text(family, text, NOBODY_LISTENS);
	int listener = open_at(SOCK_STREAM, server), client, peer;

	if (listener < 0 || listen(listener, 5) ||
	    open_at(SOCK_STREAM, server) >= 0)
		return -1;
	client = connect_to(SOCK_STREAM, server);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0 || peer < 0 || connect_to(SOCK_STREAM, nobody) >= 0)
		return -1;
	close(client);
	close(peer);
	close(listener);
	return close(connect_to(SOCK_DGRAM, server));
}

static int act_everywhere(void)
{
	if (act_at(IPV4, "127.0.0.1") || act_at(IPV4, "127.1.2.3") ||
	    act_at(IPV6, "::1") || act_at(MAPPED, "127.0.0.1"))
		return -1;
	return 0;
}

static int act_as_other_user(void)
{
	if (setgid(OTHER_USER) || setuid(OTHER_USER))
		return -1;
	return act_at(IPV4, "127.0.0.1");
}

static int act_in_other_netns(void)
{
	if (scene_unshare())
		return -1;
	return act_at(IPV4, "127.0.0.1");
}

static int in_child(int (*act)(void), const struct group *group)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (group && group_enter(group, getpid()))
			_exit(1);
		_exit(act() ? 1 : 0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status ? -1 : 0;
}

static int act(const struct group *group)
{
	if (mark(0) || act_everywhere() || in_child(act_as_other_user, NULL) ||
	    in_child(act_in_other_netns, NULL) ||
	    in_child(act_everywhere, group))
		return -1;
	return mark(1);
}

/* Two readers ----------------------------------------------------------------- */

/**
 * struct side - one of them
 *
 * @reader:	it
 * @events:	what it gave
 * @count:	of them
 */
struct side {
	struct portwatch_reader *reader;
	struct portwatch_event *events;
	unsigned int count;
};

/* @all: without a filter. @some: with one in the kernel, and nowhere else. */
struct both {
	struct portwatch_filter *filter;
	struct side all;
	struct side some;
	bool wanted[EVENTS];	/* of @all.events, by the library */
};

static int open_side(struct side *side, const struct portwatch_filter *filter,
		     bool snapshot)
{
	const struct portwatch_options options = {
		.size = sizeof(options),
		.events = PORTWATCH_EVENTS_ALL,
		.no_snapshot = !snapshot,
		.filter = filter,
	};
	int err = portwatch_reader_open(&side->reader, &options);

	side->events = calloc(EVENTS, sizeof(*side->events));
	if (!err)
		portwatch_reader_set_filter(side->reader, NULL);
	return err ? err : side->events ? 0 : -ENOMEM;
}

static int open_both(struct both *both, const char *words, bool snapshot)
{
	char message[256];
	int err;

	err = portwatch_filter_parse(&both->filter, words, message,
				     sizeof(message));
	if (!err)
		err = open_side(&both->some, both->filter, snapshot);
	return err ? err : open_side(&both->all, NULL, snapshot);
}

static void close_both(struct both *both)
{
	portwatch_reader_close(both->all.reader);
	portwatch_reader_close(both->some.reader);
	portwatch_filter_free(both->filter);
	free(both->all.events);
	free(both->some.events);
}

static bool is_mark(const struct portwatch_event *event, unsigned int number)
{
	return event->type == PORTWATCH_BIND && event->lport == MARK + number &&
	       event->proto == IPPROTO_UDP;
}

static void take(struct side *side, const struct portwatch_item *item)
{
	if (item->slot->type != PORTWATCH_LOST && side->count < EVENTS)
		side->events[side->count++] = *item->event;
}

/* Reads up to the second mark, and asks the library about each event. */
static int read_all(struct both *both)
{
	struct side *side = &both->all;
	struct portwatch_item item;
	int ret;

	while ((ret = portwatch_reader_next(side->reader, &item,
					    patient(5000))) > 0) {
		if (side->count < EVENTS)
			both->wanted[side->count] =
				portwatch_filter_match(both->filter, &item);
		take(side, &item);
		if (is_mark(item.event, 1))
			return 0;
	}
	return ret ? ret : -ETIME;
}

static uint64_t sum(const uint64_t *by_type)
{
	uint64_t total = 0;
	unsigned int type;

	for (type = 0; type < PORTWATCH_PROCESS; type++)
		total += by_type[type];
	return total;
}

/* All that has been delivered to it: it is not known what will be the last. */
static int read_some(struct both *both)
{
	struct side *side = &both->some;
	struct portwatch_stats stats;
	struct portwatch_item item;
	unsigned int i;
	int ret;

	for (i = 0; i < patient(PATIENCE); i++) {
		while ((ret = portwatch_reader_next(side->reader, &item, 0)) > 0)
			take(side, &item);
		if (ret || portwatch_reader_stats(side->reader, &stats))
			return -EIO;
		if (sum(stats.read) == sum(stats.delivered))
			return 0;
		poll(NULL, 0, 10);
	}
	return -ETIME;
}

static unsigned int index_of_mark(const struct side *side, unsigned int number)
{
	unsigned int i;

	for (i = 0; i < side->count && !is_mark(&side->events[i], number); i++)
		;
	return i;
}

/* A row is made for each session, at a time of its own. */
static bool is_same(const struct portwatch_event *a,
		    const struct portwatch_event *b)
{
	return (a->time == b->time || a->flags & PORTWATCH_F_EXISTING) &&
	       a->sock == b->sock && a->sock_seq == b->sock_seq &&
	       a->type == b->type && a->flags == b->flags &&
	       a->owner == b->owner && a->actor == b->actor &&
	       !memcmp(a->body, b->body, sizeof(a->body));
}

static bool has(const struct side *side, const struct portwatch_event *event)
{
	unsigned int i;

	for (i = 0; i < side->count; i++)
		if (is_same(&side->events[i], event))
			return true;
	return false;
}

static void say(const char *words, const struct portwatch_event *event,
		bool wanted)
{
	fprintf(stderr, "# %s: event %u of socket %llu is %s\n", words,
		event->type, (unsigned long long)event->sock,
		wanted ? "missing" : "there");
}

/*
 * Of the events from @first on: how many came to the wrong side. @part: the kernel does
 * a part of the filter only, and what else it lets through is not wrong.
 */
static unsigned int count_wrong(const char *words, const struct both *both,
				unsigned int first, bool part)
{
	unsigned int i, wrong = 0;

	for (i = first; i < both->all.count; i++) {
		const struct portwatch_event *event = &both->all.events[i];
		bool there = has(&both->some, event);

		if (there == both->wanted[i] || (part && there))
			continue;
		say(words, event, both->wanted[i]);
		wrong++;
	}
	return wrong;
}

static unsigned int count_wanted(const struct both *both, unsigned int first)
{
	unsigned int i, wanted = 0;

	for (i = first; i < both->all.count; i++)
		wanted += both->wanted[i];
	return wanted;
}

/* For each type: what came up was delivered, kept back (some of it) or lost. */
static unsigned int count_sums(struct side *side, bool filters)
{
	struct portwatch_stats stats;
	unsigned int type, wrong = 0;

	if (portwatch_reader_stats(side->reader, &stats))
		return 1;
	for (type = 0; type < PORTWATCH_TYPES; type++)
		wrong += stats.seen[type] != stats.kernel_filtered[type] +
			 stats.lost[type] + stats.delivered[type];
	wrong += sum(stats.lost) || stats.unexplained;
	wrong += stats.kernel_filtered[PORTWATCH_PROCESS] ||
		 stats.kernel_filtered[PORTWATCH_SNAPSHOT];
	wrong += filters != !!sum(stats.kernel_filtered);
	return wrong + (side->count != sum(stats.given));
}

/* Of one moment: nothing came up between asking the one and asking the other. */
static int ask_both(const struct both *both, struct portwatch_stats *stats)
{
	struct portwatch_stats again;
	int i, err;

	for (i = 0; i < patient(PATIENCE); i++) {
		err = portwatch_reader_stats(both->all.reader, &stats[0]);
		if (!err)
			err = portwatch_reader_stats(both->some.reader, &stats[1]);
		if (!err)
			err = portwatch_reader_stats(both->all.reader, &again);
		if (err || sum(again.seen) == sum(stats[0].seen))
			return err;
	}
	return -ETIME;
}

/*
 * They see the same from when the later one was opened to when the earlier one was
 * asked: the sums are those of what was done between the marks and around.
 */
static bool see_the_same(struct both *both, const struct portwatch_stats *before)
{
	struct portwatch_stats now[2];

	return !ask_both(both, now) &&
	       sum(now[0].seen) - sum(before[0].seen) ==
	       sum(now[1].seen) - sum(before[1].seen);
}

FIXTURE(filter)
{
	struct group group;
	char directory[64];
	struct both *both;
};

/* @pass: events that the words want at least, so that there is something to compare. */
FIXTURE_VARIANT(filter)
{
	const char *words;
	unsigned int pass;
	bool part;
};

#define WORDS(name, words_, pass_)					\
FIXTURE_VARIANT_ADD(filter, name)					\
{									\
	.words = words_, .pass = pass_,					\
}

#define PART(name, words_, pass_)					\
FIXTURE_VARIANT_ADD(filter, name)					\
{									\
	.words = words_, .pass = pass_, .part = true,			\
}

WORDS(proto, "tcp", 50);
WORDS(port, "port 7500", 50);
WORDS(port_range, "lport 7499-7500 and rport 1024-65535", 10);
WORDS(rport, "rport 7501", 5);
WORDS(net, "net 127.0.0.0/8", 50);
WORDS(not_net, "not net 127.0.0.0/8", 10);
WORDS(lnet, "lnet 127.1.0.0/16", 5);
WORDS(host, "host 127.0.0.1 and not mapped", 20);
WORDS(mapped, "net ::ffff:127.0.0.0/104 and mapped", 10);
WORDS(host6, "host ::1", 10);
WORDS(net6, "net ::/64", 10);
WORDS(ends, "raddr ::1 or rnet 127.1.2.0/24", 5);
WORDS(loopback, "loopback", 50);
WORDS(not_loopback, "not loopback", 5);
WORDS(family, "family ipv6", 10);
WORDS(event, "event bind,listen,bind-failed", 15);
WORDS(not_event, "not event socket,close", 20);
WORDS(error, "error EADDRINUSE or error ECONNREFUSED", 10);
WORDS(how, "how explicit", 5);
WORDS(reason, "kind connection and reason fin", 5);
WORDS(first, "first local or first remote and lport 7500", 5);
WORDS(listener, "listener 1-18446744073709551615", 5);
WORDS(uid, "uid 12345", 8);
WORDS(not_uid, "not uid 12345", 50);
WORDS(uids, "uid 1-9,12345 and auid 0-4294967295", 8);
WORDS(pid, "pid %u", 20);
WORDS(not_pid, "not pid %u", 20);
WORDS(tid, "tid %u", 20);
WORDS(ppid, "ppid %u", 20);
WORDS(netns, "netns %u", 20);
WORDS(not_netns, "netns != %u", 8);
WORDS(nested, "not (uid 12345 or netns != %u) and (port 7501 or family ipv6)", 5);
WORDS(nothing, "sock 0", 0);
WORDS(cgroup, "cgroup /filtered/inside", 20);
WORDS(cgroups, "cgroup /nowhere,/filtered/inside and tcp", 20);
PART(exposure, "exposure loopback and port 7500", 5);
PART(comm, "comm filter_test and udp", 5);

FIXTURE_SETUP(filter)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	strcpy(self->directory, "/tmp/portwatch-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->directory));
	ASSERT_EQ(0, group_mount(&self->group, self->directory));
	ASSERT_EQ(0, group_make(&self->group, "filtered/inside"));
	self->both = calloc(1, sizeof(*self->both));
	ASSERT_NE(NULL, self->both);
}

FIXTURE_TEARDOWN(filter)
{
	close_both(self->both);
	free(self->both);
	group_unmount(&self->group);
	rmdir(self->directory);
}

TEST_F(filter, does_in_the_kernel_what_the_library_does)
{
	bool netns = strstr(variant->words, "netns");
	struct portwatch_stats before[2];
	struct both *both = self->both;
	unsigned int first, i;
	char words[256];

	snprintf(words, sizeof(words), variant->words,
		 netns ? scene_netns() : (unsigned int)getpid());
	ASSERT_EQ(0, open_both(both, words, false));
	/* An end of what was done before may still be on its way. */
	ASSERT_EQ(0, ask_both(both, before));
	ASSERT_EQ(0, act(&self->group));
	ASSERT_EQ(0, read_all(both));
	ASSERT_EQ(0, read_some(both));
	first = index_of_mark(&both->all, 0);
	EXPECT_EQ(0U, count_wrong(words, both, first, variant->part));
	EXPECT_LE(variant->pass, count_wanted(both, first));
	EXPECT_EQ(0U, count_sums(&both->some, true));
	EXPECT_EQ(0U, count_sums(&both->all, false));
	for (i = 0; i < patient(PATIENCE) && !see_the_same(both, before); i++)
		poll(NULL, 0, 10);
	EXPECT_TRUE(see_the_same(both, before));
}

/* Straight from the rings ---------------------------------------------------- */

struct tally {
	uint64_t read[RAW_RINGS][PORTWATCH_TYPES];
	uint32_t next[RAW_RINGS];
	unsigned int wrong;	/* events of TCP, and numbers that do not follow */
};

static void tally(struct raw *raw, unsigned int ring,
		  const struct portwatch_slot *slot, void *context)
{
	const struct portwatch_event *event = (const void *)slot;
	struct tally *count = context;

	(void)raw;
	count->read[ring][slot->type]++;
	count->wrong += slot->seq != count->next[ring]++;
	count->wrong += slot->type < PORTWATCH_LOST &&
			event->proto != IPPROTO_UDP;
}

static int open_filtered(struct raw *raw)
{
	struct portwatch_start start = raw_start(0);
	const struct portwatch_tests tests = {
		.size = sizeof(tests),
		.count = 1,
		.test = { { .field = PORTWATCH_TEST_PROTO,
			    .on_true = PORTWATCH_WANTED,
			    .on_false = PORTWATCH_UNWANTED,
			    .range = { IPPROTO_UDP, IPPROTO_UDP } } },
	};

	return raw_open_filtered(raw, &start, &tests);
}

static int act_on(unsigned int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 0;	/* no such CPU */
	return act_everywhere();
}

FIXTURE(rings)
{
	struct raw raw;
};

FIXTURE_SETUP(rings)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, open_filtered(&self->raw));
}

FIXTURE_TEARDOWN(rings)
{
	raw_close(&self->raw);
}

/* What is kept back has no number, and each ring accounts for each type. */
TEST_F(rings, account_for_what_is_kept_back)
{
	struct raw *raw = &self->raw;
	struct tally count = { .wrong = 0 };
	unsigned int ring, type, acted = 0;

	for (ring = 0; ring < raw->header->nr_rings; ring++)
		ASSERT_EQ(0, act_on(ring));
	raw_drain_all(raw, tally, &count);
	EXPECT_EQ(0U, count.wrong);
	for (ring = 0; ring < raw->header->nr_rings; ring++) {
		const struct portwatch_ring *page = raw->rings[ring];

		for (type = 0; type < PORTWATCH_TYPES; type++) {
			EXPECT_EQ(page->seen[type], page->delivered[type] +
				  page->filtered[type] + page->lost[type]);
			EXPECT_EQ(page->delivered[type], count.read[ring][type]);
			EXPECT_EQ(0U, page->lost[type]);
		}
		EXPECT_EQ(0U, page->delivered[PORTWATCH_ACCEPT]);
		acted += page->filtered[PORTWATCH_ACCEPT] &&
			 page->delivered[PORTWATCH_CONNECT];
	}
	EXPECT_LT(0U, acted);
}

TEST_HARNESS_MAIN
