/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * Numbers of the wire and their names in JSON, on the terminal and in filters.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "names.h"
#include "portwatch.h"

/* Not in the headers of every libc that we build with. */
#define PROTO_MPTCP	262
#define PROTO_L2TP	115
#ifndef EFTYPE
#define EFTYPE		134
#endif

struct name {
	unsigned int value;
	const char *name;
};

static const struct name event_names[] = {
	{ PORTWATCH_SOCKET, "socket" },
	{ PORTWATCH_BIND, "bind" },
	{ PORTWATCH_BIND_FAILED, "bind-failed" },
	{ PORTWATCH_LISTEN, "listen" },
	{ PORTWATCH_CONNECT, "connect" },
	{ PORTWATCH_ESTABLISHED, "established" },
	{ PORTWATCH_CONNECT_FAILED, "connect-failed" },
	{ PORTWATCH_ACCEPT, "accept" },
	{ PORTWATCH_CLOSE, "close" },
	{ PORTWATCH_FLOW, "flow" },
	{ PORTWATCH_LOST, "lost" },
	{ PORTWATCH_SNAPSHOT, "snapshot" },
	{ PORTWATCH_PROCESS, "process" },
	{ PORTWATCH_TEXT, "text" },
	{ PORTWATCH_OVERWRITTEN, "overwritten" },
	{ 0, NULL },
};

