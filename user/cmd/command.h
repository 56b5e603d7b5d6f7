/* SPDX-License-Identifier: GPL-2.0 */
#ifndef PW_COMMAND_H
#define PW_COMMAND_H

/* What a command answers with: its exit status. */
enum pw_status {
	PW_STATUS_FINE	= 0,
	PW_STATUS_POLICY = 1,	/* policy violated; loss under --strict */
	PW_STATUS_USAGE	= 2,	/* usage, or bad input */
	PW_STATUS_DEVICE = 3,	/* no module or device, too old, refused */
	PW_STATUS_IO	= 4,	/* input or output failed */
};

/**
 * struct pw_command - a subcommand
 *
 * @name:	its name
 * @arguments:	what may follow it, for its usage line
 * @summary:	one line
 * @run:	@argv[0] is the name; returns an exit status
 */
struct pw_command {
	const char *name;
	const char *arguments;
	const char *summary;
	int (*run)(const struct pw_command *command, int argc, char **argv);
};

int pw_tail(const struct pw_command *command, int argc, char **argv);
int pw_ports(const struct pw_command *command, int argc, char **argv);
int pw_who(const struct pw_command *command, int argc, char **argv);
int pw_record(const struct pw_command *command, int argc, char **argv);
int pw_read(const struct pw_command *command, int argc, char **argv);
int pw_status(const struct pw_command *command, int argc, char **argv);

/* The command called @name, or NULL. */
const struct pw_command *pw_command_find(const char *name);

#endif
