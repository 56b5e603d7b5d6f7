// SPDX-License-Identifier: GPL-2.0
/*
 * Filters in the kernel, as the tool and the library use them: what is shown does not
 * depend on them. The tool is the one found in PATH.
 */
#include <kselftest_harness.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <portwatch.h>

#include "address.h"
#include "churn.h"
#include "module.h"
#include "patience.h"
#include "scene.h"
#include "tool.h"

#define PATIENCE	1000	/* times 10 ms */
#define TEXT_SIZE	(1 << 20)
#define READY		4297	/* ports of UDP that are taken to be seen */
#define BEGIN		4298
#define END		4299

SCENE_HOLD_HOOKS

/* @words: of a filter that wants the ports above, and not all of the rest. */
FIXTURE(filter)
{
	char folder[32];
	char words[128];
	char *text;
	char *other;
	pid_t with;
	pid_t without;
};

FIXTURE_SETUP(filter)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	strcpy(self->folder, "/tmp/portwatch-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	snprintf(self->words, sizeof(self->words),
		 "'netns %u and not event connect and (udp or kind connection) and comm filter_*'",
		 scene_netns());
	self->text = malloc(TEXT_SIZE);
	self->other = malloc(TEXT_SIZE);
	ASSERT_NE(NULL, self->text);
	ASSERT_NE(NULL, self->other);
	self->with = 0;
	self->without = 0;
}

FIXTURE_TEARDOWN(filter)
{
	char command[64];

	tool_end(&self->with, SIGKILL);
	tool_end(&self->without, SIGKILL);
	free(self->text);
	free(self->other);
	snprintf(command, sizeof(command), "rm -rf %s", self->folder);
	if (system(command))
		fprintf(stderr, "# %s is left behind\n", self->folder);
}

/* As on a module that knows no filters. */
static int forbid_filters(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORTWATCH_IOC_FILTER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]), .filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
}

