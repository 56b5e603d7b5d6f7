/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which events are wanted: --events.
 */
#ifndef PW_EVENTS_H
#define PW_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <portwatch.h>

/* What the module can be asked for. */
#define PW_EVENTS_KNOWN	(PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL)

/* What is shown unless --events says otherwise: not "socket", not "flow". */
#define PW_EVENTS_DEFAULT						\
	(PORTWATCH_EVENTS_ALL & ~PORTWATCH_EVENT_BIT(PORTWATCH_SOCKET))

/* The bits of "bind,listen"; false: it is wrong, and that has been said. */
bool pw_events_parse(const char *list, uint64_t *events);

#endif
