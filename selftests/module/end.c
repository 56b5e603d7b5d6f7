// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "end.h"
#include "patience.h"

/* A connection that is over has forgotten its addresses; the test has not. */
static void end_learn(struct end *end, const struct facts *facts)
{
	struct facts before = end->facts;

	end->facts = *facts;
	if (before.remote.family && !facts->remote.family) {
		end->facts.local = before.local;
		end->facts.remote = before.remote;
	}
}

static int end_do(struct end *end, struct request *request,
		  struct answer *answer)
{
	int result;

	request->fd = end->fd;
	result = process_do(end->process, request, answer);
	if (answer->facts.cookie)
		end_learn(end, &answer->facts);
	return result;
}

static int end_do_simple(struct end *end, enum verb verb, int a, int b, int c)
{
	struct request request = { .verb = verb, .a = a, .b = b, .c = c };
	struct answer answer;

	return end_do(end, &request, &answer);
}

static void end_own(struct end *end, struct process *process,
		    const struct answer *answer)
{
	end->process = process;
	end->owner = process->who;
	end->owner.tid = answer->tid;
	end->fd = answer->result;
	end->facts = answer->facts;
	end->born[0] = answer->before;
	end->born[1] = answer->after;
	end->begun[0] = answer->before;
	end->begun[1] = answer->after;
}

/* When it was put in the accept queue is not known here. */
static void end_own_accepted(struct end *end, struct process *process,
			     const struct answer *answer)
{
	end_own(end, process, answer);
	end->begun[0] = 0;
}

int end_open_protocol(struct end *end, struct process *process, int domain,
		      int type, int protocol)
{
	struct request request = {
		.verb = DO_OPEN, .fd = -1, .a = domain, .b = type, .c = protocol,
	};
	struct answer answer;
	int result;

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	result = process_do(process, &request, &answer);
	if (result >= 0)
		end_own(end, process, &answer);
	return result < 0 ? result : 0;
}

int end_open(struct end *end, struct process *process, int domain, int type)
{
	return end_open_protocol(end, process, domain, type, 0);
}

int end_bind(struct end *end, struct target target)
{
	struct request request = { .verb = DO_BIND, .target = target };
	struct answer answer;
	int result;

	end->asked = address_of(&target.any);
	result = end_do(end, &request, &answer);
	if (!result) {
		end->taken[0] = answer.before;
		end->taken[1] = answer.after;
		end->named = end->asked.port;
	}
	return result;
}

int end_bindx(struct end *end, struct target target)
{
	struct request request = {
		.verb = DO_BINDX, .target = target,
	};
	struct answer answer;

	end->asked = address_of(&target.any);
	return end_do(end, &request, &answer);
}

int end_listen(struct end *end, int backlog)
{
	struct request request = { .verb = DO_LISTEN, .a = backlog };
	struct answer answer;
	int result = end_do(end, &request, &answer);

	if (!result && !end->listening) {
		end->begun[0] = answer.before;
		end->begun[1] = answer.after;
		end->listening = true;
	}
	return result;
}

static bool end_is_stream(const struct end *end)
{
	return end->facts.protocol == IPPROTO_TCP ||
	       end->facts.protocol == IPPROTO_MPTCP;
}

/*
 * A connect that failed has wiped what the test wants to know. The address of
 * this machine that was asked is also where it was asked from.
 */
static void end_remember_attempt(struct end *end)
{
	if (end->facts.has_remote || end->asked.family == AF_UNSPEC)
		return;
	end->facts.remote = end->asked;
	if (end_is_stream(end) && end_port(end) &&
	    address_is_any(&end->facts.local)) {
		end->asked.port = end_port(end);
		end->facts.local = end->asked;
		end->asked = end->facts.remote;
	}
}

int end_connect(struct end *end, struct target target)
{
	struct request request = { .verb = DO_CONNECT, .target = target };
	struct answer answer;
	int result;

	end->asked = address_of(&target.any);
	result = end_do(end, &request, &answer);
	if (end->facts.type == SOCK_STREAM || end->facts.domain == AF_VSOCK) {
		end->begun[0] = answer.before;
		end->begun[1] = answer.after;
	}
	end_remember_attempt(end);
	return result;
}

int end_fast_open(struct end *end, int bytes, int flags, struct target target)
{
	struct request request = {
		.verb = DO_SEND_TO, .a = bytes, .b = MSG_FASTOPEN | flags,
		.target = target,
	};
	struct answer answer;
	int result;

	end->asked = address_of(&target.any);
	result = end_do(end, &request, &answer);
	end->begun[0] = answer.before;
	end->begun[1] = answer.after;
	end_remember_attempt(end);
	if (result > 0)
		end->tx += result;
	return result;
}

int end_outcome(struct end *end)
{
	struct request request = { .verb = DO_OUTCOME };
	struct answer answer;
	int result = end_do(end, &request, &answer);

	end->begun[1] = answer.after;
	return result;
}

int end_accept(struct end *end, struct end *listener)
{
	struct request request = { .verb = DO_ACCEPT, .fd = listener->fd };
	struct answer answer;
	int result;

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	result = process_do(listener->process, &request, &answer);
	if (result >= 0)
		end_own_accepted(end, listener->process, &answer);
	return result < 0 ? result : 0;
}

int end_peel_off(struct end *end, struct end *from, int which)
{
	struct request request = {
		.verb = DO_PEEL_OFF, .fd = from->fd, .a = which,
	};
	struct answer answer;
	int result;

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	result = process_do(from->process, &request, &answer);
	if (result >= 0)
		end_own(end, from->process, &answer);
	return result < 0 ? result : 0;
}

