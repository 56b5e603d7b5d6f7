/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flight recorder: of a stream that is printed the newest events are kept in memory,
 * and are printed when it ends or when somebody asks; of older ones it is known how many
 * they were.
 */
#ifndef PW_FLIGHT_H
#define PW_FLIGHT_H

#include "print.h"

struct pw_flight;

#define PW_FLIGHT_EVENTS	65536		/* unless somebody says otherwise */
#define PW_FLIGHT_EVENTS_MAX	(1U << 24)

/* @print, which has not begun, goes on so: with @events at most. It outlives it. */
struct pw_flight *pw_flight_new(struct pw_print *print, size_t events);
void pw_flight_free(struct pw_flight *flight);

/* Prints what is kept, after what is said of the rest; then nothing is kept. */
void pw_flight_land(struct pw_flight *flight);

#endif
