/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Encoding: every field of the wire format is written here.
 */
#ifndef PW_EVENT_H
#define PW_EVENT_H

#include <linux/types.h>
#include <linux/portwatch.h>

struct pw_address;
struct pw_process;
struct sock;

/* Slots of the longest process record. */
#define PW_PROCESS_SLOTS	12

/* Bytes of text that a process record of so many slots can carry. */
#define PW_PROCESS_TEXT							\
	(sizeof_field(struct portwatch_process, text) +			\
	 (PW_PROCESS_SLOTS - 1) * sizeof_field(struct portwatch_text, text))

/**
 * struct pw_address - an address and port as a caller asked for it
 *
 * @family:	AF_INET, AF_INET6, or AF_UNSPEC where there is none
 * @port:	host order
 * @addr:	network order
 */
struct pw_address {
	u16 family;
	u16 port;
	u8 addr[16];
};

struct sockaddr;
/* Take it from the kernel's copy of a socket address of @len bytes. */
void pw_address_read(struct pw_address *address, const struct sockaddr *from,
		     int len);

/*
 * Begin an event about a socket: all of it zero but type, cookie, protocol, netns
 * and both addresses as they are now. @sk must not be freed meanwhile; its address
 * fields may change under us, which the callers' contexts exclude (they hold the
 * socket's lock, or the only reference).
 */
void pw_event_init(struct portwatch_event *event, u8 type, struct sock *sk,
		   u64 cookie);

/* Say nothing of where the socket is, but of its family. */
void pw_event_clear_addresses(struct portwatch_event *event,
			      const struct sock *sk);

/* In place of both addresses those of another socket, which carries this one. */
void pw_event_take_addresses(struct portwatch_event *event, struct sock *carrier);

/* Put an asked-for address in place of the local or the remote one. */
void pw_event_set_local(struct portwatch_event *event,
			const struct pw_address *address);
void pw_event_set_remote(struct portwatch_event *event,
			 const struct pw_address *address);

/* The same for vsock; its peer as it was asked for, or called, in any state. */
void pw_event_vsock_set_local(struct portwatch_event *event,
			      const struct portwatch_vsock_addr *asked);
void pw_event_vsock_show_peer(struct portwatch_event *event,
			      const struct sock *sk);
void pw_event_vsock_bind(struct portwatch_event *event, u8 how,
			 const struct portwatch_vsock_addr *asked);

/* The particulars of some types. */
void pw_event_bind(struct portwatch_event *event, struct sock *sk, u8 how,
		   const struct pw_address *asked);
/* Adds what a TCP socket carried. */
void pw_event_traffic(struct portwatch_event *event, const struct sock *sk);
void pw_event_set_ifname(u8 *ifname, struct sock *sk);
void pw_event_set_dual_stack(struct portwatch_event *event, struct sock *sk);
void pw_event_set_options(struct portwatch_event *event, struct sock *sk);

/* Take the local or the remote end out again. */
void pw_event_clear_local(struct portwatch_event *event, const struct sock *sk);
void pw_event_clear_remote(struct portwatch_event *event, const struct sock *sk);

/* Returns the number of slots used, PW_PROCESS_SLOTS at most. */
unsigned int pw_event_encode_process(struct portwatch_event *slots,
				     const struct pw_process *process,
				     u64 time);

#endif /* PW_EVENT_H */
