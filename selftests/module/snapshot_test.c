// SPDX-License-Identifier: GPL-2.0
/* Row 20: sockets that were open before the reader. */
#include <kselftest_harness.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"

/* Every kind of socket that a process may have open. */
enum {
	OPEN,
	BOUND,
	EXPLICIT,
	UDP_BOUND,
	UDP_CONNECTED,
	LISTENER,
	CLIENT,
	SERVER,
	CONNECTING,
	DEAF,
	KINDS,
};

/* Both families, for what is said of each socket. */
FIXTURE(snapshot)
{
	struct scene scene;
	struct process *holder;
	struct end ends[KINDS];
};

FIXTURE_VARIANT(snapshot)
{
	enum family family;
	bool seen;	/* the module saw them being made */
};

FIXTURE_VARIANT_ADD(snapshot, unseen_ipv4)
{
	.family = IPV4,
};

FIXTURE_VARIANT_ADD(snapshot, unseen_ipv6)
{
	.family = IPV6,
};

FIXTURE_VARIANT_ADD(snapshot, seen_ipv4)
{
	.family = IPV4, .seen = true,
};

FIXTURE_VARIANT_ADD(snapshot, seen_ipv6)
{
	.family = IPV6, .seen = true,
};

/* One, for how it is asked. */
FIXTURE(asked)
{
	struct scene scene;
	struct process *holder;
	struct end ends[KINDS];
};

FIXTURE_VARIANT(asked)
{
	bool seen;
};

FIXTURE_VARIANT_ADD(asked, unseen)
{
};

FIXTURE_VARIANT_ADD(asked, seen)
{
	.seen = true,
};

static int open_kinds(struct scene *scene, struct process *holder,
		      struct end *ends)
{
	struct target target;
	int err = 0;

	err |= scene_socket_of(scene, &ends[OPEN], holder, SOCK_STREAM);
	err |= scene_socket_of(scene, &ends[BOUND], holder, SOCK_STREAM);
	err |= end_bind(&ends[BOUND], scene_loopback(scene, 0));
	err |= scene_socket_of(scene, &ends[EXPLICIT], holder, SOCK_STREAM);
	err |= end_bind(&ends[EXPLICIT], scene_loopback(scene, 4711));
	err |= scene_socket_of(scene, &ends[UDP_BOUND], holder, SOCK_DGRAM);
	err |= end_bind(&ends[UDP_BOUND], scene_loopback(scene, 0));
	err |= scene_socket_of(scene, &ends[UDP_CONNECTED], holder, SOCK_DGRAM);
	err |= end_connect(&ends[UDP_CONNECTED], scene_loopback(scene, 53));
	err |= scene_listen(scene, &ends[LISTENER], holder);
	err |= scene_join(scene, &ends[CLIENT], holder, &ends[LISTENER],
			  &ends[SERVER]);
	err |= scene_listen(scene, &ends[DEAF], holder);
	err |= end_deaf(&ends[DEAF], true);
	err |= scene_socket_of(scene, &ends[CONNECTING], holder,
			       SOCK_STREAM | SOCK_NONBLOCK);
	target = scene_loopback(scene, end_port(&ends[DEAF]));
	if (err || end_connect(&ends[CONNECTING], target) != -EINPROGRESS)
		return -EIO;
	/* It was made somewhen between the first SYN and accept(). */
	ends[SERVER].born[0] = ends[CLIENT].begun[0];
	return 0;
}

/* They are made by a process of their own, before anyone watches. */
static struct process *make_kinds(struct scene *scene, enum family family,
				  bool seen, struct end *ends)
{
	struct process *holder;

	if (module_require() || scene_prepare(scene, family))
		return NULL;
	if (seen)
		scene_hold_hooks();
	holder = scene_actor(scene, "holder");
	if (!holder || open_kinds(scene, holder, ends))
		return NULL;
	return holder;
}

FIXTURE_SETUP(snapshot)
{
	self->holder = make_kinds(&self->scene, variant->family, variant->seen,
				  self->ends);
	ASSERT_NE(NULL, self->holder);
}

FIXTURE_TEARDOWN(snapshot)
{
	scene_close(&self->scene);
}

FIXTURE_SETUP(asked)
{
	self->holder = make_kinds(&self->scene, IPV4, variant->seen,
				  self->ends);
	ASSERT_NE(NULL, self->holder);
}

FIXTURE_TEARDOWN(asked)
{
	scene_close(&self->scene);
}

static int watch_with_snapshot(struct scene *scene)
{
	struct portwatch_options options = watch_options();
	int err;

	options.no_snapshot = false;
	scene->watch.old_sockets = true;
	err = scene_watch(scene, &options);
	return err ? err : watch_snapshots(&scene->watch, 1);
}

