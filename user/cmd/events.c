/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include "command.h"
#include "error.h"
#include "events.h"

#define EVENT_NAMES							\
	"socket bind bind-failed listen connect established "		\
	"connect-failed accept close flow, or all"

/* The bits of one name, or 0. */
static uint64_t events_named(const char *text, size_t length)
{
	char name[32];
	int type;

	if (length >= sizeof(name))
		return 0;
	memcpy(name, text, length);
	name[length] = 0;
	if (!strcmp(name, "all"))
		return PW_EVENTS_KNOWN;
	type = portwatch_event_type(name);
	return type > 0 && type <= PORTWATCH_SNAPSHOT ?
		PORTWATCH_EVENT_BIT(type) : 0;
}

bool pw_events_parse(const char *list, uint64_t *events)
{
	uint64_t named;
	size_t length;

	*events = 0;
	for (;; list += length + 1) {
		length = strcspn(list, ",");
		named = events_named(list, length);
		if (!named)
			break;
		*events |= named;
		if (!list[length])
			return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "--events: no event is called \"%.*s\"; there are: " EVENT_NAMES,
		 (int)length, list);
	return false;
}
