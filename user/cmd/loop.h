/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_LOOP_H
#define PW_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <portwatch.h>

#include "fmt/output.h"

#define PW_LOOP_FOR_EVER	UINT64_MAX

/**
 * struct pw_loop - reads events until it is told to end
 *
 * @reader:	where from
 * @output:	what they are written to: when nobody reads it any more the loop
 *		ends, with -EPIPE in its error
 * @signals:	of pw_signals_open()
 * @duration:	nanoseconds after which it ends, or PW_LOOP_FOR_EVER
 * @interrupted: set when a signal ended it
 * @context:	for the functions
 * @event:	gets each event; returns 1 to end, 0 to go on, or -errno
 * @idle:	everything that happened has been given: time to flush or to draw
 * @resize:	the terminal has another size; may be NULL
 * @hangup:	SIGHUP came; NULL: it ends the loop
 * @dump:	the same for SIGUSR1; what happened until then was given before
 * @dump_at:	when that came, 0: it was done
 */
struct pw_loop {
	struct portwatch_reader *reader;
	struct pw_output *output;
	int signals;
	uint64_t duration;
	bool interrupted;
	void *context;
	int (*event)(void *context, const struct portwatch_item *item);
	void (*idle)(void *context);
	void (*resize)(void *context);
	void (*hangup)(void *context);
	void (*dump)(void *context);
	uint64_t dump_at;
};

/*
 * Runs until the end of a recording, @duration, a signal, an error of output or
 * what @event says. What happened up to that moment is still given out.
 *
 * Return: 0 or -errno of the reader.
 */
int pw_loop_run(struct pw_loop *loop);

#endif
