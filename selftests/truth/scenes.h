/* SPDX-License-Identifier: GPL-2.0 */
/* What is performed, once over IPv4 and once over IPv6. */
#ifndef SCENES_H
#define SCENES_H

#include "stage.h"

struct scene_entry {
	const char *name;
	void (*perform)(struct stage *stage);
};

/* Each ends with an entry that has no name. */
extern const struct scene_entry scenes_of_ends[];
extern const struct scene_entry scenes_of_processes[];
extern const struct scene_entry scenes_of_attempts[];

#endif /* SCENES_H */
