/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "portwatch who" was asked about: [PROTO/]PORT[@ADDRESS].
 */
#ifndef PW_WHO_ASKED_H
#define PW_WHO_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include <portwatch.h>

/**
 * struct pw_asked - a port
 *
 * @text:	as it was asked for
 * @proto:	as in events, -1: every one that has ports
 * @port:	its number; beyond 65535 only a vsock has such
 * @family:	of @address; 0: any address
 * @address:	as in events
 */
struct pw_asked {
	const char *text;
	int proto;
	uint32_t port;
	int family;
	uint8_t address[16];
};

/* False: the words are wrong, and that has been said. */
bool pw_asked_parse(struct pw_asked *asked, const char *text);

/* Is that port held at that address by the socket of an event? */
bool pw_asked_held(const struct pw_asked *asked,
		   const struct portwatch_event *event);

/* Is it what a bind asked for that failed? */
bool pw_asked_tried(const struct pw_asked *asked,
		    const struct portwatch_event *event);

/* Can a connection of TCP have left something behind on it? */
bool pw_asked_tcp(const struct pw_asked *asked);

#endif
