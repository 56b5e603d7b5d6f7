/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_TERMINAL_H
#define PW_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Lines and columns of the terminal that @fd is; false: it is none. */
bool pw_terminal_size(int fd, size_t *lines, size_t *columns);

/* Whether text may be UTF-8, by the locale. */
bool pw_terminal_utf8(void);

#endif
