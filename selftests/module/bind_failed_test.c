// SPDX-License-Identifier: GPL-2.0
/* A port is not had: rows 2 and 4, and 25 where the users differ. */
#include <kselftest_harness.h>

#include "scene.h"

#define NOBODY 65534

static const int both[] = { SOCK_STREAM, SOCK_DGRAM };

SCENE_HOLD_HOOKS

SCENE_ALL(bind_failed);

/* A socket asks, fails with that, and is closed without ever having a port. */
static void ask_in_vain(struct __test_metadata *_metadata,
			struct scene *scene, struct process *process, int type,
			struct target target, enum portwatch_how how, int error,
			const struct end *holder)
{
	struct watch *watch = &scene->watch;
	struct expect *expect;
	struct end end;

	ASSERT_EQ(0, scene_socket_of(scene, &end, process, type));
	EXPECT_EQ(-error, end_bind(&end, target));
	expect_socket(watch, &end);
	expect = expect_bind_failed(watch, &end, how, error);
	if (holder)
		expect_holder(expect, holder, holder->listening ?
			      PORTWATCH_STATE_LISTENING :
			      PORTWATCH_STATE_BOUND);
	end_close(&end);
	expect_close_unused(watch, &end);
}

TEST_F(bind_failed, when_the_port_is_taken)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *late = scene_actor(scene, "late");
	struct end holder;
	unsigned int i;

	ASSERT_NE(NULL, late);
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &holder, both[i]));
		ASSERT_EQ(0, end_bind(&holder, scene_loopback(scene, 5432)));
		expect_socket(watch, &holder);
		expect_bind(watch, &holder, PORTWATCH_HOW_EXPLICIT);
		ask_in_vain(_metadata, scene, late, both[i],
			    scene_loopback(scene, 5432),
			    PORTWATCH_HOW_EXPLICIT, EADDRINUSE, &holder);
		ask_in_vain(_metadata, scene, &scene->self, both[i],
			    scene_loopback(scene, 5432),
			    PORTWATCH_HOW_EXPLICIT, EADDRINUSE, &holder);
		end_close(&holder);
		expect_close_socket(watch, &holder);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(bind_failed, when_the_port_is_listened_on)
{
	struct scene *scene = &self->scene;
	struct end listener;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	scene_expect_listen(scene, &listener);
	ask_in_vain(_metadata, scene, &scene->self, SOCK_STREAM,
		    scene_loopback(scene, end_port(&listener)),
		    PORTWATCH_HOW_EXPLICIT, EADDRINUSE, &listener);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind_failed, and_later_succeeds_on_the_same_socket)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end holder, end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &holder, both[i]));
		ASSERT_EQ(0, end_bind(&holder, scene_loopback(scene, 6000)));
		expect_socket(watch, &holder);
		expect_bind(watch, &holder, PORTWATCH_HOW_EXPLICIT);
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(-EADDRINUSE,
			  end_bind(&end, scene_loopback(scene, 6000)));
		expect_socket(watch, &end);
		expect_holder(expect_bind_failed(watch, &end,
						 PORTWATCH_HOW_EXPLICIT,
						 EADDRINUSE),
			      &holder, PORTWATCH_STATE_BOUND);
		ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 6001)));
		expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
		end_close(&holder);
		expect_close_socket(watch, &holder);
		end_close(&end);
		expect_close_socket(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(bind_failed, on_a_low_port_without_the_right)
{
	struct scene *scene = &self->scene;
	struct process *nobody = scene_actor(scene, "nobody");
	unsigned int i;

	ASSERT_NE(NULL, nobody);
	ASSERT_EQ(0, process_setuid(nobody, NOBODY));
	for (i = 0; i < ARRAY_SIZE(both); i++)
		ask_in_vain(_metadata, scene, nobody, both[i],
			    scene_loopback(scene, 80), PORTWATCH_HOW_EXPLICIT,
			    EACCES, NULL);
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind_failed, on_an_address_that_is_not_local)
{
	const char *text = variant->family == IPV6 ? "2001:db8::7" :
						     "192.0.2.7";
	struct scene *scene = &self->scene;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ask_in_vain(_metadata, scene, &scene->self, both[i],
			    target_text(variant->family, text, 4444),
			    PORTWATCH_HOW_EXPLICIT, EADDRNOTAVAIL, NULL);
		ask_in_vain(_metadata, scene, &scene->self, both[i],
			    target_text(variant->family, text, 0),
			    PORTWATCH_HOW_EPHEMERAL, EADDRNOTAVAIL, NULL);
	}
	EXPECT_EVENTS(&scene->watch);
}

