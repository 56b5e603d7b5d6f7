/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU before 8.1, where it emulates several CPUs in parallel, may keep a breakpoint for
 * ever that one CPU removed while another one was translating it ("accel/tcg: Always lock
 * pages before translation"). A CPU that comes to such a one never leaves it. Hooks come
 * and go by breakpoints; so on such a machine a test is on the first CPU while they do,
 * where the kernel's own workers are (selftests/vm/init): by default always, and on any
 * CPU as long as the hooks are held (scene_hold_hooks()).
 */
#ifndef TURNS_H
#define TURNS_H

/* This process, and whom it starts from now on: the first CPU, where CPUs are emulated. */
void turns_take(void);

/* All CPUs. */
void turns_end(void);

#endif /* TURNS_H */
