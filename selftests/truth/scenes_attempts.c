// SPDX-License-Identifier: GPL-2.0
/* Ports asked for and attempts to connect, those that fail too. */
#include <errno.h>
#include <sys/socket.h>

#include "scenes.h"

static struct target goal(const struct stage *stage)
{
	return target_loopback(stage->family, stage->port);
}

/* The SYN went out; what is left of the socket is closed later. */
static void fact_refused(struct stage *stage, const struct end *end)
{
	fact(stage, "connect", end, "%s", "");
	fact(stage, "connect-failed", end, ",\"error\":\"ECONNREFUSED\"");
}

static void refused(struct stage *stage)
{
	struct process *client = stage_actor(stage, "client");
	struct end end = stage_socket(stage, client, SOCK_STREAM);
	int result;

	stage_bind(stage, &end, stage->port + 1);
	result = end_connect(&end, goal(stage));
	stage_must(stage, result == -ECONNREFUSED ? 0 : -EPROTO, "refusal");
	fact_refused(stage, &end);
	end_close(&end);
	end.facts.remote.family = 0;
	fact_socket(stage, &end, NULL);
}

static void refused_without_waiting(struct stage *stage)
{
	struct process *client = stage_actor(stage, "client");
	struct end end = stage_socket(stage, client, SOCK_STREAM);
	int result;

	stage_bind(stage, &end, stage->port + 1);
	stage_must(stage, end_nonblock(&end), "O_NONBLOCK");
	result = end_connect(&end, goal(stage));
	stage_must(stage, result == -EINPROGRESS ? 0 : -EPROTO, "EINPROGRESS");
	result = end_outcome(&end);
	stage_must(stage, result == -ECONNREFUSED ? 0 : -EPROTO, "refusal");
	fact_refused(stage, &end);
	end_close(&end);
	end.facts.remote.family = 0;
	fact_socket(stage, &end, NULL);
}

static void connected_without_waiting(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server), accepted;
	struct end end = stage_socket(stage, client, SOCK_STREAM);
	int result;

	stage_must(stage, end_nonblock(&end), "O_NONBLOCK");
	result = end_connect(&end, goal(stage));
	stage_must(stage, result == -EINPROGRESS ? 0 : -EPROTO, "EINPROGRESS");
	stage_must(stage, end_outcome(&end), "connection");
	fact(stage, "connect", &end, "%s", "");
	fact(stage, "established", &end, "%s", "");
	accepted = stage_accept(stage, &listener);
	end_close(&end);
	fact_connection(stage, &end, NULL, "fin", "local");
	end_close(&accepted);
	fact_connection(stage, &accepted, NULL, "fin", "remote");
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 1);
}

/* The listener drops what comes in, and so the client waits until it is killed. */
static void killed_without_an_answer(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client = stage_actor(stage, "client");
	struct end listener = stage_listener(stage, server);
	struct end end = stage_socket(stage, client, SOCK_STREAM);
	int result;

	stage_must(stage, end_deaf(&listener, true), "filter");
	stage_bind(stage, &end, stage->port + 1);
	stage_must(stage, end_nonblock(&end), "O_NONBLOCK");
	result = end_connect(&end, goal(stage));
	stage_must(stage, result == -EINPROGRESS ? 0 : -EPROTO, "EINPROGRESS");
	fact(stage, "connect", &end, "%s", "");
	end.facts.remote = end.asked;
	process_kill(client);
	fact(stage, "connect-failed", &end, ",\"error\":\"ECANCELED\"");
	end.facts.remote.family = 0;
	fact_socket(stage, &end, NULL);
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 0);
}

/* No route: nothing is sent. */
static void unreachable(struct stage *stage)
{
	struct process *client = stage_actor(stage, "client");
	struct end end = stage_socket(stage, client, SOCK_STREAM);
	const char *far = stage->family == IPV4 ? "192.0.2.1" : "2001:db8::1";
	int result;

	result = end_connect(&end, target_text(stage->family, far, stage->port));
	stage_must(stage, result == -ENETUNREACH ? 0 : -EPROTO, "no route");
	fact(stage, "connect-failed", &end, ",\"error\":\"ENETUNREACH\"");
	end_close(&end);
}

static void port_in_use(struct stage *stage)
{
	struct process *holder = stage_actor(stage, "holder");
	struct process *other = stage_actor(stage, "other");
	struct end listener = stage_listener(stage, holder);
	struct end end = stage_socket(stage, other, SOCK_STREAM);

	stage_bind_fails(stage, &end, goal(stage), EADDRINUSE);
	stage_bind(stage, &end, 0);
	end_close(&end);
	fact_socket(stage, &end, NULL);
	end_close(&listener);
	fact_listener(stage, &listener, NULL, 0);
}

static void bind_refused(struct stage *stage)
{
	struct process *process = stage_actor(stage, "ordinary");
	struct end end;
	const char *far = stage->family == IPV4 ? "192.0.2.1" : "2001:db8::1";

	stage_must(stage, process_setuid(process, 65534), "setuid");
	end = stage_socket(stage, process, SOCK_STREAM);
	stage_bind_fails(stage, &end, target_loopback(stage->family, 80), EACCES);
	stage_bind_fails(stage, &end, target_text(stage->family, far,
						  stage->port), EADDRNOTAVAIL);
	end_close(&end);
}

static void listen_without_bind(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct end end = stage_socket(stage, server, SOCK_STREAM);

	stage_listen(stage, &end);
	end_close(&end);
	fact_listener(stage, &end, NULL, 0);
}

static void datagrams(struct stage *stage)
{
	struct process *server = stage_actor(stage, "server");
	struct process *client = stage_actor(stage, "client");
	struct end bound = stage_socket(stage, server, SOCK_DGRAM);
	struct end connected = stage_socket(stage, client, SOCK_DGRAM);
	struct end sender = stage_socket(stage, client, SOCK_DGRAM);

	stage_bind(stage, &bound, stage->port);
	stage_connect(stage, &connected);
	stage_must(stage, end_send_to(&sender, 1, goal(stage)), "send");
	fact_autobind(stage, &sender);
	end_close(&connected);
	fact_socket(stage, &connected, NULL);
	process_kill(client);
	fact_socket(stage, &sender, NULL);
	end_close(&bound);
	fact_socket(stage, &bound, NULL);
}

const struct scene_entry scenes_of_attempts[] = {
	{ "refused", refused },
	{ "refused without waiting", refused_without_waiting },
	{ "connected without waiting", connected_without_waiting },
	{ "killed without an answer", killed_without_an_answer },
	{ "unreachable", unreachable },
	{ "port in use", port_in_use },
	{ "bind refused", bind_refused },
	{ "listen without bind", listen_without_bind },
	{ "datagrams", datagrams },
	{ NULL, NULL },
};
