// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fmt/json.h"
#include "make_slot.h"
#include "test.h"

/* One event as JSON; the text lives until the next call. */
static const char *line_of(struct pw_json *json, struct pw_output *output,
			   const struct portwatch_item *item)
{
	output->length = 0;
	pw_json_event(json, output, item);
	output->data[output->length] = 0;
	return output->data;
}

static const char *const members[] = {
	"\"v\":1", "\"ts\":\"1970-01-01T00:00:01.000000007Z\"",
	"\"boot_ns\":7", "\"cpu\":3", "\"event\":\"connect\"",
	"\"proto\":\"tcp\"", "\"family\":\"ipv4\"", "\"sock\":4711",
	"\"laddr\":\"10.0.0.1\"", "\"lport\":1", "\"raddr\":\"10.0.0.2\"",
	"\"rport\":65535", "\"netns\":4026531840", "\"pid\":12",
	"\"tid\":13", "\"comm\":\"a\\\"b\"", "\"exe\":\"/bin/a\"",
	"\"uid\":0", "\"ppid\":1", "\"cgroup\":\"/a\"",
	"\"unit\":\"a.service\"", "\"container\":\"c0\"",
	"\"by\":{\"pid\":0,\"tid\":5,\"comm\":\"kernel\"}",
};

/* These members, in this order, and no other. */
static void assert_members(const char *line)
{
	size_t i, length;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		assert_int_equal(*line++, i ? ',' : '{');
		length = strlen(members[i]);
		assert_memory_equal(line, members[i], length);
		line += length;
	}
	assert_string_equal(line, "}\n");
}

static void owner_and_actor(void **state)
{
	const struct portwatch_identity owner = {
		.key = 2, .pid = 12, .ppid = 1, .auid = (uint32_t)-1,
		.comm = "a\"b", .exe = "/bin/a", .cgroup = "/a",
		.unit = "a.service", .container = "c0",
	};
	const struct portwatch_identity actor = {
		.key = PORTWATCH_PROCESS_KERNEL, .comm = "kernel",
	};
	union pw_slot slot = make_event(PORTWATCH_CONNECT, 7);
	struct portwatch_item item = {
		.slot = &slot.head, .real_time = 1000000007,
		.owner = &owner, .actor = &actor,
	};
	struct pw_json *json = pw_json_new();
	struct pw_output output;

	(void)state;
	slot.event.cpu = 3;
	slot.event.owner_tid = 13;
	slot.event.actor_tid = 5;
	set_local(&slot, "10.0.0.1", 1);
	set_remote(&slot, "10.0.0.2", 65535);
	pw_output_open(&output, STDOUT_FILENO, -1);
	assert_members(line_of(json, &output, &item));
	/* The second time, from the cache. */
	assert_members(line_of(json, &output, &item));
	pw_output_close(&output);
	pw_json_free(json);
}

/* Processes whose keys share a place in the cache do not share a name. */
static void cache_is_no_mixture(void **state)
{
	struct portwatch_identity owners[3] = {
		{ .key = 5, .pid = 1, .comm = "one" },
		{ .key = 5 + 1024, .pid = 2, .comm = "two" },
		{ .key = 5 + 2048, .pid = 3, .comm = "three" },
	};
	union pw_slot slot = make_event(PORTWATCH_LISTEN, 1);
	struct portwatch_item item = { .slot = &slot.head, .real_time = 1 };
	struct pw_json *json = pw_json_new();
	struct pw_output output;
	const char *line;
	size_t i;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	for (i = 0; i < 30; i++) {
		item.owner = &owners[i % 7 % 3];
		slot.event.owner = item.owner->key;
		line = line_of(json, &output, &item);
		assert_non_null(strstr(line, item.owner->comm));
	}
	/* The same place and another key: another process. */
	item.owner = &owners[0];
	slot.event.owner = owners[0].key;
	line_of(json, &output, &item);
	owners[0].key += 1024 * 9;
	owners[0].comm = "four";
	slot.event.owner = owners[0].key;
	assert_non_null(strstr(line_of(json, &output, &item), "four"));
	pw_output_close(&output);
	pw_json_free(json);
}

