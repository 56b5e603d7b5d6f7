/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_FMT_ADDRESS_H
#define PW_FMT_ADDRESS_H

/* The longest address: "ffff:" eight times, or with an IPv4 tail. */
#define PW_ADDRESS_MAX	46

/*
 * Writes an address in network order, IPv6 as RFC 5952 has it; see put.h. A
 * family that has no addresses writes nothing.
 */
char *pw_put_address(char *at, int family, const void *address);

#endif
