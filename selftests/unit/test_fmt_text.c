// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "fmt/address.h"
#include "fmt/calendar.h"
#include "fmt/put.h"
#include "fmt/services.h"
#include "test.h"

static void assert_number(uint64_t number)
{
	char text[PW_NUMBER_MAX + 1], want[PW_NUMBER_MAX + 1];

	*pw_put_number(text, number) = 0;
	snprintf(want, sizeof(want), "%" PRIu64, number);
	assert_string_equal(text, want);
}

static void numbers(void **state)
{
	uint64_t number;
	int shift;

	(void)state;
	for (number = 0; number < 20000; number++)
		assert_number(number);
	for (; number < 200000000; number += 9973)
		assert_number(number);
	for (shift = 0; shift < 64; shift++) {
		assert_number((1ULL << shift) - 1);
		assert_number(1ULL << shift);
	}
	for (number = 1; number < UINT64_MAX / 10; number *= 10) {
		assert_number(number - 1);
		assert_number(number);
	}
	assert_number(UINT64_MAX);
}

static void digits(void **state)
{
	char text[16] = "";

	(void)state;
	*pw_put_digits(text, 7, 9) = 0;
	assert_string_equal(text, "000000007");
	*pw_put_digits(text, 999999999, 9) = 0;
	assert_string_equal(text, "999999999");
	*pw_put_digits(text, 45, 3) = 0;
	assert_string_equal(text, "045");
	*pw_put_digits(text, 12345, 2) = 0;
	assert_string_equal(text, "45");
}

static void assert_address(int family, const void *address)
{
	char text[PW_ADDRESS_MAX + 1], want[INET6_ADDRSTRLEN];

	*pw_put_address(text, family, address) = 0;
	assert_non_null(inet_ntop(family, address, want, sizeof(want)));
	/* The C library writes the last four bytes of some as IPv4. */
	if (family == AF_INET6 && strchr(want, '.'))
		return;
	assert_string_equal(text, want);
}

static void addresses(void **state)
{
	static const char *const texts[] = {
		"::", "::1", "1::", "fe80::1", "2001:db8::1", "1:0:0:1::",
		"0:0:0:1::1", "1:0:0:2:0:0:0:3", "2001:db8:0:1:1:1:1:1",
		"ff02::fb", "1:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7::", "abcd:ef01:2345:6789:abcd:ef01:2345:6789",
	};
	unsigned char address[16];
	size_t i, byte;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		inet_pton(AF_INET6, texts[i], address);
		assert_address(AF_INET6, address);
	}
	srand(2);
	for (i = 0; i < 20000; i++) {
		for (byte = 0; byte < sizeof(address); byte++)
			address[byte] = rand() % 3 ? 0 : (unsigned char)rand();
		assert_address(AF_INET6, address);
		for (byte = 0; byte < 4; byte++)
			address[byte] = (unsigned char)rand();
		assert_address(AF_INET, address);
	}
}

static const char *duration(uint64_t nanoseconds)
{
	static char text[PW_DURATION_MAX + 1];

	*pw_put_duration(text, nanoseconds) = 0;
	return text;
}

static void durations(void **state)
{
	const uint64_t second = PW_SECOND;

	(void)state;
	assert_string_equal(duration(0), "0ns");
	assert_string_equal(duration(999), "999ns");
	assert_string_equal(duration(1000), "1us");
	assert_string_equal(duration(1999), "1.9us");
	assert_string_equal(duration(85000), "85us");
	assert_string_equal(duration(4120000), "4.1ms");
	assert_string_equal(duration(second - 1), "999ms");
	assert_string_equal(duration(second), "1s");
	assert_string_equal(duration(59 * second), "59s");
	assert_string_equal(duration(60 * second), "1m");
	assert_string_equal(duration(192 * second), "3m12s");
	assert_string_equal(duration(11520 * second), "3h12m");
	assert_string_equal(duration(86400 * second), "1d");
	assert_string_equal(duration((12 * 86400 + 4 * 3600) * second),
			    "12d4h");
	assert_true(strlen(duration(UINT64_MAX)) < PW_DURATION_MAX);
}

