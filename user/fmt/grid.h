/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table that is whole before it is printed: each column is as wide as its widest
 * cell, and one in which there is nothing to see is left out.
 */
#ifndef PW_GRID_H
#define PW_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field.h"
#include "output.h"

#define PW_GRID_RIGHT	(1U << 0) /* numbers stand at the right */
#define PW_GRID_ALWAYS	(1U << 1) /* not left out when it is empty */
#define PW_GRID_PATH	(1U << 2) /* a path, in the last column: where the line
				   * would be too long, its folder is left out
				   */

/**
 * struct pw_grid_column - a column
 *
 * @field:	what stands in it
 * @heading:	above it
 * @flags:	PW_GRID_*
 */
struct pw_grid_column {
	const struct pw_field *field;
	const char *heading;
	unsigned int flags;
};

/**
 * struct pw_grid_style - what it looks like
 *
 * @colour, @ascii, @utc, @header, @width: see struct pw_style
 * @now:	the day of times that are not followed by a date
 * @lines:	print no more than so many; 0: all
 * @clear:	clear the rest of each line of the terminal
 */
struct pw_grid_style {
	bool colour;
	bool ascii;
	bool utc;
	bool header;
	bool clear;
	size_t width;
	size_t lines;
	uint64_t now;
};

struct pw_grid;

struct pw_grid *pw_grid_new(const struct pw_grid_column *columns, size_t count,
			    const struct pw_grid_style *style);
void pw_grid_free(struct pw_grid *grid);

/* Adds a row; nothing of @row is needed afterwards. */
void pw_grid_add(struct pw_grid *grid, const struct pw_row *row);

void pw_grid_print(const struct pw_grid *grid, struct pw_output *output);

#endif