int end_accept_begin(struct end *listener, bool in_thread)
{
	struct request request = {
		.verb = DO_ACCEPT, .fd = listener->fd, .thread = in_thread,
	};

	return process_begin(listener->process, &request, -1);
}

int end_accept_finish(struct end *end, struct end *listener)
{
	struct answer answer;
	int result, carried;

	memset(end, 0, sizeof(*end));
	end->fd = -1;
	result = process_finish(listener->process, &answer, &carried);
	if (result >= 0)
		end_own_accepted(end, listener->process, &answer);
	return result < 0 ? result : 0;
}

int end_close(struct end *end)
{
	struct request request = { .verb = DO_CLOSE };
	struct answer answer;
	int result = end_do(end, &request, &answer);

	end->closing = answer.before;
	end->fd = -1;
	return result;
}

void end_close_in_turn(struct end *first, struct end *second)
{
	end_close(first);
	end_receive(second, 1);
	end_close(second);
}

int end_wait_queued(struct end *listener, unsigned int count)
{
	int i;

	for (i = 0; i < patient(5000); i++) {
		end_facts(listener);
		if (listener->facts.queued == count)
			return 0;
		poll(NULL, 0, 1);
	}
	return -ETIMEDOUT;
}

int end_shutdown(struct end *end, int how)
{
	return end_do_simple(end, DO_SHUTDOWN, how, 0, 0);
}

int end_send(struct end *end, int bytes)
{
	int result = end_do_simple(end, DO_SEND, bytes, 0, 0);

	if (result > 0)
		end->tx += result;
	return result;
}

int end_send_to(struct end *end, int bytes, struct target target)
{
	struct request request = {
		.verb = DO_SEND_TO, .a = bytes, .target = target,
	};
	struct answer answer;

	return end_do(end, &request, &answer);
}

int end_receive(struct end *end, int bytes)
{
	int result = end_do_simple(end, DO_RECEIVE, bytes, 0, 0);

	if (result > 0)
		end->rx += result;
	return result;
}

static int end_pass(struct end *from, struct end *to, int bytes)
{
	int result = end_send(from, bytes);

	if (result == bytes)
		result = end_receive(to, bytes);
	if (result == bytes)
		return 0;
	return result < 0 ? result : -EIO;
}

int end_talk(struct end *end, struct end *other, int there, int back)
{
	int err = end_pass(end, other, there);

	return err ? err : end_pass(other, end, back);
}

int end_drain(struct end *end)
{
	return end_do_simple(end, DO_DRAIN, 0, 0, 0);
}

int end_option(struct end *end, int level, int name, int value)
{
	return end_do_simple(end, DO_OPTION, level, name, value);
}

int end_linger_zero(struct end *end)
{
	return end_do_simple(end, DO_LINGER_ZERO, 0, 0, 0);
}

int end_device(struct end *end, const char *name)
{
	struct request request = { .verb = DO_DEVICE };
	struct answer answer;

	snprintf(request.text, sizeof(request.text), "%s", name);
	return end_do(end, &request, &answer);
}

int end_deaf(struct end *end, bool deaf)
{
	return end_do_simple(end, DO_DEAF, deaf, 0, 0);
}

int end_nonblock(struct end *end)
{
	return end_do_simple(end, DO_NONBLOCK, 0, 0, 0);
}

int end_facts(struct end *end)
{
	return end_do_simple(end, DO_FACTS, 0, 0, 0);
}

/* The test carries the descriptor from one process to the other. */
int end_give(struct end *end, struct process *to, struct end *copy)
{
	struct request give = { .verb = DO_GIVE, .fd = end->fd };
	struct request take = { .verb = DO_TAKE, .fd = -1 };
	struct answer answer;
	int carried, none, result;

	result = process_begin(end->process, &give, -1);
	if (!result)
		result = process_finish(end->process, &answer, &carried);
	if (result < 0)
		return result;
	result = process_begin(to, &take, carried);
	close(carried);
	if (!result)
		result = process_finish(to, &answer, &none);
	if (result < 0)
		return result;
	*copy = *end;
	copy->process = to;
	copy->fd = answer.result;
	return 0;
}

int end_put_in_flight(struct end *end, int pair[2])
{
	struct request give = { .verb = DO_GIVE, .fd = end->fd };
	struct answer answer;
	int carried, err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	err = process_begin(end->process, &give, -1);
	if (!err)
		err = process_finish(end->process, &answer, &carried);
	if (!err)
		err = message_send(pair[0], "x", 1, carried);
	close(carried);
	return err ? err : end_close(end);
}

int end_strand(struct end *end)
{
	return end_do_simple(end, DO_STRAND, 0, 0, 0);
}

int end_steal(struct end *end, struct process *thief, struct end *copy)
{
	struct request request = {
		.verb = DO_STEAL, .fd = -1, .a = end->process->who.pid,
		.b = end->fd,
	};
	struct answer answer;
	int result = process_do(thief, &request, &answer);

	if (result < 0)
		return result;
	*copy = *end;
	copy->process = thief;
	copy->fd = result;
	return 0;
}

struct end end_in(const struct end *end, struct process *child)
{
	struct end copy = *end;

	copy.process = child;
	return copy;
}

uint16_t end_port(const struct end *end)
{
	return end->facts.local.port;
}
