/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers by chance, the same ones in each run: PW_SEED in the environment asks for others. */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>
#include <stdlib.h>

struct chance {
	uint64_t state;
};

static inline struct chance chance_begin(uint64_t number)
{
	const char *text = getenv("PW_SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 1;

	return (struct chance){
		.state = (seed * 0x9e3779b97f4a7c15ULL ^ number) | 1,
	};
}

/* xorshift64* */
static inline uint64_t chance_word(struct chance *chance)
{
	chance->state ^= chance->state >> 12;
	chance->state ^= chance->state << 25;
	chance->state ^= chance->state >> 27;
	return chance->state * 0x2545f4914f6cdd1dULL;
}

/* Less than @limit. */
static inline uint64_t chance_below(struct chance *chance, uint64_t limit)
{
	return (chance_word(chance) >> 11) % limit;
}

#define CHANCE_OF(chance, list) \
	((list)[chance_below(chance, sizeof(list) / sizeof((list)[0]))])

#endif /* CHANCE_H */
