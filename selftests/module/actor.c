// SPDX-License-Identifier: GPL-2.0
/*
 * A process that does what a test asks for: actor CONTROL, where CONTROL is the
 * number of the descriptor on which requests come. Copied under other names, it
 * is the nginx or the curl of a test. Ends when the test is gone.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "perform.h"

static int serve(int *control);

static int say_hello(int control)
{
	struct answer hello = {
		.carried = -1, .pid = getpid(), .tid = syscall(SYS_gettid),
	};

	return message_send(control, &hello, sizeof(hello), -1);
}

/* In the child: serve the control socket that came along, and no other. */
static void become_child(int *control, int carried, struct answer *answer)
{
	close(*control);
	*control = carried;
	answer->pid = getpid();
	answer->tid = getpid();
}

static void after_fork(int *control, int carried, struct answer *answer)
{
	if (answer->result == 0)
		become_child(control, carried, answer);
	else
		close(carried);
}

/* The child must not return from here; its parent goes on when it has ended. */
static int __attribute__((noinline)) serve_as_child(int control)
{
	int pid = vfork();

	if (pid)
		return pid;
	if (say_hello(control))
		_exit(4);
	while (!serve(&control))
		;
	_exit(0);
}

static void *serve_on(void *argument)
{
	int control = (intptr_t)argument;

	if (say_hello(control))
		_exit(4);
	while (!serve(&control))
		;
	_exit(0);
}

/* The kernel keeps a thread that was the first one until all have ended. */
static void leave(int control)
{
	pthread_t thread;

	if (!pthread_create(&thread, NULL, serve_on, (void *)(intptr_t)control))
		syscall(SYS_exit, 0);
}

static int serve(int *control)
{
	struct request request;
	struct answer answer;
	int carried, err;

	err = message_receive(*control, &request, sizeof(request), &carried);
	if (err)
		return err;
	if (request.verb == DO_EXIT)
		_exit(request.a);
	if (request.verb == DO_LEAVE)
		leave(*control);
	if (request.verb == DO_EXEC)
		request.a = *control;
	perform(&request, carried, &answer);
	if (request.verb == DO_FORK)
		after_fork(control, carried, &answer);
	if (request.verb == DO_VFORK) {
		answer.result = serve_as_child(carried);
		close(carried);
	}
	return message_send(*control, &answer, sizeof(answer), answer.carried);
}

int main(int argc, char **argv)
{
	int control;

	if (argc != 2)
		return 2;
	control = atoi(argv[1]);
	if (say_hello(control))
		return 4;
	while (!serve(&control))
		;
	return 0;
}
