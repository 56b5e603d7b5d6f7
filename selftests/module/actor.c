// SPDX-License-Identifier: GPL-2.0
/*
 * A process that does what a test asks for: actor CONTROL, where CONTROL is the
 * number of the descriptor on which requests come. Copied under other names, it
 * is the nginx or the curl of a test. Ends when the test is gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "perform.h"

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
	if (request.verb == DO_EXEC)
		request.a = *control;
	perform(&request, carried, &answer);
	if (request.verb == DO_FORK)
		after_fork(control, carried, &answer);
	return message_send(*control, &answer, sizeof(answer), answer.carried);
}

int main(int argc, char **argv)
{
	struct answer hello = { .carried = -1, .pid = getpid() };
	int control;

	if (argc != 2)
		return 2;
	control = atoi(argv[1]);
	if (message_send(control, &hello, sizeof(hello), -1))
		return 4;
	while (!serve(&control))
		;
	return 0;
}
