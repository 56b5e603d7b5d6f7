// SPDX-License-Identifier: GPL-2.0
/*
 * replay NAME FILE...: gives each file to the target, as libFuzzer would, and
 * says so in TAP. A sanitizer that ends the program leaves the plan unfulfilled.
 */
#include <stdio.h>
#include <string.h>

#include "target.h"

static int replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "r");
	uint8_t *exact;
	size_t size;

	if (!file)
		return -1;
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* of its own size, so that the sanitizer sees a read beyond it */
	exact = malloc(size ? size : 1);
	if (!exact)
		return -1;
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	for (i = 2; i < argc; i++) {
		if (replay(argv[i])) {
			printf("not ok 1 - %s: %s cannot be read\n", argv[1],
			       argv[i]);
			return 1;
		}
	}
	printf("%s 1 - %s: %d inputs\n", argc > 2 ? "ok" : "not ok",
	       argc > 1 ? argv[1] : "", argc - 2);
	return argc <= 2;
}