/* Addresses are context ids, ports have 32 bits, and 0 is one. */
static void vsock(void **state)
{
	union pw_slot slot = make_event(PORTWATCH_CONNECT, 1);
	struct portwatch_item item = { .slot = &slot.head, .real_time = 1 };
	struct pw_json *json = pw_json_new();
	struct pw_output output;
	const char *line;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	set_vsock_local(&slot, UINT32_MAX, UINT32_MAX - 1);
	set_vsock_remote(&slot, 2, 0);
	line = line_of(json, &output, &item);
	assert_non_null(strstr(line, "\"proto\":\"vsock\",\"family\":\"vsock\""));
	assert_non_null(strstr(line, "\"laddr\":\"any\",\"lport\":4294967294,"));
	assert_non_null(strstr(line, ",\"raddr\":\"2\",\"rport\":0,"));
	/* Another port of the same socket is another text. */
	set_vsock_remote(&slot, 2, 70000);
	line = line_of(json, &output, &item);
	assert_non_null(strstr(line, "\"rport\":70000,"));
	pw_output_close(&output);
	pw_json_free(json);
}

static void vsock_that_is_bound(void **state)
{
	const struct portwatch_vsock_addr asked = {
		.cid = 1, .port = UINT32_MAX,
	};
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);
	struct portwatch_item item = { .slot = &slot.head, .real_time = 1 };
	struct pw_json *json = pw_json_new();
	struct pw_output output;
	const char *line;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	set_vsock_local(&slot, 1, 70000);
	memcpy(slot.event.bind.req_addr, &asked, sizeof(asked));
	slot.event.bind.how = PORTWATCH_HOW_EPHEMERAL;
	line = line_of(json, &output, &item);
	assert_non_null(strstr(line, "\"laddr\":\"1\",\"lport\":70000,"));
	assert_non_null(strstr(line, "\"req_addr\":\"1\",\"req_port\":4294967295,"));
	assert_non_null(strstr(line, "\"exposure\":\"loopback\""));
	/* One that failed: the local end is what was asked for. */
	slot.event.type = PORTWATCH_BIND_FAILED;
	memset(slot.event.body, 0, sizeof(slot.event.body));
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	slot.event.bind_failed.error = EADDRINUSE;
	line = line_of(json, &output, &item);
	assert_null(strstr(line, "lport"));
	assert_non_null(strstr(line, "\"req_addr\":\"1\",\"req_port\":70000"));
	pw_output_close(&output);
	pw_json_free(json);
}

/* A socket can be connected again, to somebody else. */
static void ends_that_change(void **state)
{
	union pw_slot slot = make_event(PORTWATCH_CONNECT, 1);
	struct portwatch_item item = { .slot = &slot.head, .real_time = 1 };
	struct pw_json *json = pw_json_new();
	struct pw_output output;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	set_local(&slot, "10.0.0.1", 1);
	assert_null(strstr(line_of(json, &output, &item), "raddr"));
	set_remote(&slot, "10.0.0.2", 2);
	assert_non_null(strstr(line_of(json, &output, &item), "10.0.0.2"));
	set_remote(&slot, "10.0.0.3", 2);
	assert_non_null(strstr(line_of(json, &output, &item), "10.0.0.3"));
	slot.event.rport = 3;
	assert_non_null(strstr(line_of(json, &output, &item), "\"rport\":3"));
	slot.event.lport = 4;
	assert_non_null(strstr(line_of(json, &output, &item), "\"lport\":4"));
	slot.event.netns = 5;
	assert_non_null(strstr(line_of(json, &output, &item), "\"netns\":5"));
	slot.event.owner_tid = 6;
	item.owner = &(struct portwatch_identity){ .key = 2, .comm = "x" };
	slot.event.owner = 2;
	assert_non_null(strstr(line_of(json, &output, &item), "\"tid\":6"));
	slot.event.flags |= PORTWATCH_F_MAPPED;
	assert_non_null(strstr(line_of(json, &output, &item), "\"mapped\""));
	slot.event.proto = 17;
	assert_non_null(strstr(line_of(json, &output, &item), "\"udp\""));
	slot.event.cpu = 7;
	assert_non_null(strstr(line_of(json, &output, &item), "\"cpu\":7"));
	slot.event.type = PORTWATCH_BIND_FAILED;
	assert_null(strstr(line_of(json, &output, &item), "laddr"));
	pw_output_close(&output);
	pw_json_free(json);
}

static const char *const held[] = {
	"\"sock\":4711", "\"pid\":812", "\"comm\":\"ng\\\"inx\"",
	"\"exe\":\"/usr/sbin/nginx\"", "\"unit\":\"nginx.service\"",
	"\"uid\":34", "\"state\":\"listening\"", "\"since_ns\":5",
};

