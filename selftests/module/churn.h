/* SPDX-License-Identifier: GPL-2.0 */
/* Other processes that open, connect, accept and close all the time. */
#ifndef CHURN_H
#define CHURN_H

#include <sys/types.h>

#include "address.h"

#define CHURNERS 2

struct churn {
	pid_t processes[CHURNERS];
};

void churn_begin(struct churn *churn);
void churn_end(struct churn *churn);

/* A socket that listens on a free port of the loopback, or a negative errno. */
int churn_listen(struct target *name, int backlog);

/* A connection to it, closed at once; 0 or a negative errno. */
int churn_connect(const struct target *name);

/* A UDP socket takes a free port of the loopback and gives it back; likewise. */
int churn_bind(void);

#endif /* CHURN_H */