TEST_F(bind_failed, for_a_second_user_of_a_reuse_port_group)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *nobody = scene_actor(scene, "nobody");
	struct end first, second;
	unsigned int i;

	ASSERT_NE(NULL, nobody);
	ASSERT_EQ(0, process_setuid(nobody, NOBODY));
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &first, both[i]));
		ASSERT_EQ(0, end_option(&first, SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, end_bind(&first, scene_loopback(scene, 7001)));
		expect_socket(watch, &first);
		expect_bind(watch, &first, PORTWATCH_HOW_EXPLICIT);
		ASSERT_EQ(0, scene_socket_of(scene, &second, nobody, both[i]));
		ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(-EADDRINUSE,
			  end_bind(&second, scene_loopback(scene, 7001)));
		expect_socket(watch, &second);
		expect_holder(expect_bind_failed(watch, &second,
						 PORTWATCH_HOW_EXPLICIT,
						 EADDRINUSE),
			      &first, PORTWATCH_STATE_BOUND);
		end_close(&first);
		expect_close_socket(watch, &first);
		end_close(&second);
		expect_close_unused(watch, &second);
	}
	EXPECT_EVENTS(watch);
}

/* The socket keeps the port that it has: its close says so. */
TEST_F(bind_failed, for_a_socket_that_is_bound_already)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(0, end_bind(&end, scene_loopback(scene, 6100)));
		expect_socket(watch, &end);
		expect_bind(watch, &end, PORTWATCH_HOW_EXPLICIT);
		ASSERT_EQ(-EINVAL, end_bind(&end, scene_loopback(scene, 6101)));
		expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT, EINVAL);
		EXPECT_EQ(6100, end_port(&end));
		end_close(&end);
		expect_close_socket(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

/* Nothing that could be shown was asked for. */
TEST_F(bind_failed, with_an_address_that_is_too_short)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct target target = scene_loopback(scene, 6200);
	struct expect *expect;
	struct end end;
	unsigned int i;

	target.length = 4;
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		ASSERT_EQ(-EINVAL, end_bind(&end, target));
		expect_socket(watch, &end);
		expect = expect_bind_failed(watch, &end, 0, EINVAL);
		expect->event.family = end.facts.domain;
		expect->event.flags = 0;
		expect->event.lport = 0;
		memset(expect->event.laddr, 0, sizeof(expect->event.laddr));
		end_close(&end);
		expect_close_unused(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

TEST_F(bind_failed, with_an_address_of_another_family)
{
	enum family other = variant->family == IPV4 ? IPV6 : IPV4;
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct end end;
	unsigned int i;
	int error;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		ASSERT_EQ(0, scene_socket(scene, &end, both[i]));
		error = -end_bind(&end, target_loopback(other, 6201));
		ASSERT_LT(0, error);
		expect_socket(watch, &end);
		expect_bind_failed(watch, &end, PORTWATCH_HOW_EXPLICIT, error);
		end_close(&end);
		expect_close_unused(watch, &end);
	}
	EXPECT_EVENTS(watch);
}

/* Row 2 in its most usual form: the second start of a server. */
TEST_F(bind_failed, for_the_second_start_of_a_server)
{
	struct scene *scene = &self->scene;
	struct watch *watch = &scene->watch;
	struct process *server = scene_actor(scene, "server");
	struct process *again = scene_actor(scene, "server-again");
	struct end first, second;

	ASSERT_NE(NULL, server);
	ASSERT_NE(NULL, again);
	ASSERT_EQ(0, scene_listen(scene, &first, server));
	scene_expect_listen(scene, &first);
	ASSERT_EQ(0, scene_socket_of(scene, &second, again, SOCK_STREAM));
	ASSERT_EQ(0, end_option(&second, SOL_SOCKET, SO_REUSEADDR, 1));
	ASSERT_EQ(-EADDRINUSE,
		  end_bind(&second, scene_loopback(scene, end_port(&first))));
	expect_socket(watch, &second);
	expect_holder(expect_bind_failed(watch, &second, PORTWATCH_HOW_EXPLICIT,
					 EADDRINUSE),
		      &first, PORTWATCH_STATE_LISTENING);
	process_exit(again);
	expect_close_unused(watch, &second);
	EXPECT_EVENTS(watch);
}

TEST_HARNESS_MAIN
