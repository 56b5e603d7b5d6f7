// SPDX-License-Identifier: GPL-2.0
/*
 * Sees what portwatch sees, at other functions of the kernel (6.1), and keeps
 * nothing but what it needs to count. Where one function serves two purposes, the
 * state of the socket tells them apart.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "witness.h"

#define AF_INET		2
#define AF_INET6	10
#define SOCK_STREAM	1

enum {
	TCP_SYN_SENT = 2,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
};

/* The parts of the kernel's structures that are read; libbpf finds out where. */
#pragma clang attribute push(__attribute__((preserve_access_index)), \
			     apply_to = record)
struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__u16 skc_num;
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} records SEC(".maps");

/* Sockets that try to connect. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u8);
} attempts SEC(".maps");

__u64 lost;

static int tell(struct sock *sk, enum witness_event event)
{
	struct witness_record *record;

	record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	record->netns = sk->__sk_common.skc_net.net->ns.inum;
	record->event = event;
	record->protocol = sk->sk_protocol;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

static bool is_inet(struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_INET ||
	       sk->__sk_common.skc_family == AF_INET6;
}

static bool is_tcp(struct sock *sk)
{
	return is_inet(sk) && sk->sk_protocol == IPPROTO_TCP &&
	       sk->sk_type == SOCK_STREAM;
}

/* bind() asks for a port; listen() does so again, for the one it has or for any. */
SEC("fexit/inet_csk_get_port")
int BPF_PROG(tcp_port, struct sock *sk, unsigned short asked, int error)
{
	if (!is_tcp(sk))
		return 0;
	if (error)
		return tell(sk, WITNESS_BIND_FAILED);
	if (sk->__sk_common.skc_state == TCP_LISTEN && asked)
		return 0;
	return tell(sk, WITNESS_BIND);
}

SEC("fexit/udp_lib_get_port")
int BPF_PROG(udp_port, struct sock *sk, unsigned short asked,
	     unsigned int hash, int error)
{
	if (sk->sk_protocol != IPPROTO_UDP)
		return 0;
	return tell(sk, error ? WITNESS_BIND_FAILED : WITNESS_BIND);
}

SEC("fexit/inet_csk_listen_start")
int BPF_PROG(listen_first, struct sock *sk, int error)
{
	return is_tcp(sk) && !error ? tell(sk, WITNESS_LISTEN) : 0;
}

/* One that listens already only gets another backlog, which cannot fail. */
SEC("fentry/security_socket_listen")
int BPF_PROG(listen_again, struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!is_tcp(sk) || sk->__sk_common.skc_state != TCP_LISTEN)
		return 0;
	return tell(sk, WITNESS_LISTEN);
}

/* The last question before the SYN is made. */
SEC("fexit/tcp_fastopen_defer_connect")
int BPF_PROG(tcp_attempt, struct sock *sk, int *error, bool deferred)
{
	__u64 key = (__u64)sk;
	__u8 one = 1;

	if (!is_tcp(sk) || deferred)
		return 0;
	bpf_map_update_elem(&attempts, &key, &one, BPF_ANY);
	return tell(sk, WITNESS_CONNECT);
}

static int udp_connected(struct sock *sk, int error)
{
	if (sk->sk_protocol != IPPROTO_UDP)
		return 0;
	return tell(sk, error ? WITNESS_CONNECT_FAILED : WITNESS_CONNECT);
}

SEC("fexit/ip4_datagram_connect")
int BPF_PROG(udp4_connect, struct sock *sk, void *address, int length, int error)
{
	return udp_connected(sk, error);
}

SEC("fexit/ip6_datagram_connect")
int BPF_PROG(udp6_connect, struct sock *sk, void *address, int length, int error)
{
	return udp_connected(sk, error);
}

SEC("fentry/tcp_finish_connect")
int BPF_PROG(tcp_established, struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&attempts, &key);
	return tell(sk, WITNESS_ESTABLISHED);
}

/* It came to no attempt: no route, or no port. */
SEC("fexit/__inet_stream_connect")
int BPF_PROG(tcp_no_attempt, struct socket *sock, void *address, int length,
	     int flags, int is_sendmsg, int error)
{
	struct sock *sk = sock->sk;
	__u64 key = (__u64)sk;

	if (!is_tcp(sk) || !error || error == -EINPROGRESS ||
	    error == -EALREADY || error == -EISCONN ||
	    bpf_map_lookup_elem(&attempts, &key))
		return 0;
	return tell(sk, WITNESS_CONNECT_FAILED);
}

/* Refused, or nobody answered. */
SEC("fentry/tcp_done")
int BPF_PROG(tcp_failed, struct sock *sk)
{
	if (sk->__sk_common.skc_state != TCP_SYN_SENT)
		return 0;
	return tell(sk, WITNESS_CONNECT_FAILED);
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(tcp_accepted, struct sock *listener, int flags, int *error,
	     bool kern, struct sock *sk)
{
	return sk && is_tcp(listener) ? tell(listener, WITNESS_ACCEPT) : 0;
}

/* A connection ends with its state; what it was before tells that it was one. */
SEC("fentry/tcp_set_state")
int BPF_PROG(tcp_state, struct sock *sk, int state)
{
	unsigned char before = sk->__sk_common.skc_state;

	if (!is_tcp(sk) || state != TCP_CLOSE || before == TCP_CLOSE ||
	    before == TCP_SYN_SENT || before == TCP_LISTEN)
		return 0;
	return tell(sk, WITNESS_CLOSE_CONNECTION);
}

SEC("fentry/inet_csk_listen_stop")
int BPF_PROG(tcp_listener_closed, struct sock *sk)
{
	return is_tcp(sk) ? tell(sk, WITNESS_CLOSE_LISTENER) : 0;
}

/* The last descriptor of one that has a port and nothing else, or had no success. */
SEC("fentry/tcp_close")
int BPF_PROG(tcp_socket_closed, struct sock *sk)
{
	unsigned char state = sk->__sk_common.skc_state;
	__u64 key = (__u64)sk;
	bool failed = !bpf_map_delete_elem(&attempts, &key);

	if (!is_tcp(sk))
		return 0;
	if (state == TCP_SYN_SENT) {
		tell(sk, WITNESS_CONNECT_FAILED);
		return tell(sk, WITNESS_CLOSE_SOCKET);
	}
	if (state == TCP_CLOSE && (failed || sk->__sk_common.skc_num))
		tell(sk, WITNESS_CLOSE_SOCKET);
	return 0;
}

/* The port goes back: with the last descriptor, or when it is disconnected. */
SEC("fentry/udp_lib_unhash")
int BPF_PROG(udp_closed, struct sock *sk)
{
	if (sk->sk_protocol != IPPROTO_UDP || !sk->__sk_common.skc_num)
		return 0;
	return tell(sk, WITNESS_CLOSE_SOCKET);
}

char LICENSE[] SEC("license") = "GPL";
