/* SPDX-License-Identifier: GPL-2.0 */
/* Events as text, for the messages of a test that failed. */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>

#include <portwatch.h>

/* One line without its end. */
void show_event(FILE *file, const struct portwatch_event *event);
void show_address(FILE *file, unsigned int family, const void *address,
		  unsigned int port);

#endif /* SHOW_H */
