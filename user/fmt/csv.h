/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CSV as RFC 4180 has it: a header line, lines that end with CR LF, and the same
 * columns in each of them. Fields of the actor are called by_pid and so on; those
 * of one name are one column.
 */
#ifndef PW_CSV_H
#define PW_CSV_H

#include <portwatch.h>

#include "output.h"

struct pw_csv;

struct pw_csv *pw_csv_new(void);
void pw_csv_free(struct pw_csv *csv);

void pw_csv_header(const struct pw_csv *csv, struct pw_output *output);
void pw_csv_event(struct pw_csv *csv, struct pw_output *output,
		  const struct portwatch_item *item);

/* What it knows of processes is no longer so: see printer.h. */
void pw_csv_forget(struct pw_csv *csv);

#endif
