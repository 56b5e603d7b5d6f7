/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * From words to a filter:
 *
 *	any  := all { "or" all }
 *	all  := one { "and" one }
 *	one  := "not" one | "(" any ")" | protocol | flag
 *	      | word [ "=" | "!=" ] value { "," value }
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "filter_lex.h"

#define DEPTH_MAX	100	/* of parentheses and nots in one another */
#define NODES_MAX	4096
#define VALUES_MAX	65536
#define SHOWN_MAX	60	/* characters of a word in a message */

struct parser {
	struct pw_lexer lexer;
	struct portwatch_filter *filter;
	unsigned int depth;
	size_t value_end;	/* in the words, of the last value */
	char *message;
	size_t message_size;
};

static int fail(struct parser *parser, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line: where, which word, what is wrong with it. */
static int fail(struct parser *parser, const char *format, ...)
{
	const struct pw_lexer *lexer = &parser->lexer;
	char what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (lexer->type == PW_TOKEN_BAD)
		snprintf(parser->message, parser->message_size,
			 "filter, character %zu: \"%.*s\" %s", lexer->at + 1,
			 SHOWN_MAX, lexer->words + lexer->at, lexer->text);
	else if (lexer->type == PW_TOKEN_END)
		snprintf(parser->message, parser->message_size,
			 "filter, at its end: %s", what);
	else
		snprintf(parser->message, parser->message_size,
			 "filter, character %zu: \"%.*s\": %s", lexer->at + 1,
			 SHOWN_MAX, lexer->text, what);
	return -EINVAL;
}

/* Doubles an array whenever its count is a power of two. */
static void *grow(void *array, unsigned int count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * (size_t)count : 1, size);
}

static int add_node(struct parser *parser, struct pw_filter_node node,
		    unsigned int *index)
{
	struct portwatch_filter *filter = parser->filter;
	struct pw_filter_node *nodes;

	if (filter->nr_nodes == NODES_MAX)
		return fail(parser, "too many tests, %u at most", NODES_MAX);
	nodes = grow(filter->nodes, filter->nr_nodes, sizeof(node));
	if (!nodes)
		return -ENOMEM;
	filter->nodes = nodes;
	nodes[filter->nr_nodes] = node;
	*index = filter->nr_nodes++;
	return 0;
}

static int add_value(struct parser *parser, const struct pw_filter_value *value)
{
	struct portwatch_filter *filter = parser->filter;
	struct pw_filter_value *values;

	values = grow(filter->values, filter->nr_values, sizeof(*value));
	if (!values)
		return -ENOMEM;
	filter->values = values;
	values[filter->nr_values++] = *value;
	return 0;
}

static void free_value(struct pw_filter_value *value)
{
	if (value->type == PW_VALUE_TEXT || value->type == PW_VALUE_PATTERN)
		free(value->text);
}

static int parse_value(struct parser *parser, const struct pw_filter_word *word)
{
	struct pw_lexer *lexer = &parser->lexer;
	struct pw_filter_value value;
	char expected[512];
	int err;

	if (lexer->type != PW_TOKEN_WORD || (!lexer->text[0])) {
		pw_filter_expected(word, expected, sizeof(expected));
		return fail(parser, "%s is followed by %s", word->name,
			    expected);
	}
	if (parser->filter->nr_values == VALUES_MAX)
		return fail(parser, "too many values, %u at most", VALUES_MAX);
	err = pw_filter_value(&value, word, lexer->text, lexer->quoted,
			      expected, sizeof(expected));
	if (err == -EINVAL)
		return fail(parser, "%s is followed by %s", word->name,
			    expected);
	if (err)
		return err;
	err = add_value(parser, &value);
	if (err) {
		free_value(&value);
		return err;
	}
	parser->value_end = lexer->next;
	pw_lexer_next(lexer);
	return 0;
}

static int parse_values(struct parser *parser, struct pw_filter_node *test)
{
	struct pw_lexer *lexer = &parser->lexer;
	int err;

	test->first = parser->filter->nr_values;
	test->at = lexer->at;
	err = parse_value(parser, test->word);
	while (!err && lexer->type == PW_TOKEN_COMMA) {
		pw_lexer_next(lexer);
		err = parse_value(parser, test->word);
	}
	test->count = parser->filter->nr_values - test->first;
	test->length = parser->value_end - test->at;
	return err;
}

static int parse_flag(struct parser *parser, struct pw_filter_node *test)
{
	const struct pw_filter_value value = {
		.type = PW_VALUE_RANGE,
		.range = { test->word->flag, test->word->flag },
	};

	test->first = parser->filter->nr_values;
	test->count = 1;
	return add_value(parser, &value);
}

/* "tcp" alone is "proto tcp". */
static const struct pw_filter_word *find_word(struct parser *parser,
					      bool *is_value)
{
	const char *text = parser->lexer.text;

	*is_value = portwatch_proto_number(text) >= 0;
	return pw_filter_word(*is_value ? "proto" : text);
}

static int unknown_word(struct parser *parser)
{
	const char *hint = pw_filter_hint(parser->lexer.text);

	if (hint)
		return fail(parser, "no word of the filter; %s", hint);
	return fail(parser, "expected a test such as \"port 80\", \"comm nginx\" or \"not net 127.0.0.0/8\"");
}

