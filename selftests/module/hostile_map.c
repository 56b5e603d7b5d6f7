// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile_map.h"

/* What was asked for, and what came. */
struct mapping {
	uint64_t offset;
	size_t size;
	int protection;
	int flags;
	bool reader;		/* by the descriptor that is only to read */
	bool consumers;		/* begins in what readers write */
	char *area;
};

/* Where the area ends that an offset is in; 0: in none. */
static uint64_t end_of(const struct portwatch_header *header, uint64_t offset)
{
	const uint64_t ends[] = {
		header->page_size,
		header->beacon_offset + header->beacon_bytes,
		header->ring_offset + header->nr_rings * header->ring_stride,
		header->consumer_offset +
			header->nr_rings * header->consumer_stride,
	};
	unsigned int i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (offset < ends[i])
			return ends[i];
	return 0;
}

static void choose(struct mapping *mapping, struct chance *chance,
		   const struct portwatch_header *header)
{
	const uint64_t page = header->page_size;
	const uint64_t places[] = {
		0, header->beacon_offset, header->ring_offset,
		header->ring_offset + header->ring_stride,
		header->consumer_offset, header->consumer_offset,
		end_of(header, header->consumer_offset),
	};
	const int flags[] = {
		MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_SHARED_VALIDATE,
		MAP_SHARED | MAP_POPULATE, MAP_SHARED | MAP_NORESERVE, MAP_PRIVATE,
		MAP_PRIVATE | MAP_POPULATE, MAP_SHARED | MAP_LOCKED,
	};

	mapping->offset = CHANCE_OF(chance, places);
	if (chance_below(chance, 4) == 0)
		mapping->offset += (chance_below(chance, 7) - 3) * page;
	if (chance_below(chance, 16) == 0)
		mapping->offset = chance_word(chance) & -page;
	mapping->size = page * (1 + chance_below(chance, 3));
	if (chance_below(chance, 4) == 0)
		mapping->size = end_of(header, mapping->offset) - mapping->offset +
				(chance_below(chance, 3) - 1) * page;
	if (chance_below(chance, 16) == 0)
		mapping->size = chance_word(chance) & ((1ULL << 40) - 1);
	mapping->size += !mapping->size;
	mapping->protection = chance_below(chance, 2) ?
			      PROT_READ : chance_below(chance, 8);
	mapping->flags = CHANCE_OF(chance, flags);
	mapping->reader = chance_below(chance, 4) == 0;
}

/* What the header file says: shared, inside one area, for no code; writable are tails. */
static bool is_to_be_had(const struct mapping *mapping,
			 const struct portwatch_header *header)
{
	uint64_t end = end_of(header, mapping->offset);

	if (!end || mapping->size > end - mapping->offset ||
	    mapping->protection & PROT_EXEC ||
	    (mapping->flags & MAP_TYPE) == MAP_PRIVATE)
		return false;
	return !(mapping->protection & PROT_WRITE) ||
	       (mapping->consumers && !mapping->reader);
}

static bool is_documented(int err)
{
	return err == EINVAL || err == EPERM || err == EACCES || err == ENOMEM ||
	       err == EOVERFLOW;
}

static bool complain(const struct mapping *mapping, const char *what)
{
	fprintf(stderr, "# %s: offset %#llx, %zu bytes, protection %d, flags %#x%s: %s\n",
		what, (unsigned long long)mapping->offset, mapping->size,
		mapping->protection, mapping->flags,
		mapping->reader ? ", to read only" : "", strerror(errno));
	return true;
}

/* Of the first word of a mapping that may be writable now. */
static bool try_write(struct hostile_map *map, const struct mapping *mapping)
{
	uint64_t word = 0;
	bool may = mapping->consumers && !mapping->reader;

	/* The kernel's own way around protections, which debuggers use. */
	if (pwrite(map->memory, &word, sizeof(word),
		   (uintptr_t)mapping->area) != sizeof(word))
		return false;
	map->written++;
	return !may && complain(mapping, "could be written by /proc/self/mem");
}

