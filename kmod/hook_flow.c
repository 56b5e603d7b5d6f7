// SPDX-License-Identifier: GPL-2.0
/*
 * Datagrams of UDP sockets that have no peer of their own. Attached only while a
 * session asks for flows, since every datagram passes here.
 */
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/preempt.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>

#include "flow.h"
#include "hook.h"

static bool has_flows(const struct sock *sk)
{
	return sk && (sk->sk_protocol == IPPROTO_UDP ||
		      sk->sk_protocol == IPPROTO_UDPLITE) &&
	       sk->sk_type == SOCK_DGRAM && pw_is_inet(sk) &&
	       READ_ONCE(sk->sk_state) != TCP_ESTABLISHED;
}

/* The headers say who speaks to whom; @dir says which of them is we. */
static void read_ends(const struct sk_buff *skb, bool is_ipv4, u8 dir,
		      struct pw_address *local, struct pw_address *remote)
{
	struct pw_address *from = dir == PORTWATCH_DIR_OUT ? local : remote;
	struct pw_address *to = dir == PORTWATCH_DIR_OUT ? remote : local;

	memset(from, 0, sizeof(*from));
	memset(to, 0, sizeof(*to));
	from->port = ntohs(udp_hdr(skb)->source);
	to->port = ntohs(udp_hdr(skb)->dest);
	if (is_ipv4) {
		from->family = AF_INET;
		to->family = AF_INET;
		memcpy(from->addr, &ip_hdr(skb)->saddr, 4);
		memcpy(to->addr, &ip_hdr(skb)->daddr, 4);
	} else {
		from->family = AF_INET6;
		to->family = AF_INET6;
		memcpy(from->addr, &ipv6_hdr(skb)->saddr, 16);
		memcpy(to->addr, &ipv6_hdr(skb)->daddr, 16);
	}
}

static void emit_flow(struct pw_socket *socket, struct sock *sk, u8 dir,
		      const struct pw_address *local,
		      const struct pw_address *remote, u32 news, bool full,
		      struct pw_process *who)
{
	struct portwatch_event event __uninitialized;

	pw_event_init(&event, PORTWATCH_FLOW, sk, socket->cookie);
	pw_event_set_local(&event, local);
	pw_event_set_remote(&event, remote);
	if (sk->sk_family == AF_INET6 && local->family == AF_INET)
		event.flags |= PORTWATCH_F_MAPPED;
	if (full)
		event.flags |= PORTWATCH_F_FULL;
	event.flow.dir = dir;
	pw_socket_emit_to(socket, &event, news, who, who ? current->pid : 0);
}

/*
 * The usual datagram goes no further than pw_flow_is_news(). One for which there is
 * no record belongs to a socket that is being closed, or that there was no room for.
 */
static void saw_datagram(struct sock *sk, const struct sk_buff *skb, bool is_ipv4,
			 enum pw_hook_id id)
{
	u8 dir = id == PW_HOOK_FLOW_IN ? PORTWATCH_DIR_IN : PORTWATCH_DIR_OUT;
	u32 wants = READ_ONCE(pw_stream_wants[PORTWATCH_FLOW]), news;
	struct pw_address local, remote;
	struct pw_flow_key key = { .dir = dir };
	struct pw_process *who = NULL;
	struct pw_socket_lock lock __uninitialized;
	struct pw_socket *socket;
	unsigned long flags;
	bool is_news, full;

	read_ends(skb, is_ipv4, dir, &local, &remote);
	key.sock = pw_socket_cookie(sk);
	key.family = remote.family;
	key.port = remote.port;
	memcpy(key.addr, remote.addr, sizeof(key.addr));
	local_irq_save(flags);
	is_news = pw_flow_is_news(&key, wants);
	local_irq_restore(flags);
	if (!is_news)
		return;

	/* What is sent is sent by a process, unless the kernel answers for itself. */
	if (dir == PORTWATCH_DIR_OUT && in_task())
		who = pw_process_current();
	socket = pw_socket_lock(&lock, sk);
	if (who)
		socket = pw_socket_of_holder(&lock, socket, sk, who);
	if (socket) {
		news = pw_flow_tell(&key, sk, wants, &full);
		if (news)
			emit_flow(socket, sk, dir, &local, &remote, news, full,
				  who);
		else if (full)
			pw_hook_miss(id);
	}
	pw_socket_unlock(&lock);
	pw_process_put(who);
}

/*
 * ip_send_skb(net, skb): process context; whole datagrams with all their headers, of
 * UDP and of others. An IPv6 socket that sends to an IPv4 address passes here.
 */
PW_FTRACE(pw_on_ip_send_skb)
{
	const struct sk_buff *skb = (void *)pw_ftrace_arg(regs, 1);
	struct sock *sk = skb->sk;

	if (!has_flows(sk))
		return;
	pw_hook_hit(PW_HOOK_FLOW_OUT4);
	saw_datagram(sk, skb, true, PW_HOOK_FLOW_OUT4);
}

/* ip6_send_skb(skb): the same for IPv6. */
PW_FTRACE(pw_on_ip6_send_skb)
{
	const struct sk_buff *skb = (void *)pw_ftrace_arg(regs, 0);
	struct sock *sk = skb->sk;

	if (!has_flows(sk))
		return;
	pw_hook_hit(PW_HOOK_FLOW_OUT6);
	saw_datagram(sk, skb, false, PW_HOOK_FLOW_OUT6);
}

/*
 * __udp_enqueue_schedule_skb(sk, skb): softirq; a datagram for a socket, both
 * families. The socket stays: it was looked up under RCU, or is held.
 */
PW_FTRACE(pw_on_udp_enqueue)
{
	struct sock *sk = (void *)pw_ftrace_arg(regs, 0);
	const struct sk_buff *skb = (void *)pw_ftrace_arg(regs, 1);

	if (!has_flows(sk))
		return;
	pw_hook_hit(PW_HOOK_FLOW_IN);
	saw_datagram(sk, skb, skb->protocol == htons(ETH_P_IP),
		     PW_HOOK_FLOW_IN);
}
