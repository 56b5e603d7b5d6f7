// SPDX-License-Identifier: GPL-2.0
/* The tool on a live stream: what it makes of a loss. It is the one found in PATH. */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "patience.h"
#include "scene.h"

#define PATIENCE	1000	/* times 10 ms */
#define FLOOD		2000

/* What the tool has printed so far. */
struct printed {
	char path[32];
	int file;
	char *text;
};

FIXTURE(tail)
{
	pid_t pid;
	struct printed printed;
};

/* Its rings are as small as they can be. */
FIXTURE_SETUP(tail)
{
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	strcpy(self->printed.path, "/tmp/portwatch-XXXXXX");
	self->printed.file = mkstemp(self->printed.path);
	ASSERT_LE(0, self->printed.file);
	self->pid = fork();
	ASSERT_LE(0, self->pid);
	if (!self->pid) {
		dup2(self->printed.file, STDOUT_FILENO);
		execlp("portwatch", "portwatch", "tail", "--json", "--slots",
		       "32", "--events", "bind", NULL);
		_exit(127);
	}
}

FIXTURE_TEARDOWN(tail)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	free(self->printed.text);
	close(self->printed.file);
	unlink(self->printed.path);
}

static const char *read_text(struct printed *printed)
{
	struct stat info;
	ssize_t length;

	free(printed->text);
	printed->text = NULL;
	if (fstat(printed->file, &info))
		return "";
	printed->text = calloc(1, info.st_size + 1);
	if (!printed->text)
		return "";
	length = pread(printed->file, printed->text, info.st_size, 0);
	printed->text[length > 0 ? length : 0] = 0;
	return printed->text;
}

/* Where in the text it comes for the nth time. */
static const char *find(const char *text, const char *part, unsigned int nth)
{
	const char *at = strstr(text, part);

	while (at && --nth)
		at = strstr(at + 1, part);
	return at;
}

static bool wait_for(struct printed *printed, const char *part, unsigned int nth)
{
	unsigned int i;

	for (i = 0; i < patient(PATIENCE); i++) {
		if (find(read_text(printed), part, nth))
			return true;
		poll(NULL, 0, 10);
	}
	fprintf(stderr, "# not printed %u times: %s\n%s\n", nth, part, printed->text);
	return false;
}

static int take_port(uint16_t port)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* It sleeps through a flood, and through a port that is taken for good. */
TEST_F(tail, shows_what_there_is_now_after_a_loss)
{
	const char *row = "\"lport\":4242,";
	const char *lost;
	unsigned int i;
	int fd;

	ASSERT_TRUE(wait_for(&self->printed, "\"phase\":\"end\"", 1));
	kill(self->pid, SIGSTOP);
	for (i = 0; i < FLOOD; i++)
		close(take_port(0));
	fd = take_port(4242);
	ASSERT_LE(0, fd);
	kill(self->pid, SIGCONT);
	ASSERT_TRUE(wait_for(&self->printed, "\"phase\":\"end\"", 2));
	lost = strstr(self->printed.text, "\"event\":\"lost\"");
	ASSERT_NE(NULL, lost);
	EXPECT_LT(lost, find(self->printed.text, "\"phase\":\"begin\"", 2));
	ASSERT_NE(NULL, strstr(self->printed.text, row));
	EXPECT_LT(find(self->printed.text, "\"phase\":\"begin\"", 2),
		  strstr(self->printed.text, row));
	EXPECT_NE(NULL, strstr(strstr(self->printed.text, row), "\"existing\":true"));
	close(fd);
}

/* Without a loss there is one snapshot. */
TEST_F(tail, shows_what_there_was_once)
{
	int fd;

	ASSERT_TRUE(wait_for(&self->printed, "\"phase\":\"end\"", 1));
	fd = take_port(4243);
	ASSERT_LE(0, fd);
	ASSERT_TRUE(wait_for(&self->printed, "\"lport\":4243,", 1));
	EXPECT_EQ(NULL, find(self->printed.text, "\"phase\":\"begin\"", 2));
	EXPECT_EQ(NULL, strstr(self->printed.text, "\"event\":\"lost\""));
	close(fd);
}

TEST_HARNESS_MAIN
