// SPDX-License-Identifier: GPL-2.0
/* Copies of identities outlive what they are copies of, and go with their last event. */
#include <stdlib.h>
#include <string.h>

#include "cmd/people.h"
#include "test.h"

static const char arguments[] = "nginx\0-g\0daemon off;";

static struct portwatch_identity *make(uint32_t key)
{
	struct portwatch_identity *identity = calloc(1, sizeof(*identity));

	assert_non_null(identity);
	identity->key = key;
	identity->pid = 812;
	identity->comm = strdup("nginx");
	identity->exe = strdup("/usr/sbin/nginx");
	identity->cmdline = memcpy(malloc(sizeof(arguments)), arguments,
				   sizeof(arguments));
	identity->cmdline_len = sizeof(arguments);
	identity->unit = strdup("nginx.service");
	return identity;
}

static void release(struct portwatch_identity *identity)
{
	free((void *)identity->comm);
	free((void *)identity->exe);
	free((void *)identity->cmdline);
	free((void *)identity->unit);
	free(identity);
}

static void copies_outlive_the_original(void **state)
{
	struct pw_people *people = pw_people_new();
	struct portwatch_identity *identity = make(5);
	const struct portwatch_identity *copy;

	(void)state;
	copy = pw_people_hold(people, identity);
	pw_people_forget(people);
	release(identity);
	assert_int_equal(copy->key, 5);
	assert_int_equal(copy->pid, 812);
	assert_string_equal(copy->comm, "nginx");
	assert_string_equal(copy->exe, "/usr/sbin/nginx");
	assert_int_equal(copy->cmdline_len, sizeof(arguments));
	assert_memory_equal(copy->cmdline, arguments, sizeof(arguments));
	assert_string_equal(copy->unit, "nginx.service");
	assert_null(copy->cgroup);
	assert_null(copy->container);
	pw_people_put(people, copy);
	pw_people_free(people);
}

/* Two of one bucket, each until its last event; the sanitizer finds one that is left. */
static void one_copy_is_for_all_events(void **state)
{
	struct pw_people *people = pw_people_new();
	struct portwatch_identity *one = make(5), *other = make(5 + 1024);
	const struct portwatch_identity *first, *second;

	(void)state;
	first = pw_people_hold(people, one);
	second = pw_people_hold(people, other);
	assert_ptr_not_equal(first, second);
	assert_ptr_equal(pw_people_hold(people, one), first);
	pw_people_put(people, first);
	assert_string_equal(first->comm, "nginx");
	pw_people_put(people, second);
	pw_people_put(people, first);
	pw_people_put(people, NULL);
	assert_null(pw_people_hold(people, NULL));
	pw_people_free(people);
	release(one);
	release(other);
}

/* Another one at the address of one that is gone is not taken for it. */
static void what_is_forgotten_is_copied_anew(void **state)
{
	struct pw_people *people = pw_people_new();
	struct portwatch_identity *identity = make(5);
	const struct portwatch_identity *before, *after;

	(void)state;
	before = pw_people_hold(people, identity);
	pw_people_forget(people);
	identity->pid = 900;
	after = pw_people_hold(people, identity);
	assert_int_equal(before->pid, 812);
	assert_int_equal(after->pid, 900);
	pw_people_free(people);
	release(identity);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_outlive_the_original),
		cmocka_unit_test(one_copy_is_for_all_events),
		cmocka_unit_test(what_is_forgotten_is_copied_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
