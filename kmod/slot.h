/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copy and clear a slot. For so few bytes plain stores beat memcpy() and memset(),
 * which are calls and string instructions. The compiler is not to turn the loops back
 * into them: hence WRITE_ONCE, and a word in between of which it knows nothing.
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
	for (i = 0; i < bytes / sizeof(u64); i++) {
		u64 word = source[i];

		OPTIMIZER_HIDE_VAR(word);
		target[i] = word;
	}
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
