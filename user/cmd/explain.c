/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tail --explain: what of a filter the kernel does, and what the tool.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "explain.h"
#include "fmt/escape.h"
#include "fmt/output.h"

/* The words are ours to print, and may have come from anywhere. */
static void print_words(struct pw_output *output, const char *who,
			const char *words)
{
	size_t length = strlen(words);
	char *at;

	pw_output_text(output, who);
	at = pw_output_room(output, length * PW_ESCAPE_GROWTH + 1);
	at = pw_put_escaped(at, words, length, 0);
	*at++ = '\n';
	pw_output_commit(output, at);
}

static void print_live(struct pw_output *output, int tests, const char *kernel,
		       const char *rest)
{
	char text[160] = "The kernel keeps nothing back, the tool looks at every event.\n";

	print_words(output, "kernel: ", tests ? kernel : "nothing");
	print_words(output, "tool:   ", *rest ? rest : "nothing");
	if (tests)
		snprintf(text, sizeof(text),
			 "The kernel keeps back what is not as its line says (%d of %d tests), %s.\n",
			 tests, PORTWATCH_TESTS_MAX,
			 *rest ? "the tool looks at what is left" :
				 "and that is all");
	pw_output_text(output, text);
}

static int explain(struct pw_output *output,
		   const struct portwatch_filter *filter)
{
	char *kernel, *rest;
	int tests = portwatch_filter_explain(filter, &kernel, &rest);

	if (tests < 0)
		return pw_error(PW_STATUS_IO, "filter: %s; make it simpler",
				strerror(-tests));
	print_live(output, tests, kernel, rest);
	free(kernel);
	free(rest);
	return 0;
}

int pw_explain(const struct portwatch_filter *filter, bool live)
{
	struct pw_output output;
	int status = 0;

	pw_output_open(&output, STDOUT_FILENO, -1);
	if (!filter)
		pw_output_text(&output, "No filter: every event is shown.\n");
	else if (!live)
		pw_output_text(&output,
			       "No kernel is asked: the tool looks at every event.\n");
	else
		status = explain(&output, filter);
	if (!status)
		status = pw_error_output(pw_output_flush(&output));
	pw_output_close(&output);
	return status;
}
