// SPDX-License-Identifier: GPL-2.0
/*
 * faults COUNT: as many page faults and a few more. The cheapest event that perf can
 * record one by one.
 */
#include <stdlib.h>
#include <sys/mman.h>

#define PAGES	64UL
#define PAGE	4096UL

int main(int argc, char **argv)
{
	unsigned long i, count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	volatile char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED || madvise((void *)area, PAGES * PAGE,
					  MADV_NOHUGEPAGE))
		return 1;
	for (i = 0; i < count; i++) {
		if (i % PAGES == 0 &&
		    madvise((void *)area, PAGES * PAGE, MADV_DONTNEED))
			return 1;
		area[i % PAGES * PAGE] = 1;
	}
	return 0;
}
