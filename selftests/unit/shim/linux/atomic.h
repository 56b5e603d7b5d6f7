/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_ATOMIC_H
#define SHIM_ATOMIC_H

#include <asm/barrier.h>

typedef struct {
	int counter;
} atomic_t;

#define atomic_inc(atomic)	__atomic_fetch_add(&(atomic)->counter, 1, __ATOMIC_RELAXED)
#define atomic_dec(atomic)	__atomic_fetch_sub(&(atomic)->counter, 1, __ATOMIC_RELAXED)
#define smp_mb__before_atomic()	__atomic_thread_fence(__ATOMIC_SEQ_CST)

#endif
