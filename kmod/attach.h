/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a hook of each kind comes to be where it is, and goes.
 */
#ifndef PW_ATTACH_H
#define PW_ATTACH_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/types.h>

struct tracepoint;

#define PW_TARGETS	3	/* a function and what stands in for it */

/**
 * struct pw_target - where a hook can be attached
 *
 * @symbol:	function or tracepoint
 * @handler:	of type @kind of the hook
 * @entry:	kretprobes: handler at entry
 * @address:	of the function, see pw_look_up(); 0: it is not known, or not there
 */
struct pw_target {
	const char *symbol;
	void *handler;
	kretprobe_handler_t entry;
	unsigned long address;
};

/**
 * struct pw_hook - a row of the table in hook_table.c
 *
 * @name:	what we call it
 * @purpose:	what is not seen without it
 * @kind:	PORTWATCH_HOOK_*
 * @optional:	a session can start without it
 * @every:	ftrace: it is on all of its targets that are there, not on the first
 * @events:	bits of the events that it is for: attached while somebody wants
 *		one of these; 0: always
 * @module:	the module that has the functions, where it is not the kernel itself:
 *		attached while that is loaded
 * @borrowed:	the functions are the kernel's own all the same: attached with the
 *		other hooks of @module
 * @data_size:	kretprobes: what is kept from entry to return
 * @target:	tried in this order
 * @at:		the target that it is attached to, or NULL
 * @error:	of the last attempt
 * @absent:	no target is there
 * @misses:	of times that are over; those of now are in @kretprobe
 * @tracepoint:	one of the two is used, by @kind
 * @kretprobe:	see @tracepoint
 */
struct pw_hook {
	const char *name;
	const char *purpose;
	u8 kind;
	bool optional;
	bool every;
	u64 events;
	const char *module;
	bool borrowed;
	const size_t *data_size;
	struct pw_target target[PW_TARGETS];

	const struct pw_target *at;
	int error;
	bool absent;
	u64 misses;
	struct tracepoint *tracepoint;
	struct kretprobe kretprobe;
};

extern struct pw_hook pw_hook_table[];	/* by enum pw_hook_id */

#define PW_ENTRY_BITS	7

/**
 * struct pw_entries - hooks at the entries of functions that come and go together
 *
 * ftrace makes who detaches wait for several grace periods, once for each
 * ftrace_ops; so many functions share one, and the handler is found by the address
 * that was hit: in one step, since @multiplier is chosen so that no two addresses
 * have the same place.
 *
 * @ops:	of all of them
 * @multiplier:	address times this, its upper bits: the place in @entry
 * @used:	how many are in @wanted
 * @wanted:	what was added, in any order
 * @entry:	the same by place
 */
struct pw_entries {
	struct ftrace_ops ops;
	u64 multiplier;
	unsigned int used;
	struct pw_entry {
		unsigned long ip;
		ftrace_func_t handler;
	} wanted[1 << (PW_ENTRY_BITS - 1)], entry[1 << PW_ENTRY_BITS];
};

/* All that follows: process context, one at a time. */

/*
 * Find the functions of these targets. One that is not there, or cannot be hooked,
 * has the address 0 afterwards.
 */
int pw_look_up(struct pw_target *const *targets, unsigned int count);

/* Not for hooks of kind ftrace. The address of a function is known. */
int pw_attach(struct pw_hook *hook, const struct pw_target *target);

void pw_detach_tracepoint(struct pw_hook *hook);

/* kretprobes that are attached, all with one grace period. */
void pw_detach_kretprobes(struct pw_hook *const *hooks, unsigned int count);

/* Entries: begin, add each, attach (which gives them up if it fails). */
void pw_entries_begin(struct pw_entries *entries);
int pw_entries_add(struct pw_entries *entries, const struct pw_target *target);
int pw_entries_attach(struct pw_entries *entries);
void pw_entries_detach(struct pw_entries *entries);

/* Hits that it has missed since it was attached. */
u64 pw_attach_missed(const struct pw_hook *hook);

#endif /* PW_ATTACH_H */
