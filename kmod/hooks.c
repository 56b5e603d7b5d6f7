// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "attach.h"
#include "hooks.h"
#include "process_text.h"

static char *without = "";
module_param(without, charp, 0444);
MODULE_PARM_DESC(without, "hooks not to attach: names, with a comma between them");

DEFINE_PER_CPU(u64[PW_HOOKS], pw_hook_hits);
DEFINE_PER_CPU(u64[PW_HOOKS], pw_hook_misses);

/*
 * Hooks that are attached and detached together: those of the kernel itself, those
 * for certain events only, those of a module.
 */
struct pw_set {
	u64 events;
	const char *module;
	struct pw_entries entries;
};

static struct pw_set always;
static struct pw_set flow = {
	.events = PORTWATCH_EVENT_BIT(PORTWATCH_FLOW),
};
static struct pw_set modules[] = {
	{ .module = "sctp" },
	{ .module = "vsock" },
	{ .module = "vmw_vsock_virtio_transport_common" },
};

static bool attached;
static u64 wanted;	/* events of hooks that are not always attached */

bool pw_hooks_attached(void)
{
	return READ_ONCE(attached);
}

bool pw_hook_is_attached(enum pw_hook_id id)
{
	return READ_ONCE(pw_hook_table[id].at);
}

static bool is_unwanted(const struct pw_hook *hook)
{
	size_t length = strlen(hook->name);
	const char *at = without;

	while ((at = strstr(at, hook->name))) {
		if ((at == without || at[-1] == ',') &&
		    (!at[length] || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}

static bool is_in(const struct pw_set *set, const struct pw_hook *hook)
{
	if (!hook->module || !set->module)
		return !hook->module && !set->module &&
		       hook->events == set->events;
	return !strcmp(hook->module, set->module);
}

static struct pw_hook *next_in(const struct pw_set *set, struct pw_hook *hook)
{
	for (; hook < pw_hook_table + PW_HOOKS; hook++)
		if (is_in(set, hook))
			return hook;
	return NULL;
}

#define for_each_hook(hook, set)					\
	for ((hook) = next_in(set, pw_hook_table); (hook);		\
	     (hook) = next_in(set, (hook) + 1))

/*
 * Is the module there that has these hooks? To find out that a name is nowhere takes
 * long, so the first function answers for all. 1, 0 or a negative errno.
 */
static int look_for_module(const struct pw_set *set)
{
	struct pw_target *first = NULL;
	struct pw_hook *hook;
	unsigned int k;
	int err;

	for_each_hook(hook, set)
		for (k = 0; k < PW_TARGETS && hook->target[k].symbol; k++) {
			first = first ?: &hook->target[k];
			hook->target[k].address = 0;
		}
	if (!first)
		return 0;
	err = pw_look_up(&first, 1);
	return err ?: !!first->address;
}

/* A function of the kernel stays where it is; a module can come back elsewhere. */
static int look_up(const struct pw_set *set)
{
	static struct pw_target *targets[PW_HOOKS * PW_TARGETS];
	unsigned int k, count = 0;
	int there = set->module ? look_for_module(set) : 1;
	struct pw_hook *hook;

	if (there <= 0)
		return there;
	for_each_hook(hook, set) {
		if (hook->kind == PORTWATCH_HOOK_TRACEPOINT)
			continue;
		for (k = 0; k < PW_TARGETS && hook->target[k].symbol; k++)
			if (!hook->target[k].address)
				targets[count++] = &hook->target[k];
	}
	return pw_look_up(targets, count);
}

/* One at an entry is only added to those of the set. */
static int attach_to(struct pw_set *set, struct pw_hook *hook,
		     const struct pw_target *target)
{
	return hook->kind == PORTWATCH_HOOK_FTRACE ?
	       pw_entries_add(&set->entries, target) : pw_attach(hook, target);
}

/* As far as one of its own functions is known. */
static bool is_there(const struct pw_set *set)
{
	struct pw_hook *hook;

	for_each_hook(hook, set)
		if (!hook->borrowed && hook->target[0].address)
			return true;
	return false;
}

static void attach(struct pw_set *set, struct pw_hook *hook)
{
	const struct pw_target *target = hook->target;

	hook->error = -EPERM;
	hook->absent = false;
	if (is_unwanted(hook))
		return;
	if (hook->borrowed && !is_there(set))
		target = hook->target + PW_TARGETS;
	hook->error = -ENOENT;
	for (; target < hook->target + PW_TARGETS && target->symbol; target++) {
		int err = attach_to(set, hook, target);

		if (hook->at && err != -ENOMEM)
			continue;
		hook->error = err;
		if (err == -ENOMEM)
			break;
		if (err)
			continue;
		WRITE_ONCE(hook->at, target);
		if (!hook->every)
			break;
	}
	hook->absent = hook->error == -ENOENT;
	/* A module that is not there is no fault; see pw_hooks_module_coming(). */
	if (hook->absent && hook->module && !is_there(set))
		hook->error = 0;
}

static void attach_kind(struct pw_set *set, u8 kind)
{
	struct pw_hook *hook;

	for_each_hook(hook, set)
		if (hook->kind == kind)
			attach(set, hook);
}

/* Those at entries are not attached after all. */
static void fail_entries(struct pw_set *set, int err)
{
	struct pw_hook *hook;

	for_each_hook(hook, set) {
		if (hook->kind != PORTWATCH_HOOK_FTRACE || !hook->at)
			continue;
		WRITE_ONCE(hook->at, NULL);
		hook->error = err;
	}
}

static void fail_set(struct pw_set *set, int err)
{
	struct pw_hook *hook;

	for_each_hook(hook, set)
		hook->error = err;
}

/*
 * Whatever fails, the hooks say so. The order does not matter: there are no records
 * before all are attached (pw_socket_add()), and a module's code does not run yet.
 */
static void attach_set(struct pw_set *set)
{
	int err = look_up(set);

	if (err) {
		fail_set(set, err);
		return;
	}
	attach_kind(set, PORTWATCH_HOOK_TRACEPOINT);
	pw_entries_begin(&set->entries);
	attach_kind(set, PORTWATCH_HOOK_FTRACE);
	err = pw_entries_attach(&set->entries);
	if (err)
		fail_entries(set, err);
	attach_kind(set, PORTWATCH_HOOK_KRETPROBE);
}

static void detach_set(struct pw_set *set)
{
	struct pw_hook *kretprobes[PW_HOOKS];
	unsigned int count = 0;
	struct pw_hook *hook;

	pw_process_text_stop();
	pw_entries_detach(&set->entries);
	pw_process_text_go_on();
	for_each_hook(hook, set) {
		if (!hook->at)
			continue;
		if (hook->kind == PORTWATCH_HOOK_KRETPROBE)
			kretprobes[count++] = hook;
		else if (hook->kind == PORTWATCH_HOOK_TRACEPOINT)
			pw_detach_tracepoint(hook);
		else
			WRITE_ONCE(hook->at, NULL);
	}
	pw_detach_kretprobes(kretprobes, count);
}

/* A hook that a kernel lacks, it lacks always; memory may come back, so no half measures. */
static bool lacks_memory(const struct pw_set *set)
{
	struct pw_hook *hook;

	for_each_hook(hook, set)
		if (hook->error == -ENOMEM)
			return true;
	return false;
}

int pw_hooks_want(u64 events)
{
	bool is_there = flow.events & wanted;

	if (is_there && !(flow.events & events)) {
		detach_set(&flow);
	} else if (!is_there && flow.events & events) {
		attach_set(&flow);
		if (lacks_memory(&flow)) {
			detach_set(&flow);
			return -ENOMEM;
		}
	}
	wanted = events;
	return 0;
}

static struct pw_set *set_of_module(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules); i++)
		if (!strcmp(modules[i].module, name))
			return &modules[i];
	return NULL;
}

bool pw_hooks_have_module(const char *name)
{
	return set_of_module(name);
}

/* One that was attached while the module went is attached to nothing. */
void pw_hooks_module_coming(const char *name)
{
	pw_hooks_module_going(name);
	attach_set(set_of_module(name));
}

void pw_hooks_module_going(const char *name)
{
	struct pw_set *set = set_of_module(name);
	struct pw_hook *hook;

	detach_set(set);
	for_each_hook(hook, set) {
		hook->absent = true;
		hook->error = 0;
	}
}

/* Without these there is no session. */
static int attach_always(void)
{
	struct pw_hook *hook;

	attach_set(&always);
	if (lacks_memory(&always))
		return -ENOMEM;
	for_each_hook(hook, &always) {
		if (hook->optional || hook->at)
			continue;
		pr_err("cannot attach to %s: error %d; %s not seen\n",
		       hook->target[0].symbol, hook->error, hook->purpose);
		return -ENODEV;
	}
	return 0;
}

int pw_hooks_attach(void)
{
	int err = attach_always();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modules) && !err; i++) {
		attach_set(&modules[i]);
		if (lacks_memory(&modules[i]))
			err = -ENOMEM;
	}
	if (err)
		pw_hooks_detach();
	else
		WRITE_ONCE(attached, true);
	return err;
}

