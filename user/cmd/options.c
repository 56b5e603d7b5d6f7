/* SPDX-License-Identifier: GPL-2.0 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "fmt/memory.h"
#include "fmt/output.h"
#include "options.h"

#define OPTIONS_MAX	32
#define SECOND		1000000000ULL
#define SECONDS_MAX	(10ULL * 366 * 86400)

/* What getopt_long() wants, made of a table. */
struct parser {
	char letters[2 * OPTIONS_MAX + 2];
	struct option names[OPTIONS_MAX + 1];
};

static int has_argument(const struct pw_option *option)
{
	if (!option->argument)
		return no_argument;
	return *option->argument == '[' ? optional_argument : required_argument;
}

static void make_parser(struct parser *parser, const struct pw_option *table)
{
	char *letter = parser->letters;
	size_t i;

	memset(parser, 0, sizeof(*parser));
	*letter++ = ':';
	for (i = 0; i < OPTIONS_MAX && table[i].name; i++) {
		parser->names[i].name = table[i].name;
		parser->names[i].has_arg = has_argument(&table[i]);
		/* Above every letter, so that a letter is looked up. */
		parser->names[i].val = 256 + (int)i;
		if (!table[i].letter)
			continue;
		*letter++ = table[i].letter;
		if (table[i].argument)
			*letter++ = ':';
	}
}

static int id_of_letter(const struct pw_option *table, int letter)
{
	for (; table->name; table++)
		if (table->letter == letter)
			return table->id;
	return PW_OPTION_ERROR;
}

static int complain(const struct pw_command *command, int problem, char **argv)
{
	const char *why = problem == ':' ? "needs an argument" :
		optopt >= 256 ? "takes no argument" : "is not an option";

	if (optopt && optopt < 256)
		pw_error(PW_STATUS_USAGE, "-%c %s; try: portwatch %s --help",
			 optopt, why, command->name);
	else
		pw_error(PW_STATUS_USAGE, "%s %s; try: portwatch %s --help",
			 argv[optind - 1], why, command->name);
	return PW_OPTION_ERROR;
}

int pw_options_next(const struct pw_command *command,
		    const struct pw_option *table, int argc, char **argv,
		    const char **argument)
{
	struct parser parser;
	int got;

	make_parser(&parser, table);
	opterr = 0;
	got = getopt_long(argc, argv, parser.letters, parser.names, NULL);
	*argument = optarg;
	if (got == -1)
		return PW_OPTION_END;
	if (got == '?' || got == ':')
		return complain(command, got, argv);
	return got >= 256 ? table[got - 256].id : id_of_letter(table, got);
}

static void print_option(struct pw_output *output,
			 const struct pw_option *option)
{
	char left[40], line[200];

	snprintf(left, sizeof(left), "%s%s%s", option->name,
		 has_argument(option) == required_argument ? " " : "",
		 option->argument ? option->argument : "");
	if (option->letter)
		snprintf(line, sizeof(line), "  -%c, --%-18s %s\n",
			 option->letter, left, option->help);
	else
		snprintf(line, sizeof(line), "      --%-18s %s\n", left,
			 option->help);
	pw_output_text(output, line);
}

int pw_options_help(const struct pw_command *command,
		    const struct pw_option *table, const char *more)
{
	struct pw_output output;
	int err;

	pw_output_open(&output, STDOUT_FILENO, -1);
	pw_output_text(&output, "Usage: portwatch ");
	pw_output_text(&output, command->name);
	pw_output_text(&output, " ");
	pw_output_text(&output, command->arguments);
	pw_output_text(&output, "\n\n");
	pw_output_text(&output, command->summary);
	pw_output_text(&output, ".\n\n");
	for (; table->name; table++)
		if (table->help)
			print_option(&output, table);
	if (more)
		pw_output_text(&output, more);
	err = pw_output_flush(&output);
	pw_output_close(&output);
	return pw_error_output(err);
}

const char *pw_options_rest(int argc, char **argv, int skip)
{
	return optind + skip < argc ? argv[optind + skip] : NULL;
}

char **pw_options_list(char **argv)
{
	return argv + optind;
}

char *pw_options_words(int argc, char **argv, int skip)
{
	char *words = pw_memory_new(1);
	size_t length = 0, more;
	int i;

	for (i = optind + skip; i < argc; i++) {
		more = strlen(argv[i]);
		words = pw_memory_resize(words, length + more + 2);
		if (length)
			words[length++] = ' ';
		memcpy(words + length, argv[i], more + 1);
		length += more;
	}
	return words;
}

bool pw_options_number(const char *name, const char *text, uint64_t min,
		       uint64_t max, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno &&
	    *number >= min && *number <= max)
		return true;
	pw_error(PW_STATUS_USAGE,
		 "--%s %s: not a number; give one from %llu to %llu", name, text,
		 (unsigned long long)min, (unsigned long long)max);
	return false;
}

bool pw_options_seconds(const char *name, const char *text,
			uint64_t *nanoseconds)
{
	char *end;
	double seconds;

	seconds = strtod(text, &end);
	if ((isdigit((unsigned char)*text) || *text == '.') && !*end &&
	    seconds >= 0 && seconds <= (double)SECONDS_MAX) {
		*nanoseconds = (uint64_t)(seconds * (double)SECOND);
		return true;
	}
	pw_error(PW_STATUS_USAGE,
		 "--%s %s: not a number of seconds, such as 10 or 0.5; give one",
		 name, text);
	return false;
}

/* A number and one of the letters in @units, each worth its @factors; or 0. */
static uint64_t scaled(const char *text, const char *units,
		       const uint64_t *factors)
{
	uint64_t number, factor = 1, product;
	const char *unit;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || errno)
		return 0;
	if (*end) {
		unit = strchr(units, tolower((unsigned char)*end));
		if (!unit || end[1])
			return 0;
		factor = factors[unit - units];
	}
	return __builtin_mul_overflow(number, factor, &product) ? 0 : product;
}

bool pw_options_size(const char *name, const char *text, uint64_t min,
		     uint64_t *bytes)
{
	static const uint64_t factors[] = {
		1ULL << 10, 1ULL << 20, 1ULL << 30, 1ULL << 40,
	};

	*bytes = scaled(text, "kmgt", factors);
	if (*bytes >= min && *bytes <= INT64_MAX)
		return true;
	pw_error(PW_STATUS_USAGE,
		 "--%s %s: not a size, such as 64M or 1G; give one of %lluK at least",
		 name, text, (unsigned long long)(min >> 10));
	return false;
}

bool pw_options_time(const char *name, const char *text, uint64_t *nanoseconds)
{
	static const uint64_t factors[] = { 1, 60, 3600, 86400 };
	uint64_t seconds = scaled(text, "smhd", factors);

	*nanoseconds = seconds * SECOND;
	if (seconds && seconds <= SECONDS_MAX)
		return true;
	pw_error(PW_STATUS_USAGE,
		 "--%s %s: not a time, such as 30m, 12h or 7d; give one", name,
		 text);
	return false;
}
