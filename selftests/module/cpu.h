/* SPDX-License-Identifier: GPL-2.0 */
/* CPUs that go and come. The first one always stays. */
#ifndef CPU_H
#define CPU_H

#include <stdbool.h>

/* Those that the machine has, whether they are on or off. */
unsigned int cpu_count(void);

/* 0 or a negative errno: -ENOENT where that CPU cannot be switched. */
int cpu_switch(unsigned int cpu, bool on);

/* All but the first one. */
int cpu_switch_others(bool on);

#endif /* CPU_H */
