/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signals, as something to poll.
 *
 * A handler would need a global, and would have to guess what it interrupts. Here
 * SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGWINCH are blocked and read from a descriptor,
 * at places of our choice. SIGPIPE is ignored: a write says EPIPE.
 */
#ifndef PW_SIGNALS_H
#define PW_SIGNALS_H

/* What came. */
#define PW_SIGNALS_END		1
#define PW_SIGNALS_RESIZE	2
#define PW_SIGNALS_HANGUP	3
#define PW_SIGNALS_DUMP		4

/* Return: the descriptor or -errno. */
int pw_signals_open(void);

/* Does not wait. Return: PW_SIGNALS_*, or 0: none came. */
int pw_signals_next(int fd);

#endif