static const struct name proto_names[] = {
	{ IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" },
	{ PROTO_MPTCP, "mptcp" },
	{ IPPROTO_SCTP, "sctp" },
	{ IPPROTO_UDPLITE, "udplite" },
	{ IPPROTO_DCCP, "dccp" },
	{ IPPROTO_ICMP, "icmp" },
	{ IPPROTO_ICMPV6, "icmpv6" },
	{ IPPROTO_RAW, "raw" },
	{ IPPROTO_IGMP, "igmp" },
	{ IPPROTO_IPIP, "ipip" },
	{ IPPROTO_IPV6, "ipv6" },
	{ IPPROTO_RSVP, "rsvp" },
	{ IPPROTO_GRE, "gre" },
	{ IPPROTO_ESP, "esp" },
	{ IPPROTO_AH, "ah" },
	{ IPPROTO_PIM, "pim" },
	{ PROTO_L2TP, "l2tp" },
	{ PORTWATCH_PROTO_VSOCK, "vsock" },
	{ 0, NULL },
};

static const struct name family_names[] = {
	{ AF_INET, "ipv4" },
	{ AF_INET6, "ipv6" },
	{ AF_VSOCK, "vsock" },
	{ 0, NULL },
};

static const struct name how_names[] = {
	{ PORTWATCH_HOW_EXPLICIT, "explicit" },
	{ PORTWATCH_HOW_EPHEMERAL, "ephemeral" },
	{ PORTWATCH_HOW_AUTO, "auto" },
	{ 0, NULL },
};

static const struct name kind_names[] = {
	{ PORTWATCH_KIND_SOCKET, "socket" },
	{ PORTWATCH_KIND_CONNECTION, "connection" },
	{ PORTWATCH_KIND_LISTENER, "listener" },
	{ 0, NULL },
};

static const struct name reason_names[] = {
	{ PORTWATCH_REASON_FIN, "fin" },
	{ PORTWATCH_REASON_RST_SENT, "rst-sent" },
	{ PORTWATCH_REASON_RST_RECEIVED, "rst-received" },
	{ PORTWATCH_REASON_TIMEOUT, "timeout" },
	{ PORTWATCH_REASON_ABORTED, "aborted" },
	{ PORTWATCH_REASON_UNACCEPTED, "unaccepted" },
	{ PORTWATCH_REASON_RELEASED, "released" },
	{ 0, NULL },
};

static const struct name first_names[] = {
	{ PORTWATCH_FIRST_LOCAL, "local" },
	{ PORTWATCH_FIRST_REMOTE, "remote" },
	{ 0, NULL },
};

static const struct name state_names[] = {
	{ PORTWATCH_STATE_OPEN, "open" },
	{ PORTWATCH_STATE_BOUND, "bound" },
	{ PORTWATCH_STATE_LISTENING, "listening" },
	{ PORTWATCH_STATE_CONNECTING, "connecting" },
	{ PORTWATCH_STATE_CONNECTED, "connected" },
	{ 0, NULL },
};

static const struct name dir_names[] = {
	{ PORTWATCH_DIR_OUT, "out" },
	{ PORTWATCH_DIR_IN, "in" },
	{ 0, NULL },
};

static const struct name exposure_names[] = {
	{ PORTWATCH_EXPOSURE_LOOPBACK, "loopback" },
	{ PORTWATCH_EXPOSURE_LINK_LOCAL, "link-local" },
	{ PORTWATCH_EXPOSURE_PRIVATE, "private" },
	{ PORTWATCH_EXPOSURE_GLOBAL, "global" },
	{ PORTWATCH_EXPOSURE_MULTICAST, "multicast" },
	{ PORTWATCH_EXPOSURE_ANY, "any" },
	{ 0, NULL },
};

/*
 * strerrorname_np() is younger than the oldest libc that we build with. The
 * numbers differ between architectures, the names do not.
 */
#define ERROR(name) { name, #name }
static const struct name errno_names[] = {
	ERROR(EPERM), ERROR(ENOENT), ERROR(ESRCH), ERROR(EINTR), ERROR(EIO),
	ERROR(ENXIO), ERROR(E2BIG), ERROR(ENOEXEC), ERROR(EBADF), ERROR(ECHILD),
	ERROR(EAGAIN), ERROR(ENOMEM), ERROR(EACCES), ERROR(EFAULT),
	ERROR(ENOTBLK), ERROR(EBUSY), ERROR(EEXIST), ERROR(EXDEV), ERROR(ENODEV),
	ERROR(ENOTDIR), ERROR(EISDIR), ERROR(EINVAL), ERROR(ENFILE),
	ERROR(EMFILE), ERROR(ENOTTY), ERROR(ETXTBSY), ERROR(EFBIG),
	ERROR(ENOSPC), ERROR(ESPIPE), ERROR(EROFS), ERROR(EMLINK), ERROR(EPIPE),
	ERROR(EDOM), ERROR(ERANGE), ERROR(EDEADLK), ERROR(ENAMETOOLONG),
	ERROR(ENOLCK), ERROR(ENOSYS), ERROR(ENOTEMPTY), ERROR(ELOOP),
	ERROR(ENOMSG), ERROR(EIDRM), ERROR(ECHRNG), ERROR(EL2NSYNC),
	ERROR(EL3HLT), ERROR(EL3RST), ERROR(ELNRNG), ERROR(EUNATCH),
	ERROR(ENOCSI), ERROR(EL2HLT), ERROR(EBADE), ERROR(EBADR), ERROR(EXFULL),
	ERROR(ENOANO), ERROR(EBADRQC), ERROR(EBADSLT), ERROR(EBFONT),
	ERROR(ENOSTR), ERROR(ENODATA), ERROR(ETIME), ERROR(ENOSR),
	ERROR(ENONET), ERROR(ENOPKG), ERROR(EREMOTE), ERROR(ENOLINK),
	ERROR(EADV), ERROR(ESRMNT), ERROR(ECOMM), ERROR(EPROTO),
	ERROR(EMULTIHOP), ERROR(EDOTDOT), ERROR(EBADMSG), ERROR(EOVERFLOW),
	ERROR(ENOTUNIQ), ERROR(EBADFD), ERROR(EREMCHG), ERROR(ELIBACC),
	ERROR(ELIBBAD), ERROR(ELIBSCN), ERROR(ELIBMAX), ERROR(ELIBEXEC),
	ERROR(EILSEQ), ERROR(ERESTART), ERROR(ESTRPIPE), ERROR(EUSERS),
	ERROR(ENOTSOCK), ERROR(EDESTADDRREQ), ERROR(EMSGSIZE),
	ERROR(EPROTOTYPE), ERROR(ENOPROTOOPT), ERROR(EPROTONOSUPPORT),
	ERROR(ESOCKTNOSUPPORT), ERROR(EOPNOTSUPP), ERROR(EPFNOSUPPORT),
	ERROR(EAFNOSUPPORT), ERROR(EADDRINUSE), ERROR(EADDRNOTAVAIL),
	ERROR(ENETDOWN), ERROR(ENETUNREACH), ERROR(ENETRESET),
	ERROR(ECONNABORTED), ERROR(ECONNRESET), ERROR(ENOBUFS), ERROR(EISCONN),
	ERROR(ENOTCONN), ERROR(ESHUTDOWN), ERROR(ETOOMANYREFS),
	ERROR(ETIMEDOUT), ERROR(ECONNREFUSED), ERROR(EHOSTDOWN),
	ERROR(EHOSTUNREACH), ERROR(EALREADY), ERROR(EINPROGRESS), ERROR(ESTALE),
	ERROR(EUCLEAN), ERROR(ENOTNAM), ERROR(ENAVAIL), ERROR(EISNAM),
	ERROR(EREMOTEIO), ERROR(EDQUOT), ERROR(ENOMEDIUM), ERROR(EMEDIUMTYPE),
	ERROR(ECANCELED), ERROR(ENOKEY), ERROR(EKEYEXPIRED),
	ERROR(EKEYREVOKED), ERROR(EKEYREJECTED), ERROR(EOWNERDEAD),
	ERROR(ENOTRECOVERABLE), ERROR(ERFKILL), ERROR(EHWPOISON),
	ERROR(EFTYPE),
	/* Other names of some of these; a number finds the first one. */
	ERROR(EWOULDBLOCK), ERROR(EDEADLOCK), ERROR(ENOTSUP),
	/* the kernel's own, which some protocols let out */
	{ 524, "ENOTSUPP" },
	{ 0, NULL },
};

static const struct name *const tables[] = {
	[PW_NAMES_EVENT] = event_names,
	[PW_NAMES_PROTO] = proto_names,
	[PW_NAMES_FAMILY] = family_names,
	[PW_NAMES_HOW] = how_names,
	[PW_NAMES_KIND] = kind_names,
	[PW_NAMES_REASON] = reason_names,
	[PW_NAMES_FIRST] = first_names,
	[PW_NAMES_STATE] = state_names,
	[PW_NAMES_EXPOSURE] = exposure_names,
	[PW_NAMES_ERRNO] = errno_names,
	[PW_NAMES_DIR] = dir_names,
};

const char *pw_name_of(enum pw_names names, unsigned int value)
{
	const struct name *name;

	for (name = tables[names]; name->name; name++)
		if (name->value == value)
			return name->name;
	return NULL;
}

int pw_name_value(enum pw_names names, const char *text)
{
	const struct name *name;

	for (name = tables[names]; name->name; name++)
		if (!strcasecmp(name->name, text))
			return (int)name->value;
	return -1;
}

const char *pw_name_at(enum pw_names names, unsigned int index)
{
	const struct name *name;

	for (name = tables[names]; name->name && index; name++)
		index--;
	return name->name;
}

const char *portwatch_event_name(unsigned int type)
{
	return pw_name_of(PW_NAMES_EVENT, type);
}

int portwatch_event_type(const char *name)
{
	return pw_name_value(PW_NAMES_EVENT, name);
}

uint32_t portwatch_port(int family, const void *address, uint16_t port)
{
	struct portwatch_vsock_addr vsock;

	if (family != AF_VSOCK)
		return port;
	memcpy(&vsock, address, sizeof(vsock));
	return vsock.port;
}

const char *portwatch_proto_name(unsigned int proto)
{
	return pw_name_of(PW_NAMES_PROTO, proto);
}

int portwatch_proto_number(const char *name)
{
	return pw_name_value(PW_NAMES_PROTO, name);
}

const char *portwatch_how_name(unsigned int how)
{
	return pw_name_of(PW_NAMES_HOW, how);
}

const char *portwatch_kind_name(unsigned int kind)
{
	return pw_name_of(PW_NAMES_KIND, kind);
}

const char *portwatch_reason_name(unsigned int reason)
{
	return pw_name_of(PW_NAMES_REASON, reason);
}

const char *portwatch_first_name(unsigned int first)
{
	return pw_name_of(PW_NAMES_FIRST, first);
}

const char *portwatch_state_name(unsigned int state)
{
	/* Of the holder of a port only: no row is in it, no filter can ask for it. */
	if (state == PORTWATCH_STATE_TIME_WAIT)
		return "time-wait";
	return pw_name_of(PW_NAMES_STATE, state);
}

const char *portwatch_dir_name(unsigned int dir)
{
	return pw_name_of(PW_NAMES_DIR, dir);
}

const char *portwatch_exposure_name(enum portwatch_exposure exposure)
{
	return pw_name_of(PW_NAMES_EXPOSURE, exposure);
}

const char *portwatch_errno_name(unsigned int error)
{
	return pw_name_of(PW_NAMES_ERRNO, error);
}
