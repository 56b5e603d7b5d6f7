// SPDX-License-Identifier: GPL-2.0
#include <linux/in.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "compat/compat.h"
#include "event.h"
#include "process.h"
#include "sctp.h"
#include "slot.h"
#include "vsock.h"

static_assert(PORTWATCH_PROTO_VSOCK == 0xff00 + AF_VSOCK);
static_assert(PW_TEXT_MAX <= PW_PROCESS_TEXT);
static_assert(sizeof_field(struct portwatch_event, bind.ifname) == IFNAMSIZ);

static const u8 v4_mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

static bool is_v4_mapped(const u8 *addr)
{
	return !memcmp(addr, v4_mapped_prefix, sizeof(v4_mapped_prefix));
}

void pw_address_read(struct pw_address *address, const struct sockaddr *from,
		     int len)
{
	memset(address, 0, sizeof(*address));
	if (len < (int)sizeof(from->sa_family))
		return;
	if (from->sa_family == AF_INET6 && len >= SIN6_LEN_RFC2133) {
		const struct sockaddr_in6 *in6 = (const void *)from;

		address->family = AF_INET6;
		address->port = ntohs(in6->sin6_port);
		memcpy(address->addr, &in6->sin6_addr, 16);
	} else if (from->sa_family != AF_INET6 &&
		   len >= (int)sizeof(struct sockaddr_in)) {
		/* bind() takes AF_UNSPEC for AF_INET where the address is any. */
		const struct sockaddr_in *in = (const void *)from;

		address->family = AF_INET;
		address->port = ntohs(in->sin_port);
		memcpy(address->addr, &in->sin_addr, 4);
	}
}

/* An event has one family: a mapped pair is an IPv4 pair. */
static void unmap(struct portwatch_event *event)
{
	event->family = AF_INET;
	event->flags |= PORTWATCH_F_MAPPED;
}

static void put_address(u8 *to, struct portwatch_event *event,
			const struct pw_address *address)
{
	memset(to, 0, 16);
	event->family = address->family;
	event->flags &= ~PORTWATCH_F_MAPPED;
	if (address->family == AF_INET6 && is_v4_mapped(address->addr)) {
		unmap(event);
		memcpy(to, address->addr + 12, 4);
	} else {
		memcpy(to, address->addr, 16);
	}
}

void pw_event_set_local(struct portwatch_event *event,
			const struct pw_address *address)
{
	if (address->family == AF_UNSPEC)
		return;
	put_address(event->laddr, event, address);
	event->lport = address->port;
	event->flags |= PORTWATCH_F_LOCAL;
}

void pw_event_set_remote(struct portwatch_event *event,
			 const struct pw_address *address)
{
	if (address->family == AF_UNSPEC)
		return;
	put_address(event->raddr, event, address);
	event->rport = address->port;
	event->flags |= PORTWATCH_F_REMOTE;
}

/* Without an address the family is the socket's. */
static void forget_family(struct portwatch_event *event, const struct sock *sk)
{
	if (event->flags & (PORTWATCH_F_LOCAL | PORTWATCH_F_REMOTE))
		return;
	event->family = sk->sk_family;
	event->flags &= ~PORTWATCH_F_MAPPED;
}

void pw_event_clear_local(struct portwatch_event *event, const struct sock *sk)
{
	event->flags &= ~PORTWATCH_F_LOCAL;
	event->lport = 0;
	memset(event->laddr, 0, sizeof(event->laddr));
	forget_family(event, sk);
}

static void set_addresses_v6(struct portwatch_event *event,
			     const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	const u8 *local = sk->sk_v6_rcv_saddr.s6_addr;
	const u8 *remote = sk->sk_v6_daddr.s6_addr;
	bool mapped = is_v4_mapped(event->flags & PORTWATCH_F_REMOTE ? remote :
								       local);

	event->family = AF_INET6;
	if (mapped) {
		unmap(event);
		memcpy(event->raddr, remote + 12, 4);
	} else {
		memcpy(event->raddr, remote, 16);
	}
	/* SCTP has several addresses, and may show one of each family: then any. */
	if (is_v4_mapped(local) != mapped)
		return;
	memcpy(event->laddr, mapped ? local + 12 : local, mapped ? 4 : 16);
#endif
}

