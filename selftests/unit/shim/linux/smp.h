/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_SMP_H
#define SHIM_SMP_H

/* The CPU whose part the running thread plays: memory.c. */
extern _Thread_local unsigned int shim_cpu;

#define smp_processor_id()	shim_cpu

#endif
