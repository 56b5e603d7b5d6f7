// SPDX-License-Identifier: GPL-2.0
/*
 * rate EVENTS: make so many events, or a few more, as fast as they can be made: a
 * thread on each CPU takes ports and gives them back, connects to itself, accepts and
 * closes. What must have come of it is printed, a line "EVENT COUNT" for each event,
 * then "seconds SECONDS".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX	64

/* Events of a round: of a port (bind, close), and of a connection. */
#define EVENTS_OF_PORT		2
#define EVENTS_OF_CONNECTION	5

/**
 * struct producer - one thread
 *
 * @cpu:	where it runs
 * @rounds:	to be done
 * @error:	-errno of what went wrong, or 0
 */
struct producer {
	pthread_t thread;
	unsigned int cpu;
	uint64_t rounds;
	int error;
};

static const struct sockaddr_in any_port = {
	.sin_family = AF_INET,
	.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK),
};

static int take_port(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&any_port, sizeof(any_port)))
		return -errno;
	close(fd);
	return 0;
}

/* Ended by a reset, so that no port waits for a minute. */
static int connect_once(int listener, const struct sockaddr_in *name)
{
	static const struct linger at_once = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	if (client < 0 ||
	    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) ||
	    connect(client, (void *)name, sizeof(*name)))
		return -errno;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		return -errno;
	close(client);
	close(server);
	return 0;
}

static int listen_somewhere(struct sockaddr_in *name)
{
	socklen_t length = sizeof(*name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (void *)&any_port, sizeof(any_port)) ||
	    getsockname(fd, (void *)name, &length) || listen(fd, 16))
		return -1;
	return fd;
}

static void *produce(void *argument)
{
	struct producer *producer = argument;
	struct sockaddr_in name;
	cpu_set_t set;
	int listener;
	uint64_t i;

	CPU_ZERO(&set);
	CPU_SET(producer->cpu, &set);
	listener = listen_somewhere(&name);
	if (sched_setaffinity(0, sizeof(set), &set) || listener < 0)
		producer->error = -errno;
	for (i = 0; i < producer->rounds && !producer->error; i++) {
		producer->error = take_port();
		if (!producer->error)
			producer->error = connect_once(listener, &name);
	}
	close(listener);
	return NULL;
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - begin->tv_sec) +
	       (double)(now.tv_nsec - begin->tv_nsec) / 1e9;
}

static int run(struct producer *producers, unsigned int count, uint64_t rounds)
{
	unsigned int i;
	int error = 0;

	for (i = 0; i < count; i++) {
		producers[i].cpu = i;
		producers[i].rounds = rounds;
		if (pthread_create(&producers[i].thread, NULL, produce,
				   &producers[i]))
			return -EAGAIN;
	}
	for (i = 0; i < count; i++) {
		pthread_join(producers[i].thread, NULL);
		error = error ? error : producers[i].error;
	}
	return error;
}

/* Each thread has a listener, which is bound, listens and is closed. */
static void print_counts(uint64_t listeners, uint64_t rounds)
{
	printf("bind %llu\n", (unsigned long long)(listeners + rounds));
	printf("listen %llu\n", (unsigned long long)listeners);
	printf("connect %llu\n", (unsigned long long)rounds);
	printf("established %llu\n", (unsigned long long)rounds);
	printf("accept %llu\n", (unsigned long long)rounds);
	printf("close %llu\n", (unsigned long long)(listeners + 3 * rounds));
}

int main(int argc, char **argv)
{
	static struct producer producers[THREADS_MAX];
	uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int count = cpus < THREADS_MAX ? (unsigned int)cpus : THREADS_MAX;
	uint64_t each = count * (EVENTS_OF_PORT + EVENTS_OF_CONNECTION);
	uint64_t rounds = (events + each - 1) / each;
	struct timespec begin;
	int error;

	if (!events) {
		fputs("rate: how many events?\n", stderr);
		return 2;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	error = run(producers, count, rounds);
	if (error) {
		fprintf(stderr, "rate: %s\n", strerror(-error));
		return 1;
	}
	print_counts(count, count * rounds);
	printf("seconds %.1f\n", seconds_since(&begin));
	return 0;
}
