// SPDX-License-Identifier: GPL-2.0
/*
 * portwatch record on a live stream, beside a portwatch tail that prints: what is read
 * from the file is what was printed. The tool is the one found in PATH.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "scene.h"
#include "tool.h"

#define PATIENCE	1000	/* times 10 ms */
#define FLOOD		2000
#define TEXT_SIZE	(8 << 20)

/* What the tests speak to, in a folder of their own. */
FIXTURE(record)
{
	char folder[32];
	char *text;
	pid_t recorder;
	pid_t tail;
};

static pid_t start(const char *command)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid;
}

FIXTURE_SETUP(record)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	strcpy(self->folder, "/tmp/portwatch-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	self->text = malloc(TEXT_SIZE);
	ASSERT_NE(NULL, self->text);
	self->recorder = 0;
	self->tail = 0;
}

FIXTURE_TEARDOWN(record)
{
	char command[64];

	tool_end(&self->recorder, SIGKILL);
	tool_end(&self->tail, SIGKILL);
	free(self->text);
	snprintf(command, sizeof(command), "rm -rf %s", self->folder);
	if (system(command))
		fprintf(stderr, "# %s is left behind\n", self->folder);
}

/* What a command prints; its exit status in @status. */
static const char *printed(char *text, const char *command, int *status)
{
	FILE *pipe = popen(command, "r");
	size_t length = 0;

	text[0] = 0;
	*status = -1;
	if (!pipe)
		return text;
	length = fread(text, 1, TEXT_SIZE - 1, pipe);
	text[length] = 0;
	*status = pclose(pipe);
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	return text;
}

/* Until what the command prints has @part in it. */
static bool wait_for(char *text, const char *command, const char *part)
{
	unsigned int i;
	int status;

	for (i = 0; i < patient(PATIENCE); i++) {
		if (strstr(printed(text, command, &status), part))
			return true;
		poll(NULL, 0, 10);
	}
	fprintf(stderr, "# %s does not print %s\n%s\n", command, part, text);
	return false;
}

static int take_port(int type, uint16_t port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A server, a client that speaks to it, and one that nobody answers. */
static int act(void)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(4280),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr *address = (struct sockaddr *)&name;
	int server = take_port(SOCK_STREAM, 4280), i, client, peer;

	if (server < 0 || listen(server, 5) || take_port(SOCK_STREAM, 4280) >= 0)
		return -1;
	for (i = 0; i < 50; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(client, address, sizeof(name)))
			return -1;
		peer = accept(server, NULL, NULL);
		if (peer < 0 || write(client, "hello", 5) != 5)
			return -1;
		close(client);
		close(peer);
	}
	close(server);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (!connect(client, address, sizeof(name)))
		return -1;
	return close(client);
}

/* From the first line behind that with the begin port to that with the end port. */
#define BETWEEN								\
	" | grep -v existing | sed -n '/\"lport\":4298,/,/\"lport\":4299,/p'" \
	" | sed 's/\"ts\":\"[^\"]*\",//'"

TEST_F(record, reads_what_tail_printed)
{
	char *live = malloc(TEXT_SIZE);
	int status;

	ASSERT_NE(NULL, live);
	self->recorder = start("exec portwatch record --events all file 2>log");
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	self->tail = start("exec portwatch tail --json --events all >lines 2>/dev/null");
	ASSERT_TRUE(wait_for(self->text, "cat lines", "\"phase\":\"end\""));
	close(take_port(SOCK_DGRAM, 4298));
	ASSERT_EQ(0, act());
	close(take_port(SOCK_DGRAM, 4299));
	ASSERT_TRUE(wait_for(self->text, "cat lines", "\"lport\":4299,"));
	EXPECT_EQ(0, tool_end(&self->tail, SIGINT));
	EXPECT_EQ(0, tool_end(&self->recorder, SIGINT));

	printed(live, "cat lines" BETWEEN, &status);
	printed(self->text, "portwatch read --json --events all --strict file" BETWEEN,
		&status);
	EXPECT_STREQ(live, self->text);
	EXPECT_NE(NULL, strstr(live, "\"bind-failed\""));
	EXPECT_NE(NULL, strstr(live, "\"connect-failed\""));
	EXPECT_NE(NULL, strstr(live, "\"rx_bytes\":5"));
	printed(self->text, "cat log", &status);
	EXPECT_NE(NULL, strstr(self->text, ", filtered 0, lost 0"));
	free(live);
}

