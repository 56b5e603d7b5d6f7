/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy and clear a slot. For so few bytes plain stores beat memcpy() and memset(),
 * which are calls and string instructions; WRITE_ONCE keeps the compiler from
 * turning the loops back into them.
 */
#ifndef PW_SLOT_H
#define PW_SLOT_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <linux/portwatch.h>

static __always_inline void pw_words_copy(void *to, const void *from,
					  unsigned int bytes)
{
	const u64 *source = from;
	u64 *target = to;
	unsigned int i;

#pragma GCC unroll 16
	for (i = 0; i < bytes / sizeof(u64); i++)
		WRITE_ONCE(target[i], source[i]);
}

static __always_inline void pw_words_clear(void *what, unsigned int bytes)
{
	u64 *target = what;
	unsigned int i;

#pragma GCC unroll 16
	for (i = 0; i < bytes / sizeof(u64); i++)
		WRITE_ONCE(target[i], 0);
}

#endif /* PW_SLOT_H */
