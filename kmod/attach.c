// SPDX-License-Identifier: GPL-2.0
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/portwatch.h>

#include "attach.h"
#include "compat/compat.h"

#define MAXACTIVE	256	/* threads at once in one function with a return hook */

/* Tracepoints: they are not exported one by one, but can be looked up. */

struct lookup {
	const char *name;
	struct tracepoint *found;
};

static void compare(struct tracepoint *tracepoint, void *data)
{
	struct lookup *lookup = data;

	if (!strcmp(tracepoint->name, lookup->name))
		lookup->found = tracepoint;
}

static int attach_tracepoint(struct pw_hook *hook, const struct pw_target *target)
{
	struct lookup lookup = { .name = target->symbol };

	for_each_kernel_tracepoint(compare, &lookup);
	if (!lookup.found)
		return -ENOENT;
	hook->tracepoint = lookup.found;
	return tracepoint_probe_register(lookup.found, target->handler, NULL);
}

static int attach_ftrace(struct pw_hook *hook, const struct pw_target *target)
{
	char symbol[sizeof_field(struct portwatch_hook, symbol)];
	int err;

	memset(&hook->ftrace, 0, sizeof(hook->ftrace));
	hook->ftrace.func = target->handler;
	/* Permanent: kernel.ftrace_enabled=0 is refused while we look. */
	hook->ftrace.flags = PW_FTRACE_FLAGS;
	strscpy(symbol, target->symbol, sizeof(symbol));
	err = ftrace_set_filter(&hook->ftrace, symbol, strlen(symbol), 1);
	if (!err)
		err = register_ftrace_function(&hook->ftrace);
	if (err)
		pw_ftrace_free_filter(&hook->ftrace);
	return err;
}

static void detach_ftrace(struct pw_hook *hook)
{
	unregister_ftrace_function(&hook->ftrace);
	pw_ftrace_free_filter(&hook->ftrace);
}

static int attach_kretprobe(struct pw_hook *hook, const struct pw_target *target)
{
	/* One that was registered before must be blank again. */
	memset(&hook->kretprobe, 0, sizeof(hook->kretprobe));
	hook->kretprobe.kp.symbol_name = target->symbol;
	hook->kretprobe.handler = target->handler;
	hook->kretprobe.entry_handler = target->entry;
	hook->kretprobe.data_size = *hook->data_size;
	hook->kretprobe.maxactive = MAXACTIVE;
	return register_kretprobe(&hook->kretprobe);
}

u64 pw_attach_missed(const struct pw_hook *hook)
{
	if (!hook->at || hook->kind != PORTWATCH_HOOK_KRETPROBE)
		return 0;
	return hook->kretprobe.nmissed + hook->kretprobe.kp.nmissed;
}

int pw_attach(struct pw_hook *hook, const struct pw_target *target)
{
	switch (hook->kind) {
	case PORTWATCH_HOOK_TRACEPOINT:
		return attach_tracepoint(hook, target);
	case PORTWATCH_HOOK_FTRACE:
		return attach_ftrace(hook, target);
	default:
		return attach_kretprobe(hook, target);
	}
}

void pw_detach(struct pw_hook *hook)
{
	if (!hook->at)
		return;
	switch (hook->kind) {
	case PORTWATCH_HOOK_TRACEPOINT:
		tracepoint_probe_unregister(hook->tracepoint, hook->at->handler,
					    NULL);
		break;
	case PORTWATCH_HOOK_FTRACE:
		detach_ftrace(hook);
		break;
	default:
		unregister_kretprobe(&hook->kretprobe);
		hook->misses += pw_attach_missed(hook);
		break;
	}
	hook->at = NULL;
}
