/* SPDX-License-Identifier: GPL-2.0 */
#include <string.h>

#include <portwatch.h>

#include "status_fields.h"

#define LENGTH(array)	(sizeof(array) / sizeof((array)[0]))

#define FIELD(structure, field_name, field_type, member)		\
	PW_NAMED(field_name),						\
	.type = PW_TYPE_##field_type, .base = PW_BASE_RECORD,		\
	.offset = offsetof(struct structure, member),			\
	.shapes = PW_SHAPES_ALL

#define MODULE(field_name, field_type, member)				\
	FIELD(portwatch_status, field_name, field_type, member)
#define HOOK(field_name, field_type, member)				\
	FIELD(portwatch_hook, field_name, field_type, member)
#define SESSION(field_name, field_type, member)				\
	FIELD(portwatch_session_info, field_name, field_type, member)

#define SIZE(structure, member)						\
	.argument = sizeof(((struct structure *)NULL)->member)
#define OMIT_ZERO	.omits = true, .omit = 0

static const char *kind_name(unsigned int kind)
{
	switch (kind) {
	case PORTWATCH_HOOK_TRACEPOINT:
		return "tracepoint";
	case PORTWATCH_HOOK_FTRACE:
		return "ftrace";
	case PORTWATCH_HOOK_KRETPROBE:
		return "kretprobe";
	default:
		return NULL;
	}
}

static const char *state_name(unsigned int state)
{
	switch (state) {
	case PORTWATCH_HOOK_DETACHED:
		return "detached";
	case PORTWATCH_HOOK_ATTACHED:
		return "attached";
	case PORTWATCH_HOOK_ABSENT:
		return "absent";
	case PORTWATCH_HOOK_WAITING:
		return "waiting";
	case PORTWATCH_HOOK_IDLE:
		return "idle";
	default:
		return NULL;
	}
}

static const char *attached_name(unsigned int attached)
{
	return attached ? "attached" : "detached";
}

static enum pw_tone state_tone(const char *word, uint64_t state)
{
	(void)word;
	if (state == PORTWATCH_HOOK_ATTACHED)
		return PW_TONE_GOOD;
	return state == PORTWATCH_HOOK_ABSENT ? PW_TONE_WARN : PW_TONE_PLAIN;
}

static enum pw_tone bad_tone(const char *word, uint64_t number)
{
	(void)word;
	return number ? PW_TONE_BAD : PW_TONE_PLAIN;
}

static const struct pw_field module[] = {
	{ MODULE("v", CONSTANT, size), .argument = 1 },
	{ MODULE("version", CHARS, version),
	  SIZE(portwatch_status, version) },
	{ MODULE("api_version", U32, api_version) },
	{ MODULE("record_version", U32, record_version) },
	{ MODULE("state", NAME32, attached), .name_of = attached_name },
	{ MODULE("sessions_max", U32, sessions_max) },
	{ MODULE("sockets", U64, sockets) },
	{ MODULE("sockets_max", U64, sockets_max) },
	{ MODULE("sockets_missed", U64, sockets_missed) },
	{ MODULE("processes", U64, processes) },
	{ MODULE("processes_max", U64, processes_max) },
	{ MODULE("processes_missed", U64, processes_missed) },
	{ MODULE("hits", U64, hits) },
	{ MODULE("misses", U64, misses) },
};

enum {
	HOOK_NAME, HOOK_SYMBOL, HOOK_KIND, HOOK_STATE, HOOK_REQUIRED, HOOK_ERROR,
	HOOK_HITS, HOOK_MISSES, HOOK_PURPOSE, HOOK_FIELDS,
};

static const struct pw_field hook[HOOK_FIELDS] = {
	[HOOK_NAME] = { HOOK("name", CHARS, name),
			SIZE(portwatch_hook, name) },
	[HOOK_SYMBOL] = { HOOK("symbol", CHARS, symbol),
			  SIZE(portwatch_hook, symbol) },
	[HOOK_KIND] = { HOOK("kind", NAME32, kind), .name_of = kind_name },
	[HOOK_STATE] = { HOOK("state", NAME32, state), .name_of = state_name,
			 .tone = state_tone },
	[HOOK_REQUIRED] = { HOOK("required", BOOL, required) },
	[HOOK_ERROR] = { HOOK("error", NAME32, error), OMIT_ZERO,
			 .name_of = portwatch_errno_name, .tone = bad_tone },
	[HOOK_HITS] = { HOOK("hits", U64, hits) },
	[HOOK_MISSES] = { HOOK("misses", U64, misses), .tone = bad_tone },
	[HOOK_PURPOSE] = { HOOK("purpose", CHARS, purpose),
			   SIZE(portwatch_hook, purpose) },
};

static const struct pw_field hook_note = {
	PW_NAMED("purpose"), .type = PW_TYPE_TEXT, .base = PW_BASE_EXTRA,
	.offset = offsetof(struct pw_hook_note, purpose),
	.shapes = PW_SHAPES_ALL,
};

static enum pw_tone verdict_tone(const char *word, uint64_t number)
{
	(void)number;
	return !strcmp(word, "silent") ? PW_TONE_BAD : PW_TONE_PLAIN;
}

