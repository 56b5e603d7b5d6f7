// SPDX-License-Identifier: GPL-2.0
/* A cgroup path of any bytes. */
#include <string.h>

#include "cgroup.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[32], *path;

	path = malloc(size + 1);
	must(path != NULL);
	memcpy(path, data, size);
	path[size] = 0;
	if (pw_cgroup_unit(path, name, sizeof(name)))
		must(strlen(name) < sizeof(name));
	if (pw_cgroup_container(path, name, sizeof(name)))
		must(strlen(name) < sizeof(name));
	free(path);
	return 0;
}
