/* SPDX-License-Identifier: GPL-2.0 */
/*
 * portwatch status: the module, its hooks, its sessions.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common.h"
#include "error.h"
#include "fmt/escape.h"
#include "fmt/grid.h"
#include "fmt/json.h"
#include "fmt/memory.h"
#include "self_test.h"
#include "signals.h"
#include "status_fields.h"

/**
 * struct state - what the module said
 *
 * @real_time_of_boot: makes real times of its times
 * @test:	what the self-test said, or NULL
 */
struct state {
	struct portwatch_status module;
	struct portwatch_hook *hooks;
	size_t nr_hooks;
	struct portwatch_session_info *sessions;
	size_t nr_sessions;
	uint64_t real_time_of_boot;
	const struct pw_self_test *test;
};

/**
 * struct status - a run of the command
 *
 * @explains:	the device is still needed when all has been printed
 */
struct status {
	struct pw_common common;
	bool json;
	bool self_test;
	bool explains;
	struct state state;
	struct pw_output output;
};

enum {
	OPTION_JSON = PW_COMMON_END,
	OPTION_SELF_TEST,
};

static const struct pw_option table[] = {
	{ OPTION_JSON, 'j', "json", NULL, "one JSON object" },
	{ OPTION_SELF_TEST, 0, "self-test", NULL,
	  "attach the hooks, and see whether each one fires" },
	{ PW_COMMON_UTC, 'u', "utc", NULL, "times of day in UTC" },
	{ PW_COMMON_COLOR, 0, "color", "WHEN", "auto, always or never" },
	{ PW_COMMON_WIDE, 'w', "wide", NULL,
	  "what would not be seen without each hook" },
	{ PW_COMMON_DEVICE, 0, "device", "FILE", "instead of /dev/portwatch" },
	PW_OPTION_HELP_ROW,
	{ 0 },
};

static int get_hooks(const char *device, struct state *state)
{
	size_t i;
	int err;

	state->hooks = pw_memory_new(state->module.hooks *
				     sizeof(*state->hooks));
	for (i = 0; i < state->module.hooks; i++) {
		err = portwatch_hook_get(device, (uint32_t)i, &state->hooks[i]);
		if (err)
			return err;
	}
	state->nr_hooks = i;
	return 0;
}

/* To ask is to open the device, so that we would count ourselves, too. */
static int get_sessions(const char *device, struct state *state)
{
	struct portwatch_session_info *session;
	uint32_t i;
	int err;

	state->sessions = pw_memory_new(state->module.sessions_max *
					sizeof(*session));
	for (i = 0; i < state->module.sessions_max; i++) {
		session = &state->sessions[state->nr_sessions];
		err = portwatch_session_get(device, i, session);
		if (err && err != -ENOENT)
			return err;
		if (!err && session->pid != (uint32_t)getpid())
			state->nr_sessions++;
	}
	return 0;
}

static uint64_t real_time_of(uint64_t boot_time)
{
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	return (uint64_t)real.tv_sec * 1000000000 + (uint64_t)real.tv_nsec -
	       boot_time;
}

static int get_state(const char *device, struct state *state)
{
	int err;

	err = portwatch_status_get(device, &state->module);
	if (err)
		return err;
	state->real_time_of_boot = real_time_of(state->module.now);
	err = get_hooks(device, state);
	return err ? err : get_sessions(device, state);
}

static struct pw_row row_of(const struct state *state, const void *record,
			    const void *extra)
{
	return (struct pw_row){
		.base = {
			[PW_BASE_RECORD] = record,
			[PW_BASE_EXTRA] = extra,
		},
		.shapes = {
			[PW_BASE_RECORD] = PW_SHAPES_ALL,
			[PW_BASE_EXTRA] = PW_SHAPES_ALL,
		},
		.real_time_of_boot = state->real_time_of_boot,
	};
}