/* Who has the port: an object at the end, with what is known of him. */
/* A number stands for a word that this tool does not know yet, however large it is. */
static void words_to_come(void **state)
{
	union pw_slot slot = make_event(PORTWATCH_CLOSE, 7);
	struct portwatch_item item = { .slot = &slot.head };
	struct pw_json *json = pw_json_new();
	struct pw_output output;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
	slot.event.close.first = 31;
	slot.event.close.reason = PORTWATCH_REASON_FIN;
	assert_non_null(strstr(line_of(json, &output, &item),
			       "\"kind\":\"connection\","));
	assert_non_null(strstr(output.data, "\"reason\":\"fin\",\"first\":\"31\""));
	slot.event.close.reason = 32;
	assert_non_null(strstr(line_of(json, &output, &item),
			       "\"reason\":\"32\""));
	slot.event.close.reason = 255;
	assert_non_null(strstr(line_of(json, &output, &item),
			       "\"reason\":\"255\""));
	slot.event.close.reason = 0;
	assert_null(strstr(line_of(json, &output, &item), "reason"));
	pw_output_close(&output);
	pw_json_free(json);
}

static void holder(void **state)
{
	const struct portwatch_identity who = {
		.key = 9, .pid = 812, .uid = 33, .comm = "ng\"inx",
		.exe = "/usr/sbin/nginx", .unit = "nginx.service",
	};
	union pw_slot slot = make_event(PORTWATCH_BIND_FAILED, 7);
	struct portwatch_item item = {
		.slot = &slot.head, .real_time = 1, .holder = &who,
	};
	struct pw_json *json = pw_json_new();
	struct pw_output output;
	const char *line;
	size_t i;

	(void)state;
	pw_output_open(&output, STDOUT_FILENO, -1);
	slot.event.bind_failed.error = 98;
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	assert_null(strstr(line_of(json, &output, &item), "holder"));
	slot.event.bind_failed.holder = 9;
	slot.event.bind_failed.holder_state = PORTWATCH_STATE_LISTENING;
	slot.event.bind_failed.holder_sock = 4711;
	slot.event.bind_failed.holder_since = 5;
	slot.event.bind_failed.holder_uid = 34;
	line = strstr(line_of(json, &output, &item), ",\"holder\":{");
	assert_non_null(line);
	line += strlen(",\"holder\":");
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		assert_int_equal(*line++, i ? ',' : '{');
		assert_memory_equal(line, held[i], strlen(held[i]));
		line += strlen(held[i]);
	}
	assert_string_equal(line, "}}\n");
	item.holder = NULL;
	slot.event.bind_failed.holder_sock = 0;
	slot.event.bind_failed.holder_since = 0;
	slot.event.bind_failed.holder_uid = 0;
	assert_non_null(strstr(line_of(json, &output, &item),
		",\"holder\":{\"uid\":0,\"state\":\"listening\"}}\n"));
	slot.event.bind_failed.holder_state = PORTWATCH_STATE_TIME_WAIT;
	assert_non_null(strstr(line_of(json, &output, &item),
			       ",\"holder\":{\"state\":\"time-wait\"}}\n"));
	pw_output_close(&output);
	pw_json_free(json);
}

/* Nothing is written beyond the room that was asked for: ASan looks. */
static void long_texts(void **state)
{
	static char text[70000];
	struct portwatch_identity owner = { .key = 2, .comm = "x" };
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);
	struct portwatch_item item = {
		.slot = &slot.head, .real_time = 1, .owner = &owner,
		.actor = &owner,
	};
	struct pw_json *json = pw_json_new();
	struct pw_output output;

	(void)state;
	memset(text, 0xff, sizeof(text) - 1);
	owner.exe = text;
	owner.cgroup = text;
	memset(slot.event.bind.ifname, 0xff, sizeof(slot.event.bind.ifname));
	set_local(&slot, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	pw_output_open(&output, -1, -1);
	pw_json_event(json, &output, &item);
	assert_true(output.error);
	pw_output_close(&output);
	pw_json_free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(owner_and_actor),
		cmocka_unit_test(cache_is_no_mixture),
		cmocka_unit_test(vsock),
		cmocka_unit_test(vsock_that_is_bound),
		cmocka_unit_test(ends_that_change),
		cmocka_unit_test(words_to_come),
		cmocka_unit_test(holder),
		cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