/* What a crash leaves: what was flushed is there, and that it did not end is said. */
TEST_F(record, survives_a_kill)
{
	int status;

	self->recorder = start("exec portwatch record file");
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	close(take_port(SOCK_DGRAM, 4299));
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"lport\":4299,"));
	EXPECT_EQ(-SIGKILL, tool_end(&self->recorder, SIGKILL));
	printed(self->text, "portwatch read --json file 2>&1", &status);
	EXPECT_EQ(0, status);
	EXPECT_NE(NULL, strstr(self->text, "\"lport\":4299,"));
	EXPECT_NE(NULL, strstr(self->text, "not ended in order"));
	/* another one does not write over it */
	self->recorder = start("exec portwatch record file");
	ASSERT_TRUE(wait_for(self->text, "echo *", "file.2"));
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	printed(self->text, "portwatch read --json file.*Z 2>&1", &status);
	EXPECT_NE(NULL, strstr(self->text, "\"lport\":4299,"));
	EXPECT_EQ(0, tool_end(&self->recorder, SIGTERM));
}

/* The file that SIGHUP begins says what was open then, and who had opened it. */
TEST_F(record, begins_another_file)
{
	int fd, status;

	self->recorder = start("exec portwatch record file");
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	fd = take_port(SOCK_DGRAM, 4297);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"lport\":4297,"));
	kill(self->recorder, SIGHUP);
	ASSERT_TRUE(wait_for(self->text, "echo *", "file.2"));
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	/* one that somebody else has moved stays where it is */
	ASSERT_EQ(0, rename("file", "moved"));
	kill(self->recorder, SIGHUP);
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	close(fd);
	EXPECT_EQ(0, tool_end(&self->recorder, SIGTERM));
	printed(self->text, "portwatch read --json file port 4297 and existing 2>/dev/null",
		&status);
	EXPECT_NE(NULL, strstr(self->text, "\"lport\":4297,"));
	EXPECT_NE(NULL, strstr(self->text, "\"comm\":\"record_test\""));
	printed(self->text, "portwatch read --strict --json file* moved 2>&1",
		&status);
	EXPECT_EQ(0, status);
	EXPECT_EQ(NULL, strstr(self->text, "no file here"));
}

/* It sleeps through a flood: the loss stands in the file, to the unit. */
TEST_F(record, keeps_what_was_lost)
{
	unsigned long seen, recorded, filtered, lost, counted;
	unsigned int i;
	int status;

	self->recorder = start("exec portwatch record --slots 64 --events bind file 2>log");
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"phase\":\"end\""));
	kill(self->recorder, SIGSTOP);
	for (i = 0; i < FLOOD; i++)
		close(take_port(SOCK_DGRAM, 0));
	kill(self->recorder, SIGCONT);
	ASSERT_TRUE(wait_for(self->text, "portwatch read --json file 2>/dev/null",
			     "\"event\":\"lost\""));
	EXPECT_EQ(0, tool_end(&self->recorder, SIGINT));
	printed(self->text, "cat log", &status);
	ASSERT_EQ(4, sscanf(self->text,
			    "portwatch: seen %lu, recorded %lu, filtered %lu, lost %lu",
			    &seen, &recorded, &filtered, &lost));
	EXPECT_LE(FLOOD / 2, lost);
	EXPECT_EQ(seen, recorded + filtered + lost);
	printed(self->text, "portwatch read --strict file 2>&1 >/dev/null", &status);
	EXPECT_EQ(1, status);
	ASSERT_EQ(4, sscanf(self->text,
			    "portwatch: seen %lu, printed %lu, filtered %lu, lost %lu",
			    &seen, &counted, &filtered, &seen));
	EXPECT_EQ(recorded, counted);
	EXPECT_EQ(lost, seen);
}

TEST_HARNESS_MAIN
