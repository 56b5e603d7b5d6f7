// SPDX-License-Identifier: GPL-2.0
/* Which events the words want. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "make_slot.h"
#include "portwatch.h"
#include "test.h"

#define ID	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct portwatch_identity nginx = {
	.key = 5, .pid = 812, .ppid = 1, .uid = 33, .auid = 1000,
	.comm = "nginx", .exe = "/usr/sbin/nginx",
	.cgroup = "/system.slice/nginx.service", .unit = "nginx.service",
};

static const struct portwatch_identity curl = {
	.key = 6, .pid = 900, .ppid = 899, .uid = 0, .auid = (uint32_t)-1,
	.comm = "Web Content", .exe = "/opt/and=or/curl", .container = ID,
	.cgroup = "/docker/" ID,
};

static const struct portwatch_identity kernel = {
	.key = 1, .pid = 0, .comm = "kernel", .auid = (uint32_t)-1,
};

static bool wants(const char *words, const union pw_slot *slot,
		  const struct portwatch_identity *owner,
		  const struct portwatch_identity *actor)
{
	struct portwatch_item item = {
		.slot = &slot->head,
		.owner = owner,
		.actor = actor,
	};
	struct portwatch_filter *filter;
	char message[512];
	bool wanted;

	if (portwatch_filter_parse(&filter, words, message, sizeof(message)))
		fail_msg("%s: %s", words, message);
	assert_string_equal(message, "");
	wanted = portwatch_filter_match(filter, &item);
	portwatch_filter_free(filter);
	return wanted;
}

#define YES(words) do {							\
	if (!wants(words, &slot, owner, actor))				\
		fail_msg("not wanted by %s", words);			\
} while (0)

#define NO(words) do {							\
	if (wants(words, &slot, owner, actor))				\
		fail_msg("wanted by %s", words);			\
} while (0)

static void ports(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ESTABLISHED, 1);

	(void)state;
	set_local(&slot, "10.0.0.1", 40000);
	set_remote(&slot, "192.0.2.80", 80);
	YES("port 80");
	YES("port 40000");
	NO("port 81");
	YES("port :80");
	YES("rport 80");
	NO("lport 80");
	YES("lport 40000");
	YES("port 79-80");
	YES("port 80-80");
	NO("port 1-79");
	YES("port 1,2,80");
	YES("port 1, 2 , 80");
	YES("port=80");
	YES("port = 80");
	YES("port == 80");
	NO("port != 80");
	YES("lport != 80");
	YES("port 0x50");
	NO("port 0");
	YES("PORT 80 AND proto TCP");
	/* without an end its port is nothing, not 0 */
	slot.event.flags = PORTWATCH_F_LOCAL;
	NO("port 80");
	NO("rport 0-65535");
	YES("lport 0-65535");
	slot.event.flags = 0;
	NO("port 0-65535");
}

static void services_have_names(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ESTABLISHED, 1);

	(void)state;
	if (!getservbyname("http", NULL) || !getservbyname("https", NULL))
		skip();
	set_local(&slot, "10.0.0.1", 40000);
	set_remote(&slot, "192.0.2.80", 80);
	YES("port http");
	YES("port https,http");
	YES("rport http");
	NO("lport http");
	NO("port https");
}

/* Their ports are longer, and their addresses are numbers, too. */
static void vsocks(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ESTABLISHED, 1);

	(void)state;
	set_vsock_local(&slot, UINT32_MAX, 80);
	set_vsock_remote(&slot, 2, 3000000000);
	YES("proto vsock");
	YES("vsock");
	YES("family vsock");
	NO("proto tcp");
	NO("family ipv4");
	YES("port 80");
	YES("lport 80");
	NO("rport 80");
	YES("rport 3000000000");
	YES("port 65536-4294967295");
	NO("port 0");
	YES("cid 2");
	YES("cid any");
	YES("cid 2-3");
	YES("cid 7,2");
	NO("cid 1");
	NO("cid 0");
	NO("host 0.0.0.2");
	NO("host 2.0.0.0");
	NO("net 0.0.0.0/0");
	NO("net ::/0");
	NO("lnet 0.0.0.0/0");
	if (getservbyname("http", NULL))
		NO("port http");
	slot.event.flags = PORTWATCH_F_REMOTE;
	NO("cid any");
	NO("lport 80");
	slot = make_event(PORTWATCH_ESTABLISHED, 1);
	set_local(&slot, "2.0.0.0", 80);
	NO("cid 2");
	NO("cid 0-4294967294");
	NO("family vsock");
}

