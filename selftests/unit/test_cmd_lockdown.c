// SPDX-License-Identifier: GPL-2.0
/* What the tool makes of the kernel's word on its lockdown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/lockdown.h"
#include "test.h"

static char path[64];

static int setup(void **state)
{
	(void)state;
	strcpy(path, "/tmp/test_cmd_lockdown.XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

/* The mode that holds when the file says so, or NULL. */
static const char *mode_of(const char *text)
{
	static struct pw_lockdown lockdown;
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	memset(&lockdown, 'x', sizeof(lockdown));
	return pw_lockdown(&lockdown, path) ? lockdown.mode : NULL;
}

static void the_word_in_brackets_holds(void **state)
{
	(void)state;
	assert_string_equal("integrity",
			    mode_of("none [integrity] confidentiality\n"));
	assert_string_equal("confidentiality",
			    mode_of("none integrity [confidentiality]\n"));
	/* whatever a later kernel calls it, and however many there are */
	assert_string_equal("more", mode_of("none integrity [more] most"));
}

static void none_is_no_lockdown(void **state)
{
	(void)state;
	assert_null(mode_of("[none] integrity confidentiality\n"));
	assert_null(mode_of("[none]"));
}

static void what_nobody_says_is_none(void **state)
{
	static const char *const texts[] = {
		"", "\n", "none integrity confidentiality\n", "none [", "[]",
		"none [integrity", "integrity]",
		"[a-word-of-more-than-thirty-one-letters]",
	};
	struct pw_lockdown lockdown;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_null(mode_of(texts[i]));
	assert_false(pw_lockdown(&lockdown, "/nonexistent/lockdown"));
	assert_false(pw_lockdown(&lockdown, "/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_word_in_brackets_holds,
						setup, teardown),
		cmocka_unit_test_setup_teardown(none_is_no_lockdown, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_nobody_says_is_none, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
