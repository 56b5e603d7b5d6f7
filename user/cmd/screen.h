/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A table that is drawn again and again.
 *
 * On a terminal it has the screen to itself, which is drawn over in one write, so
 * that it does not flicker, and given back at the end. Elsewhere each drawing
 * follows the last one after an empty line.
 */
#ifndef PW_SCREEN_H
#define PW_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "fmt/output.h"

/**
 * struct pw_screen - a screen
 *
 * @terminal:	it is one
 * @drawn:	something has been drawn
 */
struct pw_screen {
	bool terminal;
	bool drawn;
};

void pw_screen_open(struct pw_screen *screen, struct pw_output *output);
void pw_screen_close(struct pw_screen *screen, struct pw_output *output);

/* Lines that a drawing may have, 0: as many as it likes. */
size_t pw_screen_lines(const struct pw_screen *screen);

/* Around each drawing. */
void pw_screen_begin(struct pw_screen *screen, struct pw_output *output);
void pw_screen_end(struct pw_screen *screen, struct pw_output *output);

#endif
