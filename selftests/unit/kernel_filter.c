// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../../kmod/filter.h"
#include "../../kmod/process.h"
#include "kernel_filter.h"

struct pw_filter *kernel_filter_new(const struct portwatch_tests *tests)
{
	struct pw_filter *filter = malloc(sizeof(*filter));

	if (filter && !pw_filter_make(filter, tests))
		return filter;
	free(filter);
	return NULL;
}

/* As it is in the kernel; the path of its program is not there. */
static const struct pw_process *
process_of(struct pw_process *process, const struct portwatch_identity *identity)
{
	if (!identity)
		return NULL;
	memset(process, 0, sizeof(*process));
	process->id.tgid = identity->pid;
	process->id.uid = identity->uid;
	process->ppid = identity->ppid;
	process->auid = identity->auid;
	if (!identity->cgroup)
		return process;
	process->cgroup_len = (u16)strlen(identity->cgroup);
	process->cgroup_hash = pw_filter_hash(identity->cgroup,
					      process->cgroup_len);
	return process;
}

bool kernel_filter_wants(const struct pw_filter *filter,
			 const struct portwatch_item *item)
{
	struct pw_process owner, actor;

	return pw_filter_wants(filter, item->event,
			       process_of(&owner, item->owner),
			       process_of(&actor, item->actor));
}
