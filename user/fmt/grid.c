/* SPDX-License-Identifier: GPL-2.0 */
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "escape.h"
#include "grid.h"
#include "memory.h"
#include "pen.h"
#include "put.h"

#define CLEAR_LINE	"\033[K"

/* A cell as it will be printed, in @grid->text. */
struct cell {
	size_t start;
	size_t length;
	size_t width;
	enum pw_tone tone;
};

/**
 * struct pw_grid - a grid
 *
 * @cells:	row after row
 * @text:	the text of all cells
 */
struct pw_grid {
	const struct pw_grid_column *columns;
	size_t nr_columns;
	struct pw_grid_style style;
	struct cell *cells;
	size_t nr_cells;
	size_t max_cells;
	char *text;
	size_t length;
	size_t size;
};

struct pw_grid *pw_grid_new(const struct pw_grid_column *columns, size_t count,
			    const struct pw_grid_style *style)
{
	struct pw_grid *grid = pw_memory_new(sizeof(*grid));

	grid->columns = columns;
	grid->nr_columns = count;
	grid->style = *style;
	return grid;
}

void pw_grid_free(struct pw_grid *grid)
{
	if (!grid)
		return;
	free(grid->cells);
	free(grid->text);
	free(grid);
}

static struct cell *add_cell(struct pw_grid *grid)
{
	if (grid->nr_cells == grid->max_cells) {
		grid->max_cells = 2 * grid->max_cells + 64;
		grid->cells = pw_memory_resize(grid->cells, grid->max_cells *
							    sizeof(grid->cells[0]));
	}
	grid->cells[grid->nr_cells] = (struct cell){ .start = grid->length };
	return &grid->cells[grid->nr_cells++];
}

static char *text_room(struct pw_grid *grid, size_t size)
{
	if (grid->size - grid->length < size) {
		grid->size = 2 * grid->size + size;
		grid->text = pw_memory_resize(grid->text, grid->size);
	}
	return grid->text + grid->length;
}

static void fill_cell(struct pw_grid *grid, struct cell *cell,
		      const struct pw_field *field,
		      const struct pw_value *value)
{
	unsigned int how = grid->style.ascii ? PW_ESCAPE_ASCII : 0;
	char *start = text_room(grid, pw_value_size(value)), *end;

	if (value->kind == PW_KIND_TIME)
		end = pw_put_since(start, grid->style.utc, value->number,
				   grid->style.now);
	else
		end = pw_put_value(start, field, value, true, how);
	cell->length = (size_t)(end - start);
	cell->width = pw_text_width(start, cell->length);
	if (field->tone)
		cell->tone = field->tone(value->text, value->number);
	grid->length += cell->length;
}

void pw_grid_add(struct pw_grid *grid, const struct pw_row *row)
{
	struct pw_value value;
	struct cell *cell;
	size_t i;

	for (i = 0; i < grid->nr_columns; i++) {
		cell = add_cell(grid);
		value = (struct pw_value){ 0 };
		if (pw_field_get(grid->columns[i].field, row, &value))
			fill_cell(grid, cell, grid->columns[i].field, &value);
	}
}

static size_t width_of(const struct pw_grid *grid, size_t column)
{
	const struct pw_grid_column *description = &grid->columns[column];
	size_t heading = strlen(description->heading), width = 0, i;

	for (i = column; i < grid->nr_cells; i += grid->nr_columns)
		if (grid->cells[i].width > width)
			width = grid->cells[i].width;
	if (!width && !(description->flags & PW_GRID_ALWAYS))
		return 0;
	return width > heading ? width : heading;
}

/* "/usr/lib/systemd/systemd-resolved" as ".../systemd-resolved", if it fits. */
static void print_path(const struct pw_grid *grid, struct pw_pen *pen,
		       const char *text, const struct cell *cell, size_t at)
{
	const char *name = memrchr(text, '/', cell->length);
	size_t length;

	if (at + cell->width <= grid->style.width) {
		pw_pen_tab(pen, at);
		pw_pen_printed(pen, cell->tone, text, cell->length);
		return;
	}
	length = name ? cell->length - (size_t)(name - text) : 0;
	if (!name || at + 3 + pw_text_width(name, length) > grid->style.width)
		return;
	pw_pen_tab(pen, at);
	pw_pen_text(pen, cell->tone, "...");
	pw_pen_printed(pen, cell->tone, name, length);
}

static void print_cell(const struct pw_grid *grid, struct pw_pen *pen,
		       size_t column, const struct cell *cell, size_t at,
		       size_t width)
{
	const struct pw_grid_column *description = &grid->columns[column];
	const char *text = grid->text + cell->start;

	if (!cell->length)
		return;
	if (description->flags & PW_GRID_PATH) {
		print_path(grid, pen, text, cell, at);
		return;
	}
	if (description->flags & PW_GRID_RIGHT)
		at += width - cell->width;
	pw_pen_tab(pen, at);
	pw_pen_printed(pen, cell->tone, text, cell->length);
}

static void print_end(const struct pw_grid *grid, struct pw_pen *pen,
		      struct pw_output *output)
{
	if (grid->style.clear)
		pen->at = pw_put_text(pen->at, CLEAR_LINE);
	pw_pen_end(pen);
	pw_output_commit(output, pen->at);
}

static struct pw_pen start_line(const struct pw_grid *grid,
				struct pw_output *output, size_t size)
{
	return (struct pw_pen){
		.at = pw_output_room(output, size),
		.colour = grid->style.colour,
	};
}

static void print_header(const struct pw_grid *grid, struct pw_output *output,
			 const size_t *widths, size_t size)
{
	struct pw_pen pen = start_line(grid, output, size);
	const char *heading;
	size_t at = 0, i;

	for (i = 0; i < grid->nr_columns; i++) {
		if (!widths[i])
			continue;
		heading = grid->columns[i].heading;
		if ((grid->columns[i].flags & PW_GRID_PATH) &&
		    at + strlen(heading) > grid->style.width)
			break;
		if (grid->columns[i].flags & PW_GRID_RIGHT)
			pw_pen_tab(&pen, at + widths[i] - strlen(heading));
		else
			pw_pen_tab(&pen, at);
		pw_pen_text(&pen, PW_TONE_FAINT, heading);
		at += widths[i] + 1;
	}
	print_end(grid, &pen, output);
}

static void print_row(const struct pw_grid *grid, struct pw_output *output,
		      const struct cell *cells, const size_t *widths,
		      size_t size)
{
	struct pw_pen pen = start_line(grid, output, size);
	size_t at = 0, i;

	for (i = 0; i < grid->nr_columns; i++) {
		if (!widths[i])
			continue;
		print_cell(grid, &pen, i, &cells[i], at, widths[i]);
		at += widths[i] + 1;
	}
	print_end(grid, &pen, output);
}

void pw_grid_print(const struct pw_grid *grid, struct pw_output *output)
{
	size_t *widths, size = 64, lines = 0, i;

	if (!grid->nr_columns)
		return;
	widths = pw_memory_new(grid->nr_columns * sizeof(*widths));
	for (i = 0; i < grid->nr_columns; i++) {
		widths[i] = width_of(grid, i);
		/* Four bytes a character, and its colour. */
		size += 4 * widths[i] + 64;
	}
	if (grid->style.header) {
		print_header(grid, output, widths, size);
		lines++;
	}
	for (i = 0; i < grid->nr_cells; i += grid->nr_columns) {
		if (grid->style.lines && lines++ >= grid->style.lines)
			break;
		print_row(grid, output, &grid->cells[i], widths, size);
	}
	free(widths);
}
