// SPDX-License-Identifier: GPL-2.0
/*
 * The tool with the device: who may run it, what it keeps while it reads, and that it
 * can still do all that it is for. A system call that it needs and may not make ends
 * it (PORTWATCH_REPORT_CALLS). The tool is the one found in PATH.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "module.h"
#include "scene.h"
#include "tool.h"

#define NOBODY		65534
#define PATIENCE	1000	/* times 10 ms */
#define PORT		4290
#define TEXT_SIZE	65536

/* A folder of nobody's, with a device in it that everybody may open. */
FIXTURE(confine)
{
	char folder[32];
	char node[64];
	char text[TEXT_SIZE];
	pid_t tool;
	int port;
};

FIXTURE_SETUP(confine)
{
	struct stat info;

	self->tool = 0;
	self->port = -1;
	ASSERT_EQ(0, module_require());
	ASSERT_EQ(0, scene_unshare());
	ASSERT_EQ(0, stat(PORTWATCH_DEVICE, &info));
	strcpy(self->folder, "/tmp/portwatch-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	ASSERT_EQ(0, chdir(self->folder));
	ASSERT_EQ(0, mknod("device", S_IFCHR | 0666, info.st_rdev));
	ASSERT_EQ(0, chmod("device", 0666));
	ASSERT_EQ(0, chown(self->folder, NOBODY, NOBODY));
	setenv("PORTWATCH_REPORT_CALLS", "1", 1);
}

FIXTURE_TEARDOWN(confine)
{
	char command[64];

	if (self->tool > 0) {
		kill(self->tool, SIGKILL);
		waitpid(self->tool, NULL, 0);
	}
	snprintf(command, sizeof(command), "rm -rf %s", self->folder);
	if (system(command))
		fprintf(stderr, "# %s is left behind\n", self->folder);
}

static int set_capabilities(uint64_t capabilities, bool inherited)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = {
		{ .effective = capabilities, .permitted = capabilities,
		  .inheritable = inherited ? capabilities : 0 },
		{ .effective = capabilities >> 32,
		  .permitted = capabilities >> 32,
		  .inheritable = inherited ? capabilities >> 32 : 0 },
	};

	return syscall(SYS_capset, &header, data);
}

static int become_root(void)
{
	return 0;
}

static int become_nobody(void)
{
	return setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	       setresuid(NOBODY, NOBODY, NOBODY);
}

/* As a service is started by systemd: AmbientCapabilities=CAP_AUDIT_READ. */
static int become_recorder(void)
{
	return prctl(PR_SET_KEEPCAPS, 1) || become_nobody() ||
	       set_capabilities(1ULL << CAP_AUDIT_READ, true) ||
	       prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_AUDIT_READ, 0, 0);
}

/* Nor can a program get it back that root starts: the bounding set is without it. */
static int become_root_without_it(void)
{
	return prctl(PR_CAPBSET_DROP, CAP_AUDIT_READ);
}

static int become_root_of_a_container(void)
{
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		return -1;
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	return write(fd, "0 0 1", 5) != 5 || close(fd) || getuid();
}

static pid_t start(int (*become)(void), const char *command)
{
	char line[512];
	pid_t pid;

	snprintf(line, sizeof(line), "exec %s", command);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (become())
			_exit(255);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	return pid;
}

static int run(int (*become)(void), const char *command)
{
	pid_t pid = start(become, command);

	return tool_end(&pid, 0);
}

/* What a command prints on a terminal; its exit status is returned. */
static int run_on_terminal(const char *command, char *text)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), user, i;
	size_t length = 0;
	ssize_t got;
	pid_t pid;

	text[0] = 0;
	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal))
		return -1;
	user = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		for (i = 0; i < 3; i++)
			dup2(user, i);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(user);
	/* EIO: nobody has it open any more */
	while (length < TEXT_SIZE - 1 &&
	       (got = read(terminal, text + length,
			   TEXT_SIZE - 1 - length)) > 0)
		length += (size_t)got;
	text[length] = 0;
	close(terminal);
	return tool_end(&pid, 0);
}

