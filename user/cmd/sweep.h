/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader that runs for weeks forgets whom no open socket can name any more: then its
 * memory does not grow with the time.
 */
#ifndef PW_SWEEP_H
#define PW_SWEEP_H

#include "stream.h"

/**
 * struct pw_sweep - when to forget
 *
 * @processes:	how many the reader remembers then; 0 at first
 * @under_way:	a snapshot was asked for, to forget after it
 */
struct pw_sweep {
	size_t processes;
	bool under_way;
};

/* Time to look: between two events. Return: whether the reader has forgotten. */
bool pw_sweep_look(struct pw_sweep *sweep, struct pw_stream *stream);

#endif
