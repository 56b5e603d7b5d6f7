/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses as the tests ask for them, and as events show them. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP	/* glibc before 2.32 */
#define IPPROTO_MPTCP 262
#endif

/* Which kind of address a test runs with. MAPPED: IPv4 on an IPv6 socket. */
enum family {
	IPV4,
	IPV6,
	MAPPED,
};

/* What is given to bind() and connect(); the same in a 32-bit program. */
struct target {
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t length;
} __attribute__((aligned(8)));

/*
 * What an event says: a mapped address has lost its prefix, a vsock's has its port in
 * it.
 */
struct address {
	uint8_t bytes[16];
	uint16_t port;
	uint8_t family;
	bool mapped;
};

int family_domain(enum family family);
struct target target_text(enum family family, const char *text, uint16_t port);
struct target target_loopback(enum family family, uint16_t port);
struct target target_any(enum family family, uint16_t port);
struct target target_unspec(void);
/* A global address to which a netns with a loopback only has no route. */
struct target target_far(enum family family, uint16_t port);
struct target target_vsock(uint32_t cid, uint32_t port);
struct address address_of(const struct sockaddr *name);
uint32_t address_vsock_port(const struct address *address);
bool address_is_any(const struct address *address);

#endif /* ADDRESS_H */
