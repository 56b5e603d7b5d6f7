/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Times of day and lengths of time, as text.
 *
 * A calendar keeps the text of the last second: events come in the order of time,
 * so the date is worked out once a second and not once an event. One calendar is
 * for one of the functions below; it starts as zeros.
 */
#ifndef PW_CALENDAR_H
#define PW_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define PW_SECOND	1000000000ULL

/* "2026-11-22T14:02:11.482000000Z"; years have four digits until 9999. */
#define PW_RFC3339_MAX	40
/* "14:02:11.482" */
#define PW_TIME_MAX	16
/* "999d23h" */
#define PW_DURATION_MAX	24

struct pw_calendar {
	bool utc;
	uint64_t second;
	unsigned int length;
	char text[PW_RFC3339_MAX];
};

/* All of @real_time are nanoseconds since 1970; for the rest see put.h. */

/* RFC 3339, UTC, nanoseconds. */
char *pw_put_rfc3339(char *at, struct pw_calendar *calendar, uint64_t real_time);

/* Time of day, to the millisecond; local, or UTC where @calendar->utc is set. */
char *pw_put_time(char *at, struct pw_calendar *calendar, uint64_t real_time);

/* "14:02:11" when that is the day of @now, else "Nov 20", or "2025-11-20". */
char *pw_put_since(char *at, bool utc, uint64_t real_time, uint64_t now);

/* Three digits or so, for a person: "85us", "4.1ms", "3m12s", "12d4h". */
char *pw_put_duration(char *at, uint64_t nanoseconds);

/* Likewise an amount of bytes: "853", "1.6k", "12M"; 1k is 1000. */
char *pw_put_amount(char *at, uint64_t bytes);

#endif
