// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "dictionary.h"
#include "make_slot.h"
#include "test.h"

static union pw_slot slots[PW_RECORD_SLOTS_MAX];

static int setup(void **state)
{
	static struct pw_dictionary dictionary;

	*state = &dictionary;
	return pw_dictionary_init(&dictionary);
}

static int teardown(void **state)
{
	pw_dictionary_free(*state);
	return 0;
}

static const struct portwatch_identity *
announce(struct pw_dictionary *dictionary, uint32_t key, const char *comm,
	 const char *exe, const void *cmdline, size_t len, const char *cgroup)
{
	unsigned int count = make_process(slots, 1, key, comm, exe, cmdline,
					  len, cgroup);

	assert_int_equal(pw_slot_check(slots, count), count);
	assert_int_equal(pw_dictionary_add(dictionary, slots), 0);
	return &pw_dictionary_find(dictionary, key)->public;
}

static void kernel_is_known(void **state)
{
	struct pw_dictionary *dictionary = *state;
	const struct portwatch_identity *kernel =
		&pw_dictionary_find(dictionary, 1)->public;

	assert_int_equal(kernel->key, PORTWATCH_PROCESS_KERNEL);
	assert_int_equal(kernel->pid, 0);
	assert_string_equal(kernel->comm, "kernel");
	assert_null(kernel->exe);
	assert_null(pw_dictionary_find(dictionary, 2));
}

static void every_field_is_kept(void **state)
{
	const struct portwatch_identity *who;
	static const char cmdline[] = "nginx\0-g\0daemon off;";
	unsigned int count;

	count = make_process(slots, 9, 77, "nginx", "/usr/sbin/nginx", cmdline,
			     sizeof(cmdline), "/system.slice/nginx.service");
	slots[0].process.pid = 11;
	slots[0].process.ppid = 22;
	slots[0].process.uid = 33;
	slots[0].process.auid = 44;
	slots[0].process.flags = PORTWATCH_P_TRUNCATED;
	slots[0].process.start = 55;
	slots[0].process.cgroup_id = 66;
	assert_int_equal(pw_slot_check(slots, count), count);
	assert_int_equal(pw_dictionary_add(*state, slots), 0);
	who = &pw_dictionary_find(*state, 77)->public;
	assert_int_equal(who->key, 77);
	assert_int_equal(who->pid, 11);
	assert_int_equal(who->ppid, 22);
	assert_int_equal(who->uid, 33);
	assert_int_equal(who->auid, 44);
	assert_int_equal(who->flags, PORTWATCH_P_TRUNCATED);
	assert_int_equal(who->start, 55);
	assert_int_equal(who->cgroup_id, 66);
	assert_string_equal(who->comm, "nginx");
	assert_string_equal(who->exe, "/usr/sbin/nginx");
	assert_int_equal(who->cmdline_len, sizeof(cmdline));
	assert_memory_equal(who->cmdline, cmdline, sizeof(cmdline));
	assert_string_equal(who->cgroup, "/system.slice/nginx.service");
	assert_string_equal(who->unit, "nginx.service");
	assert_null(who->container);
}

static void what_could_not_be_had_is_null(void **state)
{
	const struct portwatch_identity *who =
		announce(*state, 5, "", NULL, NULL, 0, NULL);

	assert_string_equal(who->comm, "");
	assert_null(who->exe);
	assert_null(who->cmdline);
	assert_int_equal(who->cmdline_len, 0);
	assert_null(who->cgroup);
	assert_null(who->unit);
	assert_null(who->container);
	assert_int_equal(who->auid, (uint32_t)-1);
}

static void name_that_fills_its_field(void **state)
{
	const struct portwatch_identity *who =
		announce(*state, 5, "0123456789abcdef", NULL, NULL, 0, NULL);

	assert_string_equal(who->comm, "0123456789abcdef");
}

static void command_line_that_was_cut_ends_too(void **state)
{
	const struct portwatch_identity *who =
		announce(*state, 5, "sh", NULL, "sh\0-c\0sle", 9, NULL);

	assert_int_equal(who->cmdline_len, 10);
	assert_memory_equal(who->cmdline, "sh\0-c\0sle", 10);
}

