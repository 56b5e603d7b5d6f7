// SPDX-License-Identifier: GPL-2.0
/*
 * What of a filter is given to the kernel, and that the kernel's answer is that of
 * the library, or a yes: the module's own filter.c against filter_match.c.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter_kernel.h"
#include "kernel_filter.h"
#include "make_slot.h"
#include "test.h"

#define W	PORTWATCH_WANTED
#define U	PORTWATCH_UNWANTED

static struct portwatch_filter *parse(const char *words)
{
	struct portwatch_filter *filter;
	char message[512];

	if (portwatch_filter_parse(&filter, words, message, sizeof(message)))
		fail_msg("%s: %s", words, message);
	return filter;
}

static unsigned int compile(const struct portwatch_filter *filter,
			    struct portwatch_tests *tests)
{
	struct pw_filter_plan plan;
	unsigned int count;

	assert_int_equal(pw_filter_plan_make(&plan, filter), 0);
	count = pw_filter_compile(&plan, tests);
	assert_int_equal(count, pw_filter_plan_tests(&plan));
	pw_filter_plan_free(&plan);
	return count;
}

static unsigned int compile_words(const char *words,
				  struct portwatch_tests *tests)
{
	struct portwatch_filter *filter = parse(words);
	unsigned int count = compile(filter, tests);

	portwatch_filter_free(filter);
	return count;
}

static void check_range(const struct portwatch_test *test, unsigned int field,
			uint64_t low, uint64_t high, unsigned int on_true,
			unsigned int on_false)
{
	assert_int_equal(test->field, field);
	assert_int_equal(test->range.low, low);
	assert_int_equal(test->range.high, high);
	assert_int_equal(test->on_true, on_true);
	assert_int_equal(test->on_false, on_false);
}

/* The example of <linux/portwatch_filter.h>. */
static void goes_forward(void **state)
{
	struct portwatch_tests tests;

	(void)state;
	assert_int_equal(compile_words("proto tcp and not port 22,80", &tests), 3);
	assert_int_equal(tests.size, sizeof(tests));
	assert_int_equal(tests.count, 3);
	check_range(&tests.test[0], PORTWATCH_TEST_PROTO, 6, 6, 1, U);
	check_range(&tests.test[1], PORTWATCH_TEST_PORT, 22, 22, U, 2);
	check_range(&tests.test[2], PORTWATCH_TEST_PORT, 80, 80, U, W);
	assert_int_equal(compile_words("(pid 1 or uid 2-3) and (tid 4 or netns 5)",
				       &tests), 4);
	check_range(&tests.test[0], PORTWATCH_TEST_PID, 1, 1, 2, 1);
	check_range(&tests.test[1], PORTWATCH_TEST_UID, 2, 3, 2, U);
	check_range(&tests.test[2], PORTWATCH_TEST_TID, 4, 4, W, 3);
	check_range(&tests.test[3], PORTWATCH_TEST_NETNS, 5, 5, W, U);
}

static void masks_and_prefixes(void **state)
{
	struct portwatch_tests tests;

	(void)state;
	assert_int_equal(compile_words("event bind,close and mapped and loopback and lnet ::ffff:10.0.0.0/104",
				       &tests), 4);
	assert_int_equal(tests.test[0].field, PORTWATCH_TEST_EVENT);
	assert_int_equal(tests.test[0].mask,
			 PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |
			 PORTWATCH_EVENT_BIT(PORTWATCH_CLOSE));
	assert_int_equal(tests.test[1].field, PORTWATCH_TEST_FLAGS);
	assert_int_equal(tests.test[1].mask, PORTWATCH_F_MAPPED);
	check_range(&tests.test[2], PORTWATCH_TEST_LOOPBACK, 0, 0, 3, U);
	assert_int_equal(tests.test[3].field, PORTWATCH_TEST_LADDR);
	assert_int_equal(tests.test[3].family, AF_INET);
	assert_int_equal(tests.test[3].bits, 8);
	assert_int_equal(tests.test[3].address[0], 10);
	if (!getservbyname("http", NULL))
		return;
	/* a service is no port of a vsock */
	assert_int_equal(compile_words("rport http", &tests), 1);
	check_range(&tests.test[0], PORTWATCH_TEST_RPORT, 80, 80, W, U);
	assert_int_equal(tests.test[0].family, AF_INET);
}

