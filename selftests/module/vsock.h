/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of vsock share. */
#ifndef VSOCK_H
#define VSOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "scene.h"

/* Loads vsock and its loopback, or unloads all that is of it; 0: done. */
int vsock_modules(bool there);

bool vsock_hook_is_attached(const char *name);

/* What this kernel does not have for a test with such sockets; NULL: nothing. */
const char *vsock_lacking(int type);

/* The loopback: context id 1. */
struct target vsock_local(uint32_t port);

/* A listener, a client of another process, and what accept() gave. */
struct vsock_joined {
	struct end listener;
	struct end client;
	struct end server;
};

/*
 * Each does something and expects what must be told of it: opens a socket; one that
 * listens on the loopback; one that is connected to that. 0 or a negative errno.
 */
int vsock_socket(struct scene *scene, struct end *end, struct process *process,
		 int type);
int vsock_serve(struct scene *scene, struct end *listener,
		struct process *process, int type);
int vsock_call(struct scene *scene, struct end *client, struct process *process,
	       const struct end *listener);

/* All of these, and what was told so far was right. */
int vsock_join(struct scene *scene, struct vsock_joined *all, int type);

/* A connection is over; nothing is counted in a way that could be told. */
struct expect *vsock_expect_over(struct watch *watch, const struct end *end,
				 enum portwatch_reason reason,
				 enum portwatch_first first);

/* A socket that lived on ends as one that has a port and no peer. */
struct expect *vsock_expect_port_back(struct watch *watch, struct end *end);

/* The scene of a test, with streams and with sequenced packets; its setup is left. */
#define VSOCK_FIXTURE							\
FIXTURE(vsock)								\
{									\
	struct scene scene;						\
};									\
FIXTURE_VARIANT(vsock)							\
{									\
	int type;							\
};									\
FIXTURE_VARIANT_ADD(vsock, stream)					\
{									\
	.type = SOCK_STREAM,						\
};									\
FIXTURE_VARIANT_ADD(vsock, seqpacket)					\
{									\
	.type = SOCK_SEQPACKET,						\
};									\
FIXTURE_TEARDOWN(vsock)							\
{									\
	scene_close(&self->scene);					\
}

#endif /* VSOCK_H */
