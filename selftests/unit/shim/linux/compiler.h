/* SPDX-License-Identifier: GPL-2.0 */
/*
 * As much of the kernel as kmod/ring.c and kmod/beacon.h need, so that the tests
 * run the module's own code.
 */
#ifndef SHIM_COMPILER_H
#define SHIM_COMPILER_H

#define unlikely(x)	__builtin_expect(!!(x), 0)
#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)

#define OPTIMIZER_HIDE_VAR(x)	__asm__ ("" : "+r" (x))

#undef static_assert
#define static_assert(expr) _Static_assert(expr, #expr)

#endif
