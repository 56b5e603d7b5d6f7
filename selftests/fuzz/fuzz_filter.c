// SPDX-License-Identifier: GPL-2.0
/*
 * A filter of any words, and a port that who is asked about: they are parsed and
 * asked about some events, or there is a message of one line. What the kernel is given
 * of a filter it takes, and no event is kept back that the filter wants.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmd/error.h>
#include <cmd/who_asked.h>
#include <portwatch.h>

#include "filter_kernel.h"
#include "kernel_filter.h"
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

/* Does the kernel do all of it, by the words in which it is explained? */
static bool is_whole(const struct portwatch_filter *filter, unsigned int tests)
{
	struct portwatch_filter *again;
	char message[256], *kernel, *rest;
	bool whole;

	must(portwatch_filter_explain(filter, &kernel, &rest) == (int)tests);
	must(!tests == !*kernel);
	must(!portwatch_filter_parse(&again, kernel, message, sizeof(message)));
	portwatch_filter_free(again);
	whole = !*rest;
	free(kernel);
	free(rest);
	return whole;
}

static struct pw_filter *make_kernel_filter(const struct portwatch_filter *filter,
					    bool *whole)
{
	struct portwatch_tests tests;
	struct pw_filter_plan plan;
	struct pw_filter *kernel;

	must(!pw_filter_plan_make(&plan, filter));
	*whole = is_whole(filter, pw_filter_compile(&plan, &tests));
	pw_filter_plan_free(&plan);
	if (!tests.count)
		return NULL;
	kernel = kernel_filter_new(&tests);
	must(kernel != NULL);
	return kernel;
}

static void compare(const struct portwatch_filter *filter,
		    const struct pw_filter *kernel, bool whole,
		    const struct portwatch_item *item)
{
	bool here = portwatch_filter_match(filter, item), there;

	if (!kernel || item->slot->type == PORTWATCH_LOST ||
	    item->slot->type == PORTWATCH_SNAPSHOT)
		return;
	there = kernel_filter_wants(kernel, item);
	must(there || !here);
	must(!whole || here == there);
}

static void ask(const struct portwatch_filter *filter)
{
	bool whole;
	struct pw_filter *kernel = make_kernel_filter(filter, &whole);
	union pw_slot slot;
	struct portwatch_item item = { .slot = &slot.head, .owner = &who };
	unsigned int type;

	memset(&slot, 1, sizeof(slot));
	/* a name of an interface that ends */
	slot.event.body[23] = 0;
	slot.event.body[31] = 0;
	for (type = 1; type < PORTWATCH_PROCESS; type++) {
		slot.event.type = (uint8_t)type;
		slot.event.flags = (uint16_t)(type * 0x81);
		item.actor = type % 2 ? &who : NULL;
		slot.event.family = type % 3 ? AF_INET : AF_INET6;
		compare(filter, kernel, whole, &item);
	}
	free(kernel);
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
