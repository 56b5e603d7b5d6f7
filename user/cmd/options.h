/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options as a table: what is parsed and what --help says cannot differ.
 */
#ifndef PW_OPTIONS_H
#define PW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

/**
 * struct pw_option - an option; a table of them ends with one without a name
 *
 * @id:		what pw_options_next() returns
 * @letter:	its short form, or 0
 * @name:	its long form
 * @argument:	what its argument is called, NULL: it has none; "[=N]": it may have one,
 *		and pw_options_next() gives NULL where it has not
 * @help:	one line, NULL: not shown
 */
struct pw_option {
	int id;
	char letter;
	const char *name;
	const char *argument;
	const char *help;
};

/* Ids of every table; its own begin with PW_OPTION_OWN. */
#define PW_OPTION_END	0	/* no more options */
#define PW_OPTION_ERROR	1	/* said already: end with PW_STATUS_USAGE */
#define PW_OPTION_HELP	2	/* printed already: end with @status */
#define PW_OPTION_OWN	3

#define PW_OPTION_HELP_ROW						\
	{ PW_OPTION_HELP, 'h', "help", NULL, "print this and exit" }

/* The next option; its argument is in @argument. */
int pw_options_next(const struct pw_command *command,
		    const struct pw_option *table, int argc, char **argv,
		    const char **argument);

/*
 * Prints the usage of a command; returns an exit status. @more is printed below
 * the options.
 */
int pw_options_help(const struct pw_command *command,
		    const struct pw_option *table, const char *more);

/* The word that follows the options and @skip words after them, or NULL. */
const char *pw_options_rest(int argc, char **argv, int skip);

/* The words that follow the options. */
char **pw_options_list(char **argv);

/* It and all after it, joined by spaces; to be freed. */
char *pw_options_words(int argc, char **argv, int skip);

/* A number from @min to @max, which says what is wrong if it is none. */
bool pw_options_number(const char *name, const char *text, uint64_t min,
		       uint64_t max, uint64_t *number);

/* Bytes: a number, with K, M, G or T for powers of 1024; @min of them at least. */
bool pw_options_size(const char *name, const char *text, uint64_t min,
		     uint64_t *bytes);

/* A time, "90", "30m", "12h", "7d", as nanoseconds. */
bool pw_options_time(const char *name, const char *text, uint64_t *nanoseconds);

/* Seconds, "1.5", as nanoseconds. */
bool pw_options_seconds(const char *name, const char *text,
			uint64_t *nanoseconds);

#endif
