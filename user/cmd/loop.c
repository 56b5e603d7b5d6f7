/* SPDX-License-Identifier: GPL-2.0 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "loop.h"
#include "signals.h"

#define SECOND		1000000000ULL
#define MILLISECOND	1000000ULL

/* Events between two looks for signals, while the stream never runs dry. */
#define EVENTS_MAX	256

/*
 * A record that is lost while nothing else happens wakes nobody: the library looks
 * for it when it is asked for the next event.
 */
#define WAIT_MAX_MS	1000

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* Takes the signals that came; the end is now if one of them says so. */
static void take_signals(struct pw_loop *loop, uint64_t *end)
{
	int signal;

	while ((signal = pw_signals_next(loop->signals))) {
		if (signal == PW_SIGNALS_RESIZE) {
			if (loop->resize)
				loop->resize(loop->context);
			continue;
		}
		if (signal == PW_SIGNALS_HANGUP && loop->hangup) {
			loop->hangup(loop->context);
			continue;
		}
		if (signal == PW_SIGNALS_DUMP && loop->dump) {
			loop->dump_at = now();
			continue;
		}
		loop->interrupted = true;
		*end = now();
	}
}

/* All that happened before @time has been given. */
static void dump_if_due(struct pw_loop *loop, uint64_t time)
{
	if (!loop->dump_at || time < loop->dump_at)
		return;
	loop->dump_at = 0;
	loop->dump(loop->context);
}

/* Gives out what there is, up to @end: 1 to end, 0 when it ran dry, or -errno. */
static int drain(struct pw_loop *loop, bool live, uint64_t *end)
{
	struct portwatch_item item;
	unsigned int count = 0;
	int ret;

	while ((ret = portwatch_reader_next(loop->reader, &item, 0)) > 0) {
		ret = loop->event(loop->context, &item);
		if (ret)
			return ret;
		dump_if_due(loop, item.slot->time);
		if (loop->output->error || (live && item.slot->time >= *end))
			return 1;
		if (++count % EVENTS_MAX)
			continue;
		take_signals(loop, end);
		if (loop->interrupted && !live)
			return 1;
	}
	return ret;
}

static int timeout_until(uint64_t end)
{
	uint64_t left, time = now();

	if (end == PW_LOOP_FOR_EVER)
		return WAIT_MAX_MS;
	left = end > time ? (end - time + MILLISECOND - 1) / MILLISECOND : 0;
	return left < WAIT_MAX_MS ? (int)left : WAIT_MAX_MS;
}

/* Waits for events, signals, or the other end of the output to go away. */
static int wait(struct pw_loop *loop, uint64_t end)
{
	struct pollfd fds[] = {
		{ .fd = portwatch_reader_fd(loop->reader), .events = POLLIN },
		{ .fd = loop->signals, .events = POLLIN },
		{ .fd = loop->output->may_block ? loop->output->fd : -1 },
	};
	const short gone = POLLERR | POLLHUP | POLLNVAL;

	if (poll(fds, 3, timeout_until(end)) < 0 && errno != EINTR)
		return -errno;
	if (fds[0].revents & gone)
		return -EIO;
	if (fds[2].revents & gone)
		loop->output->error = EPIPE;
	return 0;
}

int pw_loop_run(struct pw_loop *loop)
{
	bool live = portwatch_reader_fd(loop->reader) >= 0;
	uint64_t end = PW_LOOP_FOR_EVER;
	int ret;

	if (live && loop->duration != PW_LOOP_FOR_EVER)
		end = now() + loop->duration;
	for (;;) {
		ret = drain(loop, live, &end);
		loop->idle(loop->context);
		dump_if_due(loop, UINT64_MAX);
		if (ret || !live || loop->output->error)
			break;
		if (loop->interrupted || (end != PW_LOOP_FOR_EVER && now() >= end))
			break;
		ret = wait(loop, end);
		if (ret || loop->output->error)
			break;
		take_signals(loop, &end);
	}
	return ret < 0 ? ret : 0;
}
