// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmt/escape.h"
#include "test.h"

#define TEXT_MAX	64

static const char *escape(const char *text, unsigned int how)
{
	static char result[TEXT_MAX * PW_ESCAPE_GROWTH + 1];

	*pw_put_escaped(result, text, strlen(text), how) = 0;
	return result;
}

static void plain(void **state)
{
	static const char *const texts[] = {
		"", "nginx", "/usr/lib/a b", "gr\xc3\xbc\xc3\x9f",
		"\xe2\x98\x83", "\xf0\x9f\x90\xa7", "\xef\xbf\xbd",
		"'`$(){}[]<>|;&*?~!%^#@,:/",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		assert_string_equal(escape(texts[i], 0), texts[i]);
}

struct sample {
	const char *text;
	const char *escaped;
};

/* Both edges of each range of what is hidden and of what is no UTF-8. */
static const struct sample samples[] = {
	{ "\x01", "\\x01" },
	{ "\x1f", "\\x1f" },
	{ "\n\r\t", "\\x0a\\x0d\\x09" },
	{ "\x1b[31m", "\\x1b[31m" },
	{ "\x7e\x7f", "~\\x7f" },
	{ "\\", "\\\\" },
	{ "\\x1b", "\\\\x1b" },
	{ "\x80", "\\x80" },
	{ "\x9b", "\\x9b" },
	{ "\xc1\xbf", "\\xc1\\xbf" },
	{ "\xc2\x80", "\\xc2\\x80" },
	{ "\xc2\x9f", "\\xc2\\x9f" },
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xd8\x9c", "\\xd8\\x9c" },
	{ "\xe2\x80\x8a", "\xe2\x80\x8a" },
	{ "\xe2\x80\x8b", "\\xe2\\x80\\x8b" },
	{ "\xe2\x80\x8f", "\\xe2\\x80\\x8f" },
	{ "\xe2\x80\x90", "\xe2\x80\x90" },
	{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
	{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
	{ "\xe2\x80\xaf", "\xe2\x80\xaf" },
	{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
	{ "\xe2\x81\xa9", "\\xe2\\x81\\xa9" },
	{ "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
	{ "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
	{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },		/* overlong */
	{ "\xe0\xa0\x80", "\xe0\xa0\x80" },
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogates */
	{ "\xed\xbf\xbf", "\\xed\\xbf\\xbf" },
	{ "\xee\x80\x80", "\xee\x80\x80" },
	{ "\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf" },
	{ "\xf0\x90\x80\x80", "\xf0\x90\x80\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },	/* too large */
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
	{ "\xe2\x98", "\\xe2\\x98" },			/* cut short */
	{ "\xe2\x98X", "\\xe2\\x98X" },
	{ "\xe2\xe2\x98\x83", "\\xe2\xe2\x98\x83" },
};

static void hidden(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++)
		assert_string_equal(escape(samples[i].text, 0),
				    samples[i].escaped);
}

static void sinks(void **state)
{
	(void)state;
	assert_string_equal(escape("a\"b\\c\n", PW_ESCAPE_JSON),
			    "a\\\"b\\\\\\\\c\\\\x0a");
	assert_string_equal(escape("a\"b\\c\n", PW_ESCAPE_CSV),
			    "a\"\"b\\\\c\\x0a");
	assert_string_equal(escape("=1+1", PW_ESCAPE_CSV), "\\x3d1+1");
	assert_string_equal(escape("-x", PW_ESCAPE_CSV), "\\x2dx");
	assert_string_equal(escape("+@", PW_ESCAPE_CSV), "\\x2b@");
	assert_string_equal(escape("@", PW_ESCAPE_CSV), "\\x40");
	assert_string_equal(escape("=1", 0), "=1");
	assert_string_equal(escape("gr\xc3\xbc\xc3\x9f", PW_ESCAPE_ASCII),
			    "gr\\xc3\\xbc\\xc3\\x9f");
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* What the manual says: \xNN is a byte, \\ a backslash. */
static size_t unescape(const char *text, size_t length, unsigned char *bytes)
{
	unsigned char *at = bytes;
	size_t i = 0;

	while (i < length) {
		if (text[i] != '\\') {
			*at++ = (unsigned char)text[i++];
		} else if (text[i + 1] == '\\') {
			*at++ = '\\';
			i += 2;
		} else {
			assert_int_equal(text[i + 1], 'x');
			*at++ = (unsigned char)(digit(text[i + 2]) << 4 |
						digit(text[i + 3]));
			i += 4;
		}
	}
	return (size_t)(at - bytes);
}

/* A terminal obeys none of it, whatever the bytes were. */
static void assert_harmless(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		assert_true(c >= 0x20 && c != 0x7f);
		if (c == 0xc2)
			assert_true((unsigned char)text[i + 1] >= 0xa0);
	}
}

static void got_back(void **state)
{
	static const unsigned char likely[] = {
		0x1b, '\\', 'x', '"', 0xc2, 0x9b, 0xe2, 0x80, 0xae, 0xf0, 0x90,
	};
	unsigned char text[TEXT_MAX], back[TEXT_MAX * PW_ESCAPE_GROWTH];
	char escaped[TEXT_MAX * PW_ESCAPE_GROWTH];
	unsigned int round;
	size_t length, i;
	char *end;

	(void)state;
	srand(1);
	for (round = 0; round < 20000; round++) {
		length = (size_t)rand() % TEXT_MAX;
		for (i = 0; i < length; i++)
			text[i] = rand() % 2 ? (unsigned char)rand() :
				likely[(size_t)rand() % ARRAY_SIZE(likely)];
		end = pw_put_escaped(escaped, text, length, 0);
		assert_harmless(escaped, (size_t)(end - escaped));
		assert_int_equal(unescape(escaped, (size_t)(end - escaped),
					  back), length);
		assert_memory_equal(back, text, length);
		/* No longer than was promised, in the worst sink, either. */
		end = pw_put_escaped(escaped, text, length, PW_ESCAPE_JSON);
		assert_true((size_t)(end - escaped) <=
			    length * PW_ESCAPE_GROWTH);
	}
}

static void width(void **state)
{
	(void)state;
	assert_int_equal(pw_text_width("", 0), 0);
	assert_int_equal(pw_text_width("abc", 3), 3);
	assert_int_equal(pw_text_width("gr\xc3\xbc\xc3\x9f", 6), 4);
	assert_int_equal(pw_text_width("\xf0\x9f\x90\xa7", 4), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(hidden),
		cmocka_unit_test(sinks),
		cmocka_unit_test(got_back),
		cmocka_unit_test(width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
