// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"

int churn_listen(struct target *name, int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*name = target_loopback(IPV4, 0);
	if (fd < 0 || bind(fd, &name->any, name->length) ||
	    getsockname(fd, &name->any, &name->length) || listen(fd, backlog))
		return -errno;
	return fd;
}

int churn_connect(const struct target *name)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (connect(fd, &name->any, name->length))
		err = -errno;
	close(fd);
	return err;
}

static void churn(void)
{
	struct target name, udp = target_loopback(IPV6, 53);
	int listener = churn_listen(&name, 16), fd;

	for (;;) {
		churn_connect(&name);
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		close(fd);
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		connect(fd, &udp.any, udp.length);
		close(fd);
	}
}

void churn_begin(struct churn *churners)
{
	int i;

	fflush(NULL);
	for (i = 0; i < CHURNERS; i++) {
		churners->processes[i] = fork();
		if (churners->processes[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* In what is left of the CPU: the test itself has to go on. */
		nice(19);
		churn();
	}
}

void churn_end(struct churn *churners)
{
	int i;

	for (i = 0; i < CHURNERS; i++) {
		kill(churners->processes[i], SIGKILL);
		waitpid(churners->processes[i], NULL, 0);
	}
}

int churn_bind(void)
{
	struct target target = target_loopback(IPV4, 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = bind(fd, &target.any, target.length) ? -errno : 0;
	close(fd);
	return err;
}
