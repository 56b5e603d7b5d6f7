// SPDX-License-Identifier: GPL-2.0
/* Words that are wrong: one line says where, what, and what was expected. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "portwatch.h"
#include "test.h"

struct sample {
	const char *words;
	const char *message;
};

static const struct sample samples[] = {
	{ "port", "filter, at its end: port is followed by a port number, a range such as 8000-8100, or a service of /etc/services" },
	{ "port 80,", "filter, at its end: port is followed by a port number, a range such as 8000-8100, or a service of /etc/services" },
	{ "port htpp", "filter, character 6: \"htpp\": port is followed by a port number, a range such as 8000-8100, or a service of /etc/services" },
	{ "port 4294967296", "filter, character 6: \"4294967296\": port is" },
	{ "cid 4294967296", "filter, character 5: \"4294967296\": cid is followed by a context id, a range such as 3-100, or any" },
	{ "cid host", "filter, character 5: \"host\": cid is" },
	{ "port -1", "filter, character 6: \"-1\": port is" },
	{ "port 90-80", "filter, character 6: \"90-80\": port is" },
	{ "port 80-", "filter, character 6: \"80-\": port is" },
	{ "port 80x", "filter, character 6: \"80x\": port is" },
	{ "port 1,,2", "filter, character 8: \",\": port is" },
	{ "port and tcp", "filter, character 6: \"and\": port is" },
	{ "port \"\"", "filter, character 6: \"\": port is" },
	{ "port 99999999999999999999999", "filter, character 6: \"99999999999999999999999\": port is" },
	{ "event bnd", "filter, character 7: \"bnd\": event is followed by one of socket, bind, bind-failed, listen," },
	{ "event 2", "filter, character 7: \"2\": event is" },
	{ "proto foo", "filter, character 7: \"foo\": proto is followed by a number or one of tcp, udp," },
	{ "error EFOO", "filter, character 7: \"EFOO\": error is followed by an error such as ECONNREFUSED, or its number" },
	{ "family ipv5", "filter, character 8: \"ipv5\": family is followed by one of ipv4, ipv6" },
	{ "exposure public", "filter, character 10: \"public\": exposure is followed by one of loopback, link-local, private, global, multicast, any" },
	{ "host example.com", "filter, character 6: \"example.com\": host is followed by an IPv4 or IPv6 address, or a network such as 10.0.0.0/8" },
	{ "host 10.0.0.1/8", "filter, character 6: \"10.0.0.1/8\": host is followed by 10.0.0.0/8 (no bits beyond the prefix length)" },
	{ "net fe80::1/10", "filter, character 5: \"fe80::1/10\": net is followed by fe80::/10 (no bits beyond the prefix length)" },
	{ "net 10.0.0.0", "filter, character 5: \"10.0.0.0\": net is followed by a network such as 10.0.0.0/8 or fe80::/10" },
	{ "net 10.0.0.0/33", "filter, character 5: \"10.0.0.0/33\": net is" },
	{ "net 10.0.0.0/", "filter, character 5: \"10.0.0.0/\": net is" },
	{ "net fe80::/129", "filter, character 5: \"fe80::/129\": net is" },
	{ "net 10/8", "filter, character 5: \"10/8\": net is" },
	{ "net 10.0.0.0/99999999999999999999", "filter, character 5:" },
	{ "uid nosuchuser_", "filter, character 5: \"nosuchuser_\": uid is followed by a user's name or number, or a range of numbers" },
	{ "uid 4294967296", "filter, character 5: \"4294967296\": uid is" },
	{ "pid x", "filter, character 5: \"x\": pid is followed by a number, or a range such as 10-20" },
	{ "proto tcp port 80", "filter, character 11: \"port\": expected \"and\" or \"or\" before it" },
	{ "tcp port 80", "filter, character 5: \"port\": expected \"and\" or \"or\" before it" },
	{ "port 80 or 443", "filter, character 12: \"443\": expected a test such as \"port 80\", \"comm nginx\" or \"not net 127.0.0.0/8\"" },
	{ "colour red", "filter, character 1: \"colour\": expected a test such as" },
	{ "src 10.0.0.1", "filter, character 1: \"src\": no word of the filter; use laddr or raddr (the local and the remote end)" },
	{ "dport 80", "filter, character 1: \"dport\": no word of the filter; use lport or rport (the local and the remote end)" },
	{ "(port 80", "filter, at its end: expected \"and\", \"or\" or \")\"" },
	{ "port 80)", "filter, character 8: \")\": no parenthesis is open" },
	{ "()", "filter, character 2: \")\": expected a test such as" },
	{ "not", "filter, at its end: expected a test such as" },
	{ "and port 80", "filter, character 1: \"and\": expected a test such as" },
	{ "port 80 and", "filter, at its end: expected a test such as" },
	{ "port 80 and or port 1", "filter, character 13: \"or\": expected a test such as" },
	{ "port 80 & port 1", "filter, character 9: \"&\": expected \"and\" or \"or\" before it" },
	{ "\"port\" 80", "filter, character 1: \"port\": expected a test such as" },
	{ "comm \"nginx", "filter, character 6: \"\"nginx\" is a quote that is not closed" },
	{ "comm 'nginx", "filter, character 6: \"'nginx\" is a quote that is not closed" },
	{ "mapped 1", "filter, character 8: \"1\": expected \"and\" or \"or\" before it" },
	{ "state dead", "filter, character 7: \"dead\": state is followed by one of open, bound, listening, connecting, connected" },
};

static void each_error_says_where_and_what(void **state)
{
	struct portwatch_filter *filter;
	char message[512];
	size_t i;
	int err;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		filter = (void *)1;
		err = portwatch_filter_parse(&filter, samples[i].words, message,
					     sizeof(message));
		if (err != -EINVAL)
			fail_msg("%s: %d", samples[i].words, err);
		if (strncmp(message, samples[i].message,
			    strlen(samples[i].message)))
			fail_msg("%s: %s", samples[i].words, message);
		assert_null(strchr(message, '\n'));
	}
}

static int parse(const char *words, char *message, size_t size)
{
	struct portwatch_filter *filter = NULL;
	int err = portwatch_filter_parse(&filter, words, message, size);

	portwatch_filter_free(err ? NULL : filter);
	return err;
}

static void message_is_cut_to_the_room_there_is(void **state)
{
	char message[16];

	(void)state;
	memset(message, 'x', sizeof(message));
	assert_int_equal(parse("port htpp", message, 10), -EINVAL);
	assert_string_equal(message, "filter, c");
	assert_int_equal(message[10], 'x');
	assert_int_equal(parse("port htpp", NULL, 0), -EINVAL);
}

/* A word that fills the screen does not fill the message. */
static void long_words_are_cut(void **state)
{
	static char words[10000];
	char message[512];

	(void)state;
	memset(words, 'x', 4000);
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_true(strlen(message) < 250);
	memset(words, 'x', sizeof(words) - 1);
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "is too long"));
	words[0] = '"';
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "is too long"));
}

