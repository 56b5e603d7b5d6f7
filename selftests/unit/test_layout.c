// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of what goes between kernel, reader and file. (test_headers compiles
 * layout.def for 32-bit machines, too.)
 */
#include "portwatch.h"
#include "recording.h"
#include "test.h"

#define AT(type, field, offset) \
	assert_int_equal(offsetof(struct type, field), offset)
#define SIZE(type, size)	assert_int_equal(sizeof(struct type), size)
#define VALUE(name, value)	assert_int_equal(name, value)

static void wire(void **state)
{
	(void)state;
#include "layout.def"
}

static void recordings(void **state)
{
	(void)state;
	SIZE(pw_recording_header, 256);
	AT(pw_recording_header, version, 8);
	AT(pw_recording_header, byte_order, 12);
	AT(pw_recording_header, header_size, 16);
	AT(pw_recording_header, slot_size, 20);
	AT(pw_recording_header, record_version, 24);
	AT(pw_recording_header, flags, 28);
	AT(pw_recording_header, offset, 32);
	AT(pw_recording_header, created, 40);
	AT(pw_recording_header, id, 48);
	AT(pw_recording_header, first, 56);
	AT(pw_recording_header, boot_id, 64);
	AT(pw_recording_header, release, 80);
	AT(pw_recording_header, host, 144);
	AT(pw_recording_header, checksum, 252);
	SIZE(pw_recording_block, 64);
	AT(pw_recording_block, flags, 4);
	AT(pw_recording_block, stored, 8);
	AT(pw_recording_block, slots, 12);
	AT(pw_recording_block, items, 16);
	AT(pw_recording_block, payload, 20);
	AT(pw_recording_block, first, 24);
	AT(pw_recording_block, offset, 32);
	AT(pw_recording_block, begin, 40);
	AT(pw_recording_block, end, 48);
	AT(pw_recording_block, checksum, 60);
	SIZE(pw_recording_end, 128);
	AT(pw_recording_end, type, 14);
	AT(pw_recording_end, missed, 16);
	AT(pw_recording_end, unexplained, 24);
	SIZE(pw_recording_offset, 128);
	AT(pw_recording_offset, type, 14);
	AT(pw_recording_offset, offset, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wire),
		cmocka_unit_test(recordings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