static void port_that_was_asked_for(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND_FAILED, 1);

	(void)state;
	set_local(&slot, "127.0.0.1", 80);
	/* the socket has no local end: what stands there was asked for */
	slot.event.flags = 0;
	slot.event.bind_failed.error = EADDRINUSE;
	slot.event.bind_failed.how = PORTWATCH_HOW_EXPLICIT;
	YES("port 80");
	YES("lport 80");
	NO("rport 80");
	YES("host 127.0.0.1");
	YES("error EADDRINUSE");
	YES("error eaddrinuse");
	NO("error EACCES");
	YES("error 98");
	YES("how explicit");
	/* no port was taken, so nothing is exposed */
	NO("exposure loopback");
}

static void addresses(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ACCEPT, 1);

	(void)state;
	set_local(&slot, "10.1.2.3", 80);
	set_remote(&slot, "192.168.255.7", 5555);
	YES("host 10.1.2.3");
	YES("host 192.168.255.7");
	NO("host 10.1.2.4");
	YES("laddr 10.1.2.3");
	NO("raddr 10.1.2.3");
	YES("raddr 192.168.255.7");
	YES("host 1.2.3.4,10.1.2.3");
	YES("net 10.0.0.0/8");
	YES("net 192.168.0.0/16");
	NO("net 127.0.0.0/8");
	YES("not net 127.0.0.0/8");
	YES("lnet 10.0.0.0/8");
	NO("rnet 10.0.0.0/8");
	YES("laddr 10.0.0.0/8");
	YES("net 10.1.2.2/31");
	NO("net 10.1.2.4/30");
	YES("net 0.0.0.0/0");
	YES("net 10.1.2.3/32");
	NO("net ::/0");
	YES("family ipv4");
	NO("family ipv6");
	NO("host ::1");
	/* all bits of the byte that the prefix ends in */
	YES("rnet 192.168.254.0/23");
	NO("rnet 192.168.252.0/23");
}

static void addresses_of_ipv6(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ACCEPT, 1);

	(void)state;
	set_local(&slot, "fe80::1:2", 80);
	set_remote(&slot, "2001:db8::99", 5555);
	YES("net fe80::/10");
	YES("host fe80::1:2");
	YES("host FE80::0001:2");
	NO("host fe80::1:3");
	YES("rnet 2001:db8::/32");
	NO("net 2001:db9::/32");
	YES("net ::/0");
	NO("net 0.0.0.0/0");
	YES("family ipv6");
}

/* They come as IPv4 with a flag, and both ways of writing them find them. */
static void mapped_addresses(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ACCEPT, 1);

	(void)state;
	set_local(&slot, "127.0.0.1", 80);
	set_remote(&slot, "127.0.0.2", 5555);
	slot.event.flags |= PORTWATCH_F_MAPPED;
	YES("net 127.0.0.0/8");
	YES("host ::ffff:127.0.0.1");
	YES("net ::ffff:127.0.0.0/104");
	NO("net ::ffff:128.0.0.0/104");
	YES("mapped");
	YES("family ipv4");
	NO("net ::/0");
	slot.event.flags &= ~PORTWATCH_F_MAPPED;
	NO("mapped");
}

static void processes(void **state)
{
	const struct portwatch_identity *owner = &nginx, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_LISTEN, 1);

	(void)state;
	slot.event.owner = 5;
	slot.event.owner_tid = 813;
	YES("comm nginx");
	NO("comm ngin");
	NO("comm NGINX");
	YES("comm ng*");
	YES("comm n?inx");
	YES("comm [mn]ginx");
	NO("comm \"ng*\"");
	YES("comm foo,nginx");
	YES("exe /usr/sbin/nginx");
	YES("exe nginx");
	NO("exe sbin/nginx");
	YES("exe /usr/*/nginx");
	YES("exe ng*");
	NO("exe /nginx");
	YES("pid 812");
	YES("pid 800-900");
	NO("pid 813");
	YES("tid 813");
	NO("tid 812");
	YES("ppid 1");
	YES("uid 33");
	YES("auid 1000");
	YES("unit nginx.service");
	YES("unit nginx");
	YES("unit ng*");
	NO("unit nginx.socket");
	NO("unit ngin");
	NO("container *");
	YES("not container *");
	YES("cgroup /system.slice/*");
	NO("comm curl");
	NO("uid 0");
}

