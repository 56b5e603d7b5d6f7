// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "portwatch.h"
#include "test.h"

struct sample {
	const char *address;
	const char *exposure;
};

/* Both sides of each edge. */
static const struct sample samples[] = {
	{ "0.0.0.0", "any" },
	{ "0.0.0.1", "global" },
	{ "127.0.0.1", "loopback" },
	{ "127.255.255.255", "loopback" },
	{ "126.255.255.255", "global" },
	{ "128.0.0.0", "global" },
	{ "10.0.0.0", "private" },
	{ "10.255.255.255", "private" },
	{ "9.255.255.255", "global" },
	{ "11.0.0.0", "global" },
	{ "172.15.255.255", "global" },
	{ "172.16.0.0", "private" },
	{ "172.31.255.255", "private" },
	{ "172.32.0.0", "global" },
	{ "192.167.255.255", "global" },
	{ "192.168.0.0", "private" },
	{ "192.168.255.255", "private" },
	{ "192.169.0.0", "global" },
	{ "100.63.255.255", "global" },
	{ "100.64.0.0", "private" },
	{ "100.127.255.255", "private" },
	{ "100.128.0.0", "global" },
	{ "169.253.255.255", "global" },
	{ "169.254.0.0", "link-local" },
	{ "169.254.169.254", "link-local" },
	{ "169.255.0.0", "global" },
	{ "223.255.255.255", "global" },
	{ "224.0.0.251", "multicast" },
	{ "239.255.255.255", "multicast" },
	{ "240.0.0.0", "global" },
	{ "255.255.255.254", "global" },
	{ "255.255.255.255", "link-local" },
	{ "8.8.8.8", "global" },
	{ "::", "any" },
	{ "::1", "loopback" },
	{ "::2", "global" },
	{ "fe7f:ffff::1", "global" },
	{ "fe80::1", "link-local" },
	{ "febf::1", "link-local" },
	{ "fec0::1", "private" },
	{ "fbff::1", "global" },
	{ "fc00::1", "private" },
	{ "fdff::1", "private" },
	{ "fe00::1", "global" },
	{ "ff02::fb", "multicast" },
	{ "ff00::", "multicast" },
	{ "2001:db8::1", "global" },
	{ "64:ff9b::7f00:1", "global" },
	{ "::ffff:127.0.0.1", "loopback" },
	{ "::ffff:10.1.2.3", "private" },
	{ "::ffff:8.8.8.8", "global" },
	{ "::ffff:0.0.0.0", "any" },
	{ "::fffe:127.0.0.1", "global" },
};

static void every_range(void **state)
{
	enum portwatch_exposure exposure;
	uint8_t address[16];
	size_t i;
	int family;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		family = strchr(samples[i].address, ':') ? AF_INET6 : AF_INET;
		/* an IPv4 address is followed by whatever is there */
		memset(address, 0xee, sizeof(address));
		assert_int_equal(inet_pton(family, samples[i].address, address),
				 1);
		exposure = portwatch_exposure_of(family, address);
		if (strcmp(portwatch_exposure_name(exposure),
			   samples[i].exposure))
			fail_msg("%s is %s, not %s", samples[i].address,
				 portwatch_exposure_name(exposure),
				 samples[i].exposure);
	}
}

static void assert_cid(uint32_t cid, const char *name)
{
	const struct portwatch_vsock_addr vsock = { .cid = cid, .port = 80 };
	uint8_t address[16] = { 0 };

	memcpy(address, &vsock, sizeof(vsock));
	assert_string_equal(portwatch_exposure_name(
				portwatch_exposure_of(AF_VSOCK, address)),
			    name);
}

static void context_ids(void **state)
{
	(void)state;
	assert_cid(0, "private");
	assert_cid(1, "loopback");
	assert_cid(2, "private");
	assert_cid(3, "private");
	assert_cid(127, "private");
	assert_cid(UINT32_MAX - 1, "private");
	assert_cid(UINT32_MAX, "any");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_range),
		cmocka_unit_test(context_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
