// SPDX-License-Identifier: GPL-2.0
/*
 * The command who, asked about ports whose holders the test knows. The tool is the one
 * that is found in PATH.
 */
#include <kselftest_harness.h>

#include <inttypes.h>
#include <string.h>

#include "module.h"
#include "scene.h"
#include "tool.h"

#define PORT 5432
#define DOMAIN_PORT 53	/* of TCP and of UDP */
#define SIZE 16384

SCENE_HOLD_HOOKS

FIXTURE(who)
{
	struct scene scene;
	char output[SIZE];
};

FIXTURE_VARIANT(who)
{
	enum family family;
};

FIXTURE_SETUP(who)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_prepare(&self->scene, variant->family));
}

FIXTURE_TEARDOWN(who)
{
	scene_close(&self->scene);
}

SCENE_VARIANT(who, ipv4, IPV4);
SCENE_VARIANT(who, ipv6, IPV6);

/* What the tool answers to this is left in self->output; its exit status. */
#define ASK(...)							\
	tool_ask(self->output, sizeof(self->output), "portwatch who " __VA_ARGS__)

static unsigned int lines(const char *output)
{
	unsigned int count = 0;

	for (; *output; output++)
		count += *output == '\n';
	return count;
}

/* The line of a socket has all this; its start, or NULL. */
static const char *line_of(const char *output, const struct end *end,
			   const char *state)
{
	char sock[64], pid[64], comm[64], expected[64];
	const char *line = output;

	snprintf(sock, sizeof(sock), "\"sock\":%" PRIu64 ",",
		 end->facts.cookie);
	snprintf(pid, sizeof(pid), "\"pid\":%u,", end->owner.pid);
	snprintf(comm, sizeof(comm), "\"comm\":\"%s\"", end->owner.comm);
	snprintf(expected, sizeof(expected), "\"state\":\"%s\"", state);
	while (line && *line) {
		const char *end_of_line = strchrnul(line, '\n');
		size_t length = end_of_line - line;

		if (memmem(line, length, sock, strlen(sock)) &&
		    memmem(line, length, pid, strlen(pid)) &&
		    memmem(line, length, comm, strlen(comm)) &&
		    memmem(line, length, expected, strlen(expected)))
			return line;
		line = *end_of_line ? end_of_line + 1 : end_of_line;
	}
	fprintf(stderr, "# no line with %s %s %s %s in:\n%s", sock, pid, comm,
		expected, output);
	return NULL;
}

TEST_F(who, nobody_holds_it)
{
	EXPECT_EQ(0, ASK("tcp/5432"));
	EXPECT_STREQ("nobody holds tcp/5432\n", self->output);
	EXPECT_EQ(0, ASK("--json tcp/5432"));
	EXPECT_STREQ("", self->output);
}

TEST_F(who, listens_and_is_connected)
{
	struct scene *scene = &self->scene;
	struct process *server = scene_actor(scene, "a-server");
	struct process *caller = scene_actor(scene, "a-caller");
	struct end listener, client, accepted;

	ASSERT_NE(NULL, server);
	ASSERT_NE(NULL, caller);
	ASSERT_EQ(0, scene_listen(scene, &listener, server));
	ASSERT_EQ(0, scene_join(scene, &client, caller, &listener, &accepted));
	EXPECT_EQ(0, ASK("--json %u", end_port(&listener)));
	EXPECT_EQ(2, lines(self->output));
	/* Who listens comes first. */
	EXPECT_TRUE(self->output ==
		    line_of(self->output, &listener, "listening"));
	EXPECT_NE(NULL, line_of(self->output, &accepted, "connected"));
	EXPECT_NE(NULL, strstr(self->output, "\"exposure\":\"loopback\""));
	EXPECT_EQ(0, ASK("--json %u", end_port(&client)));
	EXPECT_EQ(1, lines(self->output));
	EXPECT_NE(NULL, line_of(self->output, &client, "connected"));
	EXPECT_EQ(0, ASK("%u", end_port(&listener)));
	EXPECT_EQ(3, lines(self->output));
	EXPECT_NE(NULL, strstr(self->output, " listening loopback a-server "));
}