static void depth_is_limited(void **state)
{
	static char words[400000];
	char message[512];

	(void)state;
	memset(words, '(', sizeof(words) - 1);
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "nested too deep"));
	memset(words, '!', sizeof(words) - 1);
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "nested too deep"));
}

static void size_is_limited(void **state)
{
	char *words = malloc(20 * 10000), message[512];
	size_t len;
	int i;

	(void)state;
	len = (size_t)sprintf(words, "port 1");
	for (i = 0; i < 9000; i++)
		len += (size_t)sprintf(words + len, " or port 1");
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "too many tests"));
	len = (size_t)sprintf(words, "port 1");
	for (i = 0; i < 70000; i++)
		len += (size_t)sprintf(words + len, ",1");
	assert_int_equal(parse(words, message, sizeof(message)), -EINVAL);
	assert_non_null(strstr(message, "too many values"));
	free(words);
}

/* Whatever comes, there is an answer: with the sanitizers this is a small fuzzer. */
static void any_bytes_get_an_answer(void **state)
{
	static const char *const bits[] = {
		"port", "net", "and", "or", "not", "(", ")", ",", "!", "=", "!=",
		"\"", "'", "\\", "80", "0-1", "::", "10.0.0.0/8", "comm", "*",
		"event", "bind", "\377", "\033[", "-", "/", " ", " ", "uid",
	};
	char words[200], message[512];
	unsigned int seed = 1;
	int i, j, n;

	(void)state;
	for (i = 0; i < 20000; i++) {
		words[0] = 0;
		n = rand_r(&seed) % 10;
		for (j = 0; j < n; j++)
			strcat(words, bits[rand_r(&seed) % ARRAY_SIZE(bits)]);
		if (parse(words, message, sizeof(message)))
			assert_true(message[0]);
		else
			assert_false(message[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_says_where_and_what),
		cmocka_unit_test(message_is_cut_to_the_room_there_is),
		cmocka_unit_test(long_words_are_cut),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(size_is_limited),
		cmocka_unit_test(any_bytes_get_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
