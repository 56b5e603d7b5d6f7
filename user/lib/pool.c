/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

#define CHUNK_SIZE	(64 * 1024)
#define TABLE_MIN	256

struct pw_pool_chunk {
	struct pw_pool_chunk *next;
	size_t size;
	size_t used;
	max_align_t pieces[];
};

/* Stands before each kept text, to compare and to grow the table by. */
struct prefix {
	uint64_t hash;
	size_t len;
};

static struct pw_pool_chunk *add_chunk(struct pw_pool *pool, size_t size)
{
	struct pw_pool_chunk *chunk;

	if (size < CHUNK_SIZE - sizeof(*chunk))
		size = CHUNK_SIZE - sizeof(*chunk);
	chunk = malloc(sizeof(*chunk) + size);
	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->used = 0;
	chunk->next = pool->chunks;
	pool->chunks = chunk;
	return chunk;
}

void *pw_pool_alloc(struct pw_pool *pool, size_t size)
{
	struct pw_pool_chunk *chunk = pool->chunks;
	const size_t align = _Alignof(max_align_t);
	void *piece;

	size = (size + align - 1) / align * align;
	if (!chunk || chunk->size - chunk->used < size)
		chunk = add_chunk(pool, size);
	if (!chunk)
		return NULL;
	piece = (char *)chunk->pieces + chunk->used;
	chunk->used += size;
	return piece;
}

/* FNV-1a */
static uint64_t hash_text(const unsigned char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	while (len--)
		hash = (hash ^ *text++) * 0x100000001b3;
	return hash ^ hash >> 32;
}

static struct prefix *prefix_of(const char *text)
{
	return (struct prefix *)(uintptr_t)text - 1;
}

/* The place of a text in the table: where it is, or the free one for it. */
static const char **find_place(const struct pw_pool *pool,
			       const void *text, size_t len, uint64_t hash)
{
	size_t i = hash & (pool->size - 1);
	const struct prefix *prefix;

	for (; pool->table[i]; i = (i + 1) & (pool->size - 1)) {
		prefix = prefix_of(pool->table[i]);
		if (prefix->hash == hash && prefix->len == len &&
		    !memcmp(pool->table[i], text, len))
			break;
	}
	return &pool->table[i];
}

static bool grow(struct pw_pool *pool)
{
	struct pw_pool larger = *pool;
	const struct prefix *prefix;
	size_t i;

	larger.size = pool->size ? 2 * pool->size : TABLE_MIN;
	larger.table = calloc(larger.size, sizeof(*larger.table));
	if (!larger.table)
		return false;
	for (i = 0; i < pool->size; i++) {
		if (!pool->table[i])
			continue;
		prefix = prefix_of(pool->table[i]);
		*find_place(&larger, pool->table[i], prefix->len,
			    prefix->hash) = pool->table[i];
	}
	free(pool->table);
	*pool = larger;
	return true;
}

static const char *copy_text(struct pw_pool *pool, const void *text, size_t len,
			     uint64_t hash)
{
	struct prefix *prefix;
	char *copy;

	prefix = pw_pool_alloc(pool, sizeof(*prefix) + len + 1);
	if (!prefix)
		return NULL;
	prefix->hash = hash;
	prefix->len = len;
	copy = (char *)(prefix + 1);
	memcpy(copy, text, len);
	copy[len] = 0;
	return copy;
}

const char *pw_pool_keep(struct pw_pool *pool, const void *text, size_t len)
{
	uint64_t hash = hash_text(text, len);
	const char **place;

	if (2 * pool->used >= pool->size && !grow(pool))
		return NULL;
	place = find_place(pool, text, len, hash);
	if (!*place) {
		*place = copy_text(pool, text, len, hash);
		pool->used += *place != NULL;
	}
	return *place;
}

void pw_pool_free(struct pw_pool *pool)
{
	struct pw_pool_chunk *chunk, *next;

	for (chunk = pool->chunks; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(pool->table);
	memset(pool, 0, sizeof(*pool));
}