static bool try_protection(const struct mapping *mapping, struct chance *chance)
{
	int protection = chance_below(chance, 8);
	bool may = !(protection & PROT_EXEC) &&
		   (!(protection & PROT_WRITE) ||
		    (mapping->consumers && !mapping->reader));
	int err = mprotect(mapping->area, mapping->size, protection) ? errno : 0;

	if (err != (may ? 0 : EACCES))
		return complain(mapping, "mprotect()");
	return false;
}

/* It cannot grow, whether it may move or not; a second one is not made of it. */
static bool try_growth(const struct mapping *mapping, struct chance *chance,
		       size_t page)
{
	size_t old = chance_below(chance, 2) ? mapping->size : 0;
	size_t new = mapping->size + page * (1 + chance_below(chance, 4));
	void *area = mremap(mapping->area, old, new, MREMAP_MAYMOVE);

	return area != MAP_FAILED && complain(mapping, "mremap() to more");
}

/* Advice that loses pages, or that would let the kernel do something with them. */
static bool try_advice(const struct mapping *mapping, struct chance *chance)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_REMOVE, MADV_FREE, MADV_MERGEABLE, MADV_HUGEPAGE,
		MADV_WILLNEED, MADV_DODUMP, MADV_COLD, MADV_PAGEOUT, MADV_WIPEONFORK,
		MADV_HWPOISON + 100,
	};

	madvise(mapping->area, mapping->size, CHANCE_OF(chance, advice));
	mlock(mapping->area, mapping->size);
	return false;
}

/* From one end or from the middle; what is left is as it was. */
static bool try_hole(const struct mapping *mapping, struct chance *chance, size_t page)
{
	size_t pages = mapping->size / page;
	size_t first = chance_below(chance, pages);
	size_t count = 1 + chance_below(chance, pages - first);

	if (munmap(mapping->area + first * page, count * page))
		return complain(mapping, "munmap() of a part");
	return false;
}

static bool use(struct hostile_map *map, struct mapping *mapping,
		struct chance *chance)
{
	size_t page = map->header->page_size;
	bool bad = false;
	int i;

	for (i = 0; i < 4 && !bad; i++) {
		switch (chance_below(chance, 5)) {
		case 0:
			bad = try_write(map, mapping);
			break;
		case 1:
			bad = try_protection(mapping, chance);
			break;
		case 2:
			bad = try_growth(mapping, chance, page);
			break;
		case 3:
			bad = try_advice(mapping, chance);
			break;
		default:
			mapping->area = mremap(mapping->area, mapping->size,
					       page, MREMAP_MAYMOVE);
			if (mapping->area == MAP_FAILED)
				return complain(mapping, "mremap() to less");
			mapping->size = page;
		}
	}
	return bad;
}

bool hostile_map(struct hostile_map *map, struct chance *chance)
{
	const struct portwatch_header *header = map->header;
	struct mapping mapping;
	bool may, bad;

	choose(&mapping, chance, header);
	mapping.consumers = mapping.offset >= header->consumer_offset;
	/* The kernel maps whole pages. */
	mapping.size = (mapping.size + header->page_size - 1) &
		       -(size_t)header->page_size;
	may = is_to_be_had(&mapping, header);
	mapping.area = mmap(NULL, mapping.size, mapping.protection, mapping.flags,
			    map->fds[mapping.reader], mapping.offset);
	if (mapping.area == MAP_FAILED)
		return (may || !is_documented(errno)) &&
		       complain(&mapping, "mmap() failed");
	if (!may)
		return complain(&mapping, "mmap()");
	map->mapped++;
	bad = use(map, &mapping, chance);
	if (!bad)
		bad = try_hole(&mapping, chance, header->page_size);
	if (mapping.area != MAP_FAILED)
		munmap(mapping.area, mapping.size);
	return bad;
}
