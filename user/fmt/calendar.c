/* SPDX-License-Identifier: GPL-2.0 */
#include <stddef.h>
#include <time.h>

#include "calendar.h"
#include "put.h"

static void break_down(bool utc, uint64_t real_time, struct tm *tm)
{
	time_t second = (time_t)(real_time / PW_SECOND);

	if (!(utc ? gmtime_r(&second, tm) : localtime_r(&second, tm)))
		*tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
}

/* Writes the second, from the text of the last one where it is the same. */
static char *put_second(char *at, struct pw_calendar *calendar, bool utc,
			const char *format, uint64_t real_time)
{
	uint64_t second = real_time / PW_SECOND;
	struct tm tm;

	if (!calendar->length || calendar->second != second) {
		break_down(utc, real_time, &tm);
		calendar->second = second;
		calendar->length = (unsigned int)
			strftime(calendar->text, sizeof(calendar->text), format,
				 &tm);
	}
	return pw_put_bytes(at, calendar->text, calendar->length);
}

char *pw_put_rfc3339(char *at, struct pw_calendar *calendar, uint64_t real_time)
{
	uint32_t rest = (uint32_t)(real_time % PW_SECOND);

	at = put_second(at, calendar, true, "%Y-%m-%dT%H:%M:%S.", real_time);
	*at++ = (char)('0' + rest / 100000000);
	at = pw_put_8_digits(at, rest % 100000000);
	*at++ = 'Z';
	return at;
}

char *pw_put_time(char *at, struct pw_calendar *calendar, uint64_t real_time)
{
	at = put_second(at, calendar, calendar->utc, "%H:%M:%S.", real_time);
	return pw_put_digits(at, (uint32_t)(real_time % PW_SECOND / 1000000), 3);
}

char *pw_put_since(char *at, bool utc, uint64_t real_time, uint64_t now)
{
	char text[PW_TIME_MAX];
	const char *format;
	struct tm then, today;
	size_t length;

	break_down(utc, real_time, &then);
	break_down(utc, now, &today);
	if (then.tm_year != today.tm_year)
		format = "%Y-%m-%d";
	else if (then.tm_yday != today.tm_yday)
		format = "%b %e";
	else
		format = "%H:%M:%S";
	length = strftime(text, sizeof(text), format, &then);
	return pw_put_bytes(at, text, length);
}

/* A unit, and how many of the one before make one of it. */
struct unit {
	const char *name;
	uint64_t size;
};

/* "4.1" below ten, "41" from there on; tenths are cut, not rounded. */
static char *put_scaled(char *at, uint64_t value, const struct unit *unit)
{
	uint64_t tenths = value % unit->size * 10 / unit->size;

	at = pw_put_number(at, value / unit->size);
	if (value / unit->size < 10 && tenths) {
		*at++ = '.';
		at = pw_put_number(at, tenths);
	}
	return pw_put_text(at, unit->name);
}

/* "3m12s": of the larger unit, and what is left of the smaller one. */
static char *put_pair(char *at, uint64_t seconds, const struct unit *large,
		      const struct unit *small)
{
	uint64_t rest = seconds % large->size / small->size;

	at = pw_put_number(at, seconds / large->size);
	at = pw_put_text(at, large->name);
	if (rest) {
		at = pw_put_number(at, rest);
		at = pw_put_text(at, small->name);
	}
	return at;
}

char *pw_put_duration(char *at, uint64_t nanoseconds)
{
	static const struct unit small[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
		{ "s", PW_SECOND },
	};
	static const struct unit large[] = {
		{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	};
	uint64_t seconds = nanoseconds / PW_SECOND;
	size_t i;

	if (seconds < 60) {
		for (i = 3; i && nanoseconds < small[i].size; i--)
			;
		return put_scaled(at, nanoseconds, &small[i]);
	}
	for (i = 3; seconds < large[i].size; i--)
		;
	return put_pair(at, seconds, &large[i], &large[i - 1]);
}

char *pw_put_amount(char *at, uint64_t bytes)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1000 }, { "M", 1000000 }, { "G", 1000000000 },
		{ "T", 1000000000000 }, { "P", 1000000000000000 },
	};
	size_t i;

	for (i = 5; i && bytes < units[i].size; i--)
		;
	return put_scaled(at, bytes, &units[i]);
}
