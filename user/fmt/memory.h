/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_MEMORY_H
#define PW_MEMORY_H

#include <stddef.h>

/*
 * Memory that the tool cannot do without: these never return NULL, but end the
 * program, with status 4 and a line that says so.
 */
void *pw_memory_new(size_t size);		/* zeroed */
void *pw_memory_resize(void *memory, size_t size);
char *pw_memory_text(const char *text);		/* a copy; NULL of NULL */

#endif
