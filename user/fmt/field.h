/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Columns are data.
 *
 * What a row has to say is described once, as a table of fields: name, where the
 * value stands in which structure, what kind of value it is, and when it applies.
 * JSON, CSV and the tables on the terminal are all written from that, so that
 * they cannot disagree. Events, ports, hooks and sessions are rows.
 */
#ifndef PW_FIELD_H
#define PW_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The structures that a row is spread over. */
enum pw_base {
	PW_BASE_RECORD,		/* the record, or the only structure */
	PW_BASE_ITEM,		/* struct portwatch_item */
	PW_BASE_OWNER,		/* struct portwatch_identity */
	PW_BASE_ACTOR,		/* struct portwatch_identity */
	PW_BASE_HOLDER,		/* struct portwatch_identity */
	PW_BASE_EXTRA,		/* what a command adds to it */
	PW_BASES,
};

/* How a value stands in its structure. */
enum pw_type {
	PW_TYPE_CONSTANT,	/* nowhere: it is @argument */
	PW_TYPE_U8,
	PW_TYPE_U16,
	PW_TYPE_U32,
	PW_TYPE_U64,
	PW_TYPE_FLAG,		/* __u16: true where bits of @argument are set */
	PW_TYPE_BOOL,		/* __u32: true where it is not 0 */
	PW_TYPE_NAME8,		/* __u8 that @name_of turns into a word */
	PW_TYPE_NAME16,
	PW_TYPE_NAME32,
	PW_TYPE_TEXT,		/* const char *, NULL: does not apply */
	PW_TYPE_CHARS,		/* __u8[@argument], padded with 0 */
	PW_TYPE_ADDRESS,	/* __u8[16] of the row's family */
	PW_TYPE_PORT,		/* __u16 that goes with the address at @argument */
	PW_TYPE_EXPOSURE,	/* the same, seen as how far it is exposed */
	PW_TYPE_REAL_TIME,	/* __u64, nanoseconds since 1970 */
	PW_TYPE_BOOT_TIME,	/* __u64 of CLOCK_BOOTTIME */
	PW_TYPE_COUNTS,	/* __u32[PORTWATCH_TYPES], by type of event */
	PW_TYPE_EVENTS,	/* __u64, a set of types of events */
};

/* What a number is an amount of, for people. */
enum pw_unit {
	PW_UNIT_NONE,
	PW_UNIT_NANOSECONDS,
	PW_UNIT_MICROSECONDS,
	PW_UNIT_BYTES,
};

/* What a value means to people, as a colour. */
enum pw_tone {
	PW_TONE_PLAIN,
	PW_TONE_FAINT,
	PW_TONE_GOOD,
	PW_TONE_NOTE,
	PW_TONE_WARN,
	PW_TONE_BAD,
	PW_TONE_ALARM,
	PW_TONE_NAME,
	PW_TONES,
};

/* Every shape that a structure can have: see pw_row.shapes. */
#define PW_SHAPES_ALL	0xffffffffU

#define PW_KEY_MAX	24

/**
 * struct pw_field - one column
 *
 * @name:	in JSON and CSV
 * @key:	,"name": as JSON has it; it is copied whole, which is faster
 * @key_length:	its length
 * @type, @base, @offset: how and where the value stands
 * @argument:	see @type
 * @omits, @omit: a number that does not apply when it is @omit
 * @unit:	of a number
 * @need:	flags of the row without which it does not apply
 * @shapes:	shapes of the structure for which it applies
 * @name_of:	turns a number into a word; for one that it does not know
 *		it returns NULL, and the number stands for the word
 * @tone:	colour of a value, or NULL
 */
struct pw_field {
	char key[PW_KEY_MAX];
	const char *name;
	const char *(*name_of)(unsigned int number);
	enum pw_tone (*tone)(const char *word, uint64_t number);
	uint32_t shapes;
	uint32_t argument;
	uint64_t omit;
	uint16_t offset;
	uint16_t need;
	uint8_t key_length;
	uint8_t type;
	uint8_t base;
	uint8_t unit;
	bool omits;
};

#define PW_NAMED(field_name)					\
	.name = field_name, .key = ",\"" field_name "\":",		\
	.key_length = sizeof(",\"" field_name "\":") - 1

/**
 * struct pw_row - one row
 *
 * @base:	the structures; NULL: its fields do not apply
 * @shapes:	for each of them one bit: which of its fields apply
 * @real_time_of_boot: what makes a real time of a time of CLOCK_BOOTTIME
 * @flags:	PORTWATCH_F_*
 * @family:	of the addresses
 */
struct pw_row {
	const void *base[PW_BASES];
	uint32_t shapes[PW_BASES];
	uint64_t real_time_of_boot;
	uint16_t flags;
	uint8_t family;
};

/* What kind of value a field has turned out to be. */
enum pw_kind {
	PW_KIND_NUMBER,
	PW_KIND_UNNAMED,	/* a number for which there should be a word */
	PW_KIND_TRUE,
	PW_KIND_WORD,		/* of ours: lower case, digits, '-', or errno */
	PW_KIND_TEXT,		/* from outside: to be escaped */
	PW_KIND_TIME,
	PW_KIND_ADDRESS,
	PW_KIND_COUNTS,
	PW_KIND_EVENTS,
};

/**
 * struct pw_value - the value of a field in a row
 *
 * @kind:	says which of these counts:
 * @number:	number, time (nanoseconds since 1970), set of events
 * @text:	word or text
 * @length:	of the text
 * @address, @family: address
 * @counts:	by type of event
 */
struct pw_value {
	enum pw_kind kind;
	int family;
	uint64_t number;
	size_t length;
	union {
		const char *text;
		const uint8_t *address;
		const uint32_t *counts;
	};
};

/* Gets the value of @field; false: it does not apply to this row. */
bool pw_field_get(const struct pw_field *field, const struct pw_row *row,
		  struct pw_value *value);

/* The longest word or number of a value; texts, counts and events aside. */
#define PW_VALUE_MAX	64

/* Bytes that pw_put_value() writes at most. */
size_t pw_value_size(const struct pw_value *value);

/*
 * Writes a value for people, or for CSV: @how is of escape.h and @units says
 * whether amounts are to be written as such (1.2s, 40k). See put.h. Times are
 * written as they stand in JSON.
 */
char *pw_put_value(char *at, const struct pw_field *field,
		   const struct pw_value *value, bool units, unsigned int how);

#endif
