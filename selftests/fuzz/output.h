/* SPDX-License-Identifier: GPL-2.0 */
/* What holds of all that is printed, whatever it came from. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <portwatch.h>

/* JSON, CSV, a table, and one in ASCII. */
#define OUTPUT_WAYS	4

/*
 * Prints all events that there are in one of the ways, a table for so many columns:
 * each is one line without a control character or one that is no UTF-8, JSON is
 * valid, and rows of CSV have as many cells as its header. Returns what
 * portwatch_reader_next() said at last.
 */
int output_print(struct portwatch_reader *reader, int way, size_t width);

#endif
