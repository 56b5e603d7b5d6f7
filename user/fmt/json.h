/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON, written by hand: this is the hot path of the tool.
 *
 * What does not change from event to event is not worked out again: which fields
 * each shape of event has, and the text of each process.
 */
#ifndef PW_JSON_H
#define PW_JSON_H

#include <portwatch.h>

#include "field.h"
#include "output.h"

struct pw_json;

struct pw_json *pw_json_new(void);
void pw_json_free(struct pw_json *json);

/* Writes an event as one line. */
void pw_json_event(struct pw_json *json, struct pw_output *output,
		   const struct portwatch_item *item);

/* What it knows of processes is no longer so: see printer.h. */
void pw_json_forget(struct pw_json *json);

/*
 * Writes "name":value for each field that applies to @row, @opening before the
 * first one and commas between them.
 */
void pw_json_fields(struct pw_output *output, char opening,
		    const struct pw_field *const *fields, size_t count,
		    const struct pw_row *row);

#endif
