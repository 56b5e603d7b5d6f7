/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_FILTER_H
#define PW_FILTER_H

#include "names.h"
#include "portwatch.h"

/* What of an event a test looks at. */
enum pw_filter_field {
	PW_FIELD_EVENT,
	PW_FIELD_PROTO,
	PW_FIELD_FAMILY,
	PW_FIELD_PORT,
	PW_FIELD_LPORT,
	PW_FIELD_RPORT,
	PW_FIELD_PID,
	PW_FIELD_TID,
	PW_FIELD_PPID,
	PW_FIELD_UID,
	PW_FIELD_AUID,
	PW_FIELD_NETNS,
	PW_FIELD_SOCK,
	PW_FIELD_LISTENER,
	PW_FIELD_CPU,
	PW_FIELD_ERROR,
	PW_FIELD_EXPOSURE,
	PW_FIELD_STATE,
	PW_FIELD_HOW,
	PW_FIELD_KIND,
	PW_FIELD_REASON,
	PW_FIELD_FIRST,
	PW_FIELD_FLAGS,
	PW_FIELD_LOOPBACK,
	PW_FIELD_HOST,
	PW_FIELD_LADDR,
	PW_FIELD_RADDR,
	PW_FIELD_CID,
	PW_FIELD_COMM,
	PW_FIELD_EXE,
	PW_FIELD_UNIT,
	PW_FIELD_CONTAINER,
	PW_FIELD_CGROUP,
	PW_FIELD_DEVICE,
};

/* How the values of a word are written. */
enum pw_filter_syntax {
	PW_SYNTAX_NONE,		/* the word is the test: "mapped" */
	PW_SYNTAX_NUMBER,	/* or a range */
	PW_SYNTAX_PORT,		/* or a range, or a service */
	PW_SYNTAX_USER,		/* number, range or name */
	PW_SYNTAX_NAME,		/* of pw_filter_word.names */
	PW_SYNTAX_NAME_NUMBER,	/* the same, or a number */
	PW_SYNTAX_ADDRESS,	/* with or without a prefix length */
	PW_SYNTAX_NET,		/* with a prefix length */
	PW_SYNTAX_CID,		/* number, range or "any" */
	PW_SYNTAX_TEXT,		/* or a pattern */
	PW_SYNTAX_UNIT,		/* a text, ".service" where no type is given */
};

/**
 * struct pw_filter_word - a word that begins a test
 *
 * @name:	the word
 * @field:	what it looks at
 * @syntax:	what follows it
 * @names:	for PW_SYNTAX_NAME
 * @flag:	for PW_SYNTAX_NONE, the PORTWATCH_F_* asked for
 */
struct pw_filter_word {
	const char *name;
	enum pw_filter_field field;
	enum pw_filter_syntax syntax;
	enum pw_names names;
	unsigned int flag;
};

/* The word called @name, or NULL. */
const struct pw_filter_word *pw_filter_word(const char *name);

/* A hint for those who know the word from another tool, or NULL. */
const char *pw_filter_hint(const char *name);

enum pw_filter_type {
	PW_VALUE_RANGE,
	PW_VALUE_PREFIX,
	PW_VALUE_TEXT,
	PW_VALUE_PATTERN,
};

/* One of the values of a test. @service: a port that was named, of no vsock then. */
struct pw_filter_value {
	enum pw_filter_type type;
	bool service;
	union {
		struct {
			uint64_t low;
			uint64_t high;
		} range;
		struct {
			uint8_t family;
			uint8_t bits;
			uint8_t address[16];
		} prefix;
		char *text;
	};
};

/*
 * Reads one value, as @word wants it. @quoted: it was quoted, so a "*" in it is
 * no pattern. Returns 0, -ENOMEM or -EINVAL with a description of what was
 * expected in @expected.
 */
int pw_filter_value(struct pw_filter_value *value,
		    const struct pw_filter_word *word, const char *text,
		    bool quoted, char *expected, size_t size);

/* What a value of @word is: "a port number, ...". */
void pw_filter_expected(const struct pw_filter_word *word, char *text,
			size_t size);

enum pw_filter_op {
	PW_OP_TEST,
	PW_OP_NOT,
	PW_OP_AND,
	PW_OP_OR,
};

/*
 * @left, @right: nodes that NOT (@left), AND and OR join. @word, @first, @count: a
 * test and its values, one of which must match. @at, @length: where the values stand in
 * the words.
 */
struct pw_filter_node {
	enum pw_filter_op op;
	unsigned int left;
	unsigned int right;
	const struct pw_filter_word *word;
	unsigned int first;
	unsigned int count;
	size_t at;
	size_t length;
};

/* A filter without nodes wants everything. */
struct portwatch_filter {
	char *words;
	struct pw_filter_node *nodes;
	unsigned int nr_nodes;
	unsigned int root;
	struct pw_filter_value *values;
	unsigned int nr_values;
};

#endif