/* Who does what of @words. */
static void check_explained(const char *words, int tests, const char *kernel,
			    const char *rest)
{
	struct portwatch_filter *filter = parse(words);
	char *done, *left;

	assert_int_equal(portwatch_filter_explain(filter, &done, &left), tests);
	if (strcmp(done, kernel) || strcmp(left, rest))
		fail_msg("%s: kernel \"%s\", rest \"%s\"", words, done, left);
	free(done);
	free(left);
	portwatch_filter_free(filter);
}

static void what_it_cannot_say_passes(void **state)
{
	(void)state;
	check_explained("", 0, "", "");
	check_explained("comm nginx", 0, "", "comm nginx");
	check_explained("tcp and comm nginx", 1, "proto tcp", "comm nginx");
	check_explained("comm nginx and tcp", 1, "proto tcp", "comm nginx");
	check_explained("not comm nginx and tcp", 1, "proto tcp", "comm nginx");
	check_explained("tcp or comm nginx", 0, "", "proto tcp, comm nginx");
	check_explained("not (tcp or comm nginx)", 1, "proto != tcp",
			"comm nginx");
	check_explained("not (tcp and comm nginx)", 0, "",
			"proto tcp, comm nginx");
	check_explained("(tcp and exe a or udp) and port 5", 3,
			"(proto tcp or proto udp) and port 5", "exe a");
	check_explained("pid 1 and (unit a or pid 2)", 1, "pid 1",
			"unit a, pid 2");
	check_explained("device lo or cpu 1", 0, "", "device lo, cpu 1");
}

/* What it does roughly it does only where that passes more. */
static void roughly(void **state)
{
	(void)state;
	check_explained("exposure any,global and port 5", 2,
			"event bind,listen and port 5", "exposure any,global");
	check_explained("not exposure any and port 5", 1, "port 5",
			"exposure any");
	check_explained("cgroup /a,'/b c'", 2, "cgroup /a,'/b c'",
			"cgroup /a,'/b c'");
	check_explained("not cgroup /a", 0, "", "cgroup /a");
	check_explained("cgroup /a*,/b", 0, "", "cgroup /a*,/b");
}

static void it_is_said_in_words_of_the_filter(void **state)
{
	(void)state;
	check_explained("port=80", 1, "port 80", "");
	check_explained("port != 80 , 81 and mapped", 3,
			"port != 80 , 81 and mapped", "");
	check_explained("not mapped and not port 80", 2,
			"not mapped and port != 80", "");
	check_explained("not (pid 1 and not uid 2)", 2,
			"not (pid 1 and uid != 2)", "");
	check_explained("pid 1 or (pid 2 or pid 3)", 3,
			"pid 1 or pid 2 or pid 3", "");
	check_explained("pid 1 or pid 2 and pid 3", 3,
			"pid 1 or pid 2 and pid 3", "");
}

/* @count times "pid N", joined. */
static void join(char *words, size_t size, unsigned int count, const char *by)
{
	size_t length = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		length += (size_t)snprintf(words + length, size - length,
					   "%spid %u", i ? by : "", i);
	assert_true(length < size);
}

/* What fits is done, and what may not be left out is not done at all. */
static void too_much(void **state)
{
	struct portwatch_tests tests;
	char words[4096], more[4200];

	(void)state;
	join(words, sizeof(words), PORTWATCH_TESTS_MAX, " or ");
	assert_int_equal(compile_words(words, &tests), PORTWATCH_TESTS_MAX);
	join(words, sizeof(words), PORTWATCH_TESTS_MAX + 1, " or ");
	assert_int_equal(compile_words(words, &tests), 0);
	join(words, sizeof(words), PORTWATCH_TESTS_MAX + 1, " and ");
	assert_int_equal(compile_words(words, &tests), PORTWATCH_TESTS_MAX);
	join(words, sizeof(words), PORTWATCH_TESTS_MAX, " or ");
	snprintf(more, sizeof(more), "tcp and (%s) and udp", words);
	assert_int_equal(compile_words(more, &tests), 2);
	check_range(&tests.test[0], PORTWATCH_TEST_PROTO, 6, 6, 1, U);
	check_range(&tests.test[1], PORTWATCH_TEST_PROTO, 17, 17, W, U);
}