/* What a hook is for is said where it does not do that, or where all is asked. */
static struct pw_hook_note note_of(const struct state *state, size_t index,
				   bool wide)
{
	const struct portwatch_hook *hook = &state->hooks[index];
	struct pw_hook_note note = { NULL, NULL };
	enum pw_verdict verdict;

	if (state->test) {
		verdict = pw_self_test_verdict(state->test, index);
		note.self_test = pw_verdict_name(verdict);
		wide |= verdict == PW_VERDICT_SILENT;
	}
	if (wide || hook->state == PORTWATCH_HOOK_ABSENT || hook->error ||
	    hook->misses)
		note.purpose = (const char *)hook->purpose;
	return note;
}

static struct pw_session_note
note_of_session(const struct portwatch_session_info *session)
{
	return (struct pw_session_note){
		.lost_uid = session->lost ? session->lost_uid :
					    PORTWATCH_UNKNOWN32,
	};
}

static void print_object(struct pw_output *output, const struct pw_fields *fields,
			 const struct pw_row *row, size_t index)
{
	if (index)
		pw_output_text(output, ",");
	pw_json_fields(output, '{', fields->list, fields->count, row);
	pw_output_text(output, "}");
}

static void print_json_hooks(struct pw_output *output, const struct state *state)
{
	struct pw_hook_note note;
	struct pw_row row;
	size_t i;

	pw_output_text(output, ",\"hooks\":[");
	for (i = 0; i < state->nr_hooks; i++) {
		note = note_of(state, i, true);
		row = row_of(state, &state->hooks[i], &note);
		print_object(output, &pw_hook_fields, &row, i);
	}
	pw_output_text(output, "]");
}

static void print_json_sessions(struct pw_output *output,
				const struct state *state)
{
	struct pw_session_note note;
	struct pw_row row;
	size_t i;

	pw_output_text(output, ",\"sessions\":[");
	for (i = 0; i < state->nr_sessions; i++) {
		note = note_of_session(&state->sessions[i]);
		row = row_of(state, &state->sessions[i], &note);
		print_object(output, &pw_session_fields, &row, i);
	}
	pw_output_text(output, "]");
}

static void print_json(struct pw_output *output, const struct state *state)
{
	struct pw_row row = row_of(state, &state->module, NULL);

	pw_json_fields(output, '{', pw_module_fields.list,
		       pw_module_fields.count, &row);
	print_json_hooks(output, state);
	print_json_sessions(output, state);
	pw_output_text(output, "}\n");
}

static void print_module(struct pw_output *output, const struct state *state)
{
	const struct portwatch_status *module = &state->module;
	char version[sizeof(module->version) * PW_ESCAPE_GROWTH + 1];
	char text[1024];

	*pw_put_escaped(version, module->version,
			strlen((const char *)module->version), 0) = 0;
	snprintf(text, sizeof(text),
		 "portwatch %s, api %u, records %u: hooks %s, %zu of %u sessions\n"
		 "sockets:   %" PRIu64 " of %" PRIu64 ", %" PRIu64 " missed\n"
		 "processes: %" PRIu64 " of %" PRIu64 ", %" PRIu64 " missed\n"
		 "hooks:     %" PRIu64 " hits, %" PRIu64 " missed\n",
		 version, module->api_version, module->record_version,
		 module->attached ? "attached" : "detached",
		 state->nr_sessions, module->sessions_max,
		 (uint64_t)module->sockets, (uint64_t)module->sockets_max,
		 (uint64_t)module->sockets_missed,
		 (uint64_t)module->processes, (uint64_t)module->processes_max,
		 (uint64_t)module->processes_missed,
		 (uint64_t)module->hits, (uint64_t)module->misses);
	pw_output_text(output, text);
}

static void print_hooks(struct pw_output *output, const struct state *state,
			const struct pw_grid_style *style)
{
	bool wide = style->width == SIZE_MAX;
	struct pw_hook_note note;
	struct pw_grid *grid;
	struct pw_row row;
	size_t i;

	grid = pw_grid_new(pw_hook_columns, pw_hook_columns_count, style);
	for (i = 0; i < state->nr_hooks; i++) {
		note = note_of(state, i, wide);
		row = row_of(state, &state->hooks[i], &note);
		pw_grid_add(grid, &row);
	}
	pw_output_text(output, "\n");
	pw_grid_print(grid, output);
	pw_grid_free(grid);
}