/* How it got its port, and when it was made, is known where that was seen. */
static void expect_kind(struct watch *watch, const struct end *end,
			enum portwatch_type type, enum portwatch_state state,
			uint8_t how)
{
	expect_row(watch, end, type, state)->event.existing.how = how;
}

static void expect_listener(struct watch *watch, const struct end *end,
			    uint32_t accepted, uint8_t how)
{
	struct expect *expect = expect_row(watch, end, PORTWATCH_LISTEN,
					   PORTWATCH_STATE_LISTENING);

	expect->event.existing.backlog = 16;
	expect->event.existing.accepted = accepted;
	expect->event.existing.how = how;
}

static void expect_rows(struct watch *watch, const struct end *ends, bool seen)
{
	size_t i;

	expect_kind(watch, &ends[OPEN], PORTWATCH_SOCKET,
		    PORTWATCH_STATE_OPEN, 0);
	expect_kind(watch, &ends[BOUND], PORTWATCH_BIND,
		    PORTWATCH_STATE_BOUND, seen ? PORTWATCH_HOW_EPHEMERAL : 0);
	expect_kind(watch, &ends[EXPLICIT], PORTWATCH_BIND,
		    PORTWATCH_STATE_BOUND, seen ? PORTWATCH_HOW_EXPLICIT : 0);
	expect_kind(watch, &ends[UDP_BOUND], PORTWATCH_BIND,
		    PORTWATCH_STATE_BOUND, seen ? PORTWATCH_HOW_EPHEMERAL : 0);
	expect_kind(watch, &ends[UDP_CONNECTED], PORTWATCH_CONNECT,
		    PORTWATCH_STATE_CONNECTED, seen ? PORTWATCH_HOW_AUTO : 0);
	expect_kind(watch, &ends[CLIENT], PORTWATCH_ESTABLISHED,
		    PORTWATCH_STATE_CONNECTED, 0);
	expect_kind(watch, &ends[SERVER],
		    seen ? PORTWATCH_ACCEPT : PORTWATCH_ESTABLISHED,
		    PORTWATCH_STATE_CONNECTED, 0);
	expect_kind(watch, &ends[CONNECTING], PORTWATCH_CONNECT,
		    PORTWATCH_STATE_CONNECTING, 0);
	expect_listener(watch, &ends[LISTENER], seen,
			seen ? PORTWATCH_HOW_EPHEMERAL : 0);
	expect_listener(watch, &ends[DEAF], 0,
			seen ? PORTWATCH_HOW_EPHEMERAL : 0);
	for (i = 0; i < watch->nr_expects && !seen; i++)
		memset(watch->expects[i].begun, 0,
		       sizeof(watch->expects[i].begun));
}

TEST_F(snapshot, has_each_socket_once_with_who_holds_it)
{
	struct scene *scene = &self->scene;

	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_rows(&scene->watch, self->ends, variant->seen);
	EXPECT_EVENTS(&scene->watch);
}

/* What becomes of them afterwards is live, with the same owner. */
TEST_F(snapshot, is_followed_by_what_happens_later)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end *ends = self->ends;
	unsigned int i;

	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_rows(watch, ends, variant->seen);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, end_bind(&ends[OPEN], scene_loopback(scene, 0)));
	expect_bind(watch, &ends[OPEN], PORTWATCH_HOW_EPHEMERAL);
	ASSERT_EQ(0, end_listen(&ends[BOUND], 3));
	expect_listen(watch, &ends[BOUND], 3);
	end_close(&ends[EXPLICIT]);
	expect_close_socket(watch, &ends[EXPLICIT])->free_span = true;
	end_close(&ends[UDP_BOUND]);
	expect_close_socket(watch, &ends[UDP_BOUND])->free_span = true;
	end_close(&ends[UDP_CONNECTED]);
	expect_close_socket(watch, &ends[UDP_CONNECTED])->free_span = true;
	end_close(&ends[LISTENER]);
	expect_close_listener(watch, &ends[LISTENER],
			      variant->seen)->free_span = true;
	end_close(&ends[CLIENT]);
	end_close(&ends[SERVER]);
	expect_close_connection(watch, &ends[CLIENT], PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_LOCAL)->free_span = true;
	expect_close_connection(watch, &ends[SERVER], PORTWATCH_REASON_FIN,
				PORTWATCH_FIRST_REMOTE)->free_span = true;
	end_close(&ends[CONNECTING]);
	expect_connect_failed(watch, &ends[CONNECTING],
			      ECANCELED)->free_span = true;
	expect_close_unused(watch, &ends[CONNECTING])->event.flags = 0;
	watch->expects[watch->nr_expects - 1].free_span = true;
	EXPECT_EVENTS(watch);
	for (i = 0; i < KINDS; i++)
		EXPECT_NE(0U, ends[i].facts.cookie);
}