/* Random filters and events -------------------------------------------------- */

#define SEED		0x706f727477617463ULL
#define FILTERS		4000
#define EVENTS		100

static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state >> 33) % below;
}

#define ONE_OF(array)	((array)[pick(ARRAY_SIZE(array))])

static const char *const values[] = {
	"port 80", "port 1-100", "lport 80,443", "rport 0-65535", "port 0",
	"port 70000-4294967295", "lport http", "port https,80", "rport 22",
	"host 127.0.0.1", "host ::1", "net 10.0.0.0/8", "lnet 10.0.0.0/15",
	"rnet fe80::/10", "net 0.0.0.0/0", "net ::/0", "laddr ::ffff:10.1.2.3",
	"raddr 10.1.2.3,::1", "loopback", "cid 1", "cid any", "cid 0-4",
	"proto tcp", "proto udp,6", "vsock", "family ipv4", "family ipv6,vsock",
	"event bind", "event close,accept", "event bind-failed,connect-failed",
	"event socket", "netns 7", "netns 0-9", "sock 11-20", "sock 0",
	"pid 0", "pid 100-200", "tid 5", "ppid 1", "uid 0", "uid 33",
	"uid 1-4294967295", "auid 1000", "auid 4294967295", "cgroup /a",
	"cgroup /b,/c", "cgroup /*", "error 98", "error EACCES,111", "error 0",
	"state bound,listening", "how explicit", "how auto,ephemeral",
	"kind connection", "reason fin,rst-sent", "first remote",
	"listener 1-50", "listener 0", "existing", "mapped", "still_bound",
	"dual_stack", "comm nginx", "comm *", "exe curl", "unit a",
	"exposure any", "exposure loopback,private", "device lo", "cpu 0",
	"pid != 100", "uid!=33",
};

/* Puts a random expression behind what is in @words. */
static void put_expression(char *words, size_t size, unsigned int depth)
{
	size_t length = strlen(words);
	unsigned int kind = pick(depth ? 6 : 2);
	const char *by = pick(2) ? " and " : " or ";
	unsigned int i, parts = 2 + pick(3);

	if (kind < 2) {
		snprintf(words + length, size - length, "%s", ONE_OF(values));
	} else if (kind == 2) {
		snprintf(words + length, size - length, "not ");
		put_expression(words, size, depth - 1);
	} else {
		snprintf(words + length, size - length, "(");
		for (i = 0; i < parts; i++) {
			put_expression(words, size, depth - 1);
			length = strlen(words);
			snprintf(words + length, size - length, "%s",
				 i + 1 < parts ? by : ")");
		}
	}
}

static const struct portwatch_identity identities[] = {
	{ .key = 1, .pid = 0, .comm = "kernel", .auid = (uint32_t)-1 },
	{ .key = 2, .pid = 100, .ppid = 1, .uid = 33, .auid = 1000,
	  .comm = "nginx", .exe = "/usr/sbin/nginx", .cgroup = "/a",
	  .unit = "a.service" },
	{ .key = 3, .pid = 250, .ppid = 100, .uid = 0, .auid = (uint32_t)-1,
	  .comm = "sh", .exe = "/usr/bin/curl", .cgroup = "/c" },
};

static void put_address(uint8_t *address, uint8_t family)
{
	static const char *const v4[] = {
		"0.0.0.0", "127.0.0.1", "127.9.9.9", "10.1.2.3", "10.2.0.1",
		"192.0.2.1",
	};
	static const char *const v6[] = {
		"::", "::1", "fe80::1", "2001:db8::1", "::ffff:127.0.0.1",
		"::ffff:10.1.2.3",
	};
	static const struct portwatch_vsock_addr vsock[] = {
		{ 1, 80 }, { 2, 22 }, { 3, 70001 }, { UINT32_MAX, 443 },
	};
	union pw_slot slot;

	memset(address, 0, 16);
	if (family == AF_VSOCK) {
		memcpy(address, &ONE_OF(vsock), sizeof(vsock[0]));
		return;
	}
	slot = make_event(PORTWATCH_BIND, 1);
	set_local(&slot, family == AF_INET ? ONE_OF(v4) : ONE_OF(v6), 1);
	memcpy(address, slot.event.laddr, 16);
}

