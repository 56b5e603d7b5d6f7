// SPDX-License-Identifier: GPL-2.0
/*
 * A filter of any words, and a port that who is asked about: they are parsed and
 * asked about some events, or there is a message of one line.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmd/error.h>
#include <cmd/who_asked.h>
#include <portwatch.h>

#include "slot.h"
#include "target.h"

static const struct portwatch_identity who = {
	.key = 2, .pid = 812, .uid = 33, .comm = "nginx",
	.exe = "/usr/sbin/nginx", .cgroup = "/system.slice/nginx.service",
	.unit = "nginx.service",
};

static unsigned int errors;

/* Takes the place of the tool's, which would print it. */
int pw_error(int status, const char *format, ...)
{
	char text[1024];
	va_list list;

	va_start(list, format);
	must(vsnprintf(text, sizeof(text), format, list) > 0);
	va_end(list);
	errors++;
	return status;
}

static void ask_who(const char *words)
{
	struct portwatch_event event = { .type = PORTWATCH_LISTEN };
	struct pw_asked asked = { 0 };

	errors = 0;
	if (!pw_asked_parse(&asked, words)) {
		must(errors == 1);
		return;
	}
	must(!errors && asked.port);
	must(asked.family || !asked.address[0]);
	pw_asked_tcp(&asked);
	for (event.type = 1; event.type < PORTWATCH_PROCESS; event.type++) {
		event.flags = PORTWATCH_F_LOCAL;
		event.family = event.type % 2 ? AF_INET : AF_VSOCK;
		pw_asked_held(&asked, &event);
		pw_asked_tried(&asked, &event);
	}
}

static void ask(const struct portwatch_filter *filter)
{
	union pw_slot slot;
	struct portwatch_item item = { .slot = &slot.head, .owner = &who };
	unsigned int type;

	memset(&slot, 1, sizeof(slot));
	slot.event.family = AF_INET;
	/* a name of an interface that ends */
	slot.event.body[23] = 0;
	slot.event.body[31] = 0;
	for (type = 1; type < PORTWATCH_PROCESS; type++) {
		slot.event.type = (uint8_t)type;
		slot.event.flags = (uint16_t)(type * 0x81);
		item.actor = type % 2 ? &who : NULL;
		portwatch_filter_match(filter, &item);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct portwatch_filter *filter;
	char message[256], *words;

	words = malloc(size + 1);
	must(words != NULL);
	memcpy(words, data, size);
	words[size] = 0;
	if (portwatch_filter_parse(&filter, words, message, sizeof(message))) {
		must(message[0]);
	} else {
		must(!message[0]);
		ask(filter);
		portwatch_filter_free(filter);
	}
	ask_who(words);
	free(words);
	return 0;
}
