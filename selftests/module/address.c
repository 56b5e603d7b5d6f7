// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/portwatch_record.h>
#include <linux/vm_sockets.h>

#include "address.h"

int family_domain(enum family family)
{
	return family == IPV4 ? AF_INET : AF_INET6;
}

static void parse(int domain, const char *text, void *into)
{
	if (inet_pton(domain, text, into) == 1)
		return;
	fprintf(stderr, "# not an address: %s\n", text);
	abort();
}

struct target target_text(enum family family, const char *text, uint16_t port)
{
	struct target target = { .length = 0 };
	char mapped[64];

	if (family == IPV4) {
		target.in4.sin_family = AF_INET;
		target.in4.sin_port = htons(port);
		parse(AF_INET, text, &target.in4.sin_addr);
		target.length = sizeof(target.in4);
		return target;
	}
	if (family == MAPPED) {
		snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
		text = mapped;
	}
	target.in6.sin6_family = AF_INET6;
	target.in6.sin6_port = htons(port);
	parse(AF_INET6, text, &target.in6.sin6_addr);
	target.length = sizeof(target.in6);
	return target;
}

struct target target_loopback(enum family family, uint16_t port)
{
	return target_text(family, family == IPV6 ? "::1" : "127.0.0.1", port);
}

struct target target_any(enum family family, uint16_t port)
{
	return target_text(family, family == IPV6 ? "::" : "0.0.0.0", port);
}

struct target target_far(enum family family, uint16_t port)
{
	return target_text(family,
			   family == IPV6 ? "2001:db8::9" : "198.51.100.9",
			   port);
}

struct target target_unspec(void)
{
	struct target target = { .length = sizeof(target.any) };

	target.any.sa_family = AF_UNSPEC;
	return target;
}

struct target target_vsock(uint32_t cid, uint32_t port)
{
	struct target target = { .length = sizeof(struct sockaddr_vm) };
	struct sockaddr_vm *vm = (void *)&target.storage;

	vm->svm_family = AF_VSOCK;
	vm->svm_cid = cid;
	vm->svm_port = port;
	return target;
}

static void vsock_address(struct address *address, const struct sockaddr *name)
{
	const struct sockaddr_vm *vm = (const void *)name;
	struct portwatch_vsock_addr vsock = {
		.cid = vm->svm_cid, .port = vm->svm_port,
	};

	memcpy(address->bytes, &vsock, sizeof(vsock));
}

uint32_t address_vsock_port(const struct address *address)
{
	struct portwatch_vsock_addr vsock;

	memcpy(&vsock, address->bytes, sizeof(vsock));
	return vsock.port;
}

struct address address_of(const struct sockaddr *name)
{
	struct address address = { .family = name->sa_family };
	const struct sockaddr_in6 *in6 = (const void *)name;
	const struct sockaddr_in *in4 = (const void *)name;

	if (name->sa_family == AF_INET) {
		memcpy(address.bytes, &in4->sin_addr, 4);
		address.port = ntohs(in4->sin_port);
	} else if (name->sa_family == AF_INET6) {
		address.port = ntohs(in6->sin6_port);
		address.mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);
		if (address.mapped) {
			address.family = AF_INET;
			memcpy(address.bytes, &in6->sin6_addr.s6_addr[12], 4);
		} else {
			memcpy(address.bytes, &in6->sin6_addr, 16);
		}
	} else if (name->sa_family == AF_VSOCK) {
		vsock_address(&address, name);
	}
	return address;
}

bool address_is_any(const struct address *address)
{
	static const uint8_t zero[16];

	return !memcmp(address->bytes, zero, sizeof(zero));
}