TEST_F(who, is_bound_and_no_more)
{
	struct scene *scene = &self->scene;
	struct end tcp, udp;

	ASSERT_EQ(0, scene_socket(scene, &tcp, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&tcp, scene_loopback(scene, DOMAIN_PORT)));
	ASSERT_EQ(0, scene_socket(scene, &udp, SOCK_DGRAM));
	ASSERT_EQ(0, end_bind(&udp, scene_loopback(scene, DOMAIN_PORT)));
	EXPECT_EQ(0, ASK("--json domain"));
	EXPECT_EQ(2, lines(self->output));
	EXPECT_NE(NULL, line_of(self->output, &tcp, "bound"));
	EXPECT_NE(NULL, line_of(self->output, &udp, "bound"));
	EXPECT_EQ(0, ASK("--json udp/domain"));
	EXPECT_EQ(1, lines(self->output));
	EXPECT_NE(NULL, line_of(self->output, &udp, "bound"));
	EXPECT_EQ(0, ASK("--json 'tcp/53@%s'",
			 variant->family == IPV4 ? "127.0.0.1" : "[::1]"));
	EXPECT_NE(NULL, line_of(self->output, &tcp, "bound"));
	EXPECT_EQ(0, ASK("53@192.0.2.1"));
	EXPECT_STREQ("nobody holds 53@192.0.2.1\n", self->output);
}

/* Nobody's, and it says how long it will be there. */
TEST_F(who, is_in_time_wait)
{
	struct scene *scene = &self->scene;
	struct end listener, client, accepted;
	unsigned int left = 0;
	const char *at;

	ASSERT_EQ(0, scene_listen(scene, &listener, &scene->self));
	ASSERT_EQ(0, scene_join(scene, &client, &scene->self, &listener,
				&accepted));
	end_close(&accepted);
	end_close(&client);
	end_close(&listener);
	EXPECT_EQ(0, ASK("%u", end_port(&listener)));
	EXPECT_EQ(2, lines(self->output));
	at = strstr(self->output, " time-wait, no process, ");
	ASSERT_NE(NULL, at);
	EXPECT_EQ(1, sscanf(at, " time-wait, no process, %u s left", &left));
	EXPECT_LE(1, left);
	EXPECT_GE(60, left);
	EXPECT_EQ(0, ASK("--json %u", end_port(&listener)));
	EXPECT_EQ(1, lines(self->output));
	EXPECT_NE(NULL, strstr(self->output, "\"state\":\"time-wait\""));
	EXPECT_NE(NULL, strstr(self->output, "\"left_ms\":"));
	EXPECT_EQ(NULL, strstr(self->output, "\"pid\""));
	EXPECT_EQ(0, ASK("%u", end_port(&client)));
	EXPECT_NE(NULL, strstr(self->output, "nobody holds"));
}

/* Who has it first, then whoever fails, as it happens. */
TEST_F(who, tried_and_failed)
{
	struct scene *scene = &self->scene;
	struct process *late = scene_actor(scene, "latecomer");
	struct end bound, end;
	FILE *pipe;

	ASSERT_NE(NULL, late);
	ASSERT_EQ(0, scene_socket(scene, &bound, SOCK_STREAM));
	ASSERT_EQ(0, end_bind(&bound, scene_loopback(scene, PORT)));
	pipe = tool_start("portwatch who --watch --count 1 --duration 20 --json tcp/5432");
	ASSERT_NE(NULL, pipe);
	ASSERT_NE(NULL, fgets(self->output, SIZE, pipe));
	EXPECT_NE(NULL, line_of(self->output, &bound, "bound"));
	ASSERT_EQ(0, scene_socket_of(scene, &end, late, SOCK_STREAM));
	ASSERT_EQ(-EACCES, process_setuid(late, 65534) ? 0 :
		  end_bind(&end, scene_loopback(scene, 80)));
	ASSERT_EQ(-EADDRINUSE, end_bind(&end, scene_loopback(scene, PORT)));
	ASSERT_NE(NULL, fgets(self->output, SIZE, pipe));
	EXPECT_NE(NULL, strstr(self->output, "\"event\":\"bind-failed\""));
	EXPECT_NE(NULL, strstr(self->output, "\"comm\":\"latecomer\""));
	EXPECT_NE(NULL, strstr(self->output, "\"req_port\":5432,"));
	EXPECT_NE(NULL, line_of(strstr(self->output, "\"holder\""), &bound,
				"bound"));
	EXPECT_EQ(NULL, fgets(self->output, SIZE, pipe));
	EXPECT_EQ(0, tool_finish(pipe));
}

TEST_F(who, is_asked_wrongly)
{
	EXPECT_EQ(2, ASK(""));
	EXPECT_EQ(2, ASK("tcp/x"));
	EXPECT_EQ(2, ASK("--nonsense 80"));
	EXPECT_EQ(3, ASK("--device /none 80"));
}

TEST_HARNESS_MAIN