static void print_sessions(struct pw_output *output, const struct state *state,
			   const struct pw_grid_style *style)
{
	struct pw_session_note note;
	struct pw_grid *grid;
	struct pw_row row;
	size_t i;

	if (!state->nr_sessions)
		return;
	grid = pw_grid_new(pw_session_columns, pw_session_columns_count, style);
	for (i = 0; i < state->nr_sessions; i++) {
		note = note_of_session(&state->sessions[i]);
		row = row_of(state, &state->sessions[i], &note);
		pw_grid_add(grid, &row);
	}
	pw_output_text(output, "\n");
	pw_grid_print(grid, output);
	pw_grid_free(grid);
}

static void print_text(struct pw_output *output, const struct state *state,
		       const struct pw_style *given)
{
	struct pw_grid_style style = {
		.colour = given->colour,
		.ascii = given->ascii,
		.utc = given->utc,
		.width = given->width,
		.header = true,
		.now = state->module.now + state->real_time_of_boot,
	};

	print_module(output, state);
	print_hooks(output, state, &style);
	print_sessions(output, state, &style);
}

static int print(struct status *status)
{
	int signals = pw_signals_open(), err = 0;

	if (!status->explains)
		err = pw_confine(&status->common.limits);
	if (err)
		return err;
	pw_output_open(&status->output, STDOUT_FILENO, signals);
	if (status->json)
		print_json(&status->output, &status->state);
	else
		print_text(&status->output, &status->state,
			   &status->common.style);
	err = pw_output_flush(&status->output);
	pw_output_close(&status->output);
	close(signals);
	return pw_error_output(err);
}

static int show(struct status *status)
{
	const char *device = status->common.options.device;
	int err = get_state(device, &status->state);

	return err ? pw_error_device(device, err) : print(status);
}

/* Without an answer to a required hook there is still all the rest to be shown. */
static int test_and_show(struct status *status)
{
	const char *device = status->common.options.device;
	struct pw_self_test test;
	int err, result, shown;

	err = pw_self_test_begin(&test, device);
	if (!err)
		status->state.test = &test;
	/* what is said of a hook that cannot be attached is asked from the device */
	status->explains = err == -ENODEV;
	status->common.limits.files = pw_self_test_files;
	shown = err && err != -ENODEV ? PW_STATUS_FINE : show(status);
	if (err == -ENODEV)
		result = pw_self_test_explain(device);
	else if (err)
		result = pw_error_device(device, err);
	else
		result = pw_self_test_report(&test, status->common.style.colour &&
					     isatty(STDERR_FILENO));
	pw_self_test_end(&test);
	return result ? result : shown;
}

int pw_status(const struct pw_command *command, int argc, char **argv)
{
	struct status status = { 0 };
	const char *argument;
	int id, result;

	pw_common_init(&status.common);
	while ((id = pw_options_next(command, table, argc, argv, &argument))) {
		if (id == PW_OPTION_HELP)
			return pw_options_help(command, table, NULL);
		if (id == OPTION_JSON)
			status.json = true;
		else if (id == OPTION_SELF_TEST)
			status.self_test = true;
		else if (id == PW_OPTION_ERROR ||
			 !pw_common_take(&status.common, id, argument))
			return PW_STATUS_USAGE;
	}
	if (pw_options_rest(argc, argv, 0))
		return pw_error(PW_STATUS_USAGE,
				"status takes no filter, but got \"%s\"; try: portwatch status --help",
				pw_options_rest(argc, argv, 0));
	result = status.self_test ? test_and_show(&status) : show(&status);
	free(status.state.hooks);
	free(status.state.sessions);
	return result;
}
