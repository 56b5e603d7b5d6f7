/* SPDX-License-Identifier: GPL-2.0 */
/* What each target defines, by the name that libFuzzer knows. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A fact that no input may break. */
static inline void must(int fact)
{
	if (!fact)
		abort();
}

#endif
