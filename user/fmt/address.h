/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_FMT_ADDRESS_H
#define PW_FMT_ADDRESS_H

/* The longest address: "ffff:" eight times, or with an IPv4 tail. */
#define PW_ADDRESS_MAX	46

/*
 * Writes an address as events have it, IPv6 as RFC 5952 has it, of AF_VSOCK the
 * context id (the port stands beside it) or "any"; see put.h. A
 * family that has no addresses writes nothing.
 */
char *pw_put_address(char *at, int family, const void *address);

#endif
