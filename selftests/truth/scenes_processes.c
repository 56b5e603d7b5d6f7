// SPDX-License-Identifier: GPL-2.0
/* One socket, several processes: forked, passed, executed, blocked in accept(). */
#include <sys/socket.h>

#include "scenes.h"

static void connection_forked(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *parent = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server);
	struct end client = stage_client(stage, parent);
	struct end accepted = stage_accept(stage, &listener);
	struct process *child = stage_fork(stage, parent);

	stage_holds(stage, &client, child);
	stage_talk(stage, &client, &accepted);
	end_close(&client);
	process_exit(child);
	fact_connection(stage, &client, child, "fin", "local");
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

/* A server that forks a child for each connection. */
static void accepted_then_forked(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client_process = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server);
	struct end client = stage_client(stage, client_process);
	struct end accepted = stage_accept(stage, &listener), childs;
	struct process *child = stage_fork(stage, server);
	struct end listeners_copy = end_in(&listener, child);

	stage_holds(stage, &accepted, child);
	stage_holds(stage, &listener, child);
	childs = end_in(&accepted, child);
	end_close(&accepted);
	end_close(&listeners_copy);
	stage_talk(stage, &client, &childs);
	end_close(&childs);
	end_close(&client);
	fact_connection(stage, &childs, child, "fin", "local");
	fact_connection(stage, &client, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

/* Two children of one listener accept. */
static void workers_accept(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client_process = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server);
	struct process *one = stage_fork(stage, server);
	struct process *two = stage_fork(stage, server);
	struct end of_one = end_in(&listener, one), of_two = end_in(&listener, two);
	struct end client, accepted;

	stage_holds(stage, &listener, one);
	stage_holds(stage, &listener, two);
	client = stage_client(stage, client_process);
	accepted = stage_accept(stage, &of_one);
	end_close(&client);
	fact_connection(stage, &client, NULL, "fin", "local");
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "remote");
	client = stage_client(stage, client_process);
	accepted = stage_accept(stage, &of_two);
	process_kill(two);
	fact_connection(stage, &accepted, NULL, "fin", "local");
	end_close(&client);
	fact_connection(stage, &client, NULL, "fin", "remote");
	process_exit(one);
	process_exit(server);
	fact_listener(stage, &listener, NULL, 2);
}

static void descriptor_passed(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *worker = stage_actor(stage, "worker");
	struct process *client_process = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server);
	struct end client = stage_client(stage, client_process);
	struct end accepted = stage_accept(stage, &listener);
	struct end passed = stage_give(stage, &accepted, worker);

	end_close(&accepted);
	stage_talk(stage, &client, &passed);
	stage_talk(stage, &passed, &client);
	end_close(&passed);
	fact_connection(stage, &passed, worker, "fin", "local");
	end_close(&client);
	fact_connection(stage, &client, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

/* A socket that another process connects; its owner is who made it. */
static void passed_then_connected(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *broker = stage_actor(stage, "broker");
	struct process *client = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server), accepted, passed;
	struct end made = stage_socket(stage, broker, SOCK_STREAM);

	passed = stage_give(stage, &made, client);
	end_close(&made);
	stage_must(stage, end_connect(&passed, target_loopback(stage->family,
							       stage->port)),
		   "connect");
	fact(stage, "connect", &passed,
	     ",\"by\":{\"pid\":%u,\"comm\":\"%s\"}", client->who.pid,
	     client->who.comm);
	fact(stage, "established", &passed, "%s", "");
	accepted = stage_accept(stage, &listener);
	end_close(&passed);
	fact_connection(stage, &passed, client, "fin", "local");
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

/* Socket activation: one program listens, another one accepts. */
static void listener_inherited_by_exec(struct stage *stage)
{
	struct process *starter = stage_actor(stage, "starter");
	struct process *client_process = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, starter), inherited;
	struct process *child = stage_fork(stage, starter);
	struct end client, accepted;

	stage_exec(stage, child, "service", &listener);
	stage_holds(stage, &listener, child);
	inherited = end_in(&listener, child);
	end_close(&listener);
	client = stage_client(stage, client_process);
	accepted = stage_accept(stage, &inherited);
	stage_talk(stage, &client, &accepted);
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "local");
	end_close(&client);
	fact_connection(stage, &client, NULL, "fin", "remote");
	end_close(&inherited);
	fact_listener(stage, &inherited, child, 1);
}

static void blocked_in_accept(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client_process = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server), client, accepted;

	stage_must(stage, end_accept_begin(&listener, true), "accept");
	client = stage_client(stage, client_process);
	stage_must(stage, end_accept_finish(&accepted, &listener), "accept");
	stage_holds(stage, &accepted, server);
	fact(stage, "accept", &accepted, ",\"listener\":%llu",
	     (unsigned long long)listener.facts.cookie);
	end_close(&client);
	fact_connection(stage, &client, NULL, "fin", "local");
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

const struct scene_entry scenes_of_processes[] = {
	{ "connection forked", connection_forked },
	{ "accepted then forked", accepted_then_forked },
	{ "workers accept", workers_accept },
	{ "descriptor passed", descriptor_passed },
	{ "passed then connected", passed_then_connected },
	{ "listener inherited by exec", listener_inherited_by_exec },
	{ "blocked in accept", blocked_in_accept },
	{ NULL, NULL },
};