static void owner_or_actor(void **state)
{
	const struct portwatch_identity *owner = &nginx, *actor = &curl;
	union pw_slot slot = make_event(PORTWATCH_CLOSE, 1);

	(void)state;
	slot.event.owner = 5;
	slot.event.actor = 6;
	slot.event.actor_tid = 901;
	YES("pid 812");
	YES("pid 900");
	NO("pid 901");
	YES("tid 901");
	YES("comm nginx and comm \"Web Content\"");
	YES("comm 'Web Content'");
	YES("uid 0");
	YES("exe \"/opt/and=or/curl\"");
	YES("exe curl");
	YES("container " ID);
	YES("container 0123");
	YES("container 0123456789ab");
	NO("container 012");
	NO("container 1234");
	YES("container *");
	actor = NULL;
	NO("pid 900");
	owner = NULL;
	NO("pid 0-4294967295");
	YES("not pid 812");
	NO("comm *");
	owner = &kernel;
	YES("pid 0");
	YES("comm kernel");
	NO("exe *");
}

static void users_have_names(void **state)
{
	const struct portwatch_identity *owner = &nginx, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_LISTEN, 1);

	(void)state;
	if (!getpwnam("www-data") || getpwnam("www-data")->pw_uid != 33)
		skip();
	YES("uid www-data");
	NO("uid root");
	YES("uid root,www-data");
}

static void what_happened(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_CLOSE, 1);

	(void)state;
	slot.event.close.kind = PORTWATCH_KIND_CONNECTION;
	slot.event.close.reason = PORTWATCH_REASON_RST_SENT;
	slot.event.close.first = PORTWATCH_FIRST_LOCAL;
	slot.event.cpu = 3;
	YES("event close");
	NO("event bind");
	YES("event bind,close");
	NO("event bind-failed");
	YES("kind connection");
	NO("kind listener");
	YES("reason rst-sent");
	NO("reason fin");
	YES("reason fin,rst-sent");
	YES("first local");
	NO("first remote");
	NO("how explicit");
	NO("error ECONNREFUSED");
	NO("state listening");
	YES("cpu 3");
	YES("sock 4711");
	YES("netns 4026531840");
	NO("netns 1");
	NO("listener 4711");
	slot = make_event(PORTWATCH_CONNECT_FAILED, 1);
	slot.event.connect_failed.error = ECONNREFUSED;
	YES("error ECONNREFUSED");
	NO("kind connection");
	slot = make_event(PORTWATCH_ACCEPT, 1);
	slot.event.accept.listener = 99;
	YES("listener 99");
	NO("error 1-4096");
	slot.event.proto = 262;
	YES("proto mptcp");
	YES("mptcp");
	NO("tcp");
	YES("proto 262");
	NO("proto tcp,udp");
}

static void how_far_it_is_exposed(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);

	(void)state;
	set_local(&slot, "0.0.0.0", 80);
	slot.event.bind.how = PORTWATCH_HOW_EPHEMERAL;
	memcpy(slot.event.bind.ifname, "eth0", 5);
	YES("exposure any");
	NO("exposure loopback");
	YES("exposure global,any");
	YES("how ephemeral");
	YES("device eth0");
	NO("device eth1");
	set_local(&slot, "::1", 80);
	YES("exposure loopback");
	slot.event.type = PORTWATCH_LISTEN;
	memset(slot.event.body, 0, sizeof(slot.event.body));
	YES("exposure loopback");
	NO("device *");

	slot.event.type = PORTWATCH_ESTABLISHED;
	NO("exposure loopback");
}

static void loopback_is_a_word(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_ESTABLISHED, 1);

	(void)state;
	NO("loopback");
	set_local(&slot, "127.1.2.3", 80);
	YES("loopback");
	set_local(&slot, "10.0.0.1", 80);
	NO("loopback");
	set_remote(&slot, "::1", 80);
	YES("loopback and tcp");
	set_vsock_local(&slot, 2, 80);
	set_vsock_remote(&slot, 1, 80);
	YES("loopback");
	slot.event.flags = PORTWATCH_F_LOCAL;
	YES("not loopback");
}

