// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "area.h"

/*
 * vmalloc() would do, were it not for the group of whoever asks: where that is at its
 * limit, or the machine, to say so is better than to kill somebody. And what vmalloc() had
 * got before it failed stays charged, from 6.18 on, until a work item has run: then somebody
 * is killed for the next page that he asks for. So the pages are ours.
 */
#define PW_GFP_AREA	(__GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)

static void free_pages_of(struct pw_area *area)
{
	while (area->nr)
		__free_page(area->pages[--area->nr]);
	kvfree(area->pages);
	area->pages = NULL;
}

static int alloc_pages_of(struct pw_area *area, unsigned int wanted, gfp_t gfp)
{
	struct page *page;

	area->nr = 0;
	area->pages = kvcalloc(wanted, sizeof(*area->pages),
			       gfp | PW_GFP_AREA);
	if (!area->pages)
		return -ENOMEM;
	while (area->nr < wanted) {
		page = alloc_page(gfp | PW_GFP_AREA);
		if (!page)
			return -ENOMEM;
		area->pages[area->nr++] = page;
	}
	return 0;
}

int pw_area_alloc(struct pw_area *area, size_t bytes, gfp_t gfp)
{
	if (!alloc_pages_of(area, PFN_UP(bytes), gfp))
		area->at = vmap(area->pages, area->nr, VM_MAP, PAGE_KERNEL);
	if (area->at)
		return 0;
	free_pages_of(area);
	return -ENOMEM;
}

void pw_area_free(struct pw_area *area)
{
	vunmap(area->at);
	area->at = NULL;
	free_pages_of(area);
}

/* What is mapped when it fails, the caller of mmap() takes away again. */
int pw_area_map(const struct pw_area *area, struct vm_area_struct *vma,
		unsigned long skip)
{
	unsigned long count = vma_pages(vma);
	unsigned long i;
	int err = 0;

	if (skip >= area->nr || count > area->nr - skip)
		return -EINVAL;
	for (i = 0; i < count && !err; i++)
		err = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				     area->pages[skip + i]);
	return err;
}
