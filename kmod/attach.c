// SPDX-License-Identifier: GPL-2.0
#include <linux/ftrace.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/portwatch.h>

#include "attach.h"
#include "compat/compat.h"
#include "hooks.h"

#define MAXACTIVE	256	/* threads at once in one function with a return hook */

/* Where functions are ------------------------------------------------------- */

/*
 * A kprobe that is registered and not armed finds a function's address, and does
 * nothing else. To let go of it takes a grace period, so they are let go of together.
 * One that there is no memory for says nothing of the function.
 */
int pw_look_up(struct pw_target *const *targets, unsigned int count)
{
	struct kprobe *probes, **found;
	unsigned int i, n = 0;
	int err = 0;

	probes = kvcalloc(count, sizeof(*probes), GFP_KERNEL);
	found = kvcalloc(count, sizeof(*found), GFP_KERNEL);
	if (!probes || !found) {
		kvfree(found);
		kvfree(probes);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		probes[i].symbol_name = targets[i]->symbol;
		probes[i].flags = KPROBE_FLAG_DISABLED;
		targets[i]->address = 0;
		err = register_kprobe(&probes[i]);
		if (err == -ENOMEM)
			break;
		if (err)
			continue;
		targets[i]->address = (unsigned long)probes[i].addr;
		found[n++] = &probes[i];
	}
	unregister_kprobes(found, n);
	kvfree(found);
	kvfree(probes);
	return err == -ENOMEM ? err : 0;
}

/* Tracepoints: they are not exported one by one, but can be looked up. ------- */

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

void pw_detach_tracepoint(struct pw_hook *hook)
{
	tracepoint_probe_unregister(hook->tracepoint, hook->at->handler, NULL);
	hook->at = NULL;
}

/* Returns of functions ------------------------------------------------------ */

static int attach_kretprobe(struct pw_hook *hook, const struct pw_target *target)
{
	if (!target->address)
		return -ENOENT;
	/* One that was registered before must be blank again. */
	memset(&hook->kretprobe, 0, sizeof(hook->kretprobe));
	hook->kretprobe.kp.addr = (kprobe_opcode_t *)target->address;
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

void pw_detach_kretprobes(struct pw_hook *const *hooks, unsigned int count)
{
	struct kretprobe *kretprobes[PW_HOOKS];
	unsigned int i;

	for (i = 0; i < count; i++)
		kretprobes[i] = &hooks[i]->kretprobe;
	unregister_kretprobes(kretprobes, count);
	for (i = 0; i < count; i++) {
		hooks[i]->misses += pw_attach_missed(hooks[i]);
		hooks[i]->at = NULL;
	}
}

/* Entries of functions ------------------------------------------------------ */

static inline unsigned int place_of(unsigned long ip, u64 multiplier)
{
	return ip * multiplier >> (64 - PW_ENTRY_BITS);
}

/* The entry of any function that one of the hooks is on: any context. */
static PW_FTRACE(dispatch)
{
	const struct pw_entries *entries =
		container_of(ops, struct pw_entries, ops);
	const struct pw_entry *entry =
		&entries->entry[place_of(ip, entries->multiplier)];

	if (likely(entry->ip == ip))
		entry->handler(ip, parent_ip, ops, regs);
}

void pw_entries_begin(struct pw_entries *entries)
{
	memset(entries, 0, sizeof(*entries));
	entries->ops.func = dispatch;
	/* Permanent: kernel.ftrace_enabled=0 is refused while we look. */
	entries->ops.flags = PW_FTRACE_FLAGS;
}

int pw_entries_add(struct pw_entries *entries, const struct pw_target *target)
{
	struct pw_entry *wanted = &entries->wanted[entries->used];
	int err;

	if (!target->address)
		return -ENOENT;
	if (entries->used == ARRAY_SIZE(entries->wanted))
		return -ENOSPC;
	err = ftrace_set_filter_ip(&entries->ops, target->address, 0, 0);
	if (err)
		return err;
	wanted->ip = target->address;
	wanted->handler = target->handler;
	entries->used++;
	return 0;
}

/* Does each have a place of its own with that multiplier? */
static bool place_all(struct pw_entries *entries, u64 multiplier)
{
	unsigned int i;

	memset(entries->entry, 0, sizeof(entries->entry));
	for (i = 0; i < entries->used; i++) {
		unsigned int place = place_of(entries->wanted[i].ip, multiplier);

		if (entries->entry[place].ip)
			return false;
		entries->entry[place] = entries->wanted[i];
	}
	return true;
}

/*
 * One multiplier in forty will do for thirty addresses, whatever these are, and one in
 * thirty thousand for 48.
 */
static int find_multiplier(struct pw_entries *entries)
{
	unsigned int tries;

	entries->multiplier = GOLDEN_RATIO_64;
	for (tries = 0; tries < 100000; tries++) {
		if (place_all(entries, entries->multiplier))
			return 0;
		entries->multiplier = entries->multiplier * GOLDEN_RATIO_64 + 2;
	}
	return -ENOSPC;
}

int pw_entries_attach(struct pw_entries *entries)
{
	int err = find_multiplier(entries);

	/* Without a filter it would be on every function that there is. */
	if (!err && entries->used)
		err = register_ftrace_function(&entries->ops);
	if (err) {
		pw_ftrace_free_filter(&entries->ops);
		entries->used = 0;
	}
	return err;
}

void pw_entries_detach(struct pw_entries *entries)
{
	if (!entries->used)
		return;
	unregister_ftrace_function(&entries->ops);
	pw_ftrace_free_filter(&entries->ops);
	entries->used = 0;
}

/* Any but these -------------------------------------------------------------- */

int pw_attach(struct pw_hook *hook, const struct pw_target *target)
{
	return hook->kind == PORTWATCH_HOOK_TRACEPOINT ?
	       attach_tracepoint(hook, target) : attach_kretprobe(hook, target);
}