/* Whether it has what we look for there is found out anew with the next session. */
static void detach_module(struct pw_set *set)
{
	struct pw_hook *hook;

	detach_set(set);
	for_each_hook(hook, set)
		if (hook->absent)
			hook->error = 0;
}

void pw_hooks_detach(void)
{
	unsigned int i;

	WRITE_ONCE(attached, false);
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		detach_module(&modules[i]);
	detach_set(&flow);
	detach_set(&always);
	/* Handlers of tracepoints that still run. */
	tracepoint_synchronize_unregister();
	wanted = 0;
}

static u64 hits_of(unsigned int index)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(pw_hook_hits[index], cpu));
	return sum;
}

static u64 misses_of(unsigned int index)
{
	const struct pw_hook *hook = &pw_hook_table[index];
	u64 sum = hook->misses + pw_attach_missed(hook);
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(pw_hook_misses[index], cpu));
	return sum;
}

void pw_hooks_sum(u64 *hits, u64 *misses)
{
	unsigned int i;

	*hits = 0;
	*misses = 0;
	for (i = 0; i < PW_HOOKS; i++) {
		*hits += hits_of(i);
		*misses += misses_of(i);
	}
}

/* As far as its other hooks tell. */
static bool is_loaded(const char *module)
{
	struct pw_hook *hook;

	for_each_hook(hook, set_of_module(module))
		if (hook->at)
			return true;
	return false;
}