static const char *content(char *text, const char *path)
{
	FILE *file = fopen(path, "re");
	size_t length = file ? fread(text, 1, TEXT_SIZE - 1, file) : 0;

	text[length] = 0;
	if (file)
		fclose(file);
	return text;
}

/* The number of a line of /proc/PID/status. */
static unsigned long long status_of(pid_t pid, const char *name, int base)
{
	char path[64], line[256];
	unsigned long long value = ~0ULL;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ':')
			value = strtoull(line + strlen(name) + 1, NULL, base);
	if (file)
		fclose(file);
	return value;
}

/* What it says last of all: from here on it reads. */
static bool is_confined(pid_t pid)
{
	unsigned int i;

	for (i = 0; i < PATIENCE; i++) {
		if (status_of(pid, "Seccomp", 10) == 2)
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

static int take_port(void)
{
	struct sockaddr_in name = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof(name)) ||
	       listen(fd, 1) ? -1 : fd;
}

/* Until the command prints that. */
static bool wait_for(char *text, const char *command, const char *part)
{
	unsigned int i;
	size_t length;
	FILE *pipe;

	for (i = 0; i < PATIENCE; i++) {
		pipe = popen(command, "r");
		length = pipe ? fread(text, 1, TEXT_SIZE - 1, pipe) : 0;
		text[length] = 0;
		if (pipe)
			pclose(pipe);
		if (strstr(text, part))
			return true;
		poll(NULL, 0, 10);
	}
	fprintf(stderr, "# %s does not print %s\n%s\n", command, part, text);
	return false;
}

static unsigned int lines(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static const char recorded[] = "portwatch read --json a.pwrec* 2> /dev/null";

/* It records into a file, and into another one when it is told to. */
static void expect_records(struct __test_metadata *_metadata,
			   struct _test_data_confine *self)
{
	ASSERT_TRUE(is_confined(self->tool)) TH_LOG("%s",
		content(self->text, "said"));
	EXPECT_EQ(NOBODY, status_of(self->tool, "Uid", 10));
	EXPECT_EQ(NOBODY, status_of(self->tool, "Gid", 10));
	EXPECT_EQ(0, status_of(self->tool, "CapPrm", 16));
	EXPECT_EQ(0, status_of(self->tool, "CapEff", 16));
	EXPECT_EQ(0, status_of(self->tool, "CapInh", 16));
	EXPECT_EQ(0, status_of(self->tool, "CapAmb", 16));
	EXPECT_EQ(1, status_of(self->tool, "NoNewPrivs", 10));
	self->port = take_port();
	ASSERT_LE(0, self->port);
	EXPECT_TRUE(wait_for(self->text, recorded, "\"lport\":4290"));
	ASSERT_EQ(0, kill(self->tool, SIGHUP));
	EXPECT_TRUE(wait_for(self->text, "ls", "a.pwrec."));
	close(self->port);
	EXPECT_TRUE(wait_for(self->text, recorded, "\"event\":\"close\""));
	EXPECT_EQ(0, tool_end(&self->tool, SIGTERM)) TH_LOG("%s",
		content(self->text, "said"));
}

TEST_F(confine, records_as_a_user_with_one_capability)
{
	self->tool = start(become_recorder,
			   "portwatch record --device device a.pwrec 2> said");
	expect_records(_metadata, self);
}

TEST_F(confine, records_as_the_user_that_root_names)
{
	self->tool = start(become_root,
			   "portwatch record --user nobody a.pwrec 2> said");
	expect_records(_metadata, self);
	EXPECT_EQ(0, status_of(getpid(), "NoNewPrivs", 10));
}

/* For root, in a folder of somebody else's: only the right to write there is left. */
TEST_F(confine, keeps_what_the_folder_needs)
{
	self->tool = start(become_root, "portwatch record a.pwrec 2> said");
	ASSERT_TRUE(is_confined(self->tool));
	EXPECT_EQ(1ULL << CAP_DAC_OVERRIDE,
		  status_of(self->tool, "CapEff", 16));
	EXPECT_EQ(0, status_of(self->tool, "CapBnd", 16));
	EXPECT_TRUE(wait_for(self->text, "ls", "a.pwrec"));
	ASSERT_EQ(0, kill(self->tool, SIGHUP));
	EXPECT_TRUE(wait_for(self->text, "ls", "a.pwrec."));
	EXPECT_EQ(0, tool_end(&self->tool, SIGTERM));
}

TEST_F(confine, keeps_nothing_to_print)
{
	self->tool = start(become_root, "portwatch tail > out 2> said");
	ASSERT_TRUE(is_confined(self->tool));
	EXPECT_EQ(0, status_of(self->tool, "CapPrm", 16));
	EXPECT_EQ(0, status_of(self->tool, "CapBnd", 16));
	self->port = take_port();
	EXPECT_TRUE(wait_for(self->text, "cat out", "listen"));
	close(self->port);
	EXPECT_EQ(0, tool_end(&self->tool, SIGINT)) TH_LOG("%s",
		content(self->text, "said"));
}

/* Each of them once, with a terminal and without. */
TEST_F(confine, can_do_all_that_it_is_for)
{
	static const char *const terminal[] = {
		"portwatch tail -d 0.3", "portwatch ports",
		"portwatch who --watch -d 0.3 4290",
		"timeout -s INT 1 portwatch ports --watch",
		"portwatch status",
	};
	static const char *const commands[] = {
		"portwatch tail -d 0.3", "portwatch tail --json -d 0.3",
		"portwatch ports", "portwatch ports --json", "portwatch who 4290",
		"portwatch who --json tcp/4290",
		"portwatch who --watch -d 0.3 4290",
		"portwatch status", "portwatch status --json --wide",
		"portwatch status --self-test",
	};
	char line[256];
	size_t i;

	self->port = take_port();
	ASSERT_LE(0, self->port);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		snprintf(line, sizeof(line), "%s > out 2>&1", commands[i]);
		EXPECT_NE(70, run(become_root, line));
		content(self->text, "out");
		EXPECT_EQ(NULL, strstr(self->text, "system call"))
			TH_LOG("%s:\n%s", commands[i], self->text);
		EXPECT_LT(0, lines(self->text)) TH_LOG("%s", commands[i]);
	}
	for (i = 0; i < sizeof(terminal) / sizeof(terminal[0]); i++) {
		EXPECT_NE(70, run_on_terminal(terminal[i], self->text))
			TH_LOG("%s:\n%s", terminal[i], self->text);
		EXPECT_LT(0, lines(self->text)) TH_LOG("%s", terminal[i]);
	}
	close(self->port);
}

/* Who is refused is told so in one line. */
TEST_F(confine, says_to_whom_it_is_refused)
{
	static const struct {
		int (*become)(void);
		const char *command;
	} refused[] = {
		{ become_nobody, "portwatch tail" },
		{ become_nobody, "portwatch tail --device device" },
		{ become_nobody, "portwatch ports --device device" },
		{ become_nobody, "portwatch who --device device 80" },
		{ become_nobody, "portwatch record --device device b.pwrec" },
		{ become_nobody, "portwatch status --device device" },
		{ become_nobody, "portwatch record --user root b.pwrec" },
		{ become_root_without_it, "portwatch tail" },
		{ become_root_of_a_container, "portwatch tail" },
		{ become_root_of_a_container, "portwatch tail --device device" },
	};
	char line[256];
	size_t i;

	ASSERT_EQ(0, chmod("device", 0666));
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(line, sizeof(line), "%s 2> %s/said-%zu > /dev/null",
			 refused[i].command, self->folder, i);
		ASSERT_EQ(0, chmod(self->folder, 0777));
		EXPECT_EQ(3, run(refused[i].become, line))
			TH_LOG("%s", refused[i].command);
		snprintf(line, sizeof(line), "said-%zu", i);
		content(self->text, line);
		EXPECT_EQ(1U, lines(self->text)) TH_LOG("%s", self->text);
		EXPECT_NE(NULL, strstr(self->text, i == 6 ? "--user" :
						   "CAP_AUDIT_READ"))
			TH_LOG("%s", self->text);
	}
	EXPECT_NE(0, access("b.pwrec", F_OK));
}

TEST_HARNESS_MAIN