/* Each length around the edges of slots, and the longest there can be. */
static void texts_of_every_length(void **state)
{
	static char exe[4097], cgroup[4097];
	const struct portwatch_identity *who;
	uint32_t key = 10;
	size_t len;

	for (len = 1; len <= 4096; len += len < 600 ? 1 : 499, key++) {
		memset(exe, 'a' + len % 26, len);
		memset(cgroup, 'A' + len % 26, len);
		exe[len] = 0;
		cgroup[len] = 0;
		who = announce(*state, key, "x", exe, "y", 2, cgroup);
		assert_string_equal(who->exe, exe);
		assert_string_equal(who->cgroup, cgroup);
		assert_memory_equal(who->cmdline, "y", 2);
	}
}

static void largest_record(void **state)
{
	const size_t most = 48 + 254 * 106;
	static char exe[48 + 254 * 106 + 1];
	const struct portwatch_identity *who;

	memset(exe, '/', most);
	who = announce(*state, 5, "x", exe, NULL, 0, NULL);
	assert_int_equal(slots[0].process.slots, 255);
	assert_int_equal(strlen(who->exe), most);
}

static void many_keys(void **state)
{
	const struct portwatch_identity *who;
	char comm[16];
	uint32_t key;

	for (key = 2; key < 50000; key++) {
		snprintf(comm, sizeof(comm), "p%u", key);
		who = announce(*state, key, comm, "/bin/true", NULL, 0, "/a");
	}
	for (key = 2; key < 50000; key++) {
		snprintf(comm, sizeof(comm), "p%u", key);
		who = &pw_dictionary_find(*state, key)->public;
		assert_int_equal(who->key, key);
		assert_string_equal(who->comm, comm);
	}
	assert_null(pw_dictionary_find(*state, 50000));
	/* one path in memory, however many have it */
	assert_ptr_equal(pw_dictionary_find(*state, 2)->public.exe,
			 pw_dictionary_find(*state, 49999)->public.exe);
}

static void keys_far_apart(void **state)
{
	uint32_t i;

	for (i = 1; i < 5000; i++)
		announce(*state, i * 851968 + 7, "x", NULL, NULL, 0, NULL);
	for (i = 1; i < 5000; i++)
		assert_int_equal(pw_dictionary_find(*state, i * 851968 + 7)
				 ->public.pid, 1000 + i * 851968 + 7);
}

/* The kernel never does it; a recording that was put together might. */
static void key_that_comes_again_replaces(void **state)
{
	const struct portwatch_identity *who, *before;

	before = announce(*state, 5, "one", "/bin/one", NULL, 0,
			  "/system.slice/one.service");
	who = announce(*state, 5, "two", NULL, NULL, 0, NULL);
	assert_string_equal(who->comm, "two");
	assert_null(who->exe);
	assert_null(who->unit);
	/* who has looked at it before still sees what was there */
	assert_string_equal(before->comm, "one");
	assert_string_equal(before->unit, "one.service");
}

/* Recordings do so all the time. */
static void same_again_changes_nothing(void **state)
{
	const struct portwatch_identity *who, *before;

	before = announce(*state, 5, "one", "/bin/one", "a\0b", 4, "/x");
	who = announce(*state, 5, "one", "/bin/one", "a\0b", 4, "/x");
	assert_ptr_equal(who, before);
	who = announce(*state, 5, "one", "/bin/one", "a\0c", 4, "/x");
	assert_ptr_not_equal(who, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kernel_is_known),
		TEST(every_field_is_kept),
		TEST(what_could_not_be_had_is_null),
		TEST(name_that_fills_its_field),
		TEST(command_line_that_was_cut_ends_too),
		TEST(texts_of_every_length),
		TEST(largest_record),
		TEST(many_keys),
		TEST(keys_far_apart),
		TEST(key_that_comes_again_replaces),
		TEST(same_again_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
