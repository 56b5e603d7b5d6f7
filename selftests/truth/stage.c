// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.h"

#define BACKLOG	16
#define BYTES	100

void stage_must(const struct stage *stage, int result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "truth: %s: %s: %s\n", stage->scene ?: "at the start",
		what, strerror(-result));
	exit(1);
}

/* A network namespace with nothing but a loopback. */
static int netns_unshare(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	err = ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
	close(fd);
	return err;
}

void stage_open(struct stage *stage, const char *path)
{
	struct stat info;

	memset(stage, 0, sizeof(*stage));
	stage->facts = fopen(path, "we");
	stage_must(stage, stage->facts ? 0 : -errno, path);
	stage_must(stage, netns_unshare(), "network namespace");
	stage_must(stage, stat("/proc/self/ns/net", &info) ? -errno : 0,
		   "network namespace");
	fprintf(stage->facts, "{\"netns\":%lu}\n", (unsigned long)info.st_ino);
	strcpy(stage->directory, "/tmp/truth-XXXXXX");
	stage_must(stage, mkdtemp(stage->directory) ? 0 : -errno, "folder");
	chmod(stage->directory, 0755);
	/* The children of actors that are gone are ours. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

void stage_end_scene(struct stage *stage)
{
	while (stage->nr_actors) {
		struct process *actor = &stage->actors[--stage->nr_actors];

		if (actor->control >= 0)
			process_kill(actor);
	}
}

/* The guest's /tmp goes with the guest. */
void stage_close(struct stage *stage)
{
	stage_must(stage, fclose(stage->facts) ? -errno : 0, "facts");
}

struct process *stage_actor(struct stage *stage, const char *name)
{
	struct process *actor = &stage->actors[stage->nr_actors++];

	stage_must(stage, process_start(actor, stage->directory, name), name);
	return actor;
}

struct process *stage_fork(struct stage *stage, struct process *parent)
{
	struct process *child = &stage->actors[stage->nr_actors++];

	stage_must(stage, process_fork(parent, child), "fork");
	return child;
}

void stage_exec(struct stage *stage, struct process *process, const char *name,
		const struct end *kept)
{
	stage_must(stage, process_exec(process, stage->directory, name, kept->fd),
		   "exec");
}

void stage_holds(struct stage *stage, const struct end *end,
		 const struct process *process)
{
	fprintf(stage->facts, "{\"holds\":%llu,\"pid\":%u}\n",
		(unsigned long long)end->facts.cookie, process->who.pid);
}

static void put_address(FILE *file, const char *which,
			const struct address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (!address->family || !address->port)
		return;
	inet_ntop(address->family, address->bytes, text, sizeof(text));
	fprintf(file, ",\"%saddr\":\"%s\",\"%sport\":%u", which, text, which,
		address->port);
}

void fact(struct stage *stage, const char *event, const struct end *end,
	  const char *format, ...)
{
	bool udp = end->facts.protocol == IPPROTO_UDP;
	bool failed = !strcmp(event, "bind-failed");
	FILE *file = stage->facts;
	va_list arguments;

	fprintf(file, "{\"scene\":\"%s\",\"event\":\"%s\"", stage->scene, event);
	fprintf(file, ",\"proto\":\"%s\",\"family\":\"%s\"", udp ? "udp" : "tcp",
		stage->family == IPV4 ? "ipv4" : "ipv6");
	if (end->facts.cookie)
		fprintf(file, ",\"sock\":%llu",
			(unsigned long long)end->facts.cookie);
	put_address(file, failed ? "req_" : "l",
		    failed ? &end->asked : &end->facts.local);
	put_address(file, "r", &end->facts.remote);
	fprintf(file, ",\"pid\":%u,\"comm\":\"%s\"", end->owner.pid,
		end->owner.comm);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fputs("}\n", file);
}

struct end stage_socket(struct stage *stage, struct process *process, int type)
{
	struct end end;

	stage_must(stage, end_open(&end, process, family_domain(stage->family),
				   type), "socket");
	stage_holds(stage, &end, process);
	return end;
}

void stage_bind(struct stage *stage, struct end *end, uint16_t port)
{
	stage_must(stage, end_bind(end, target_loopback(stage->family, port)),
		   "bind");
	fact(stage, "bind", end, ",\"how\":\"%s\"",
	     port ? "explicit" : "ephemeral");
}

void stage_bind_fails(struct stage *stage, struct end *end,
		      struct target target, int error)
{
	int result = end_bind(end, target);

	stage_must(stage, result == -error ? 0 : -EPROTO, "bind that must fail");
	fact(stage, "bind-failed", end, ",\"error\":\"%s\"",
	     strerrorname_np(error));
}

void stage_listen(struct stage *stage, struct end *end)
{
	bool bound = end_port(end);

	stage_must(stage, end_listen(end, BACKLOG), "listen");
	if (!bound)
		fact(stage, "bind", end, ",\"how\":\"auto\"");
	fact(stage, "listen", end, ",\"backlog\":%d", BACKLOG);
}

struct end stage_listener(struct stage *stage, struct process *process)
{
	struct end end = stage_socket(stage, process, SOCK_STREAM);

	stage_bind(stage, &end, stage->port);
	stage_listen(stage, &end);
	return end;
}

/* The port is taken for all addresses; connect chooses one of them later. */
void fact_autobind(struct stage *stage, const struct end *end)
{
	struct end before = *end;

	memset(before.facts.local.bytes, 0, sizeof(before.facts.local.bytes));
	before.facts.remote.family = 0;
	fact(stage, "bind", &before, ",\"how\":\"auto\"");
}

void stage_connect(struct stage *stage, struct end *end)
{
	bool bound = end_port(end);

	stage_must(stage, end_connect(end, target_loopback(stage->family,
							   stage->port)),
		   "connect");
	if (end->facts.protocol == IPPROTO_UDP && !bound)
		fact_autobind(stage, end);
	fact(stage, "connect", end, "%s", "");
	if (end->facts.protocol == IPPROTO_TCP)
		fact(stage, "established", end, "%s", "");
}

struct end stage_client(struct stage *stage, struct process *process)
{
	struct end end = stage_socket(stage, process, SOCK_STREAM);

	stage_connect(stage, &end);
	return end;
}

struct end stage_accept(struct stage *stage, struct end *listener)
{
	struct end end;

	stage_must(stage, end_accept(&end, listener), "accept");
	stage_holds(stage, &end, end.process);
	fact(stage, "accept", &end, ",\"listener\":%llu",
	     (unsigned long long)listener->facts.cookie);
	return end;
}

struct end stage_give(struct stage *stage, struct end *end, struct process *to)
{
	struct end copy;

	stage_must(stage, end_give(end, to, &copy), "passing a descriptor");
	stage_holds(stage, &copy, to);
	return copy;
}

void stage_talk(struct stage *stage, struct end *from, struct end *to)
{
	stage_must(stage, end_send(from, BYTES), "send");
	stage_must(stage, end_receive(to, BYTES), "receive");
}

/* The actor is named only where it is not the owner. */
static void put_by(struct stage *stage, const char *event, const struct end *end,
		   const struct process *by, const char *more)
{
	if (!by || by->who.pid == end->owner.pid)
		fact(stage, event, end, "%s", more);
	else
		fact(stage, event, end, ",\"by\":{\"pid\":%u,\"comm\":\"%s\"}%s",
		     by->who.pid, by->who.comm, more);
}

void fact_connection(struct stage *stage, const struct end *end,
		     const struct process *by, const char *reason,
		     const char *first)
{
	char more[256];
	int length;

	length = snprintf(more, sizeof(more),
			  ",\"kind\":\"connection\",\"reason\":\"%s\"", reason);
	if (first)
		snprintf(more + length, sizeof(more) - length,
			 ",\"first\":\"%s\",\"tx_bytes\":%llu,\"rx_bytes\":%llu",
			 first, (unsigned long long)end->tx,
			 (unsigned long long)end->rx);
	put_by(stage, "close", end, by, more);
}

void fact_listener(struct stage *stage, const struct end *end,
		   const struct process *by, unsigned int accepted)
{
	char more[64];

	snprintf(more, sizeof(more), ",\"kind\":\"listener\",\"accepted\":%u",
		 accepted);
	put_by(stage, "close", end, by, more);
}

void fact_socket(struct stage *stage, const struct end *end,
		 const struct process *by)
{
	put_by(stage, "close", end, by, ",\"kind\":\"socket\"");
}
