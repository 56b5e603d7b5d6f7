// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "area.h"

/*
 * vmalloc_user() cannot be told whom to charge. Where the group is at its limit, or the
 * machine, to say so is better than to kill somebody.
 */
#define PW_GFP_AREA	(GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NORETRY |	\
			 __GFP_NOWARN)

int pw_area_alloc(struct pw_area *area, size_t bytes)
{
	area->bytes = PAGE_ALIGN(bytes);
	area->at = __vmalloc(area->bytes, PW_GFP_AREA);
	return area->at ? 0 : -ENOMEM;
}

void pw_area_free(struct pw_area *area)
{
	vfree(area->at);
	area->at = NULL;
	area->bytes = 0;
}

/* What is mapped when it fails, the caller of mmap() takes away again. */
int pw_area_map(const struct pw_area *area, struct vm_area_struct *vma,
		unsigned long skip)
{
	unsigned long all = area->bytes >> PAGE_SHIFT;
	unsigned long count = vma_pages(vma);
	unsigned long i;
	int err = 0;

	if (skip >= all || count > all - skip)
		return -EINVAL;
	for (i = 0; i < count && !err; i++)
		err = vm_insert_page(vma, vma->vm_start + (i << PAGE_SHIFT),
				     vmalloc_to_page(area->at +
						     ((skip + i) << PAGE_SHIFT)));
	return err;
}
