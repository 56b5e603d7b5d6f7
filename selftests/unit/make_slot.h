/* SPDX-License-Identifier: GPL-2.0 */
/* Records for tests. */
#ifndef MAKE_SLOT_H
#define MAKE_SLOT_H

#include "slot.h"

/* An event of TCP, IPv4, at @time, without ends. */
union pw_slot make_event(unsigned int type, uint64_t time);

/* Sets an end from text such as "10.0.0.1" or "fe80::1". */
void set_local(union pw_slot *slot, const char *address, uint16_t port);
void set_remote(union pw_slot *slot, const char *address, uint16_t port);

/* Makes it one of AF_VSOCK, and sets an end. */
void set_vsock_local(union pw_slot *slot, uint32_t cid, uint32_t port);
void set_vsock_remote(union pw_slot *slot, uint32_t cid, uint32_t port);

/*
 * A process record in @slots, which have room for PW_RECORD_SLOTS_MAX. Texts may be
 * NULL. Returns how many slots it takes.
 */
unsigned int make_process(union pw_slot *slots, uint64_t time, uint32_t key,
			  const char *comm, const char *exe,
			  const void *cmdline, size_t cmdline_len,
			  const char *cgroup);

#endif
