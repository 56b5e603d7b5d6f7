/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of hooks: what is attached where, how often it fired, what it missed.
 */
#ifndef PW_HOOKS_H
#define PW_HOOKS_H

#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/portwatch.h>

#include "compat/compat.h"

/*
 * In the order in which they are attached; they are detached in reverse. What sees
 * the end of a socket comes first: a record that is made is always taken out again
 * before its socket's memory goes.
 */
enum pw_hook_id {
	PW_HOOK_DESTROY,
	PW_HOOK_MPTCP_DESTROY,
	PW_HOOK_RELEASE,
	PW_HOOK_STATE,
	PW_HOOK_CREATE,
	PW_HOOK_RESET,
	PW_HOOK_TIME_WAIT,
	PW_HOOK_BIND4,
	PW_HOOK_BIND6,
	PW_HOOK_AUTOBIND,
	PW_HOOK_LISTEN,
	PW_HOOK_MPTCP_SUBFLOW,
	PW_HOOK_MPTCP_JOIN,
	PW_HOOK_MPTCP_BIND,
	PW_HOOK_MPTCP_LISTEN,
	PW_HOOK_CONNECT,
	PW_HOOK_CONNECT4_FAILED,
	PW_HOOK_CONNECT6_FAILED,
	PW_HOOK_DATAGRAM4,
	PW_HOOK_DATAGRAM6,
	PW_HOOK_MPTCP_INCOMING,
	PW_HOOK_INCOMING,
	PW_HOOK_INCOMING_EARLY,
	PW_HOOK_MIGRATE,
	PW_HOOK_ACCEPT,
	PW_HOOK_DISCONNECT,
	PW_HOOK_ABORT,
	PW_HOOK_EXIT,
#ifdef CONFIG_PREEMPT_RT
	PW_HOOK_MEET,
#endif
	PW_HOOK_SCTP_END,
	PW_HOOK_SCTP_REASON,
	PW_HOOK_SCTP_BINDX,
	PW_HOOK_SCTP_LISTEN,
	PW_HOOK_SCTP_CONNECT,
	PW_HOOK_SCTP_PEEL_OFF,
	PW_HOOK_VSOCK_DESTROY,
	PW_HOOK_VSOCK_RELEASE,
	PW_HOOK_VSOCK_BIND,
	PW_HOOK_VSOCK_LISTEN,
	PW_HOOK_VSOCK_ASSIGN,
	PW_HOOK_VSOCK_CONNECTED,
	PW_HOOK_VSOCK_INCOMING,
	PW_HOOK_VSOCK_SHUTDOWN,
	PW_HOOK_VSOCK_FIN,
	PW_HOOK_VSOCK_OVER,
	PW_HOOK_VSOCK_ACCEPT,
	PW_HOOK_VSOCK_ERROR,
	PW_HOOK_VSOCK_CONNECT,
	PW_HOOK_VSOCK_GAVE_UP,
	PW_HOOK_VSOCK_TIMEOUT,
	PW_HOOK_FLOW_OUT4,
	PW_HOOK_FLOW_OUT6,
	PW_HOOK_FLOW_IN,
	PW_HOOKS
};

DECLARE_PER_CPU(u64[PW_HOOKS], pw_hook_hits);

static inline void pw_hook_hit(enum pw_hook_id id)
{
	this_cpu_inc(pw_hook_hits[id]);
}

DECLARE_PER_CPU(u64[PW_HOOKS], pw_hook_misses);

/* It fired, and was of no use. */
static inline void pw_hook_miss(enum pw_hook_id id)
{
	this_cpu_inc(pw_hook_misses[id]);
}

/* Process context, under the lock of all sessions. */
int pw_hooks_attach(void);
void pw_hooks_detach(void);
bool pw_hooks_attached(void);
bool pw_hook_is_attached(enum pw_hook_id id);

/*
 * Some hooks are only attached while a session asks for events that they see: those
 * that somebody wants are attached now, and those that nobody wants any more
 * detached. Such a hook is never required.
 */
int pw_hooks_want(u64 events);

/*
 * A module of the kernel comes (its code is there and has not run yet) or goes (it
 * does not run any more): process context, under the lock of all sessions.
 */
void pw_hooks_module_coming(const char *name);
void pw_hooks_module_going(const char *name);

/* Is any hook in that module? Any time. */
bool pw_hooks_have_module(const char *name);

int pw_hook_describe(unsigned int index, struct portwatch_hook *row);
void pw_hooks_sum(u64 *hits, u64 *misses);

/*
 * Handlers. An ftrace handler runs at the entry of the function that it is named
 * after; a kretprobe has a handler at entry, which keeps what the return will need,
 * and one at return; a tracepoint handler has the tracepoint's own arguments after
 * the first. In which context each runs is said where it is defined.
 */