static int parse_test(struct parser *parser, unsigned int *index)
{
	struct pw_filter_node test = { .op = PW_OP_TEST };
	struct pw_lexer *lexer = &parser->lexer;
	bool is_value, negate;
	int err;

	if (lexer->type == PW_TOKEN_WORD && !lexer->quoted)
		test.word = find_word(parser, &is_value);
	if (!test.word)
		return unknown_word(parser);
	if (!is_value)
		pw_lexer_next(lexer);
	if (test.word->syntax == PW_SYNTAX_NONE) {
		err = parse_flag(parser, &test);
		return err ? err : add_node(parser, test, index);
	}
	negate = lexer->type == PW_TOKEN_UNEQUAL;
	if (negate || lexer->type == PW_TOKEN_EQUAL)
		pw_lexer_next(lexer);
	err = parse_values(parser, &test);
	if (err)
		return err;
	err = add_node(parser, test, index);
	if (err || !negate)
		return err;
	test = (struct pw_filter_node){ .op = PW_OP_NOT, .left = *index };
	return add_node(parser, test, index);
}

static int parse_any(struct parser *parser, unsigned int *index);

static int parse_not(struct parser *parser, unsigned int *index);

static int parse_group(struct parser *parser, unsigned int *index)
{
	int err;

	pw_lexer_next(&parser->lexer);
	err = parse_any(parser, index);
	if (err)
		return err;
	if (parser->lexer.type != PW_TOKEN_CLOSE)
		return fail(parser, "expected \"and\", \"or\" or \")\"");
	pw_lexer_next(&parser->lexer);
	return 0;
}

static int parse_one(struct parser *parser, unsigned int *index)
{
	int err;

	if (parser->depth == DEPTH_MAX)
		return fail(parser, "nested too deep");
	parser->depth++;
	if (parser->lexer.type == PW_TOKEN_NOT)
		err = parse_not(parser, index);
	else if (parser->lexer.type == PW_TOKEN_OPEN)
		err = parse_group(parser, index);
	else
		err = parse_test(parser, index);
	parser->depth--;
	return err;
}

static int parse_not(struct parser *parser, unsigned int *index)
{
	struct pw_filter_node node = { .op = PW_OP_NOT };
	int err;

	pw_lexer_next(&parser->lexer);
	err = parse_one(parser, &node.left);
	return err ? err : add_node(parser, node, index);
}

/* What @part reads, joined by @token. */
static int parse_joined(struct parser *parser, unsigned int *index,
			enum pw_token_type token, enum pw_filter_op op,
			int (*part)(struct parser *parser, unsigned int *index))
{
	struct pw_filter_node node = { .op = op };
	int err;

	err = part(parser, index);
	while (!err && parser->lexer.type == token) {
		pw_lexer_next(&parser->lexer);
		node.left = *index;
		err = part(parser, &node.right);
		if (!err)
			err = add_node(parser, node, index);
	}
	return err;
}

static int parse_all(struct parser *parser, unsigned int *index)
{
	return parse_joined(parser, index, PW_TOKEN_AND, PW_OP_AND, parse_one);
}

static int parse_any(struct parser *parser, unsigned int *index)
{
	return parse_joined(parser, index, PW_TOKEN_OR, PW_OP_OR, parse_all);
}

static int parse(struct parser *parser)
{
	int err;

	if (parser->lexer.type == PW_TOKEN_END)
		return 0;
	err = parse_any(parser, &parser->filter->root);
	if (err)
		return err;
	if (parser->lexer.type == PW_TOKEN_CLOSE)
		return fail(parser, "no parenthesis is open");
	if (parser->lexer.type != PW_TOKEN_END)
		return fail(parser, "expected \"and\" or \"or\" before it");
	return 0;
}

int portwatch_filter_parse(struct portwatch_filter **filter, const char *words,
			   char *message, size_t message_size)
{
	struct parser *parser;
	int err = -ENOMEM;

	if (message_size)
		message[0] = 0;
	parser = calloc(1, sizeof(*parser));
	if (!parser)
		return -ENOMEM;
	parser->message = message;
	parser->message_size = message_size;
	parser->filter = calloc(1, sizeof(*parser->filter));
	if (parser->filter)
		parser->filter->words = strdup(words);
	if (parser->filter && parser->filter->words) {
		pw_lexer_init(&parser->lexer, words);
		err = parse(parser);
	}
	if (err)
		portwatch_filter_free(parser->filter);
	else
		*filter = parser->filter;
	free(parser);
	return err;
}

bool portwatch_filter_begins(const char *word)
{
	struct pw_lexer lexer;

	pw_lexer_init(&lexer, word);
	if (lexer.type == PW_TOKEN_NOT || lexer.type == PW_TOKEN_OPEN)
		return true;
	return lexer.type == PW_TOKEN_WORD && !lexer.quoted &&
	       (pw_filter_word(lexer.text) || pw_filter_hint(lexer.text) ||
		portwatch_proto_number(lexer.text) >= 0);
}

void portwatch_filter_free(struct portwatch_filter *filter)
{
	unsigned int i;

	if (!filter)
		return;
	for (i = 0; i < filter->nr_values; i++)
		free_value(&filter->values[i]);
	free(filter->values);
	free(filter->nodes);
	free(filter->words);
	free(filter);
}
