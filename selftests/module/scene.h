/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What nearly every test begins with: a network namespace of its own with
 * nothing but a loopback, a folder for its actors, and a reader of all events.
 */
#ifndef SCENE_H
#define SCENE_H

#include "address.h"
#include "end.h"
#include "expect.h"
#include "process.h"
#include "watch.h"

#define SCENE_ACTORS 16

struct scene {
	struct watch watch;
	struct process self;
	enum family family;
	int protocol;		/* of its stream sockets; 0: TCP */
	char directory[64];
	struct process actors[SCENE_ACTORS];
	unsigned int nr_actors;
};

/* A netns in which only the loopback is there and up; 0 or a negative errno. */
int scene_unshare(void);
uint32_t scene_netns(void);

/* All of it, with watch_options(); 0 or a negative errno. */
int scene_open(struct scene *scene, enum family family);

/* The same in two steps, for a test that does something before it watches. */
int scene_prepare(struct scene *scene, enum family family);
int scene_watch(struct scene *scene, const struct portwatch_options *options);

/* In the netns that the test was started in, where not all events are its own. */
int scene_open_outside(struct scene *scene, enum family family);

void scene_close(struct scene *scene);

/* A new actor of that name, NULL when it could not be started. */
struct process *scene_actor(struct scene *scene, const char *name);
/* Of another program beside the test; 0 or a negative errno. */
int scene_actor_of(struct scene *scene, const char *program, const char *name,
		   struct process **process);
struct process *scene_fork(struct scene *scene, struct process *parent);
struct process *scene_vfork(struct scene *scene, struct process *parent);

/* A new socket of the test itself, or of an actor, in the test's family. */
int scene_socket(struct scene *scene, struct end *end, int type);
int scene_socket_of(struct scene *scene, struct end *end,
		    struct process *process, int type);

/* Does this kernel have such sockets? Asking makes one, and events of it. */
bool scene_has(int type, int protocol);

/* The loopback of the test's family. */
struct target scene_loopback(const struct scene *scene, uint16_t port);

/*
 * TCP: a socket of a process that listens on a free port of the loopback; and a
 * connection to it by another process, accepted by the listener's.
 */
int scene_listen(struct scene *scene, struct end *listener,
		 struct process *process);
int scene_connect(struct scene *scene, struct end *client,
		  struct process *process, struct end *listener);
int scene_join(struct scene *scene, struct end *client,
	       struct process *process, struct end *listener,
	       struct end *server);

/* The events of these three. */
void scene_expect_listen(struct scene *scene, const struct end *listener);
void scene_expect_connect(struct scene *scene, const struct end *client);
void scene_expect_join(struct scene *scene, const struct end *client,
		       const struct end *listener, const struct end *server);

/*
 * Keeps the hooks attached for as long as the program runs: attaching them for
 * each test anew would take most of its time. Once in a program, outside.
 */
void scene_hold_hooks(void);
#define SCENE_HOLD_HOOKS						\
static void __attribute__((constructor)) hold_hooks(void)		\
{									\
	scene_hold_hooks();						\
}

/*
 * Skips a test from its fixture's setup: after a return the harness would run it all the
 * same. There is no teardown then; the second does what that of a scene does.
 */
#define SETUP_SKIP(...) SKIP(longjmp(_metadata->env, 1), __VA_ARGS__)
#define SCENE_SKIP(scene, ...) SKIP({					\
	scene_close(scene);						\
	longjmp(_metadata->env, 1);					\
}, __VA_ARGS__)

/* A fixture that is a scene, and its variants. */
#define SCENE_FIXTURE(name)						\
FIXTURE(name)								\
{									\
	struct scene scene;						\
};									\
FIXTURE_VARIANT(name)							\
{									\
	enum family family;						\
};									\
FIXTURE_SETUP(name)							\
{									\
	ASSERT_EQ(0, scene_open(&self->scene, variant->family));	\
}									\
FIXTURE_TEARDOWN(name)							\
{									\
	scene_close(&self->scene);					\
}

#define SCENE_VARIANT(name, variant, value)				\
FIXTURE_VARIANT_ADD(name, variant)					\
{									\
	.family = value,						\
}

/* Both families; and where the difference is of interest, IPv4 inside IPv6. */
#define SCENE_BOTH(name)						\
	SCENE_FIXTURE(name)						\
	SCENE_VARIANT(name, ipv4, IPV4);				\
	SCENE_VARIANT(name, ipv6, IPV6)
#define SCENE_ALL(name)							\
	SCENE_BOTH(name);						\
	SCENE_VARIANT(name, mapped, MAPPED)

#endif /* SCENE_H */
