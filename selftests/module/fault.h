/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's fault injection: the nth allocation that this thread makes from now on
 * fails, or copy from or to it (Documentation/fault-injection of the kernel). Those that
 * the kernel makes to take a probe away are spared: it cannot do without.
 */
#ifndef FAULT_H
#define FAULT_H

/*
 * A descriptor for the calling thread, or a negative errno: -ENOENT where the kernel
 * cannot do it (the options of selftests/vm/debug.config).
 */
int fault_open(void);

/* The @nth of them from now on fails; 0: none. 0 or a negative errno. */
int fault_arm(int fd, unsigned int nth);

/*
 * From now on none fails. How many more there would have been before that one: 0 means
 * that it has failed.
 */
unsigned int fault_disarm(int fd);

#endif /* FAULT_H */
