/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * The words that begin a test, as data.
 */
#include <string.h>
#include <strings.h>

#include "filter.h"

#define WORD(name, field, syntax)					\
	{ name, PW_FIELD_##field, PW_SYNTAX_##syntax, 0, 0 }
#define NAMED(name, field)						\
	{ name, PW_FIELD_##field, PW_SYNTAX_NAME, PW_NAMES_##field, 0 }
#define FLAG(name, flag)						\
	{ name, PW_FIELD_FLAGS, PW_SYNTAX_NONE, 0, PORTWATCH_F_##flag }

static const struct pw_filter_word words[] = {
	NAMED("event", EVENT),
	{ "proto", PW_FIELD_PROTO, PW_SYNTAX_NAME_NUMBER, PW_NAMES_PROTO, 0 },
	NAMED("family", FAMILY),
	WORD("port", PORT, PORT),
	WORD("lport", LPORT, PORT),
	WORD("rport", RPORT, PORT),
	WORD("host", HOST, ADDRESS),
	WORD("laddr", LADDR, ADDRESS),
	WORD("raddr", RADDR, ADDRESS),
	WORD("net", HOST, NET),
	WORD("lnet", LADDR, NET),
	WORD("rnet", RADDR, NET),
	WORD("cid", CID, CID),
	NAMED("exposure", EXPOSURE),
	WORD("comm", COMM, TEXT),
	WORD("exe", EXE, TEXT),
	WORD("pid", PID, NUMBER),
	WORD("tid", TID, NUMBER),
	WORD("ppid", PPID, NUMBER),
	WORD("uid", UID, USER),
	WORD("auid", AUID, USER),
	WORD("unit", UNIT, UNIT),
	WORD("container", CONTAINER, TEXT),
	WORD("cgroup", CGROUP, TEXT),
	WORD("netns", NETNS, NUMBER),
	WORD("device", DEVICE, TEXT),
	WORD("sock", SOCK, NUMBER),
	WORD("listener", LISTENER, NUMBER),
	WORD("cpu", CPU, NUMBER),
	{ "error", PW_FIELD_ERROR, PW_SYNTAX_NAME_NUMBER, PW_NAMES_ERRNO, 0 },
	NAMED("state", STATE),
	NAMED("how", HOW),
	NAMED("kind", KIND),
	NAMED("reason", REASON),
	NAMED("first", FIRST),
	{ "loopback", PW_FIELD_LOOPBACK, PW_SYNTAX_NONE, 0, 0 },
	FLAG("existing", EXISTING),
	FLAG("mapped", MAPPED),
	FLAG("dual_stack", DUAL_STACK),
	FLAG("reuse_addr", REUSE_ADDR),
	FLAG("reuse_port", REUSE_PORT),
	FLAG("freebind", FREEBIND),
	FLAG("transparent", TRANSPARENT),
	FLAG("still_bound", STILL_BOUND),
};

struct hint {
	const char *name;
	const char *hint;
};

static const struct hint hints[] = {
	{ "src", "use laddr or raddr (the local and the remote end)" },
	{ "dst", "use laddr or raddr (the local and the remote end)" },
	{ "sport", "use lport or rport (the local and the remote end)" },
	{ "dport", "use lport or rport (the local and the remote end)" },
	{ "user", "use uid with a number or a name" },
	{ "addr", "use host, laddr or raddr" },
	{ "ip", "use family ipv4" },
	{ "ip6", "use family ipv6" },
	{ "portrange", "use port with a range such as 8000-8100" },
	{ "dev", "use device" },
	{ "interface", "use device" },
};

const struct pw_filter_word *pw_filter_word(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(words[i].name, name))
			return &words[i];
	return NULL;
}

const char *pw_filter_hint(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (!strcasecmp(hints[i].name, name))
			return hints[i].hint;
	return NULL;
}
