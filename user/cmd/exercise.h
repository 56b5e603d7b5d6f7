/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What makes hooks fire: private sockets on the loopback, used in every way.
 */
#ifndef PW_EXERCISE_H
#define PW_EXERCISE_H

#include <stdint.h>

enum pw_exercise {
	PW_EXERCISE_TCP,	/* a connection that is closed in order */
	PW_EXERCISE_TCP6,
	PW_EXERCISE_RESET,	/* one that is reset */
	PW_EXERCISE_UDP,	/* connect without bind, disconnect */
	PW_EXERCISE_UDP6,
	PW_EXERCISE_MPTCP,
	PW_EXERCISE_SCTP,	/* only where its module is loaded */
	PW_EXERCISE_VSOCK,	/* only where its loopback is loaded */
	PW_EXERCISE_EXIT,	/* a process ends that has a socket */
	PW_EXERCISES,
};

/*
 * Does them all, each in at most a second or two. Return: bits of those that went
 * well, 1 << enum pw_exercise; the others this machine does not allow.
 */
uint32_t pw_exercise_all(void);

#endif