static void rows_of_a_snapshot(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_CLOSE, 1);

	(void)state;
	/* fields of the live event must not be read from a row's body */
	memset(slot.event.body, 1, sizeof(slot.event.body));
	slot.event.flags = PORTWATCH_F_EXISTING;
	NO("kind socket");
	NO("reason fin");
	NO("first local");
	slot.event.type = PORTWATCH_ACCEPT;
	NO("listener 72340172838076673");
	slot.event.type = PORTWATCH_CONNECT_FAILED;
	NO("error 16843009");
	slot.event.type = PORTWATCH_LISTEN;
	slot.event.existing.state = PORTWATCH_STATE_LISTENING;
	slot.event.existing.how = PORTWATCH_HOW_AUTO;
	memcpy(slot.event.existing.ifname, "lo\0", 3);
	YES("existing");
	YES("state listening");
	NO("state bound");
	YES("how auto");
	YES("device lo");
	slot.event.existing.how = 0;
	NO("how auto,explicit,ephemeral");
	slot.event.flags = 0;
	NO("existing");
	NO("state listening");
}

static void flags_are_words(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);

	(void)state;
	slot.event.flags = PORTWATCH_F_DUAL_STACK | PORTWATCH_F_REUSE_PORT |
			   PORTWATCH_F_FREEBIND;
	YES("dual_stack");
	YES("reuse_port");
	NO("reuse_addr");
	YES("freebind and not transparent");
	YES("dual_stack and reuse_port or port 1");
	slot.event.flags = PORTWATCH_F_REUSE_ADDR | PORTWATCH_F_TRANSPARENT;
	YES("transparent");
	NO("dual_stack");
	NO("still_bound");
	slot.event.flags = PORTWATCH_F_STILL_BOUND;
	YES("still_bound");
}

static void and_binds_closer_than_or(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);

	(void)state;
	set_local(&slot, "127.0.0.1", 80);
	YES("port 80 or port 1 and port 2");
	NO("(port 80 or port 1) and port 2");
	YES("port 2 and port 1 or port 80");
	NO("port 2 and (port 1 or port 80)");
	NO("not port 80 or port 1");
	YES("not (port 1 or port 2)");
	YES("not not port 80");
	YES("! port 1");
	YES("!port 1");
	NO("! ! port 1");
	YES("port 80&&!port 1");
	YES("port 1||port 80");
	YES("((port 80))");
	YES("(tcp) and(port 80)");
	NO("not port 80 and port 80");
	YES("not (port 80 and port 1)");
}

static void nothing_wants_everything(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);

	(void)state;
	YES("");
	YES(" \t\r  ");
}

/* What was lost, and where a snapshot begins, is never filtered away. */
static void marks_pass_every_filter(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_LOST, 1);

	(void)state;
	YES("port 80 and port 81");
	YES("not event lost");
	slot = make_event(PORTWATCH_SNAPSHOT, 1);
	YES("port 80");
}

/* Lists may be as long as a command line, chains too. */
static void long_filters(void **state)
{
	const struct portwatch_identity *owner = NULL, *actor = NULL;
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);
	static char words[100000];
	size_t len;
	int i;

	(void)state;
	set_local(&slot, "127.0.0.1", 2999);
	len = (size_t)sprintf(words, "port 0");
	for (i = 1; i < 3000; i++)
		len += (size_t)sprintf(words + len, ",%d", i);
	YES(words);
	len = (size_t)sprintf(words, "port 0");
	for (i = 1; i < 2000; i++)
		len += (size_t)sprintf(words + len, " or port %d", i);
	NO(words);
	sprintf(words + len, " or port 2999");
	YES(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports),
		cmocka_unit_test(services_have_names),
		cmocka_unit_test(vsocks),
		cmocka_unit_test(port_that_was_asked_for),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_of_ipv6),
		cmocka_unit_test(mapped_addresses),
		cmocka_unit_test(processes),
		cmocka_unit_test(owner_or_actor),
		cmocka_unit_test(users_have_names),
		cmocka_unit_test(what_happened),
		cmocka_unit_test(how_far_it_is_exposed),
		cmocka_unit_test(loopback_is_a_word),
		cmocka_unit_test(rows_of_a_snapshot),
		cmocka_unit_test(flags_are_words),
		cmocka_unit_test(and_binds_closer_than_or),
		cmocka_unit_test(nothing_wants_everything),
		cmocka_unit_test(marks_pass_every_filter),
		cmocka_unit_test(long_filters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
