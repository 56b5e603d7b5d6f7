/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define STATUS_INPUT_OUTPUT	4

static void *check(void *memory)
{
	static const char line[] =
		"portwatch: out of memory: filter more, or give it more\n";
	ssize_t ignored;

	if (memory)
		return memory;
	ignored = write(STDERR_FILENO, line, sizeof(line) - 1);
	(void)ignored;
	_exit(STATUS_INPUT_OUTPUT);
}

void *pw_memory_new(size_t size)
{
	return check(calloc(1, size ? size : 1));
}

void *pw_memory_resize(void *memory, size_t size)
{
	return check(realloc(memory, size ? size : 1));
}

char *pw_memory_text(const char *text)
{
	return text ? check(strdup(text)) : NULL;
}
