/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module, its hooks and its sessions as rows.
 */
#ifndef PW_STATUS_FIELDS_H
#define PW_STATUS_FIELDS_H

#include <stddef.h>

#include "fmt/field.h"
#include "fmt/grid.h"

/* A list of fields, in the order in which they are written. */
struct pw_fields {
	const struct pw_field *const *list;
	size_t count;
};

extern const struct pw_fields pw_module_fields;	 /* struct portwatch_status */
extern const struct pw_fields pw_hook_fields;	 /* struct portwatch_hook */
extern const struct pw_fields pw_session_fields; /* portwatch_session_info */

/* PW_BASE_EXTRA of a hook; each may be NULL. */
struct pw_hook_note {
	const char *purpose;
	const char *self_test;
};

extern const struct pw_grid_column pw_hook_columns[];
extern const size_t pw_hook_columns_count;
extern const struct pw_grid_column pw_session_columns[];
extern const size_t pw_session_columns_count;

/**
 * struct pw_session_note - what is known of a session besides
 *
 * @lost_uid:	who lost most of its lost events, or PORTWATCH_UNKNOWN32
 */
struct pw_session_note {
	uint32_t lost_uid;
};

#endif
