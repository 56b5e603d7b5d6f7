// SPDX-License-Identifier: GPL-2.0
/*
 * traffic ROUNDS: four processes that bind, listen, connect, accept and close on the
 * loopback, each ROUNDS times in every way below, over IPv4 and IPv6.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS		4
#define CONNECTIONS	3
#define NOBODY		1	/* a port on which nobody listens */

struct name {
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
	socklen_t length;
};

static int make(int family, int type)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	return fd;
}

static struct name loopback(int family, uint16_t port)
{
	struct name name = { .any.sa_family = family };

	if (family == AF_INET) {
		name.in4.sin_port = htons(port);
		name.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		name.length = sizeof(name.in4);
	} else {
		name.in6.sin6_port = htons(port);
		name.in6.sin6_addr = in6addr_loopback;
		name.length = sizeof(name.in6);
	}
	return name;
}

static void must(int result, const char *what)
{
	if (result < 0)
		err(1, "%s", what);
}

static void fails(int result, int error, const char *what)
{
	if (result >= 0 || errno != error)
		err(1, "%s did not fail as it should", what);
}

static struct name bound(int fd, int family)
{
	struct name name = loopback(family, 0);

	must(bind(fd, &name.any, name.length), "bind");
	must(getsockname(fd, &name.any, &name.length), "getsockname");
	return name;
}

/* By turns: the client first, the server first, a reset; the last is not accepted. */
static void connections(int family, int listener, const struct name *name)
{
	static const struct linger zero = { .l_onoff = 1 };
	int i, client, server;

	for (i = 0; i <= CONNECTIONS; i++) {
		client = make(family, SOCK_STREAM);
		must(connect(client, &name->any, name->length), "connect");
		if (i == CONNECTIONS) {
			close(listener);
			close(client);
			return;
		}
		server = accept(listener, NULL, NULL);
		must(server, "accept");
		if (i == 2)
			setsockopt(client, SOL_SOCKET, SO_LINGER, &zero,
				   sizeof(zero));
		close(i == 1 ? server : client);
		close(i == 1 ? client : server);
	}
}

static void streams(int family)
{
	int listener = make(family, SOCK_STREAM);
	int other = make(family, SOCK_STREAM);
	struct name name = bound(listener, family);

	must(listen(listener, 8), "listen");
	must(listen(listener, 16), "listen again");
	fails(bind(other, &name.any, name.length), EADDRINUSE, "bind");
	close(other);
	connections(family, listener, &name);
	other = make(family, SOCK_STREAM);
	must(listen(other, 1), "listen without bind");
	close(other);
	other = make(family, SOCK_STREAM);
	bound(other, family);
	close(other);
}

static void refused(int family)
{
	struct name nobody = loopback(family, NOBODY);
	int waits = make(family, SOCK_STREAM);
	int goes_on = make(family, SOCK_STREAM | SOCK_NONBLOCK);
	struct pollfd outcome = { .fd = goes_on, .events = POLLOUT };

	fails(connect(waits, &nobody.any, nobody.length), ECONNREFUSED, "connect");
	fails(connect(goes_on, &nobody.any, nobody.length), EINPROGRESS, "connect");
	must(poll(&outcome, 1, 10000), "poll");
	close(waits);
	close(goes_on);
}

static void datagrams(int family)
{
	int server = make(family, SOCK_DGRAM), client = make(family, SOCK_DGRAM);
	int sender = make(family, SOCK_DGRAM), other = make(family, SOCK_DGRAM);
	struct name name = bound(server, family);

	fails(bind(other, &name.any, name.length), EADDRINUSE, "bind");
	must(connect(client, &name.any, name.length), "connect");
	must(sendto(sender, "x", 1, 0, &name.any, name.length), "sendto");
	close(server);
	close(client);
	close(sender);
	close(other);
}

static void work(int rounds)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int i;

	for (i = 0; i < 2 * rounds; i++) {
		streams(families[i % 2]);
		refused(families[i % 2]);
		datagrams(families[i % 2]);
	}
}

int main(int argc, char **argv)
{
	int i, status, failed = 0;

	if (argc != 2)
		errx(2, "usage: traffic ROUNDS");
	for (i = 0; i < WORKERS; i++)
		if (!fork()) {
			work(atoi(argv[1]));
			_exit(0);
		}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}