static void put_body(struct portwatch_event *event)
{
	unsigned int i;

	for (i = 0; i < sizeof(event->body); i++)
		event->body[i] = (uint8_t)(pick(3) ? 0 : pick(4));
	if (event->type == PORTWATCH_BIND_FAILED)
		event->bind_failed.error = pick(2) ? 98 : 13;
	if (event->type == PORTWATCH_CONNECT_FAILED)
		event->connect_failed.error = pick(2) ? 111 : 0;
	/* a name of an interface that ends */
	event->bind.ifname[15] = 0;
	event->existing.ifname[15] = 0;
}

static void make_random(union pw_slot *slot, struct portwatch_item *item)
{
	static const uint8_t families[] = { AF_INET, AF_INET, AF_INET6, AF_VSOCK };
	static const uint16_t protos[] = { 6, 17, 262, PORTWATCH_PROTO_VSOCK };
	static const uint16_t ports[] = { 0, 22, 80, 443, 8080, 65535 };
	struct portwatch_event *event = &slot->event;

	memset(slot, 0, sizeof(*slot));
	event->type = (uint8_t)(1 + pick(PORTWATCH_FLOW));
	event->family = ONE_OF(families);
	event->flags = (uint16_t)(pick(1 << 12) & (pick(2) ? 0xffff : 0xfffe));
	event->sock = pick(30);
	event->proto = ONE_OF(protos);
	event->netns = pick(2) ? 7 : 4026531840;
	event->lport = ONE_OF(ports);
	event->rport = ONE_OF(ports);
	put_address(event->laddr, event->family);
	put_address(event->raddr, event->family);
	put_body(event);
	*item = (struct portwatch_item){ .slot = &slot->head };
	if (pick(4))
		item->owner = &ONE_OF(identities);
	if (!pick(3))
		item->actor = &ONE_OF(identities);
	event->owner = item->owner ? item->owner->key : 0;
	event->actor = item->actor ? item->actor->key : 0;
	event->owner_tid = pick(10);
	event->actor_tid = pick(10);
}

/* What was compared, so that the comparison is known to be one. */
struct compared {
	unsigned int kept_back;		/* by the kernel */
	unsigned int whole;		/* filters that the kernel does alone */
	unsigned int part;		/* and with the library */
};

static void compare(const char *words, struct compared *compared)
{
	struct portwatch_filter *filter = parse(words);
	struct portwatch_tests tests;
	struct pw_filter *kernel;
	struct portwatch_item item;
	char *done, *rest;
	union pw_slot slot;
	unsigned int i;

	portwatch_filter_explain(filter, &done, &rest);
	if (!compile(filter, &tests))
		goto out;
	kernel = kernel_filter_new(&tests);
	if (!kernel)
		fail_msg("%s: refused", words);
	*(*rest ? &compared->part : &compared->whole) += 1;
	for (i = 0; i < EVENTS; i++) {
		bool here, there;

		make_random(&slot, &item);
		here = portwatch_filter_match(filter, &item);
		there = kernel_filter_wants(kernel, &item);
		compared->kept_back += !there;
		if (here != there && (here || !*rest))
			fail_msg("%s: event %u of type %u: library %d, kernel %d",
				 words, i, slot.event.type, here, there);
	}
	free(kernel);
out:
	free(done);
	free(rest);
	portwatch_filter_free(filter);
}

static void kernel_and_library_agree(void **state)
{
	struct compared compared = { 0 };
	char words[8192];
	unsigned int i;

	(void)state;
	random_state = SEED;
	for (i = 0; i < FILTERS; i++) {
		words[0] = 0;
		put_expression(words, sizeof(words), pick(5));
		compare(words, &compared);
	}
	print_message("# %u whole, %u in part, %u of their events kept back\n",
		      compared.whole, compared.part, compared.kept_back);
	assert_true(compared.whole > FILTERS / 4);
	assert_true(compared.part > FILTERS / 10);
	assert_true(compared.kept_back > FILTERS * EVENTS / 10);
}

