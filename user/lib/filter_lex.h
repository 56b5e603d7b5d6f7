/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#ifndef PW_FILTER_LEX_H
#define PW_FILTER_LEX_H

#include <stdbool.h>
#include <stddef.h>

#define PW_TOKEN_MAX	4200	/* a path, and a little */

enum pw_token_type {
	PW_TOKEN_END,
	PW_TOKEN_WORD,
	PW_TOKEN_AND,
	PW_TOKEN_OR,
	PW_TOKEN_NOT,
	PW_TOKEN_OPEN,
	PW_TOKEN_CLOSE,
	PW_TOKEN_COMMA,
	PW_TOKEN_EQUAL,
	PW_TOKEN_UNEQUAL,
	PW_TOKEN_BAD,
};

/**
 * struct pw_lexer - cuts the words of a filter into tokens
 *
 * @words:	the words
 * @next:	where the next token begins, or the space before it
 * @type:	of the current token
 * @quoted:	it was written in quotes
 * @at:		where it begins in @words
 * @text:	it, without its quotes; what is wrong where it is BAD
 */
struct pw_lexer {
	const char *words;
	size_t next;
	enum pw_token_type type;
	bool quoted;
	size_t at;
	char text[PW_TOKEN_MAX];
};

/* Goes to the first token of @words. */
void pw_lexer_init(struct pw_lexer *lexer, const char *words);

/* Goes to the next token. */
void pw_lexer_next(struct pw_lexer *lexer);

#endif
