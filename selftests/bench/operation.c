// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "operation.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define DATAGRAMS	100

static int tcp_listener, mptcp_listener;
static struct sockaddr_in tcp_server, mptcp_server, nobody;
static int echo_server, echo_client;

static const struct sockaddr_in any_port = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK),
};

static int bound(int type, int protocol, struct sockaddr_in *name)
{
	socklen_t length = sizeof(*name);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 || bind(fd, (void *)&any_port, sizeof(any_port)) ||
	    getsockname(fd, (void *)name, &length))
		return -1;
	return fd;
}

static int listening(int protocol, struct sockaddr_in *name)
{
	int fd = bound(SOCK_STREAM, protocol, name);

	return fd < 0 || listen(fd, 128) ? -1 : fd;
}

int operations_prepare(void)
{
	struct sockaddr_in name;
	int fd;

	tcp_listener = listening(IPPROTO_TCP, &tcp_server);
	mptcp_listener = listening(IPPROTO_MPTCP, &mptcp_server);
	/* A port on which nobody listens, and that nobody else takes. */
	fd = bound(SOCK_STREAM, IPPROTO_TCP, &nobody);
	echo_server = bound(SOCK_DGRAM, IPPROTO_UDP, &name);
	echo_client = socket(AF_INET, SOCK_DGRAM, 0);
	if (tcp_listener < 0 || mptcp_listener < 0 || fd < 0 ||
	    echo_server < 0 || echo_client < 0)
		return -1;
	return connect(echo_client, (void *)&name, sizeof(name));
}

static int connection(int listener, const struct sockaddr_in *server,
		      int protocol, bool reset)
{
	const struct linger at_once = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM, protocol);
	char byte;
	int fd;

	if (client < 0 ||
	    (reset && setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once,
				 sizeof(at_once))) ||
	    connect(client, (void *)server, sizeof(*server)))
		return -1;
	fd = accept(listener, NULL, NULL);
	if (fd < 0 || close(client))
		return -1;
	/* Until it knows that the client has closed. */
	if (!reset && read(fd, &byte, 1))
		return -1;
	return close(fd);
}

static int connections_rst(unsigned int count)
{
	int err = 0;

	while (!err && count--)
		err = connection(tcp_listener, &tcp_server, IPPROTO_TCP, true);
	return err;
}

static int connections_fin(unsigned int count)
{
	int err = 0;

	while (!err && count--)
		err = connection(tcp_listener, &tcp_server, IPPROTO_TCP, false);
	return err;
}

static int connections_mptcp(unsigned int count)
{
	int err = 0;

	while (!err && count--)
		err = connection(mptcp_listener, &mptcp_server, IPPROTO_MPTCP,
				 false);
	return err;
}

static int binds(unsigned int count, int type)
{
	while (count--) {
		int fd = socket(AF_INET, type, 0);

		if (fd < 0 || bind(fd, (void *)&any_port, sizeof(any_port)) ||
		    close(fd))
			return -1;
	}
	return 0;
}

static int binds_udp(unsigned int count)
{
	return binds(count, SOCK_DGRAM);
}

static int binds_tcp(unsigned int count)
{
	return binds(count, SOCK_STREAM);
}

static int refused(unsigned int count)
{
	while (count--) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0 || !connect(fd, (void *)&nobody, sizeof(nobody)) ||
		    errno != ECONNREFUSED || close(fd))
			return -1;
	}
	return 0;
}

static int echo(void)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	char text[64] = "";

	if (send(echo_client, text, sizeof(text), 0) < 0 ||
	    recvfrom(echo_server, text, sizeof(text), 0, (void *)&peer,
		     &length) < 0 ||
	    sendto(echo_server, text, sizeof(text), 0, (void *)&peer,
		   length) < 0 ||
	    recv(echo_client, text, sizeof(text), 0) < 0)
		return -1;
	return 0;
}

static int echoes(unsigned int count)
{
	unsigned int i;

	while (count--)
		for (i = 0; i < DATAGRAMS; i++)
			if (echo())
				return -1;
	return 0;
}

static int system_calls(unsigned int count)
{
	while (count--)
		syscall(SYS_getppid);
	return 0;
}

const struct operation operations[] = {
	{ "tcp-rst", "TCP connection, ended by RST", 300, connections_rst },
	{ "tcp-fin", "TCP connection, ended by FIN", 300, connections_fin },
	{ "mptcp", "MPTCP connection", 150, connections_mptcp },
	{ "tcp-bind", "TCP bind and close", 1000, binds_tcp },
	{ "udp-bind", "UDP bind and close", 1000, binds_udp },
	{ "refused", "TCP connect, refused", 500, refused },
	{ "udp-echo", "100 UDP datagrams and their echoes", 20, echoes },
	{ "getppid", "a system call that has nothing to do with it", 20000,
	  system_calls },
	{}
};
