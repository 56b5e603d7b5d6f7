/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scene's processes and sockets. Whatever a process does here is written down as
 * facts: one JSON object a line, with the fields and names of portwatch's events, and
 * only such values as the process knows of itself or as follow from what it did.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdint.h>
#include <stdio.h>

#include "end.h"
#include "process.h"

#define STAGE_ACTORS 8

/**
 * struct stage - what a scene works with
 *
 * @facts:	file that the facts go to
 * @scene:	its name
 * @family:	IPV4 or IPV6
 * @port:	its own: no other scene has it or the next one
 * @directory:	for the actors' programs
 * @actors:	started for this scene
 * @nr_actors:	number of these
 */
struct stage {
	FILE *facts;
	const char *scene;
	enum family family;
	uint16_t port;
	char directory[64];
	struct process actors[STAGE_ACTORS];
	unsigned int nr_actors;
};

/* What cannot be done here ends the program: there is no truth without it. */
void stage_must(const struct stage *stage, int result, const char *what);

/* The folder and the network namespace; the last ends the actors that are left. */
void stage_open(struct stage *stage, const char *path);
void stage_end_scene(struct stage *stage);
void stage_close(struct stage *stage);

struct process *stage_actor(struct stage *stage, const char *name);
struct process *stage_fork(struct stage *stage, struct process *parent);
void stage_exec(struct stage *stage, struct process *process, const char *name,
		const struct end *kept);

/* Each does one thing and writes down what it did. */
struct end stage_socket(struct stage *stage, struct process *process, int type);
void stage_bind(struct stage *stage, struct end *end, uint16_t port);
void stage_bind_fails(struct stage *stage, struct end *end,
		      struct target target, int error);
void stage_listen(struct stage *stage, struct end *end);
struct end stage_listener(struct stage *stage, struct process *process);
void stage_connect(struct stage *stage, struct end *end);
struct end stage_client(struct stage *stage, struct process *process);
struct end stage_accept(struct stage *stage, struct end *listener);
struct end stage_give(struct stage *stage, struct end *end, struct process *to);
void stage_talk(struct stage *stage, struct end *from, struct end *to);

/* @process has, or had, a descriptor for the socket. */
void stage_holds(struct stage *stage, const struct end *end,
		 const struct process *process);

/* "event" happened to a socket; format is more JSON fields, each with a comma first. */
void fact(struct stage *stage, const char *event, const struct end *end,
	  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A port that connect or send took for a datagram socket. */
void fact_autobind(struct stage *stage, const struct end *end);

/* The end of one; by: who let go the last descriptor. */
void fact_connection(struct stage *stage, const struct end *end,
		     const struct process *by, const char *reason,
		     const char *first);
void fact_listener(struct stage *stage, const struct end *end,
		   const struct process *by, unsigned int accepted);
void fact_socket(struct stage *stage, const struct end *end,
		 const struct process *by);

#endif /* STAGE_H */
