/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * How far an address can be reached. An address that no rule knows is global:
 * rather one alarm too many.
 */
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include "portwatch.h"

struct range {
	uint8_t prefix[16];
	uint8_t bits;
	uint8_t exposure;
};

/* The first that matches counts. */
static const struct range ranges4[] = {
	{ { 0, 0, 0, 0 }, 32, PORTWATCH_EXPOSURE_ANY },
	{ { 127 }, 8, PORTWATCH_EXPOSURE_LOOPBACK },
	{ { 169, 254 }, 16, PORTWATCH_EXPOSURE_LINK_LOCAL },
	{ { 10 }, 8, PORTWATCH_EXPOSURE_PRIVATE },
	{ { 172, 16 }, 12, PORTWATCH_EXPOSURE_PRIVATE },
	{ { 192, 168 }, 16, PORTWATCH_EXPOSURE_PRIVATE },
	/* RFC 6598, behind a carrier's NAT */
	{ { 100, 64 }, 10, PORTWATCH_EXPOSURE_PRIVATE },
	{ { 224 }, 4, PORTWATCH_EXPOSURE_MULTICAST },
	/* no router passes the limited broadcast on */
	{ { 255, 255, 255, 255 }, 32, PORTWATCH_EXPOSURE_LINK_LOCAL },
};

static const struct range ranges6[] = {
	{ { 0 }, 128, PORTWATCH_EXPOSURE_ANY },
	{ { [15] = 1 }, 128, PORTWATCH_EXPOSURE_LOOPBACK },
	{ { 0xfe, 0x80 }, 10, PORTWATCH_EXPOSURE_LINK_LOCAL },
	{ { 0xfe, 0xc0 }, 10, PORTWATCH_EXPOSURE_PRIVATE },
	{ { 0xfc }, 7, PORTWATCH_EXPOSURE_PRIVATE },
	{ { 0xff }, 8, PORTWATCH_EXPOSURE_MULTICAST },
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool in_range(const struct range *range, const uint8_t *address)
{
	unsigned int bytes = range->bits / 8, bits = range->bits % 8;

	if (memcmp(range->prefix, address, bytes))
		return false;
	return !bits || !((range->prefix[bytes] ^ address[bytes]) >> (8 - bits));
}

/*
 * The local context is this machine's own. As any other it is reached by its host or
 * by its guests, and by nobody else.
 */
static enum portwatch_exposure exposure_of_cid(const void *address)
{
	struct portwatch_vsock_addr vsock;

	memcpy(&vsock, address, sizeof(vsock));
	if (vsock.cid == VMADDR_CID_ANY)
		return PORTWATCH_EXPOSURE_ANY;
	return vsock.cid == VMADDR_CID_LOCAL ? PORTWATCH_EXPOSURE_LOOPBACK :
					       PORTWATCH_EXPOSURE_PRIVATE;
}

enum portwatch_exposure portwatch_exposure_of(int family, const void *address)
{
	const struct range *ranges = ranges4;
	size_t i, count = sizeof(ranges4) / sizeof(ranges4[0]);
	const uint8_t *bytes = address;

	if (family == AF_VSOCK)
		return exposure_of_cid(address);
	if (family == AF_INET6 && !memcmp(bytes, mapped, sizeof(mapped))) {
		bytes += sizeof(mapped);
	} else if (family == AF_INET6) {
		ranges = ranges6;
		count = sizeof(ranges6) / sizeof(ranges6[0]);
	}
	for (i = 0; i < count; i++)
		if (in_range(&ranges[i], bytes))
			return ranges[i].exposure;
	return PORTWATCH_EXPOSURE_GLOBAL;
}
