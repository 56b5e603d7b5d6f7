/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that readers map: whole pages, zero at first. */
#ifndef PW_AREA_H
#define PW_AREA_H

#include <linux/types.h>

struct page;
struct vm_area_struct;

/**
 * struct pw_area - such memory
 *
 * @at:		where the kernel has it, NULL: nowhere
 * @pages, @nr:	of what it is made
 */
struct pw_area {
	void *at;
	struct page **pages;
	unsigned int nr;
};

/*
 * With GFP_KERNEL_ACCOUNT it is charged to the control group of whoever asks for it.
 * 0 or -ENOMEM: nobody is killed to make room.
 */
int pw_area_alloc(struct pw_area *area, size_t bytes, gfp_t gfp);
void pw_area_free(struct pw_area *area);

/*
 * Map from the page on which is @skip pages into it. Each page that is mapped has a
 * reference: it outlives the area.
 */
int pw_area_map(const struct pw_area *area, struct vm_area_struct *vma,
		unsigned long skip);

#endif /* PW_AREA_H */
