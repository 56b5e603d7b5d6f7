// SPDX-License-Identifier: GPL-2.0
/* How a connection ends: by whom first, in order or not. */
#include <sys/socket.h>

#include "scenes.h"

/**
 * struct joined - a listener and one connection to it, both ends
 *
 * @listener:	of a process "server"
 * @client:	of a process "client", over which 100 bytes went out
 * @server:	which got them, and answered with 100
 */
struct joined {
	struct end listener;
	struct end client;
	struct end server;
};

static struct joined join(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client = stage_actor(stage, "client");
	struct joined joined;

	joined.listener = stage_listener(stage, server);
	joined.client = stage_client(stage, client);
	joined.server = stage_accept(stage, &joined.listener);
	stage_talk(stage, &joined.client, &joined.server);
	stage_talk(stage, &joined.server, &joined.client);
	return joined;
}

static void close_listener(struct stage *stage, struct joined *joined)
{
	end_close(&joined->listener);
	fact_listener(stage, &joined->listener, NULL, 1);
}

static void facts_in_order(struct stage *stage, struct joined *joined,
			   const char *first_at_client,
			   const char *first_at_server)
{
	fact_connection(stage, &joined->client, NULL, "fin", first_at_client);
	fact_connection(stage, &joined->server, NULL, "fin", first_at_server);
}

static void client_first(struct stage *stage)
{
	struct joined joined = join(stage);

	end_close(&joined.client);
	end_close(&joined.server);
	facts_in_order(stage, &joined, "local", "remote");
	close_listener(stage, &joined);
}

static void server_first(struct stage *stage)
{
	struct joined joined = join(stage);

	end_close(&joined.server);
	end_close(&joined.client);
	facts_in_order(stage, &joined, "remote", "local");
	close_listener(stage, &joined);
}

static void listener_first(struct stage *stage)
{
	struct joined joined = join(stage);

	close_listener(stage, &joined);
	end_close(&joined.server);
	end_close(&joined.client);
	facts_in_order(stage, &joined, "remote", "local");
}

static void client_shuts_down(struct stage *stage)
{
	struct joined joined = join(stage);

	end_shutdown(&joined.client, SHUT_WR);
	stage_talk(stage, &joined.server, &joined.client);
	end_close(&joined.server);
	end_close(&joined.client);
	facts_in_order(stage, &joined, "local", "remote");
	close_listener(stage, &joined);
}

/* Nothing is closed before both directions are shut. */
static void both_shut_down(struct stage *stage)
{
	struct joined joined = join(stage);

	end_shutdown(&joined.server, SHUT_WR);
	end_shutdown(&joined.client, SHUT_WR);
	end_close(&joined.client);
	end_close(&joined.server);
	facts_in_order(stage, &joined, "remote", "local");
	close_listener(stage, &joined);
}

static void client_resets(struct stage *stage)
{
	struct joined joined = join(stage);

	end_linger_zero(&joined.client);
	end_close(&joined.client);
	fact_connection(stage, &joined.client, NULL, "rst-sent", "local");
	fact_connection(stage, &joined.server, NULL, "rst-received", "remote");
	end_close(&joined.server);
	close_listener(stage, &joined);
}

static void server_resets(struct stage *stage)
{
	struct joined joined = join(stage);

	end_linger_zero(&joined.server);
	end_close(&joined.server);
	fact_connection(stage, &joined.server, NULL, "rst-sent", "local");
	fact_connection(stage, &joined.client, NULL, "rst-received", "remote");
	end_close(&joined.client);
	close_listener(stage, &joined);
}

/* What has arrived and was not read makes of a close a reset. */
static void server_does_not_read(struct stage *stage)
{
	struct joined joined = join(stage);
	int bytes = end_send(&joined.client, 50);

	stage_must(stage, bytes, "send");
	stage_must(stage, end_drain(&joined.client), "confirmation");
	joined.server.rx += bytes;
	end_close(&joined.server);
	fact_connection(stage, &joined.server, NULL, "rst-sent", "local");
	fact_connection(stage, &joined.client, NULL, "rst-received", "remote");
	end_close(&joined.client);
	close_listener(stage, &joined);
}

static void client_killed(struct stage *stage)
{
	struct joined joined = join(stage);

	process_kill(joined.client.process);
	end_close(&joined.server);
	facts_in_order(stage, &joined, "local", "remote");
	close_listener(stage, &joined);
}

static void server_killed(struct stage *stage)
{
	struct joined joined = join(stage);

	process_kill(joined.server.process);
	end_close(&joined.client);
	facts_in_order(stage, &joined, "remote", "local");
	fact_listener(stage, &joined.listener, NULL, 1);
}

static void client_exits(struct stage *stage)
{
	struct joined joined = join(stage);

	process_exit(joined.client.process);
	end_close(&joined.server);
	facts_in_order(stage, &joined, "local", "remote");
	close_listener(stage, &joined);
}

/* The server's end was never anybody's but its listener's. */
static void nobody_accepts(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct end listener = stage_listener(stage, server), queued;
	struct process *process = stage_actor(stage, "client");
	struct end client = stage_client(stage, process);

	queued = listener;
	queued.facts.cookie = 0;
	queued.facts.local = client.facts.remote;
	queued.facts.remote = client.facts.local;
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 0);
	fact_connection(stage, &queued, NULL, "unaccepted", NULL);
	fact_connection(stage, &client, NULL, "rst-received", "remote");
	end_close(&client);
}

const struct scene_entry scenes_of_ends[] = {
	{ "client first", client_first },
	{ "server first", server_first },
	{ "listener first", listener_first },
	{ "client shuts down", client_shuts_down },
	{ "both shut down", both_shut_down },
	{ "client resets", client_resets },
	{ "server resets", server_resets },
	{ "server does not read", server_does_not_read },
	{ "client killed", client_killed },
	{ "server killed", server_killed },
	{ "client exits", client_exits },
	{ "nobody accepts", nobody_accepts },
	{ NULL, NULL },
};
