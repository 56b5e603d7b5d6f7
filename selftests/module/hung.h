/* SPDX-License-Identifier: GPL-2.0 */
/* A send() that hangs, with its socket locked, while the kernel copies what is sent. */
#ifndef HUNG_H
#define HUNG_H

#include <pthread.h>

/**
 * struct hung - such a call
 *
 * @fd:		socket
 * @fault:	userfaultfd
 * @page:	what is sent; nobody has filled it yet
 */
struct hung {
	int fd;
	int fault;
	void *page;
	pthread_t thread;
};

/* 0 when it hangs, or a negative errno; -ENOSYS: this kernel cannot do that. */
int hung_begin(struct hung *hung, int fd);

/* It goes on, and has ended. */
int hung_end(struct hung *hung);

#endif /* HUNG_H */
