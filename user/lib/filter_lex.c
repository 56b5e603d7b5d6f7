/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
#include <string.h>
#include <strings.h>

#include "filter_lex.h"

struct token {
	const char *text;
	enum pw_token_type type;
};

/* Longer ones first. */
static const struct token signs[] = {
	{ "&&", PW_TOKEN_AND },
	{ "||", PW_TOKEN_OR },
	{ "!=", PW_TOKEN_UNEQUAL },
	{ "==", PW_TOKEN_EQUAL },
	{ "=", PW_TOKEN_EQUAL },
	{ "!", PW_TOKEN_NOT },
	{ "(", PW_TOKEN_OPEN },
	{ ")", PW_TOKEN_CLOSE },
	{ ",", PW_TOKEN_COMMA },
};

static const struct token keywords[] = {
	{ "and", PW_TOKEN_AND },
	{ "or", PW_TOKEN_OR },
	{ "not", PW_TOKEN_NOT },
};

static void bad(struct pw_lexer *lexer, const char *why)
{
	lexer->type = PW_TOKEN_BAD;
	strcpy(lexer->text, why);
}

static bool append(struct pw_lexer *lexer, size_t *len, char c)
{
	if (*len == sizeof(lexer->text) - 1) {
		bad(lexer, "is too long");
		return false;
	}
	lexer->text[(*len)++] = c;
	lexer->text[*len] = 0;
	return true;
}

static bool lex_sign(struct pw_lexer *lexer)
{
	const char *words = lexer->words + lexer->next;
	size_t i, len;

	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		len = strlen(signs[i].text);
		if (strncmp(words, signs[i].text, len))
			continue;
		strcpy(lexer->text, signs[i].text);
		lexer->type = signs[i].type;
		lexer->next += len;
		return true;
	}
	return false;
}

/* In double quotes a backslash takes a quote's or a backslash's meaning away. */
static void lex_quoted(struct pw_lexer *lexer)
{
	const char *words = lexer->words + lexer->next;
	char quote = *words++;
	size_t len = 0;

	lexer->type = PW_TOKEN_WORD;
	lexer->quoted = true;
	for (; *words && *words != quote; words++) {
		if (quote == '"' && *words == '\\' &&
		    (words[1] == '"' || words[1] == '\\'))
			words++;
		if (!append(lexer, &len, *words))
			return;
	}
	if (!*words) {
		bad(lexer, "is a quote that is not closed");
		return;
	}
	lexer->next = (size_t)(words + 1 - lexer->words);
}

static bool ends_word(const char *words)
{
	return strchr(" \t\r\n\v\f(),=\"'", *words) ||
	       !strncmp(words, "!=", 2) || !strncmp(words, "&&", 2) ||
	       !strncmp(words, "||", 2);
}

static void lex_word(struct pw_lexer *lexer)
{
	const char *words = lexer->words + lexer->next;
	size_t i, len = 0;

	lexer->type = PW_TOKEN_WORD;
	for (; !ends_word(words); words++)
		if (!append(lexer, &len, *words))
			return;
	lexer->next += len;
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (!strcasecmp(lexer->text, keywords[i].text))
			lexer->type = keywords[i].type;
}

void pw_lexer_next(struct pw_lexer *lexer)
{
	if (lexer->type == PW_TOKEN_BAD)
		return;
	lexer->next += strspn(lexer->words + lexer->next, " \t\r\n\v\f");
	lexer->at = lexer->next;
	lexer->quoted = false;
	lexer->text[0] = 0;
	if (!lexer->words[lexer->next])
		lexer->type = PW_TOKEN_END;
	else if (strchr("\"'", lexer->words[lexer->next]))
		lex_quoted(lexer);
	else if (!lex_sign(lexer))
		lex_word(lexer);
}

void pw_lexer_init(struct pw_lexer *lexer, const char *words)
{
	lexer->words = words;
	lexer->next = 0;
	lexer->type = PW_TOKEN_END;
	pw_lexer_next(lexer);
}
