/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "exercise.h"
#include "fmt/memory.h"
#include "self_test.h"

/* Some fire in an interrupt or a worker thread, a little later. */
#define ROUNDS		100
#define ROUND_MS	10

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

/* Which hook should fire by what. */
static const struct {
	const char *hook;
	enum pw_exercise by;
} expectations[] = {
	{ "create", PW_EXERCISE_TCP },
	{ "release", PW_EXERCISE_TCP },
	{ "state", PW_EXERCISE_TCP },
	{ "destroy", PW_EXERCISE_TCP },
	{ "time-wait", PW_EXERCISE_TCP },
	{ "bind4", PW_EXERCISE_TCP },
	{ "listen", PW_EXERCISE_TCP },
	{ "connect", PW_EXERCISE_TCP },
	{ "connect4-failed", PW_EXERCISE_TCP },
	{ "incoming", PW_EXERCISE_TCP },
	{ "accept", PW_EXERCISE_TCP },
	{ "bind6", PW_EXERCISE_TCP6 },
	{ "connect6-failed", PW_EXERCISE_TCP6 },
	{ "reset", PW_EXERCISE_RESET },
	{ "autobind", PW_EXERCISE_UDP },
	{ "datagram4", PW_EXERCISE_UDP },
	{ "disconnect", PW_EXERCISE_UDP },
	{ "datagram6", PW_EXERCISE_UDP6 },
	{ "exit", PW_EXERCISE_EXIT },
	{ "meet", PW_EXERCISE_TCP },
	{ "mptcp-subflow", PW_EXERCISE_MPTCP },
	{ "mptcp-bind", PW_EXERCISE_MPTCP },
	{ "mptcp-listen", PW_EXERCISE_MPTCP },
	{ "mptcp-incoming", PW_EXERCISE_MPTCP },
	{ "mptcp-destroy", PW_EXERCISE_MPTCP },
	{ "sctp-end", PW_EXERCISE_SCTP },
	{ "sctp-reason", PW_EXERCISE_SCTP },
	{ "sctp-bindx", PW_EXERCISE_SCTP },
	{ "sctp-listen", PW_EXERCISE_SCTP },
	{ "sctp-connect", PW_EXERCISE_SCTP },
	{ "sctp-peel-off", PW_EXERCISE_SCTP },
	{ "vsock-destroy", PW_EXERCISE_VSOCK },
	{ "vsock-release", PW_EXERCISE_VSOCK },
	{ "vsock-bind", PW_EXERCISE_VSOCK },
	{ "vsock-listen", PW_EXERCISE_VSOCK },
	{ "vsock-connect-failed", PW_EXERCISE_VSOCK },
	{ "vsock-established", PW_EXERCISE_VSOCK },
	{ "vsock-incoming", PW_EXERCISE_VSOCK },
	{ "vsock-shutdown", PW_EXERCISE_VSOCK },
	{ "vsock-fin", PW_EXERCISE_VSOCK },
	{ "vsock-over", PW_EXERCISE_VSOCK },
	{ "vsock-accept", PW_EXERCISE_VSOCK },
	{ "vsock-connect", PW_EXERCISE_VSOCK },
};

const char *pw_verdict_name(enum pw_verdict verdict)
{
	switch (verdict) {
	case PW_VERDICT_FIRED:
		return "fired";
	case PW_VERDICT_SILENT:
		return "silent";
	case PW_VERDICT_UNTESTED:
		break;
	}
	return "untested";
}

static bool should_fire(const struct pw_self_test *test,
			const struct portwatch_hook *hook)
{
	size_t i;

	if (hook->state != PORTWATCH_HOOK_ATTACHED)
		return false;
	for (i = 0; i < LENGTH(expectations); i++)
		if (!strcmp(expectations[i].hook, (const char *)hook->name))
			return test->done >> expectations[i].by & 1;
	return false;
}

enum pw_verdict pw_self_test_verdict(const struct pw_self_test *test, size_t hook)
{
	if (test->hooks[hook].hits != test->hits[hook])
		return PW_VERDICT_FIRED;
	return should_fire(test, &test->hooks[hook]) ? PW_VERDICT_SILENT :
						       PW_VERDICT_UNTESTED;
}

static int get_hooks(struct pw_self_test *test)
{
	size_t i;
	int err;

	for (i = 0; i < test->count; i++) {
		err = portwatch_hook_get(test->device, (uint32_t)i,
					 &test->hooks[i]);
		if (err)
			return err;
	}
	return 0;
}

static bool any_silent(const struct pw_self_test *test)
{
	size_t i;

	for (i = 0; i < test->count; i++)
		if (pw_self_test_verdict(test, i) == PW_VERDICT_SILENT)
			return true;
	return false;
}

static int compare(struct pw_self_test *test)
{
	unsigned int round;
	int err;

	for (round = 0; round < ROUNDS; round++) {
		err = get_hooks(test);
		if (err || !any_silent(test))
			return err;
		poll(NULL, 0, ROUND_MS);
	}
	return 0;
}

