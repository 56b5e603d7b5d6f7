/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LIST_H
#define SHIM_LIST_H

struct hlist_node {
	struct hlist_node *next, **pprev;
};

#endif