void pw_event_clear_remote(struct portwatch_event *event, const struct sock *sk)
{
	bool had_remote = event->flags & PORTWATCH_F_REMOTE;

	event->flags &= ~PORTWATCH_F_REMOTE;
	event->rport = 0;
	/* The family was the peer's: of the local end [::] can be told now. */
	if (had_remote && event->flags & PORTWATCH_F_LOCAL &&
	    sk->sk_family == AF_INET6) {
		event->flags &= ~PORTWATCH_F_MAPPED;
		set_addresses_v6(event, sk);
	}
	memset(event->raddr, 0, sizeof(event->raddr));
	forget_family(event, sk);
}

static bool is_ping(const struct sock *sk)
{
	return sk->sk_type == SOCK_DGRAM &&
	       (sk->sk_protocol == IPPROTO_ICMP ||
		sk->sk_protocol == IPPROTO_ICMPV6);
}

/* Who pings asks a host, and no port of it. */
static bool has_remote(const struct sock *sk)
{
	if (sk->sk_type == SOCK_RAW || pw_sctp_has_many(sk))
		return false;
	if (is_ping(sk))
		return sk->sk_state == TCP_ESTABLISHED;
	return inet_sk(sk)->inet_dport;
}

/*
 * The address that is listened to or received at (for multicast it differs from
 * the one that is sent from). Ports are taken from inet_sport: inet_num is 0
 * already when a connection closes.
 */
static void set_addresses(struct portwatch_event *event, struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	/* A raw socket has the number of its protocol there. */
	if (sk->sk_type != SOCK_RAW)
		event->lport = ntohs(inet->inet_sport);
	if (has_remote(sk)) {
		event->rport = is_ping(sk) ? 0 : ntohs(inet->inet_dport);
		event->flags |= PORTWATCH_F_REMOTE;
	}
	if (event->lport)
		event->flags |= PORTWATCH_F_LOCAL;

	if (sk->sk_family == AF_INET6) {
		set_addresses_v6(event, sk);
	} else {
		event->family = AF_INET;
		memcpy(event->laddr, &inet->inet_rcv_saddr, 4);
		memcpy(event->raddr, &inet->inet_daddr, 4);
	}
	if (!event->lport)
		pw_event_clear_local(event, sk);
	if (!(event->flags & PORTWATCH_F_REMOTE))
		pw_event_clear_remote(event, sk);
}

void pw_event_vsock_set_local(struct portwatch_event *event,
			      const struct portwatch_vsock_addr *asked)
{
	memcpy(event->laddr, asked, sizeof(*asked));
	event->flags |= PORTWATCH_F_LOCAL;
}

void pw_event_vsock_show_peer(struct portwatch_event *event,
			      const struct sock *sk)
{
	struct portwatch_vsock_addr addr;

	if (!pw_vsock_remote(&addr, sk))
		return;
	memcpy(event->raddr, &addr, sizeof(addr));
	event->flags |= PORTWATCH_F_REMOTE;
}

/* The peer of an attempt that failed stays in the socket; it means nothing then. */
static noinline void set_addresses_vsock(struct portwatch_event *event,
					 const struct sock *sk)
{
	struct portwatch_vsock_addr addr;

	event->family = AF_VSOCK;
	if (pw_vsock_has_port(sk)) {
		pw_vsock_local(&addr, sk);
		pw_event_vsock_set_local(event, &addr);
	}
	if (sk->sk_state != TCP_LISTEN && sk->sk_state != TCP_CLOSE)
		pw_event_vsock_show_peer(event, sk);
}

static u16 proto_of(const struct sock *sk)
{
	if (pw_is_vsock(sk))
		return PORTWATCH_PROTO_VSOCK;
	return sk->sk_type == SOCK_RAW ? IPPROTO_RAW : sk->sk_protocol;
}

void pw_event_init(struct portwatch_event *event, u8 type, struct sock *sk,
		   u64 cookie)
{
	pw_words_clear(event, sizeof(*event));
	event->type = type;
	event->sock = cookie;
	event->proto = proto_of(sk);
	event->netns = sock_net(sk)->ns.inum;
	if (pw_is_vsock(sk))
		set_addresses_vsock(event, sk);
	else
		set_addresses(event, sk);
}

void pw_event_clear_addresses(struct portwatch_event *event,
			      const struct sock *sk)
{
	event->flags &= ~(PORTWATCH_F_LOCAL | PORTWATCH_F_REMOTE |
			  PORTWATCH_F_MAPPED);
	event->family = sk->sk_family;
	event->lport = 0;
	event->rport = 0;
	memset(event->laddr, 0, sizeof(event->laddr));
	memset(event->raddr, 0, sizeof(event->raddr));
}

void pw_event_take_addresses(struct portwatch_event *event, struct sock *carrier)
{
	pw_event_clear_addresses(event, carrier);
	set_addresses(event, carrier);
}

