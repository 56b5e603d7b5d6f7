// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "crc.h"
#include "test.h"

/* By the table alone, and as this machine does it. */
static void assert_crc(const struct pw_crc *crc, const void *bytes, size_t size,
		       uint32_t want)
{
	struct pw_crc table = *crc;

	table.instruction = false;
	assert_int_equal(pw_crc_of(&table, bytes, size), want);
	assert_int_equal(pw_crc_of(crc, bytes, size), want);
}

/* The examples of RFC 3720, B.4, and the check value of the catalogues. */
static void of_known_bytes(void **state)
{
	unsigned char bytes[32];
	struct pw_crc crc;
	unsigned int i;

	(void)state;
	pw_crc_init(&crc);
	assert_crc(&crc, "", 0, 0);
	assert_crc(&crc, "123456789", 9, 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	assert_crc(&crc, bytes, sizeof(bytes), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_crc(&crc, bytes, sizeof(bytes), 0x62a8ab43);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	assert_crc(&crc, bytes, sizeof(bytes), 0x46dd794e);
}

/* Of each length, from each place in a word. */
static void table_and_instruction_agree(void **state)
{
	unsigned char bytes[64];
	struct pw_crc crc, table;
	size_t start, size;

	(void)state;
	pw_crc_init(&crc);
	table = crc;
	table.instruction = false;
	for (size = 0; size < sizeof(bytes); size++)
		bytes[size] = (unsigned char)(size * 167 + 13);
	for (start = 0; start < 8; start++)
		for (size = 0; size <= sizeof(bytes) - start; size++)
			assert_int_equal(pw_crc_of(&crc, bytes + start, size),
					 pw_crc_of(&table, bytes + start,
						   size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_known_bytes),
		cmocka_unit_test(table_and_instruction_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