#define PW_FTRACE(name)							\
	void name(unsigned long ip, unsigned long parent_ip,		\
		  struct ftrace_ops *ops, pw_ftrace_regs_t *regs)

#define PW_KPROBE(name)							\
	int name(struct kretprobe_instance *ri, struct pt_regs *regs)

/* hook_socket.c */
PW_FTRACE(pw_on_socket_post_create);
PW_FTRACE(pw_on_inet_release);
PW_FTRACE(pw_on_udp_disconnect);
void pw_on_tcp_destroy_sock(void *data, struct sock *sk);

/* hook_state.c */
PW_FTRACE(pw_on_tcp_reset);
PW_FTRACE(pw_on_tcp_time_wait);
PW_FTRACE(pw_on_tcp_abort);
void pw_on_set_state(void *data, const struct sock *csk, const int oldstate,
		     const int newstate);

/* hook_bind.c */
extern const size_t pw_bind_data_size;
PW_KPROBE(pw_on_inet_bind_entry);
PW_KPROBE(pw_on_inet_bind);
PW_KPROBE(pw_on_inet6_bind);
PW_KPROBE(pw_on_inet_autobind_entry);
PW_KPROBE(pw_on_inet_autobind);
PW_KPROBE(pw_on_inet_listen_entry);
PW_KPROBE(pw_on_inet_listen);
PW_KPROBE(pw_on_mptcp_bind);
PW_KPROBE(pw_on_mptcp_listen);
PW_KPROBE(pw_on_sctp_inet_listen);
PW_KPROBE(pw_on_sctp_bindx_entry);
PW_KPROBE(pw_on_sctp_bindx);

/* hook_connect.c */
extern const size_t pw_connect_data_size;
PW_FTRACE(pw_on_tcp_connect);
PW_KPROBE(pw_on_connect_entry);
PW_KPROBE(pw_on_tcp_v4_connect);
PW_KPROBE(pw_on_tcp_v6_connect);
PW_KPROBE(pw_on_ip4_datagram_connect);
PW_KPROBE(pw_on_ip6_datagram_connect);

/* hook_accept.c */
PW_FTRACE(pw_on_complete_hashdance);
PW_FTRACE(pw_on_reqsk_queue_add);
extern const size_t pw_migrate_data_size;
PW_KPROBE(pw_on_migrate_entry);
PW_KPROBE(pw_on_migrate);
PW_FTRACE(pw_on_inet_accept);
PW_FTRACE(pw_on_sock_graft);
PW_FTRACE(pw_on_vsock_graft);
PW_FTRACE(pw_on_vsock_enqueue_accept);

/* hook_mptcp.c */
extern const size_t pw_subflow_data_size;
PW_KPROBE(pw_on_subflow_create_entry);
PW_KPROBE(pw_on_subflow_create);
PW_FTRACE(pw_on_mptcp_joined);
PW_FTRACE(pw_on_mptcp_new_connection);
PW_FTRACE(pw_on_mptcp_destroy);

/* hook_process.c */
PW_FTRACE(pw_on_exit_signals);
PW_FTRACE(pw_on_security_socket);

/* hook_sctp.c */
PW_FTRACE(pw_on_sctp_association_free);
PW_FTRACE(pw_on_sctp_assoc_change);
PW_FTRACE(pw_on_sctp_associate);
PW_FTRACE(pw_on_sctp_assoc_migrate);

/* hook_vsock.c */
PW_FTRACE(pw_on_vsock_destruct);
PW_FTRACE(pw_on_vsock_release);
PW_FTRACE(pw_on_vsock_remove_sock);
PW_FTRACE(pw_on_vsock_shutdown);
PW_FTRACE(pw_on_vsock_has_data);
PW_FTRACE(pw_on_vsock_close_timeout);
PW_FTRACE(pw_on_vsock_connected);
PW_FTRACE(pw_on_vsock_gave_up);
PW_FTRACE(pw_on_error_report);
extern const size_t pw_vsock_attempt_data_size;
PW_KPROBE(pw_on_vsock_connect_entry);
PW_KPROBE(pw_on_vsock_connect);
PW_KPROBE(pw_on_vsock_assign_entry);
PW_KPROBE(pw_on_vsock_assign);

/* hook_vsock_bind.c */
extern const size_t pw_vsock_bind_data_size;
PW_KPROBE(pw_on_vsock_bind_entry);
PW_KPROBE(pw_on_vsock_bind);
PW_KPROBE(pw_on_vsock_listen_entry);
PW_KPROBE(pw_on_vsock_listen);

/* hook_flow.c */
PW_FTRACE(pw_on_ip_send_skb);
PW_FTRACE(pw_on_ip6_send_skb);
PW_FTRACE(pw_on_udp_enqueue);

#endif /* PW_HOOKS_H */
