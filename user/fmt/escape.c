/* SPDX-License-Identifier: GPL-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "escape.h"
#include "put.h"

struct range {
	uint32_t first;
	uint32_t last;
};

/*
 * Characters that are well-formed and yet must not be printed: those that a
 * terminal obeys, that reorder what stands around them, that end a line, and
 * those of no width, which make two different names look the same.
 */
static const struct range hidden[] = {
	{ 0x0080, 0x009f },	/* C1 controls */
	{ 0x00ad, 0x00ad },	/* soft hyphen */
	{ 0x034f, 0x034f },	/* grapheme joiner */
	{ 0x061c, 0x061c },	/* Arabic letter mark */
	{ 0x180e, 0x180e },	/* Mongolian vowel separator */
	{ 0x200b, 0x200f },	/* zero width, direction marks */
	{ 0x2028, 0x202e },	/* line ends, bidi embeddings and overrides */
	{ 0x2060, 0x206f },	/* invisible operators, bidi isolates */
	{ 0xfe00, 0xfe0f },	/* variation selectors */
	{ 0xfeff, 0xfeff },	/* byte order mark */
	{ 0xfff9, 0xfffb },	/* annotations */
	{ 0xe0000, 0xe0fff },	/* tags */
};

static bool is_hidden(uint32_t character)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (character >= hidden[i].first && character <= hidden[i].last)
			return true;
	return false;
}

/*
 * The bytes of the character that starts at @text, and the character; 0 when
 * this is not UTF-8 in its shortest form (RFC 3629).
 */
static size_t decode(const unsigned char *text, size_t length, uint32_t *result)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t character;
	size_t bytes, i;

	if (*text >= 0xc2 && *text <= 0xdf)
		bytes = 2;
	else if (*text >= 0xe0 && *text <= 0xef)
		bytes = 3;
	else if (*text >= 0xf0 && *text <= 0xf4)
		bytes = 4;
	else
		return 0;
	if (bytes > length)
		return 0;
	character = *text & (0x7fU >> bytes);
	for (i = 1; i < bytes; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text[i] & 0x3f);
	}
	if (character < smallest[bytes] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*result = character;
	return bytes;
}

static char *put_hex(char *at, unsigned char byte, unsigned int how)
{
	static const char digits[] = "0123456789abcdef";

	*at++ = '\\';
	if (how & PW_ESCAPE_JSON)
		*at++ = '\\';
	*at++ = 'x';
	*at++ = digits[byte >> 4];
	*at++ = digits[byte & 15];
	return at;
}

static char *put_ascii(char *at, unsigned char byte, unsigned int how)
{
	if (byte < 0x20 || byte == 0x7f)
		return put_hex(at, byte, how);
	if (byte == '\\') {
		at = pw_put_text(at, "\\\\");
		if (how & PW_ESCAPE_JSON)
			at = pw_put_text(at, "\\\\");
		return at;
	}
	if (byte == '"' && (how & PW_ESCAPE_JSON))
		*at++ = '\\';
	else if (byte == '"' && (how & PW_ESCAPE_CSV))
		*at++ = '"';
	*at++ = (char)byte;
	return at;
}

/* What goes as it is in every way of escaping; most texts have nothing else. */
static inline bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"';
}

static char *put_plain(char *at, const unsigned char **from,
		       const unsigned char *end)
{
	const unsigned char *next = *from;

	while (next < end && is_plain(*next))
		*at++ = (char)*next++;
	*from = next;
	return at;
}

char *pw_put_escaped(char *at, const void *text, size_t length,
		     unsigned int how)
{
	const unsigned char *from = text, *end = from + length;
	uint32_t character = 0;
	size_t bytes;

	/* A spreadsheet runs a cell that begins like this: "=HYPERLINK(...)". */
	if ((how & PW_ESCAPE_CSV) && length && strchr("=+-@", *from) && *from)
		at = put_hex(at, *from++, how);
	for (;;) {
		at = put_plain(at, &from, end);
		if (from == end)
			return at;
		if (*from < 0x80) {
			at = put_ascii(at, *from++, how);
			continue;
		}
		bytes = decode(from, (size_t)(end - from), &character);
		if (!bytes) {
			at = put_hex(at, *from++, how);
		} else if (is_hidden(character) || (how & PW_ESCAPE_ASCII)) {
			while (bytes--)
				at = put_hex(at, *from++, how);
		} else {
			at = pw_put_bytes(at, from, bytes);
			from += bytes;
		}
	}
}

size_t pw_text_width(const char *text, size_t length)
{
	size_t width = 0;

	while (length--)
		width += (*text++ & 0xc0) != 0x80;
	return width;
}
