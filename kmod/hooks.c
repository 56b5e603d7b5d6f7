// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "attach.h"
#include "hooks.h"

static char *without = "";
module_param(without, charp, 0444);
MODULE_PARM_DESC(without, "hooks not to attach: names, with a comma between them");

DEFINE_PER_CPU(u64[PW_HOOKS], pw_hook_hits);
DEFINE_PER_CPU(u64[PW_HOOKS], pw_hook_misses);

#define TRACEPOINT	.kind = PORTWATCH_HOOK_TRACEPOINT
#define FTRACE		.kind = PORTWATCH_HOOK_FTRACE
#define KRETPROBE	.kind = PORTWATCH_HOOK_KRETPROBE

static struct pw_hook hooks[PW_HOOKS] = {
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
		.name = "meet", FTRACE, .optional = true,
		.purpose = "program of a process that uses a socket which another made",
		.target = { { "security_socket_[blc][io]*",
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
		.target = { { "sctp_sock_migrate", pw_on_sctp_sock_migrate } },
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

static bool attached;
static u64 wanted;	/* events of hooks that are not always attached */

bool pw_hooks_attached(void)
{
	return attached;
}

bool pw_hook_is_attached(enum pw_hook_id id)
{
	return READ_ONCE(hooks[id].at);
}

static bool is_unwanted(const struct pw_hook *hook)
{
	size_t length = strlen(hook->name);
	const char *at = without;

	while ((at = strstr(at, hook->name))) {
		if ((at == without || at[-1] == ',') &&
		    (!at[length] || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}

static int attach(struct pw_hook *hook)
{
	unsigned int i;

	hook->error = -EPERM;
	hook->absent = false;
	if (is_unwanted(hook))
		return hook->error;
	hook->error = -ENOENT;
	for (i = 0; i < PW_TARGETS && hook->target[i].symbol; i++) {
		hook->error = pw_attach(hook, &hook->target[i]);
		if (!hook->error) {
			hook->at = &hook->target[i];
			break;
		}
	}
	/* ftrace says EINVAL for a name that it does not know. */
	hook->absent = hook->error == -ENOENT || hook->error == -EINVAL;
	/* A module that is not there is no fault; see pw_hooks_module_coming(). */
	if (hook->absent && hook->module)
		hook->error = 0;
	return hook->error;
}

void pw_hooks_want(u64 events)
{
	unsigned int i;

	wanted = events;
	for (i = 0; i < PW_HOOKS; i++) {
		struct pw_hook *hook = &hooks[i];

		if (hook->events & ~events)
			pw_detach(hook);
		else if (hook->events && !hook->at)
			attach(hook);
	}
}

bool pw_hooks_have_module(const char *name)
{
	unsigned int i;

	for (i = 0; i < PW_HOOKS; i++)
		if (hooks[i].module && !strcmp(hooks[i].module, name))
			return true;
	return false;
}

/* One that was attached while the module went is attached to nothing. */
void pw_hooks_module_coming(const char *name)
{
	unsigned int i;

	pw_hooks_module_going(name);
	for (i = 0; i < PW_HOOKS; i++)
		if (hooks[i].module && !strcmp(hooks[i].module, name))
			attach(&hooks[i]);
}

void pw_hooks_module_going(const char *name)
{
	unsigned int i = PW_HOOKS;

	while (i--)
		if (hooks[i].module && !strcmp(hooks[i].module, name)) {
			pw_detach(&hooks[i]);
			hooks[i].absent = true;
		}
}

int pw_hooks_attach(void)
{
	unsigned int i;

	for (i = 0; i < PW_HOOKS; i++) {
		struct pw_hook *hook = &hooks[i];

		if (hook->events)
			continue;
		if (attach(hook) && !hook->optional) {
			pr_err("cannot attach to %s: error %d; %s not seen\n",
			       hook->target[0].symbol, hook->error,
			       hook->purpose);
			pw_hooks_detach();
			return -ENODEV;
		}
	}
	attached = true;
	return 0;
}

void pw_hooks_detach(void)
{
	unsigned int i = PW_HOOKS;

	while (i--)
		pw_detach(&hooks[i]);
	/* Handlers of tracepoints that still run. */
	tracepoint_synchronize_unregister();
	attached = false;
	wanted = 0;
}

static u64 hits_of(unsigned int index)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(pw_hook_hits[index], cpu));
	return sum;
}

static u64 misses_of(unsigned int index)
{
	const struct pw_hook *hook = &hooks[index];
	u64 sum = hook->misses + pw_attach_missed(hook);
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(pw_hook_misses[index], cpu));
	return sum;
}

void pw_hooks_sum(u64 *hits, u64 *misses)
{
	unsigned int i;

	*hits = 0;
	*misses = 0;
	for (i = 0; i < PW_HOOKS; i++) {
		*hits += hits_of(i);
		*misses += misses_of(i);
	}
}

/* As far as its other hooks tell. */
static bool is_loaded(const char *module)
{
	unsigned int i;

	for (i = 0; i < PW_HOOKS; i++)
		if (hooks[i].module && !strcmp(hooks[i].module, module) &&
		    hooks[i].at)
			return true;
	return false;
}

static u32 state_of(const struct pw_hook *hook)
{
	if (hook->at)
		return PORTWATCH_HOOK_ATTACHED;
	if (attached && hook->events & ~wanted)
		return PORTWATCH_HOOK_IDLE;
	if (!hook->absent || (hook->module && !attached))
		return PORTWATCH_HOOK_DETACHED;
	return hook->module && !is_loaded(hook->module) ?
	       PORTWATCH_HOOK_WAITING : PORTWATCH_HOOK_ABSENT;
}

int pw_hook_describe(unsigned int index, struct portwatch_hook *row)
{
	const struct pw_hook *hook;
	const struct pw_target *target;

	if (index >= PW_HOOKS)
		return -ENOENT;
	hook = &hooks[index];
	target = hook->at ?: &hook->target[0];
	row->index = index;
	row->kind = hook->kind;
	row->required = !hook->optional;
	row->error = -hook->error;
	row->state = state_of(hook);
	row->hits = hits_of(index);
	row->misses = misses_of(index);
	strscpy(row->name, hook->name, sizeof(row->name));
	if (hook->module)
		snprintf(row->symbol, sizeof(row->symbol), "%s:%s", hook->module,
			 target->symbol);
	else
		strscpy(row->symbol, target->symbol, sizeof(row->symbol));
	strscpy(row->purpose, hook->purpose, sizeof(row->purpose));
	return 0;
}