static const struct pw_field hook_self_test = {
	PW_NAMED("self_test"), .type = PW_TYPE_TEXT, .base = PW_BASE_EXTRA,
	.offset = offsetof(struct pw_hook_note, self_test),
	.shapes = PW_SHAPES_ALL, .tone = verdict_tone,
};

enum {
	SESSION_SESSION, SESSION_PID, SESSION_COMM, SESSION_EVENTS,
	SESSION_SLOTS, SESSION_SINCE, SESSION_SEEN, SESSION_DELIVERED,
	SESSION_FILTERED, SESSION_LOST, SESSION_FIELDS,
};

static const struct pw_field session[SESSION_FIELDS] = {
	[SESSION_SESSION] = { SESSION("session", U32, session) },
	[SESSION_PID] = { SESSION("pid", U32, pid) },
	[SESSION_COMM] = { SESSION("comm", CHARS, comm),
			   SIZE(portwatch_session_info, comm) },
	[SESSION_EVENTS] = { SESSION("events", EVENTS, events) },
	[SESSION_SLOTS] = { SESSION("slots", U32, ring_slots), OMIT_ZERO },
	[SESSION_SINCE] = { SESSION("since", BOOT_TIME, start_time),
			    OMIT_ZERO },
	[SESSION_SEEN] = { SESSION("seen", U64, seen) },
	[SESSION_DELIVERED] = { SESSION("delivered", U64, delivered) },
	[SESSION_FILTERED] = { SESSION("filtered", U64, filtered) },
	[SESSION_LOST] = { SESSION("lost", U64, lost), .tone = bad_tone },
};

static const struct pw_field session_lost_uid = {
	PW_NAMED("lost_uid"), .type = PW_TYPE_U32, .base = PW_BASE_EXTRA,
	.offset = offsetof(struct pw_session_note, lost_uid),
	.shapes = PW_SHAPES_ALL, .omits = true, .omit = PORTWATCH_UNKNOWN32,
};

static const struct pw_field *const module_list[] = {
	&module[0], &module[1], &module[2], &module[3], &module[4], &module[5],
	&module[6], &module[7], &module[8], &module[9], &module[10],
	&module[11], &module[12], &module[13],
};

static const struct pw_field *const hook_list[] = {
	&hook[HOOK_NAME], &hook[HOOK_SYMBOL], &hook[HOOK_KIND],
	&hook[HOOK_STATE], &hook[HOOK_REQUIRED], &hook[HOOK_ERROR],
	&hook[HOOK_HITS], &hook[HOOK_MISSES], &hook_self_test,
	&hook[HOOK_PURPOSE],
};

static const struct pw_field *const session_list[] = {
	&session[SESSION_SESSION], &session[SESSION_PID],
	&session[SESSION_COMM], &session[SESSION_EVENTS],
	&session[SESSION_SLOTS], &session[SESSION_SINCE],
	&session[SESSION_SEEN], &session[SESSION_DELIVERED],
	&session[SESSION_FILTERED], &session[SESSION_LOST], &session_lost_uid,
};

const struct pw_fields pw_module_fields = { module_list, LENGTH(module_list) };
const struct pw_fields pw_hook_fields = { hook_list, LENGTH(hook_list) };
const struct pw_fields pw_session_fields = {
	session_list, LENGTH(session_list)
};

const struct pw_grid_column pw_hook_columns[] = {
	{ &hook[HOOK_NAME], "HOOK", PW_GRID_ALWAYS },
	{ &hook[HOOK_KIND], "KIND", PW_GRID_ALWAYS },
	{ &hook[HOOK_SYMBOL], "SYMBOL", PW_GRID_ALWAYS },
	{ &hook[HOOK_STATE], "STATE", PW_GRID_ALWAYS },
	{ &hook[HOOK_ERROR], "ERROR", 0 },
	{ &hook[HOOK_HITS], "HITS", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &hook[HOOK_MISSES], "MISSED", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &hook_self_test, "TEST", 0 },
	{ &hook_note, "NOT SEEN WITHOUT IT", 0 },
};
const size_t pw_hook_columns_count = LENGTH(pw_hook_columns);

const struct pw_grid_column pw_session_columns[] = {
	{ &session[SESSION_SESSION], "SESSION", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session[SESSION_COMM], "PROCESS", PW_GRID_ALWAYS },
	{ &session[SESSION_PID], "PID", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session[SESSION_SINCE], "SINCE", 0 },
	{ &session[SESSION_SLOTS], "SLOTS", PW_GRID_RIGHT },
	{ &session[SESSION_SEEN], "SEEN", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session[SESSION_DELIVERED], "DELIVERED", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session[SESSION_FILTERED], "FILTERED", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session[SESSION_LOST], "LOST", PW_GRID_RIGHT | PW_GRID_ALWAYS },
	{ &session_lost_uid, "MOST OF UID", PW_GRID_RIGHT },
	{ &session[SESSION_EVENTS], "EVENTS", 0 },
};
const size_t pw_session_columns_count = LENGTH(pw_session_columns);