static void amounts(void **state)
{
	char text[PW_NUMBER_MAX + 4];

	(void)state;
	*pw_put_amount(text, 0) = 0;
	assert_string_equal(text, "0");
	*pw_put_amount(text, 999) = 0;
	assert_string_equal(text, "999");
	*pw_put_amount(text, 1600) = 0;
	assert_string_equal(text, "1.6k");
	*pw_put_amount(text, 12345678) = 0;
	assert_string_equal(text, "12M");
	*pw_put_amount(text, UINT64_MAX) = 0;
	assert_string_equal(text, "18446P");
}

static void times(void **state)
{
	const uint64_t time = 1795356131482000001ULL;
	struct pw_calendar ts = { 0 }, local = { 0 }, utc = { .utc = true };
	char text[PW_RFC3339_MAX + 1];

	(void)state;
	setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1);
	tzset();
	*pw_put_rfc3339(text, &ts, time) = 0;
	assert_string_equal(text, "2026-11-22T14:02:11.482000001Z");
	*pw_put_rfc3339(text, &ts, time + PW_SECOND) = 0;
	assert_string_equal(text, "2026-11-22T14:02:12.482000001Z");
	/* Back again: events may come late. */
	*pw_put_rfc3339(text, &ts, time - 1) = 0;
	assert_string_equal(text, "2026-11-22T14:02:11.482000000Z");
	*pw_put_rfc3339(text, &ts, 0) = 0;
	assert_string_equal(text, "1970-01-01T00:00:00.000000000Z");
	*pw_put_time(text, &local, time) = 0;
	assert_string_equal(text, "09:02:11.482");
	*pw_put_time(text, &utc, time) = 0;
	assert_string_equal(text, "14:02:11.482");
}

static void since(void **state)
{
	const uint64_t now = 1795356131482000001ULL, day = 86400 * PW_SECOND;
	char text[PW_TIME_MAX + 1];

	(void)state;
	*pw_put_since(text, true, now - 3600 * PW_SECOND, now) = 0;
	assert_string_equal(text, "13:02:11");
	*pw_put_since(text, true, now - day, now) = 0;
	assert_string_equal(text, "Nov 21");
	*pw_put_since(text, true, now - 15 * day, now) = 0;
	assert_string_equal(text, "Nov  7");
	*pw_put_since(text, true, now - 365 * day, now) = 0;
	assert_string_equal(text, "2025-11-22");
}

static void names_of_ports(void **state)
{
	static const char file[] =
		"# comment\n"
		"http 80/tcp www\n"
		"www 80/tcp\n"
		"domain\t53/udp # DNS\n"
		"sip 5060/sctp\n"
		"evil;name 81/tcp\n"
		"big 65536/tcp\n"
		"junk\njunk 1\njunk x/tcp\njunk 1x/tcp\njunk 5/ddp\n"
		"last 65535/tcp";
	char path[] = "/tmp/test_services_XXXXXX";
	struct pw_services *services;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, sizeof(file) - 1), sizeof(file) - 1);
	close(fd);
	services = pw_services_read(path);
	unlink(path);
	assert_string_equal(pw_service_name(services, IPPROTO_TCP, 80), "http");
	assert_string_equal(pw_service_name(services, 262, 80), "http");
	assert_null(pw_service_name(services, IPPROTO_UDP, 80));
	assert_string_equal(pw_service_name(services, IPPROTO_UDP, 53),
			    "domain");
	assert_string_equal(pw_service_name(services, IPPROTO_SCTP, 5060),
			    "sip");
	assert_string_equal(pw_service_name(services, IPPROTO_TCP, 65535),
			    "last");
	assert_null(pw_service_name(services, IPPROTO_TCP, 81));
	assert_null(pw_service_name(services, IPPROTO_TCP, 0));
	assert_null(pw_service_name(services, IPPROTO_RAW, 80));
	assert_null(pw_service_name(NULL, IPPROTO_TCP, 80));
	pw_services_free(services);
	services = pw_services_read("/nonexistent");
	assert_null(pw_service_name(services, IPPROTO_TCP, 80));
	pw_services_free(services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(digits),
		cmocka_unit_test(addresses),
		cmocka_unit_test(durations),
		cmocka_unit_test(amounts),
		cmocka_unit_test(times),
		cmocka_unit_test(since),
		cmocka_unit_test(names_of_ports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
