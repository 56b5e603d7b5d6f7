/* SPDX-License-Identifier: GPL-2.0 */
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/vm_sockets.h>

#include <portwatch.h>

#include "address.h"
#include "put.h"

#define GROUPS	8

static inline char *put_byte(char *at, unsigned int byte)
{
	if (byte >= 100) {
		*at++ = (char)('0' + byte / 100);
		byte %= 100;
		*at++ = (char)('0' + byte / 10);
		byte %= 10;
	} else if (byte >= 10) {
		*at++ = (char)('0' + byte / 10);
		byte %= 10;
	}
	*at++ = (char)('0' + byte);
	return at;
}

static char *put_ipv4(char *at, const uint8_t *address)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i)
			*at++ = '.';
		at = put_byte(at, address[i]);
	}
	return at;
}

/* Where the first of the longest runs of two or more zero groups is. */
static int longest_zeros(const uint16_t *groups, int *length)
{
	int best = -1, start = -1, i;

	*length = 1;
	for (i = 0; i < GROUPS; i++) {
		if (groups[i]) {
			start = -1;
			continue;
		}
		if (start < 0)
			start = i;
		if (i - start + 1 > *length) {
			*length = i - start + 1;
			best = start;
		}
	}
	return best;
}

static char *put_ipv6(char *at, const uint8_t *address)
{
	uint16_t groups[GROUPS];
	int zeros, length, i;

	for (i = 0; i < GROUPS; i++)
		groups[i] = (uint16_t)(address[2 * i] << 8 | address[2 * i + 1]);
	zeros = longest_zeros(groups, &length);
	for (i = 0; i < GROUPS; i++) {
		if (i == zeros) {
			at = pw_put_text(at, "::");
			i += length - 1;
			continue;
		}
		if (i && i != zeros + length)
			*at++ = ':';
		at = pw_put_hex16(at, groups[i]);
	}
	return at;
}

static char *put_cid(char *at, const void *address)
{
	struct portwatch_vsock_addr vsock;

	memcpy(&vsock, address, sizeof(vsock));
	if (vsock.cid == VMADDR_CID_ANY)
		return pw_put_text(at, "any");
	return pw_put_number(at, vsock.cid);
}

char *pw_put_address(char *at, int family, const void *address)
{
	if (family == AF_INET)
		return put_ipv4(at, address);
	if (family == AF_INET6)
		return put_ipv6(at, address);
	if (family == AF_VSOCK)
		return put_cid(at, address);
	return at;
}
