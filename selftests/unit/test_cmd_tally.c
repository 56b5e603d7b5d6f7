// SPDX-License-Identifier: GPL-2.0
/* The last line: what it says, of whom, and when --strict is not content. */
#include <stdio.h>
#include <string.h>

#include "cmd/tally.h"
#include "test.h"

static const char *text_of(const struct pw_tally *tally)
{
	static char text[640];

	pw_tally_text(tally, text, sizeof(text));
	return text;
}

static void what_is_zero_is_left_out(void **state)
{
	const struct pw_tally tally = { .seen = 3, .printed = 2, .filtered = 1 };

	(void)state;
	assert_string_equal(text_of(&tally),
			    "seen 3, printed 2, filtered 1, lost 0");
	assert_false(pw_tally_is_short(&tally));
}

static void whoever_lost_is_named(void **state)
{
	struct pw_tally tally = {
		.seen = 100, .lost = 100,
		.tolls = { { 1001, 60 }, { PORTWATCH_UID_UNKNOWN, 40 } },
	};

	(void)state;
	assert_string_equal(text_of(&tally),
		"seen 100, printed 0, filtered 0, lost 100 (uid 1001: 60, nobody known: 40)");
	assert_true(pw_tally_is_short(&tally));
	/* where there are too many of them it is no more than a bound */
	tally.vague = 3;
	assert_string_equal(text_of(&tally),
		"seen 100, printed 0, filtered 0, lost 100 (uid 1001: at least 60, nobody known: at least 40)");
	tally.vague = 0;
	tally.tolls[2] = (struct portwatch_toll){ 3, 30 };
	tally.tolls[3] = (struct portwatch_toll){ 4, 20 };
	assert_string_equal(text_of(&tally),
		"seen 100, printed 0, filtered 0, lost 100 (uid 1001: 60, nobody known: 40, uid 3: 30, ...)");
}

static void each_kind_of_miss_is_said(void **state)
{
	const struct pw_tally none = { .verb = "recorded" };
	struct pw_tally tally = {
		.verb = "recorded", .overwritten = 1, .unread = 2,
		.inversions = 3, .missed = 4, .untracked = 5, .unnamed = 6,
		.unexplained = 7, .torn = 8,
	};

	(void)state;
	assert_string_equal(text_of(&tally),
		"seen 0, recorded 0, filtered 0, lost 0, overwritten 1, unread 2, out of order 3, missed 4, sockets untracked 5, processes unnamed 6, unexplained 7, torn bytes 8");
	tally = none;
	tally.overwritten = 1;
	assert_false(pw_tally_is_short(&tally));
	tally.missed = 1;
	assert_true(pw_tally_is_short(&tally));
	tally = none;
	tally.untracked = 1;
	assert_true(pw_tally_is_short(&tally));
	tally = none;
	tally.unnamed = 1;
	assert_true(pw_tally_is_short(&tally));
}

/* The longest line that there can be has room. */
static void the_longest_line_fits(void **state)
{
	struct pw_tally tally;
	unsigned int i;

	(void)state;
	memset(&tally, 0xff, sizeof(tally));
	tally.verb = "recorded";
	for (i = 0; i < PORTWATCH_STATS_LOSERS; i++)
		tally.tolls[i].uid = 4294967294U;
	assert_non_null(strstr(text_of(&tally),
			       ", torn bytes 18446744073709551615"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_zero_is_left_out),
		cmocka_unit_test(whoever_lost_is_named),
		cmocka_unit_test(each_kind_of_miss_is_said),
		cmocka_unit_test(the_longest_line_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