static int prepare(struct pw_self_test *test)
{
	struct portwatch_status status;
	size_t i;
	int err;

	err = portwatch_status_get(test->device, &status);
	if (err)
		return err;
	test->hooks = pw_memory_new(status.hooks * sizeof(*test->hooks));
	test->hits = pw_memory_new(status.hooks * sizeof(*test->hits));
	test->count = status.hooks;
	err = get_hooks(test);
	for (i = 0; i < test->count; i++)
		test->hits[i] = test->hooks[i].hits;
	return err;
}

int pw_self_test_begin(struct pw_self_test *test, const char *device)
{
	/* The least that a session can ask for; nobody reads it. */
	const struct portwatch_options options = {
		.size = sizeof(options),
		.device = device,
		.events = PORTWATCH_EVENT_BIT(PORTWATCH_CONNECT_FAILED),
		.ring_slots = PORTWATCH_SLOTS_MIN,
		.no_snapshot = true,
	};
	int err;

	*test = (struct pw_self_test){ .device = device };
	err = portwatch_reader_open(&test->reader, &options);
	if (!err)
		err = prepare(test);
	if (err)
		return err;
	test->done = pw_exercise_all();
	return compare(test);
}

void pw_self_test_end(struct pw_self_test *test)
{
	portwatch_reader_close(test->reader);
	free(test->hooks);
	free(test->hits);
}

#define KPROBES_SWITCH	"/sys/kernel/debug/kprobes/enabled"
#define FTRACE_SWITCH	"/proc/sys/kernel/ftrace_enabled"

const char *const pw_self_test_files[] = { KPROBES_SWITCH, FTRACE_SWITCH, NULL };

/* A switch of the kernel that is off: "0" in @path. */
static bool is_off(const char *path)
{
	char text = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool off = fd >= 0 && read(fd, &text, 1) == 1 && text == '0';

	if (fd >= 0)
		close(fd);
	return off;
}

static const char *remedy_of(const struct portwatch_hook *hook)
{
	if (is_off(KPROBES_SWITCH) &&
	    hook->kind == PORTWATCH_HOOK_KRETPROBE)
		return "kprobes are switched off: echo 1 >/sys/kernel/debug/kprobes/enabled";
	if (is_off(FTRACE_SWITCH) &&
	    hook->kind != PORTWATCH_HOOK_TRACEPOINT)
		return "ftrace is switched off: sysctl kernel.ftrace_enabled=1";
	return "see what portwatch(8) says of hooks that are silent";
}

/*
 * One that a kernel without this protocol cannot have is no news. Nor is it where no
 * connection ever moves to another listener: that function is exported, so a kernel
 * that does it has it (since 5.14).
 */
static bool is_for_absent_feature(const struct pw_self_test *test,
				  const struct portwatch_hook *hook)
{
	const char *name = (const char *)hook->name;

	if (hook->required || hook->state != PORTWATCH_HOOK_ABSENT)
		return false;
	return !strcmp(name, "migrate") ||
	       (!strncmp(name, "mptcp-", 6) &&
		!(test->done >> PW_EXERCISE_MPTCP & 1));
}

/* Nobody uses that protocol yet, or nobody asked for what it sees. */
static bool is_not_needed(const struct portwatch_hook *hook)
{
	return hook->state == PORTWATCH_HOOK_WAITING ||
	       hook->state == PORTWATCH_HOOK_IDLE;
}

static int report_hook(const struct pw_self_test *test, size_t index, bool colour)
{
	const struct portwatch_hook *hook = &test->hooks[index];
	int status = hook->required ? PW_STATUS_DEVICE : PW_STATUS_FINE;

	if (pw_self_test_verdict(test, index) == PW_VERDICT_SILENT)
		return pw_alarm(status, colour,
				"hook %s on %s does not fire, so these are not seen: %s; %s",
				hook->name, hook->symbol, hook->purpose,
				remedy_of(hook));
	if (hook->state == PORTWATCH_HOOK_ATTACHED || is_not_needed(hook) ||
	    is_for_absent_feature(test, hook))
		return PW_STATUS_FINE;
	return pw_alarm(status, colour,
			"hook %s could not be attached to %s (%s), so these are not seen: %s; %s",
			hook->name, hook->symbol, strerror((int)hook->error),
			hook->purpose, remedy_of(hook));
}

int pw_self_test_report(const struct pw_self_test *test, bool colour)
{
	int status = PW_STATUS_FINE, one;
	size_t i;

	for (i = 0; i < test->count; i++) {
		one = report_hook(test, i, colour);
		if (one)
			status = one;
	}
	return status;
}

int pw_self_test_explain(const char *device)
{
	struct portwatch_hook hook;
	uint32_t i;

	for (i = 0; !portwatch_hook_get(device, i, &hook); i++)
		if (hook.required && hook.error)
			return pw_error(PW_STATUS_DEVICE,
					"hook %s cannot be attached to %s (%s), and without it these are not seen: %s; %s",
					hook.name, hook.symbol,
					strerror((int)hook.error), hook.purpose,
					remedy_of(&hook));
	return pw_error_device(device, -ENODEV);
}
