/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_POOL_H
#define PW_POOL_H

#include <stddef.h>
#include <stdint.h>

struct pw_pool_chunk;

/* Memory that is given out in pieces and freed as a whole; starts as zeroes. */
struct pw_pool {
	struct pw_pool_chunk *chunks;
	const char **table;
	size_t size;
	size_t used;
};

/* @size bytes, aligned for any type, or NULL. */
void *pw_pool_alloc(struct pw_pool *pool, size_t size);

/*
 * @len bytes with a 0 byte behind them; the same for the same text, so that a
 * thousand processes of one program cost one path. NULL: no memory.
 */
const char *pw_pool_keep(struct pw_pool *pool, const void *text, size_t len);

void pw_pool_free(struct pw_pool *pool);

#endif
