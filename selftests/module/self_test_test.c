// SPDX-License-Identifier: GPL-2.0
/*
 * Hooks that are blind say so: portwatch status --self-test, and the head of a stream.
 * The tool is the one that is found in PATH.
 */
#include <kselftest_harness.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "file.h"
#include "module.h"
#include "scene.h"
#include "tool.h"
#include "vsock.h"

#define KPROBES	"/sys/kernel/debug/kprobes/enabled"
#define FTRACE	"/proc/sys/kernel/ftrace_enabled"
#define DEVICE_STATUS 3

/* Each test begins with a module of its own, and nobody who reads. */
FIXTURE(self_test)
{
	char output[16384];	/* of the tool, both streams */
};

FIXTURE_SETUP(self_test)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, module_reload(""));
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
}

FIXTURE_TEARDOWN(self_test)
{
	file_write(KPROBES, "1");
	file_write(FTRACE, "1");
	EXPECT_EQ(0, module_reload(""));
}

/* Runs the tool and keeps what it says; its exit status. */
#define RUN(arguments)							\
	tool_ask(self->output, sizeof(self->output), "portwatch %s", arguments)

#define EXPECT_SAID(text)						\
do {									\
	EXPECT_NE(NULL, strstr(self->output, text)) {			\
		TH_LOG("not said: %s", text);				\
		fputs(self->output, stderr);				\
	}								\
} while (0)

#define EXPECT_NOT_SAID(text)						\
do {									\
	EXPECT_EQ(NULL, strstr(self->output, text)) {			\
		TH_LOG("said: %s", text);				\
		fputs(self->output, stderr);				\
	}								\
} while (0)

/* The first of @hooks that did not fire; "" where all did. */
static const char *first_silent(const char *output, const char *const *hooks, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!tool_hook_is(output, hooks[i], "fired"))
			return hooks[i];
	return "";
}

TEST_F(self_test, sees_each_hook_fire)
{
	static const char *const hooks[] = {
		"create", "release", "state", "destroy", "reset", "time-wait",
		"bind4", "bind6", "autobind", "listen", "connect",
		"connect4-failed", "connect6-failed", "datagram4", "datagram6",
		"incoming", "accept", "exit",
	};

	EXPECT_EQ(0, RUN("status --self-test"));
	EXPECT_STREQ("", first_silent(self->output, hooks, ARRAY_SIZE(hooks)));
	EXPECT_NOT_SAID("does not fire");
	EXPECT_NOT_SAID("cannot be attached");
	/* Where vsock is loaded; 5.10 lacks that one (Documentation/kernels.md). */
	if (!strstr(self->output, "hook vsock-gave-up could not be attached")) {
		EXPECT_NOT_SAID("silent");
		EXPECT_NOT_SAID("these are not seen:");
	}
}

TEST_F(self_test, sees_that_kprobes_are_switched_off)
{
	ASSERT_EQ(0, file_write(KPROBES, "0"));
	EXPECT_EQ(DEVICE_STATUS, RUN("status --self-test"));
	EXPECT_TRUE(tool_hook_is(self->output, "bind4", "silent"));
	EXPECT_TRUE(tool_hook_is(self->output, "connect", "fired"));
	EXPECT_SAID("hook bind4 on inet_bind does not fire, so these are not seen: bind, bind-failed (IPv4); kprobes are switched off: echo 1 >" KPROBES);
	EXPECT_SAID("hook listen on inet_listen does not fire");
	EXPECT_NOT_SAID("hook connect on");
}

TEST_F(self_test, keeps_a_stream_from_starting_blind)
{
	ASSERT_EQ(0, file_write(KPROBES, "0"));
	EXPECT_EQ(DEVICE_STATUS, RUN("tail --duration 1"));
	EXPECT_SAID("hook bind4 on inet_bind does not fire");
	EXPECT_EQ(DEVICE_STATUS, RUN("ports"));
	EXPECT_SAID("hook bind4 on inet_bind does not fire");
	EXPECT_EQ(0, RUN("ports --no-self-test"));
	EXPECT_NOT_SAID("not seen:");
}

TEST_F(self_test, sees_that_ftrace_is_switched_off)
{
	ASSERT_EQ(0, file_write(FTRACE, "0"));
	EXPECT_EQ(DEVICE_STATUS, RUN("status --self-test"));
	EXPECT_SAID("hook release cannot be attached to inet_release (Device or resource busy), and without it these are not seen:");
	EXPECT_SAID("ftrace is switched off: sysctl kernel.ftrace_enabled=1");
	EXPECT_EQ(DEVICE_STATUS, RUN("tail --duration 1"));
	EXPECT_SAID("ftrace is switched off: sysctl kernel.ftrace_enabled=1");
}

/* Once they are attached, the kernel does not let anybody switch them off. */
TEST_F(self_test, is_not_needed_for_ftrace_while_somebody_reads)
{
	struct portwatch_options options = watch_options();
	struct watch watch = { 0 };

	ASSERT_EQ(0, watch_open(&watch, &options));
	EXPECT_EQ(-EBUSY, file_write(FTRACE, "0"));
	watch_close(&watch);
}

TEST_F(self_test, says_which_optional_hook_is_not_there)
{
	ASSERT_EQ(0, module_reload("without=autobind,exit"));
	EXPECT_EQ(0, RUN("tail --duration 0"));
	EXPECT_SAID("hook autobind could not be attached to inet_autobind (Operation not permitted), so these are not seen: bind of a UDP socket by connect or send;");
	EXPECT_SAID("hook exit could not be attached");
	EXPECT_SAID("seen ");
	EXPECT_EQ(0, RUN("status --self-test"));
	EXPECT_SAID("hook autobind could not be attached");
}

TEST_F(self_test, says_which_required_hook_is_not_there)
{
	ASSERT_EQ(0, module_reload("without=bind4"));
	EXPECT_EQ(DEVICE_STATUS, RUN("tail --duration 1"));
	EXPECT_SAID("hook bind4 cannot be attached to inet_bind (Operation not permitted), and without it these are not seen: bind, bind-failed (IPv4);");
}

/* To one who reads already, the sockets of a test would be news. */
TEST_F(self_test, is_not_done_beside_another_reader)
{
	struct scene scene;

	ASSERT_EQ(0, scene_open(&scene, IPV4));
	EXPECT_EQ(0, RUN("tail --no-snapshot --duration 0"));
	EXPECT_EVENTS(&scene.watch);
	EXPECT_EQ(0, RUN("status --self-test"));
	EXPECT_EQ(0, watch_collect(&scene.watch, 20));
	EXPECT_LE(20U, scene.watch.nr_got);
	scene_close(&scene);
}

TEST_F(self_test, sees_the_hooks_of_vsock_fire_where_that_is_loaded)
{
	static const char *const hooks[] = {
		"vsock-destroy", "vsock-release", "vsock-bind", "vsock-listen",
		"vsock-connect-failed", "vsock-established", "vsock-incoming",
		"vsock-shutdown", "vsock-fin", "vsock-over", "vsock-accept",
		"vsock-connect",
	};

	if (vsock_modules(true))
		SKIP(return, "this kernel has no vsock_loopback");
	EXPECT_EQ(0, RUN("status --self-test --wide"));
	EXPECT_STREQ("", first_silent(self->output, hooks, ARRAY_SIZE(hooks)));
}

TEST_HARNESS_MAIN