/* Each word by itself, so that none is left out by chance. */
static void each_word_agrees(void **state)
{
	struct compared compared = { 0 };
	char words[128];
	unsigned int i, round;

	(void)state;
	random_state = SEED;
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		for (round = 0; round < 20; round++) {
			compare(values[i], &compared);
			snprintf(words, sizeof(words), "not (%s)", values[i]);
			compare(words, &compared);
		}
	}
}

/* What the kernel does is itself a filter, and that one is the same. */
static void its_words_are_what_it_does(void **state)
{
	struct portwatch_tests tests, again;
	struct portwatch_filter *filter;
	char words[8192], *done, *rest;
	unsigned int i;

	(void)state;
	random_state = SEED;
	for (i = 0; i < FILTERS / 4; i++) {
		words[0] = 0;
		put_expression(words, sizeof(words), pick(5));
		filter = parse(words);
		portwatch_filter_explain(filter, &done, &rest);
		assert_int_equal(compile(filter, &tests),
				 compile_words(done, &again));
		if (memcmp(&tests, &again, sizeof(tests)))
			fail_msg("%s: and then: %s", words, done);
		free(done);
		free(rest);
		portwatch_filter_free(filter);
	}
}

/* What the module refuses ------------------------------------------------------ */

static struct portwatch_tests good_tests(void)
{
	struct portwatch_tests tests;

	compile_words("port 80 and net 10.0.0.0/8 and event bind", &tests);
	assert_int_equal(tests.count, 3);
	return tests;
}

static bool is_refused(const struct portwatch_tests *tests)
{
	struct pw_filter *filter = kernel_filter_new(tests);

	free(filter);
	return !filter;
}

#define REFUSED(change)							\
do {									\
	struct portwatch_tests bad = good_tests();			\
	bad.change;							\
	if (!is_refused(&bad))						\
		fail_msg("not refused: " #change);			\
} while (0)

static void refuses_what_makes_no_sense(void **state)
{
	struct portwatch_tests good = good_tests();

	(void)state;
	assert_false(is_refused(&good));
	REFUSED(count = 0);
	REFUSED(count = PORTWATCH_TESTS_MAX + 1);
	REFUSED(count = 2);	/* the third is not zero then */
	REFUSED(reserved = 1);
	REFUSED(test[63].address[15] = 1);
	REFUSED(test[0].field = 0);
	REFUSED(test[0].field = PORTWATCH_TEST_LISTENER + 1);
	REFUSED(test[0].field = 255);
	REFUSED(test[0].on_true = 0);
	REFUSED(test[0].on_false = 0);
	REFUSED(test[1].on_true = 0);
	REFUSED(test[1].on_false = 1);
	REFUSED(test[2].on_true = 3);
	REFUSED(test[2].on_false = 253);
	REFUSED(test[0].reserved[0] = 1);
	REFUSED(test[0].reserved[2] = 1);
	REFUSED(test[0].range.low = 81);
	REFUSED(test[0].family = AF_INET6);
	REFUSED(test[0].bits = 1);
	REFUSED(test[1].family = 0);
	REFUSED(test[1].family = AF_VSOCK);
	REFUSED(test[1].bits = 33);
	REFUSED(test[1].bits = 2);
	REFUSED(test[1].address[1] = 1);
	REFUSED(test[1].address[4] = 1);
	REFUSED(test[2].mask = PORTWATCH_EVENT_BIT(PORTWATCH_PROCESS));
	REFUSED(test[2].mask = 1);
	REFUSED(test[2].range.high = 1);
	REFUSED(test[2].family = AF_INET);
	REFUSED(test[2].bits = 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_forward),
		cmocka_unit_test(masks_and_prefixes),
		cmocka_unit_test(what_it_cannot_say_passes),
		cmocka_unit_test(roughly),
		cmocka_unit_test(it_is_said_in_words_of_the_filter),
		cmocka_unit_test(too_much),
		cmocka_unit_test(kernel_and_library_agree),
		cmocka_unit_test(each_word_agrees),
		cmocka_unit_test(its_words_are_what_it_does),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