static u32 state_of(const struct pw_hook *hook)
{
	if (hook->at)
		return PORTWATCH_HOOK_ATTACHED;
	if (attached && hook->events & ~wanted)
		return PORTWATCH_HOOK_IDLE;
	if (!hook->absent || (hook->module && !attached))
		return PORTWATCH_HOOK_DETACHED;
	return hook->module && !is_loaded(hook->module) ?
	       PORTWATCH_HOOK_WAITING : PORTWATCH_HOOK_ABSENT;
}

int pw_hook_describe(unsigned int index, struct portwatch_hook *row)
{
	const struct pw_hook *hook;
	const struct pw_target *target;

	if (index >= PW_HOOKS)
		return -ENOENT;
	hook = &pw_hook_table[index];
	target = hook->at ?: &hook->target[0];
	row->index = index;
	row->kind = hook->kind;
	row->required = !hook->optional;
	row->error = -hook->error;
	row->state = state_of(hook);
	row->hits = hits_of(index);
	row->misses = misses_of(index);
	strscpy(row->name, hook->name, sizeof(row->name));
	if (hook->module && !hook->borrowed)
		snprintf(row->symbol, sizeof(row->symbol), "%s:%s", hook->module,
			 target->symbol);
	else
		strscpy(row->symbol, target->symbol, sizeof(row->symbol));
	strscpy(row->purpose, hook->purpose, sizeof(row->purpose));
	return 0;
}