void pw_event_set_ifname(u8 *ifname, struct sock *sk)
{
	int index = READ_ONCE(sk->sk_bound_dev_if);
	struct net_device *dev;

	if (!index)
		return;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), index);
	if (dev)
		strscpy(ifname, dev->name, IFNAMSIZ);
	rcu_read_unlock();
}

void pw_event_set_dual_stack(struct portwatch_event *event, struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && ipv6_addr_any(&sk->sk_v6_rcv_saddr) &&
	    !ipv6_only_sock(sk))
		event->flags |= PORTWATCH_F_DUAL_STACK;
#endif
}

void pw_event_set_options(struct portwatch_event *event, struct sock *sk)
{
	/* It has none of these, and does not heed SO_REUSEADDR. */
	if (pw_is_vsock(sk))
		return;
	pw_event_set_dual_stack(event, sk);
	if (sk->sk_reuse)
		event->flags |= PORTWATCH_F_REUSE_ADDR;
	if (sk->sk_reuseport)
		event->flags |= PORTWATCH_F_REUSE_PORT;
	if (pw_inet_freebind(sk))
		event->flags |= PORTWATCH_F_FREEBIND;
	if (pw_inet_transparent(sk))
		event->flags |= PORTWATCH_F_TRANSPARENT;
}

void pw_event_bind(struct portwatch_event *event, struct sock *sk, u8 how,
		   const struct pw_address *asked)
{
	pw_event_set_options(event, sk);
	pw_event_set_ifname(event->bind.ifname, sk);
	event->bind.how = how;
	if (!asked)
		return;
	event->bind.req_port = asked->port;
	if (asked->family == AF_INET6 && (event->flags & PORTWATCH_F_MAPPED))
		memcpy(event->bind.req_addr, asked->addr + 12, 4);
	else
		memcpy(event->bind.req_addr, asked->addr, 16);
}

void pw_event_vsock_bind(struct portwatch_event *event, u8 how,
			 const struct portwatch_vsock_addr *asked)
{
	event->bind.how = how;
	memcpy(event->bind.req_addr, asked, sizeof(*asked));
}

/*
 * Payload, each byte once. bytes_sent counts segments sent again, bytes_received
 * counts the FIN; neither counts the SYN.
 */
void pw_event_traffic(struct portwatch_event *event, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 received = tp->bytes_received;

	if (sock_flag(sk, SOCK_DONE) && received)
		received--;
	event->close.tx_bytes += tp->bytes_sent - tp->bytes_retrans;
	event->close.rx_bytes += received;
	event->close.rtt_us = event->close.rtt_us ?: tp->srtt_us >> 3;
	event->close.count += tp->total_retrans;
}

static void put_text(struct portwatch_event *slots, unsigned int count,
		     const struct pw_process *process, u64 time, size_t done,
		     size_t total)
{
	unsigned int i;

	for (i = 1; i < count; i++) {
		struct portwatch_text *slot = (void *)&slots[i];

		memset(slot, 0, sizeof(*slot));
		slot->time = time;
		slot->type = PORTWATCH_TEXT;
		slot->part = i;
		slot->key = process->key;
		slot->text_len = min(total - done, sizeof(slot->text));
		memcpy(slot->text, process->text + done, slot->text_len);
		done += slot->text_len;
	}
}

unsigned int pw_event_encode_process(struct portwatch_event *slots,
				     const struct pw_process *process,
				     u64 time)
{
	struct portwatch_process *slot = (void *)slots;
	size_t total = process->exe_len + process->cmdline_len +
		       process->cgroup_len;

	memset(slot, 0, sizeof(*slot));
	slot->time = time;
	slot->type = PORTWATCH_PROCESS;
	slot->key = process->key;
	slot->pid = process->id.tgid;
	slot->ppid = process->ppid;
	slot->uid = process->id.uid;
	slot->auid = process->auid;
	slot->flags = process->flags;
	slot->start = process->id.start;
	slot->cgroup_id = process->id.cgroup;
	strscpy_pad((char *)slot->comm, (const char *)process->id.comm,
		    sizeof(slot->comm));
	slot->exe_len = process->exe_len;
	slot->cmdline_len = process->cmdline_len;
	slot->cgroup_len = process->cgroup_len;
	slot->text_len = min(total, sizeof(slot->text));
	memcpy(slot->text, process->text, slot->text_len);
	slot->slots = 1 + DIV_ROUND_UP(total - slot->text_len,
				       sizeof_field(struct portwatch_text, text));
	put_text(slots, slot->slots, process, time, slot->text_len, total);
	return slot->slots;
}
