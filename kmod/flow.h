/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers that unconnected UDP sockets have exchanged datagrams with.
 *
 * A flow is a socket, a peer and a direction, and is told once to each session that
 * asks for flows: with the first datagram that it could have seen. What was told is
 * remembered in a table of fixed size, as long as the socket is open; nothing is
 * forgotten to make room, so nothing is told twice. While the table is full, flows
 * that it does not have are not told, but each of their datagrams is counted. The table exists while a session
 * wants flows.
 */
#ifndef PW_FLOW_H
#define PW_FLOW_H

#include <linux/types.h>

struct sock;

/**
 * struct pw_flow_key - what makes two flows different
 *
 * @sock:	cookie of the socket
 * @addr:	address of the peer, network order; 12 bytes of zero behind an IPv4 one
 * @port:	its port, host order
 * @family:	AF_INET or AF_INET6, of the address
 * @dir:	enum portwatch_dir
 */
struct pw_flow_key {
	u64 sock;
	u8 addr[16];
	u16 port;
	u8 family;
	u8 dir;
	u32 zero;
};

/* With the first session that wants flows and the last; process context, may sleep. */
int pw_flows_init(void);
void pw_flows_exit(void);

/* No flow was told to the session in that place. */
void pw_flows_forget_session(unsigned int session);

/*
 * The rest: interrupts off, any context but NMI. The first: are there sessions among
 * @wants that were not told? The second, with the shard of @sk locked: take note that
 * they are, and return which. @full: that took the last place, or there was none.
 */
bool pw_flow_is_news(const struct pw_flow_key *key, u32 wants);
u32 pw_flow_tell(const struct pw_flow_key *key, struct sock *sk, u32 wants,
		 bool *full);

#endif /* PW_FLOW_H */
