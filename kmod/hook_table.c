// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks: where each one is, and what is not seen without it.
 */
#include <linux/portwatch.h>

#include "attach.h"
#include "hooks.h"

#define TRACEPOINT	.kind = PORTWATCH_HOOK_TRACEPOINT
#define FTRACE		.kind = PORTWATCH_HOOK_FTRACE
#define KRETPROBE	.kind = PORTWATCH_HOOK_KRETPROBE
#define VSOCK		.module = "vsock"
#define VSOCK_VIRTIO	.module = "vmw_vsock_virtio_transport_common"

struct pw_hook pw_hook_table[PW_HOOKS] = {
	[PW_HOOK_CREATE] = {
		.name = "create", FTRACE,
		.purpose = "creation of sockets; who owns a socket that another process uses",
		.target = { { "security_socket_post_create",
			      pw_on_socket_post_create } },
	},
	[PW_HOOK_MPTCP_DESTROY] = {
		.name = "mptcp-destroy", FTRACE, .optional = true,
		.purpose = "who owns MPTCP sockets, when and why they end",
		.target = { { "__mptcp_destroy_sock", pw_on_mptcp_destroy },
			    { "mptcp_destroy", pw_on_mptcp_destroy } },
	},
	[PW_HOOK_RELEASE] = {
		.name = "release", FTRACE,
		.purpose = "close of UDP and unconnected sockets; who closed",
		.target = { { "inet_release", pw_on_inet_release } },
	},
	[PW_HOOK_STATE] = {
		.name = "state", TRACEPOINT,
		.purpose = "established, connect-failed, close of TCP",
		.target = { { "inet_sock_set_state", pw_on_set_state } },
	},
	[PW_HOOK_DESTROY] = {
		.name = "destroy", TRACEPOINT,
		.purpose = "the end of TCP sockets",
		.target = { { "tcp_destroy_sock", pw_on_tcp_destroy_sock } },
	},
	[PW_HOOK_RESET] = {
		.name = "reset", FTRACE,
		.purpose = "why a connection ended: reset by the other end",
		.target = { { "tcp_reset", pw_on_tcp_reset } },
	},
	[PW_HOOK_TIME_WAIT] = {
		.name = "time-wait", FTRACE,
		.purpose = "why a connection ended: closed in order by this end",
		.target = { { "tcp_time_wait", pw_on_tcp_time_wait } },
	},
	[PW_HOOK_BIND4] = {
		.name = "bind4", KRETPROBE,
		.purpose = "bind, bind-failed (IPv4)",
		.data_size = &pw_bind_data_size,
		.target = { { "inet_bind", pw_on_inet_bind,
			      pw_on_inet_bind_entry } },
	},
	[PW_HOOK_BIND6] = {
		.name = "bind6", KRETPROBE, .optional = true,
		.purpose = "bind, bind-failed (IPv6)",
		.data_size = &pw_bind_data_size,
		.target = { { "inet6_bind", pw_on_inet6_bind,
			      pw_on_inet_bind_entry } },
	},
	[PW_HOOK_AUTOBIND] = {
		.name = "autobind", KRETPROBE, .optional = true,
		.purpose = "bind of a UDP socket by connect or send",
		.data_size = &pw_bind_data_size,
		.target = { { "inet_autobind", pw_on_inet_autobind,
			      pw_on_inet_autobind_entry } },
	},
	[PW_HOOK_LISTEN] = {
		.name = "listen", KRETPROBE,
		.purpose = "listen, and bind by listen",
		.data_size = &pw_bind_data_size,
		.target = { { "inet_listen", pw_on_inet_listen,
			      pw_on_inet_listen_entry } },
	},
	[PW_HOOK_MPTCP_SUBFLOW] = {
		.name = "mptcp-subflow", KRETPROBE, .optional = true,
		.purpose = "which sockets of the kernel are but parts of MPTCP's; their errors",
		.data_size = &pw_subflow_data_size,
		.target = { { "mptcp_subflow_create_socket",
			      pw_on_subflow_create,
			      pw_on_subflow_create_entry } },
	},
	[PW_HOOK_MPTCP_JOIN] = {
		.name = "mptcp-join", FTRACE, .optional = true,
		.purpose = "bytes of MPTCP's further subflows",
		.target = { { "mptcp_sockopt_sync_locked",
			      pw_on_mptcp_joined } },
	},
	[PW_HOOK_MPTCP_BIND] = {
		.name = "mptcp-bind", KRETPROBE, .optional = true,
		.purpose = "bind, bind-failed of MPTCP",
		.data_size = &pw_bind_data_size,
		.target = { { "mptcp_bind", pw_on_mptcp_bind,
			      pw_on_inet_bind_entry } },
	},
	[PW_HOOK_MPTCP_LISTEN] = {
		.name = "mptcp-listen", KRETPROBE, .optional = true,
		.purpose = "listen of MPTCP",
		.data_size = &pw_bind_data_size,
		.target = { { "mptcp_listen", pw_on_mptcp_listen,
			      pw_on_inet_listen_entry } },
	},
	[PW_HOOK_CONNECT] = {
		.name = "connect", FTRACE,
		.purpose = "connect of TCP and all that follows from it",
		.target = { { "tcp_connect", pw_on_tcp_connect } },
	},
	[PW_HOOK_CONNECT4_FAILED] = {
		.name = "connect4-failed", KRETPROBE, .optional = true,
		.purpose = "connect-failed at once (TCP over IPv4)",
		.data_size = &pw_connect_data_size,
		.target = { { "tcp_v4_connect", pw_on_tcp_v4_connect,
			      pw_on_connect_entry } },
	},
	[PW_HOOK_CONNECT6_FAILED] = {
		.name = "connect6-failed", KRETPROBE, .optional = true,
		.purpose = "connect-failed at once (TCP over IPv6)",
		.data_size = &pw_connect_data_size,
		.target = { { "tcp_v6_connect", pw_on_tcp_v6_connect,
			      pw_on_connect_entry } },
	},
	[PW_HOOK_DATAGRAM4] = {
		.name = "datagram4", KRETPROBE, .optional = true,
		.purpose = "connect of UDP over IPv4",
		.data_size = &pw_connect_data_size,
		.target = { { "__ip4_datagram_connect", pw_on_ip4_datagram_connect,
			      pw_on_connect_entry } },
	},
	[PW_HOOK_DATAGRAM6] = {
		.name = "datagram6", KRETPROBE, .optional = true,
		.purpose = "connect of UDP over IPv6",
		.data_size = &pw_connect_data_size,
		.target = { { "__ip6_datagram_connect", pw_on_ip6_datagram_connect,
			      pw_on_connect_entry } },
	},
	[PW_HOOK_MPTCP_INCOMING] = {
		.name = "mptcp-incoming", FTRACE, .optional = true,
		.purpose = "owner, wait and bytes of MPTCP's in the accept queue",
		.target = { { "mptcp_pm_new_connection",
			      pw_on_mptcp_new_connection } },
	},
	[PW_HOOK_INCOMING] = {
		.name = "incoming", FTRACE,
		.purpose = "connections in the accept queue: their owner, their wait",
		.target = { { "inet_csk_complete_hashdance",
			      pw_on_complete_hashdance } },
	},
	[PW_HOOK_INCOMING_EARLY] = {
		.name = "incoming-early", FTRACE, .optional = true,
		.purpose = "the same for TCP Fast Open and SYN cookies",
		.target = { { "inet_csk_reqsk_queue_add",
			      pw_on_reqsk_queue_add } },
	},
	[PW_HOOK_MIGRATE] = {
		.name = "migrate", KRETPROBE, .optional = true,
		.purpose = "whose a connection is that moves to another listener's queue",
		.data_size = &pw_migrate_data_size,
		.target = { { "reuseport_migrate_sock", pw_on_migrate,
			      pw_on_migrate_entry } },
	},
	[PW_HOOK_ACCEPT] = {
		.name = "accept", FTRACE,
		.purpose = "accept",
		.target = { { "__inet_accept", pw_on_inet_accept },
			    { "security_sock_graft", pw_on_sock_graft } },
	},
	[PW_HOOK_DISCONNECT] = {
		.name = "disconnect", FTRACE, .optional = true,
		.purpose = "ports that a UDP socket gives back before it is closed",
		.target = { { "__udp_disconnect", pw_on_udp_disconnect } },
	},
	[PW_HOOK_ABORT] = {
		.name = "abort", FTRACE, .optional = true,
		.purpose = "who ended a connection or listener from outside (ss -K)",
		.target = { { "tcp_abort", pw_on_tcp_abort } },
	},
	[PW_HOOK_EXIT] = {
		.name = "exit", FTRACE, .optional = true,
		.purpose = "program of a process that closes sockets by its exit only",
		.target = { { "exit_signals", pw_on_exit_signals } },
	},
#ifdef CONFIG_PREEMPT_RT
	[PW_HOOK_MEET] = {
		.name = "meet", FTRACE, .optional = true, .every = true,
		.purpose = "program of a process that uses a socket which another made",
		.target = { { "security_socket_bind", pw_on_security_socket },
			    { "security_socket_listen", pw_on_security_socket },
			    { "security_socket_connect",
			      pw_on_security_socket } },
	},
#endif
	[PW_HOOK_SCTP_END] = {
		.name = "sctp-end", FTRACE, .optional = true, .module = "sctp",
		.purpose = "connect-failed of SCTP; close when the connection is over",
		.target = { { "sctp_association_free",
			      pw_on_sctp_association_free } },
	},
	[PW_HOOK_SCTP_REASON] = {
		.name = "sctp-reason", FTRACE, .optional = true, .module = "sctp",
		.purpose = "why a connection of SCTP ended",
		.target = { { "sctp_ulpevent_make_assoc_change",
			      pw_on_sctp_assoc_change } },
	},
	[PW_HOOK_SCTP_BINDX] = {
		.name = "sctp-bindx", KRETPROBE, .optional = true, .module = "sctp",
		.purpose = "bind, bind-failed by sctp_bindx()",
		.data_size = &pw_bind_data_size,
		.target = { { "sctp_setsockopt_bindx", pw_on_sctp_bindx,
			      pw_on_sctp_bindx_entry } },
	},
	[PW_HOOK_SCTP_LISTEN] = {
		.name = "sctp-listen", KRETPROBE, .optional = true, .module = "sctp",
		.purpose = "listen of SCTP, and bind by listen",
		.data_size = &pw_bind_data_size,
		.target = { { "sctp_inet_listen", pw_on_sctp_inet_listen,
			      pw_on_inet_listen_entry } },
	},
	[PW_HOOK_SCTP_CONNECT] = {
		.name = "sctp-connect", FTRACE, .optional = true, .module = "sctp",
		.purpose = "connect of SCTP and all that follows from it",
		.target = { { "sctp_primitive_ASSOCIATE",
			      pw_on_sctp_associate } },
	},
	[PW_HOOK_SCTP_PEEL_OFF] = {
		.name = "sctp-peel-off", FTRACE, .optional = true, .module = "sctp",
		.purpose = "accept, established of associations that are peeled off",
		.target = { { "sctp_assoc_migrate",
			      pw_on_sctp_assoc_migrate } },
	},
	[PW_HOOK_VSOCK_DESTROY] = {
		.name = "vsock-destroy", FTRACE, .optional = true, VSOCK,
		.purpose = "who owns sockets of vsock, and all that follows from it",
		.target = { { "vsock_sk_destruct", pw_on_vsock_destruct } },
	},
	[PW_HOOK_VSOCK_RELEASE] = {
		.name = "vsock-release", FTRACE, .optional = true, VSOCK,
		.purpose = "close of vsock; who closed",
		.target = { { "vsock_release", pw_on_vsock_release } },
	},
	[PW_HOOK_VSOCK_BIND] = {
		.name = "vsock-bind", KRETPROBE, .optional = true, VSOCK,
		.purpose = "bind, bind-failed of vsock",
		.data_size = &pw_vsock_bind_data_size,
		.target = { { "vsock_bind", pw_on_vsock_bind,
			      pw_on_vsock_bind_entry } },
	},
	[PW_HOOK_VSOCK_LISTEN] = {
		.name = "vsock-listen", KRETPROBE, .optional = true, VSOCK,
		.purpose = "listen of vsock",
		.data_size = &pw_vsock_bind_data_size,
		.target = { { "vsock_listen", pw_on_vsock_listen,
			      pw_on_vsock_listen_entry } },
	},
	[PW_HOOK_VSOCK_ASSIGN] = {
		.name = "vsock-connect-failed", KRETPROBE, .optional = true, VSOCK,
		.purpose = "connect-failed of vsock at once",
		.data_size = &pw_vsock_attempt_data_size,
		.target = { { "vsock_assign_transport", pw_on_vsock_assign,
			      pw_on_vsock_assign_entry } },
	},
	[PW_HOOK_VSOCK_CONNECTED] = {
		.name = "vsock-established", FTRACE, .optional = true, VSOCK,
		.purpose = "established of vsock, and close of what that was",
		.target = { { "vsock_insert_connected",
			      pw_on_vsock_connected } },
	},
	[PW_HOOK_VSOCK_INCOMING] = {
		.name = "vsock-incoming", FTRACE, .optional = true, VSOCK,
		.purpose = "connections of vsock in the accept queue: their owner, their wait",
		.target = { { "vsock_enqueue_accept",
			      pw_on_vsock_enqueue_accept } },
	},
	[PW_HOOK_VSOCK_SHUTDOWN] = {
		.name = "vsock-shutdown", FTRACE, .optional = true, VSOCK,
		.purpose = "who ended a connection of vsock first, by shutdown()",
		.target = { { "vsock_shutdown", pw_on_vsock_shutdown } },
	},
	[PW_HOOK_VSOCK_FIN] = {
		.name = "vsock-fin", FTRACE, .optional = true, VSOCK,
		.purpose = "which connections of vsock the other end closed in order",
		.target = { { "vsock_stream_has_data", pw_on_vsock_has_data } },
	},
	[PW_HOOK_VSOCK_OVER] = {
		.name = "vsock-over", FTRACE, .optional = true, VSOCK,
		.purpose = "when connections of vsock are over that this end closed first",
		.target = { { "vsock_remove_sock", pw_on_vsock_remove_sock } },
	},
	[PW_HOOK_VSOCK_ACCEPT] = {
		.name = "vsock-accept", FTRACE, .optional = true, VSOCK,
		.borrowed = true,
		.purpose = "accept of vsock",
		.target = { { "security_sock_graft", pw_on_vsock_graft } },
	},
	[PW_HOOK_VSOCK_ERROR] = {
		.name = "vsock-error", FTRACE, .optional = true, VSOCK,
		.borrowed = true,
		.purpose = "connect-failed of vsock; connections whose other machine is gone",
		.target = { { "sk_error_report", pw_on_error_report },
			    { "sock_def_error_report", pw_on_error_report } },
	},
	[PW_HOOK_VSOCK_CONNECT] = {
		.name = "vsock-connect", KRETPROBE, .optional = true, VSOCK_VIRTIO,
		.purpose = "connect of vsock",
		.data_size = &pw_vsock_attempt_data_size,
		.target = { { "virtio_transport_connect", pw_on_vsock_connect,
			      pw_on_vsock_connect_entry } },
	},
	[PW_HOOK_VSOCK_GAVE_UP] = {
		.name = "vsock-gave-up", FTRACE, .optional = true, VSOCK_VIRTIO,
		.purpose = "connect-failed of vsock when connect() waits no longer",
		.target = { { "virtio_transport_purge_skbs",
			      pw_on_vsock_gave_up } },
	},
	[PW_HOOK_VSOCK_TIMEOUT] = {
		.name = "vsock-timeout", FTRACE, .optional = true, VSOCK_VIRTIO,
		.purpose = "which connections of vsock ended because the other end was silent",
		.target = { { "virtio_transport_close_timeout",
			      pw_on_vsock_close_timeout } },
	},
	[PW_HOOK_FLOW_OUT4] = {
		.name = "flow-out4", FTRACE, .optional = true,
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_FLOW),
		.purpose = "flow of datagrams that are sent (IPv4)",
		.target = { { "ip_send_skb", pw_on_ip_send_skb } },
	},
	[PW_HOOK_FLOW_OUT6] = {
		.name = "flow-out6", FTRACE, .optional = true,
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_FLOW),
		.purpose = "flow of datagrams that are sent (IPv6)",
		.target = { { "ip6_send_skb", pw_on_ip6_send_skb } },
	},
	[PW_HOOK_FLOW_IN] = {
		.name = "flow-in", FTRACE, .optional = true,
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_FLOW),
		.purpose = "flow of datagrams that come in",
		.target = { { "__udp_enqueue_schedule_skb",
			      pw_on_udp_enqueue } },
	},
};
