// SPDX-License-Identifier: GPL-2.0
/*
 * One command, given by the host as $SHARE/argv and $SHARE/env (words that end
 * in NUL), with its output relayed to the virtio ports "stdout" and "stderr".
 * With a terminal, both streams are one and "stdout" is also its keyboard.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define WORDS_MAX 4096
#define RELAY_CHUNK 65536

struct stream {
	int from, to;
	unsigned long long bytes;
};

/* The relay's rows of poll(): every one is a reason to wake up. */
enum { WAKE_OUT, WAKE_ERR, WAKE_KEYS, WAKE_HOST, WAKE_CHILD, WAKES };

struct relay {
	struct stream out, err, keys;
	int child_signal;
	pid_t child;
};

static char *file_words(const char *path, char **words, size_t max)
{
	size_t count = 0, size = 0;
	FILE *f = fopen(path, "re");
	char *text = NULL, *word;
	ssize_t got;

	if (!f)
		die(path);
	got = getdelim(&text, &size, EOF, f);
	fclose(f);
	for (word = text; got > 0 && word < text + got && count + 1 < max;
	     word += strlen(word) + 1)
		words[count++] = word;
	words[count] = NULL;
	return text;
}

static void child_exec(void)
{
	char *argv[WORDS_MAX], *env[WORDS_MAX];
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	file_words(PW_SHARE "/env", env, WORDS_MAX);
	file_words(PW_SHARE "/argv", argv, WORDS_MAX);
	if (chdir("/src") && chdir("/"))
		_exit(127);
	environ = env;
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static void start_on_pipes(struct relay *relay)
{
	int out[2], err[2], null;

	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		die("pipe2");
	relay->out.from = out[0];
	relay->err.from = err[0];
	relay->child = fork();
	if (!relay->child) {
		setsid();
		if (dup2(null, 0) < 0 || dup2(out[1], 1) < 0 ||
		    dup2(err[1], 2) < 0)
			_exit(126);
		child_exec();
	}
	close(null);
	close(out[1]);
	close(err[1]);
}

static void start_on_terminal(struct relay *relay)
{
	relay->child = forkpty(&relay->out.from, NULL, NULL, NULL);
	if (!relay->child)
		child_exec();
	if (relay->child < 0)
		die("forkpty");
	fcntl(relay->out.from, F_SETFD, FD_CLOEXEC);
	relay->keys.from = relay->out.to;
	relay->keys.to = relay->out.from;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
	ssize_t put;

	while (count) {
		put = write(fd, bytes, count);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes += put;
		count -= put;
	}
	return true;
}

/* Returns whether there may be more; at the stream's end it is closed. */
static bool relay_chunk(struct stream *stream)
{
	static char chunk[RELAY_CHUNK];
	ssize_t got = read(stream->from, chunk, sizeof(chunk));

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0 || !write_all(stream->to, chunk, got)) {
		stream->from = -1;
		return false;
	}
	stream->bytes += got;
	return true;
}

/* The host's one message while the command runs: its terminal's size. */
static void obey_host(struct relay *relay)
{
	struct winsize size = { 0 };
	const char *line = report_hear();

	if (line &&
	    sscanf(line, "winsize %hu %hu", &size.ws_row,
		   &size.ws_col) == 2)
		ioctl(relay->out.from, TIOCSWINSZ, &size);
}

/* Reaps whoever ended, orphans too; true when it was the command itself. */
static bool reap(struct relay *relay, int *status)
{
	struct signalfd_siginfo info;
	bool ended = false;
	int how;
	pid_t pid;

	if (read(relay->child_signal, &info, sizeof(info)) < 0)
		return false;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid != relay->child)
			continue;
		ended = true;
		*status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) :
					     WEXITSTATUS(how);
	}
	return ended;
}

static void relay_until_exit(struct relay *relay, int *status)
{
	struct pollfd wake[WAKES] = { 0 };
	int i;

	for (;;) {
		wake[WAKE_OUT].fd = relay->out.from;
		wake[WAKE_ERR].fd = relay->err.from;
		wake[WAKE_KEYS].fd = relay->keys.from;
		wake[WAKE_HOST].fd = report_fd();
		wake[WAKE_CHILD].fd = relay->child_signal;
		for (i = 0; i < WAKES; i++)
			wake[i].events = POLLIN;
		if (poll(wake, WAKES, -1) < 0 && errno != EINTR)
			die("poll");
		if (wake[WAKE_OUT].revents)
			relay_chunk(&relay->out);
		if (wake[WAKE_ERR].revents)
			relay_chunk(&relay->err);
		if (wake[WAKE_KEYS].revents & POLLIN)
			relay_chunk(&relay->keys);
		if (wake[WAKE_HOST].revents)
			obey_host(relay);
		if (wake[WAKE_CHILD].revents && reap(relay, status))
			return;
	}
}

/* What the command left in a pipe; a daemon may still hold the other end. */
static void drain(struct stream *stream)
{
	if (stream->from < 0)
		return;
	fcntl(stream->from, F_SETFL, O_NONBLOCK);
	while (relay_chunk(stream))
		;
}

void command_run(bool tty, struct outcome *outcome)
{
	struct relay relay = {
		.out = { .from = -1, .to = port_open("stdout") },
		.err = { .from = -1, .to = port_open("stderr") },
		.keys = { .from = -1, .to = -1 },
	};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	relay.child_signal = signalfd(-1, &child, SFD_CLOEXEC);
	if (relay.child_signal < 0)
		die("signalfd");
	if (tty)
		start_on_terminal(&relay);
	else
		start_on_pipes(&relay);
	if (relay.child < 0)
		die("fork");
	relay_until_exit(&relay, &outcome->status);
	drain(&relay.out);
	drain(&relay.err);
	outcome->stdout_bytes = relay.out.bytes;
	outcome->stderr_bytes = relay.err.bytes;
}