/* A tool whose lines go to @name, and its last one to @name.log. */
static pid_t start(const char *options, const char *words, const char *name,
		   bool old_module)
{
	char command[512];
	pid_t pid;

	snprintf(command, sizeof(command),
		 "exec portwatch tail --json --events all %s %s >%s 2>%s.log",
		 options, words, name, name);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (old_module && forbid_filters())
			_exit(126);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

static int take_port(uint16_t port)
{
	struct target target = target_loopback(IPV4, port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, &target.any, target.length)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *read_text(char *text, const char *name)
{
	FILE *file = fopen(name, "re");
	size_t length = file ? fread(text, 1, TEXT_SIZE - 1, file) : 0;

	text[length] = 0;
	if (file)
		fclose(file);
	return text;
}

static bool has_port(char *text, const char *name, unsigned int port)
{
	char part[32];

	snprintf(part, sizeof(part), "\"lport\":%u,", port);
	return strstr(read_text(text, name), part);
}

/* A port is taken until both tools show it: then they run. */
static bool wait_until_ready(char *text, const char *one, const char *other)
{
	unsigned int i;

	for (i = 0; i < patient(PATIENCE); i++) {
		if (has_port(text, one, READY) && has_port(text, other, READY))
			return true;
		close(take_port(READY));
		poll(NULL, 0, 10);
	}
	fprintf(stderr, "# %s: %s\n", one, read_text(text, one));
	fprintf(stderr, "# %s: %s\n", other, read_text(text, other));
	fprintf(stderr, "# %s\n", read_text(text, "with.log"));
	fprintf(stderr, "# %s\n", read_text(text, "without.log"));
	return false;
}

static bool wait_for_port(char *text, const char *name, unsigned int port)
{
	unsigned int i;

	for (i = 0; i < patient(PATIENCE); i++) {
		if (has_port(text, name, port))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

/* Some of it is wanted. */
static int act(void)
{
	struct target name;
	int listener = churn_listen(&name, 5), i;

	if (listener < 0)
		return listener;
	for (i = 0; i < 20; i++)
		if (churn_connect(&name) ||
		    close(accept4(listener, NULL, NULL, SOCK_CLOEXEC)) ||
		    churn_bind())
			return -1;
	return close(listener);
}

/* What the kernel kept back from a session, by portwatch status; -1: no session. */
static long filtered_for(char *text, pid_t pid)
{
	long filtered = -1;
	const char *at;
	char part[32];

	tool_ask(text, TEXT_SIZE, "portwatch status --json");
	snprintf(part, sizeof(part), "\"pid\":%d,", pid);
	at = strstr(text, part);
	at = at ? strstr(at, "\"filtered\":") : NULL;
	if (at)
		sscanf(at, "\"filtered\":%ld", &filtered);
	return filtered;
}

/* Each has its own idea of when the machine was booted. */
#define WITHOUT_TIMES							\
	" | sed 's/\"ts\":\"[^\"]*\",//; s/\"since\":\"[^\"]*\",//'"
#define BETWEEN								\
	" | sed -n '/\"lport\":4298,/,/\"lport\":4299,/p'" WITHOUT_TIMES

/* The last line adds up, and something was filtered. Returns what was printed. */
static long check_log(char *text, const char *name)
{
	unsigned long seen, printed, filtered, lost;

	if (sscanf(read_text(text, name), "portwatch: seen %lu, printed %lu, filtered %lu, lost %lu\n",
		   &seen, &printed, &filtered, &lost) != 4 ||
	    seen != printed + filtered || !filtered || lost)
		return -1;
	return printed;
}

/* In one the kernel filters, in the other one nobody but the tool. */
static void compare_both(struct __test_metadata *_metadata,
			 struct _test_data_filter *self)
{
	ASSERT_TRUE(wait_until_ready(self->text, "with", "without"));
	close(take_port(BEGIN));
	ASSERT_EQ(0, act());
	close(take_port(END));
	ASSERT_TRUE(wait_for_port(self->text, "with", END));
	ASSERT_TRUE(wait_for_port(self->text, "without", END));
	EXPECT_LT(0, filtered_for(self->text, self->with));
	EXPECT_EQ(0, filtered_for(self->text, self->without));
	EXPECT_EQ(0, tool_end(&self->with, SIGINT));
	EXPECT_EQ(0, tool_end(&self->without, SIGINT));

	tool_ask(self->text, TEXT_SIZE, "cat with" BETWEEN);
	tool_ask(self->other, TEXT_SIZE, "cat without" BETWEEN);
	EXPECT_STREQ(self->other, self->text);
	EXPECT_NE(NULL, strstr(self->text, "\"kind\":\"connection\""));
	EXPECT_EQ(NULL, strstr(self->text, "\"event\":\"connect\""));
	EXPECT_LT(0, check_log(self->text, "with.log"));
	EXPECT_LT(0, check_log(self->text, "without.log"));
}

TEST_F(filter, in_the_kernel_changes_nothing_of_what_is_shown)
{
	self->with = start("--no-snapshot", self->words, "with", false);
	self->without = start("--no-snapshot --no-kernel-filter", self->words,
			      "without", false);
	compare_both(_metadata, self);
}

TEST_F(filter, is_the_tools_where_the_module_knows_none)
{
	self->with = start("--no-snapshot", self->words, "with", false);
	self->without = start("--no-snapshot", self->words, "without", true);
	compare_both(_metadata, self);
}

/* Rows are filtered like events, and the end mark counts the same. */
TEST_F(filter, in_the_kernel_changes_nothing_of_a_snapshot)
{
	static const char command[] =
		"portwatch tail --json --duration 0 %s 'netns %u and port %u' 2>/dev/null"
		WITHOUT_TIMES
		" | sed 's/\"boot_ns\":[0-9]*,\"cpu\":[0-9]*,//'";
	int wanted = take_port(READY), unwanted = take_port(BEGIN);

	ASSERT_LE(0, wanted);
	ASSERT_LE(0, unwanted);
	tool_ask(self->text, TEXT_SIZE, command, "", scene_netns(), READY);
	tool_ask(self->other, TEXT_SIZE, command, "--no-kernel-filter",
		 scene_netns(), READY);
	EXPECT_NE(NULL, strstr(self->text, "\"lport\":4297,"));
	EXPECT_EQ(NULL, strstr(self->text, "\"lport\":4298,"));
	EXPECT_NE(NULL, strstr(self->text, "\"phase\":\"end\""));
	EXPECT_STREQ(self->other, self->text);
	close(wanted);
	close(unwanted);
}

/* The next event, or the end of a snapshot; NULL: neither came. */
static const struct portwatch_event *next(struct portwatch_reader *reader,
					  struct portwatch_item *item, bool end)
{
	while (portwatch_reader_next(reader, item, patient(5000)) > 0)
		if (end ? item->slot->type == PORTWATCH_SNAPSHOT &&
			  item->event->snapshot.end :
			  item->slot->type == PORTWATCH_CLOSE)
			return item->event;
	return NULL;
}

/*
 * A reader that forgets after a snapshot, as portwatch record does: the filter keeps
 * back the row that would have named us.
 */
TEST_F(filter, takes_no_names_from_who_forgets)
{
	struct portwatch_options options = { .size = sizeof(options) };
	int first = take_port(BEGIN), second = take_port(END);
	struct portwatch_filter *filter;
	struct portwatch_reader *reader;
	struct portwatch_item item;
	char words[64], message[128];

	snprintf(words, sizeof(words), "event close and netns %u", scene_netns());
	ASSERT_EQ(0, portwatch_filter_parse(&filter, words, message,
					    sizeof(message)));
	options.filter = filter;
	ASSERT_EQ(0, portwatch_reader_open(&reader, &options));
	ASSERT_NE(NULL, next(reader, &item, true));
	close(first);
	ASSERT_NE(NULL, next(reader, &item, false));
	ASSERT_NE(NULL, item.owner);
	/* nobody that was named before this is named after it */
	ASSERT_EQ(0, portwatch_reader_forget(reader));
	ASSERT_EQ(0, portwatch_reader_snapshot(reader));
	ASSERT_NE(NULL, next(reader, &item, true));
	ASSERT_EQ(0, portwatch_reader_forget(reader));
	close(second);
	ASSERT_NE(NULL, next(reader, &item, false));
	ASSERT_NE(NULL, item.owner);
	EXPECT_EQ((uint32_t)getpid(), item.owner->pid);
	portwatch_reader_close(reader);
	portwatch_filter_free(filter);
}

TEST_HARNESS_MAIN
