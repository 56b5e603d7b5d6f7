/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured: things that programs do with sockets, on loopback.
 */
#ifndef OPERATION_H
#define OPERATION_H

/**
 * struct operation - something to do many times
 *
 * @name:	what it is called
 * @what:	in words
 * @batch:	how often it is done for one measurement
 * @perform:	do it @count times; returns 0, or -1 with errno
 */
struct operation {
	const char *name;
	const char *what;
	unsigned int batch;
	int (*perform)(unsigned int count);
};

/* All of them; one without a name is after the last. */
extern const struct operation operations[];

/* Before the first; 0, or -1 with errno. */
int operations_prepare(void);

#endif /* OPERATION_H */
