// SPDX-License-Identifier: GPL-2.0
/*
 * A filter of any words: it is parsed and asked about some events, or there is a
 * message of one line.
 */
#include <string.h>
#include <sys/socket.h>

#include <portwatch.h>

#include "slot.h"
#include "target.h"

static const struct portwatch_identity who = {
	.key = 2, .pid = 812, .uid = 33, .comm = "nginx",
	.exe = "/usr/sbin/nginx", .cgroup = "/system.slice/nginx.service",
	.unit = "nginx.service",
};

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
	free(words);
	return 0;
}