TEST_F(asked, can_be_asked_for_again)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;

	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_rows(watch, self->ends, variant->seen);
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, portwatch_reader_snapshot(watch->reader));
	ASSERT_EQ(0, watch_snapshots(watch, 2));
	expect_rows(watch, self->ends, variant->seen);
	EXPECT_EVENTS(watch);
}

TEST_F(asked, can_be_all_that_is_asked_for)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct portwatch_item item;
	struct end end;
	unsigned int i;

	options.no_snapshot = false;
	options.no_events = true;
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	ASSERT_EQ((size_t)KINDS, watch->nr_got);
	EXPECT_EQ(0U, watch->misplaced);
	/* Nothing comes from now on. */
	ASSERT_EQ(0, scene_listen(scene, &end, &scene->self));
	EXPECT_EQ(0, portwatch_reader_next(watch->reader, &item, 300));
	for (i = 0; i < KINDS; i++) {
		EXPECT_TRUE(watch->got[i].event.flags & PORTWATCH_F_EXISTING);
		EXPECT_EQ(self->holder->who.pid, watch->got[i].owner.pid);
	}
}

TEST_F(asked, has_no_open_sockets_where_they_are_not_asked_for)
{
	struct portwatch_options options = { .size = sizeof(options) };
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	size_t i;

	watch->old_sockets = true;
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	EXPECT_EQ((size_t)KINDS - 1, watch->nr_got);
	for (i = 0; i < watch->nr_got; i++)
		EXPECT_NE(PORTWATCH_SOCKET, (int)watch->got[i].event.type);
}

/* Of several that hold it, it is the one that started first. */
TEST_F(asked, names_the_eldest_of_several_holders)
{
	struct scene *scene = &self->scene;
	struct process *child = scene_fork(scene, self->holder);

	ASSERT_NE(NULL, child);
	ASSERT_LT(self->holder->who.pid, child->who.pid);
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_rows(&scene->watch, self->ends, variant->seen);
	EXPECT_EVENTS(&scene->watch);
}

static unsigned int count_got(const struct watch *watch, uint64_t cookie)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < watch->nr_got; i++)
		count += watch->got[i].event.sock == cookie;
	return count;
}

/* More rows than the rings hold: they come in portions, and each once. */
TEST_F(asked, with_rings_that_are_too_small)
{
	struct portwatch_options options = watch_options();
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end ends[400];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_EQ(0, scene_socket(scene, &ends[i], SOCK_DGRAM));
		ASSERT_EQ(0, end_bind(&ends[i], scene_loopback(scene, 0)));
	}
	options.no_snapshot = false;
	options.ring_slots = PORTWATCH_SLOTS_MIN;
	ASSERT_EQ(0, scene_watch(scene, &options));
	ASSERT_EQ(0, watch_snapshots(watch, 1));
	EXPECT_EQ(KINDS + ARRAY_SIZE(ends), watch->nr_got);
	EXPECT_EQ(0U, watch->misplaced);
	EXPECT_EQ(0U, watch->lost);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		EXPECT_EQ(1U, count_got(watch, ends[i].facts.cookie));
	for (i = 0; i < KINDS; i++)
		EXPECT_EQ(1U, count_got(watch, self->ends[i].facts.cookie));
}

/*
 * Nobody holds it: it has an owner where it was seen being made. Else who uses it
 * first is taken for its holder.
 */
TEST_F(asked, while_a_socket_is_in_flight)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end *end = &self->ends[BOUND];
	int pair[2], carried;
	char byte;
	size_t i;

	ASSERT_EQ(0, end_put_in_flight(end, pair));
	ASSERT_EQ(0, watch_with_snapshot(scene));
	expect_rows(watch, self->ends, variant->seen);
	for (i = 0; i < watch->nr_expects; i++)
		watch->expects[i].unknown_owner = !variant->seen &&
			watch->expects[i].event.sock == end->facts.cookie;
	ASSERT_EVENTS(watch);
	ASSERT_EQ(0, message_receive(pair[1], &byte, 1, &carried));
	ASSERT_LE(0, carried);
	end->process = &scene->self;
	end->fd = carried;
	if (!variant->seen)
		end->owner = scene->self.who;
	ASSERT_EQ(0, end_listen(end, 7));
	expect_listen(watch, end, 7);
	if (variant->seen)
		expect_by(&watch->expects[0], &scene->self);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
