/* SPDX-License-Identifier: GPL-2.0 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "services.h"

#define PROTO_MPTCP	262
#define PORTS		65536

/* The protocols that the file speaks of. */
enum { TCP, UDP, SCTP, TABLES };

struct pw_services {
	char *names[TABLES][PORTS];
};

static int table_of(unsigned int proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case PROTO_MPTCP:
		return TCP;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return UDP;
	case IPPROTO_SCTP:
		return SCTP;
	default:
		return -1;
	}
}

static int table_named(const char *proto)
{
	static const char *const names[TABLES] = { "tcp", "udp", "sctp" };
	int i;

	for (i = 0; i < TABLES; i++)
		if (!strcmp(proto, names[i]))
			return i;
	return -1;
}

static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-+._", *name))
			return false;
	return true;
}

/* "http  80/tcp  www  # comment": the first name of a port is the one. */
static void read_line(struct pw_services *services, char *line)
{
	char *save, *name, *port, *proto, *end, **place;
	unsigned long number;
	int table;

	line[strcspn(line, "#\n")] = 0;
	name = strtok_r(line, " \t", &save);
	port = strtok_r(NULL, " \t", &save);
	proto = port ? strchr(port, '/') : NULL;
	if (!proto || !is_plain(name))
		return;
	table = table_named(proto + 1);
	number = strtoul(port, &end, 10);
	if (table < 0 || end != proto || number >= PORTS)
		return;
	place = &services->names[table][number];
	if (!*place)
		*place = pw_memory_text(name);
}

struct pw_services *pw_services_read(const char *path)
{
	struct pw_services *services = pw_memory_new(sizeof(*services));
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return services;
	while (getline(&line, &size, file) >= 0)
		read_line(services, line);
	free(line);
	fclose(file);
	return services;
}

void pw_services_free(struct pw_services *services)
{
	size_t table, port;

	if (!services)
		return;
	for (table = 0; table < TABLES; table++)
		for (port = 0; port < PORTS; port++)
			free(services->names[table][port]);
	free(services);
}

const char *pw_service_name(const struct pw_services *services,
			    unsigned int proto, uint16_t port)
{
	int table = services ? table_of(proto) : -1;

	return table < 0 ? NULL : services->names[table][port];
}
