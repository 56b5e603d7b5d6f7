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

#define PW_TARGETS	2	/* a function and what stands in for it */

/**
 * struct pw_target - where a hook can be attached
 *
 * @symbol:	function or tracepoint; ftrace: or a pattern for several
 * @handler:	of type @kind of the hook
 * @entry:	kretprobes: handler at entry
 */
struct pw_target {
	const char *symbol;
	void *handler;
	kretprobe_handler_t entry;
};

/**
 * struct pw_hook - a row of the table in hooks.c
 *
 * @name:	what we call it
 * @purpose:	what is not seen without it
 * @kind:	PORTWATCH_HOOK_*
 * @optional:	a session can start without it
 * @events:	bits of the events that it is for: attached while somebody wants
 *		one of these; 0: always
 * @module:	the module that has the functions, where it is not the kernel itself:
 *		attached while that is loaded
 * @data_size:	kretprobes: what is kept from entry to return
 * @target:	tried in this order
 * @at:		the target that it is attached to, or NULL
 * @error:	of the last attempt
 * @absent:	no target is there
 * @misses:	of times that are over; those of now are in @kretprobe
 * @tracepoint:	one of the three is used, by @kind
 * @ftrace:	see @tracepoint
 * @kretprobe:	see @tracepoint
 */
struct pw_hook {
	const char *name;
	const char *purpose;
	u8 kind;
	bool optional;
	u64 events;
	const char *module;
	const size_t *data_size;
	struct pw_target target[PW_TARGETS];

	const struct pw_target *at;
	int error;
	bool absent;
	u64 misses;
	struct tracepoint *tracepoint;
	struct ftrace_ops ftrace;
	struct kretprobe kretprobe;
};

/* Process context, one at a time. */
int pw_attach(struct pw_hook *hook, const struct pw_target *target);
void pw_detach(struct pw_hook *hook);

/* Hits that it has missed since it was attached. */
u64 pw_attach_missed(const struct pw_hook *hook);

#endif /* PW_ATTACH_H */
