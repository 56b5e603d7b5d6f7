// SPDX-License-Identifier: GPL-2.0
/* Records that cannot be: each is refused, and nothing beyond it is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "make_slot.h"
#include "slot.h"
#include "test.h"

static union pw_slot slots[PW_RECORD_SLOTS_MAX];

static unsigned int long_process(void)
{
	static char path[300];

	memset(path, 'x', sizeof(path) - 1);
	return make_process(slots, 7, 42, "comm", path, NULL, 0, "/cgroup");
}

static void good_records_pass(void **state)
{
	union pw_slot slot;
	unsigned int type;

	(void)state;
	for (type = PORTWATCH_SOCKET; type <= PORTWATCH_SNAPSHOT; type++) {
		slot = make_event(type, 1);
		assert_int_equal(pw_slot_check(&slot, 1), 1);
	}
	assert_int_equal(make_process(slots, 1, 2, "a", NULL, NULL, 0, NULL),
			 1);
	assert_int_equal(pw_slot_check(slots, 1), 1);
	assert_int_equal(long_process(), 4);
	assert_int_equal(pw_slot_check(slots, 4), 4);
	assert_int_equal(pw_slot_check(slots, 100), 4);
}

static void newer_records_pass(void **state)
{
	union pw_slot slot;

	(void)state;
	slot = make_event(15, 1);
	assert_int_equal(pw_slot_check(&slot, 1), 1);
	slot = make_event(200, 1);
	assert_int_equal(pw_slot_check(&slot, 1), 1);
	slot = make_event(PORTWATCH_CLOSE, 1);
	slot.event.close.reason = 99;
	slot.event.close.kind = 99;
	slot.event.flags = 0x7ffe;
	slot.event.family = 40;
	assert_int_equal(pw_slot_check(&slot, 1), 1);
}

static void nothing_is_no_record(void **state)
{
	union pw_slot slot = make_event(0, 1);

	(void)state;
	assert_int_equal(pw_slot_check(&slot, 0), -EBADMSG);
	assert_int_equal(pw_slot_check(&slot, 1), -EBADMSG);
	memset(&slot, 0, sizeof(slot));
	assert_int_equal(pw_slot_check(&slot, 1), -EBADMSG);
}

static void text_without_process(void **state)
{
	(void)state;
	long_process();
	assert_int_equal(pw_slot_check(slots + 1, 3), -EBADMSG);
}

static void process_that_is_not_all_there(void **state)
{
	union pw_slot *exact;

	(void)state;
	long_process();
	/* on the heap, so that a read beyond it is seen */
	exact = malloc(3 * sizeof(*exact));
	memcpy(exact, slots, 3 * sizeof(*exact));
	assert_int_equal(pw_slot_check(exact, 3), -EBADMSG);
	assert_int_equal(pw_slot_check(exact, 1), -EBADMSG);
	free(exact);
}

static void process_with_wrong_lengths(void **state)
{
	(void)state;
	long_process();
	slots[0].process.slots = 0;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[0].process.text_len = 49;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[0].process.exe_len++;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[0].process.exe_len = 65535;
	slots[0].process.cmdline_len = 65535;
	slots[0].process.cgroup_len = 65535;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[2].text.text_len = 107;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[3].text.text_len--;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	/* the sum is right, one of the parts is not */
	long_process();
	slots[1].text.text_len = 65535;
	slots[0].process.exe_len = (uint16_t)(48 + 65535 + 106 + 46 - 7);
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
}

static void process_with_parts_of_another(void **state)
{
	(void)state;
	long_process();
	slots[2].text.part = 3;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[2].text.key++;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[1].text.seq++;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[1].text.time++;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	long_process();
	slots[3].text.type = PORTWATCH_BIND;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
}

static void process_with_a_key_that_is_not_announced(void **state)
{
	(void)state;
	long_process();
	slots[0].process.key = 1;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
	slots[0].process.key = 0;
	assert_int_equal(pw_slot_check(slots, 4), -EBADMSG);
}

static void names_of_interfaces_end(void **state)
{
	union pw_slot slot = make_event(PORTWATCH_BIND, 1);

	(void)state;
	memset(slot.event.bind.ifname, 'e', 15);
	assert_int_equal(pw_slot_check(&slot, 1), 1);
	slot.event.bind.ifname[15] = 'e';
	assert_int_equal(pw_slot_check(&slot, 1), -EBADMSG);
	slot = make_event(PORTWATCH_ESTABLISHED, 1);
	memset(slot.event.existing.ifname, 'e', 16);
	assert_int_equal(pw_slot_check(&slot, 1), 1);
	slot.event.flags |= PORTWATCH_F_EXISTING;
	assert_int_equal(pw_slot_check(&slot, 1), -EBADMSG);
}

static void marks_begin_or_end(void **state)
{
	union pw_slot slot = make_event(PORTWATCH_SNAPSHOT, 1);

	(void)state;
	slot.event.snapshot.end = 1;
	assert_int_equal(pw_slot_check(&slot, 1), 1);
	slot.event.snapshot.end = 2;
	assert_int_equal(pw_slot_check(&slot, 1), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_records_pass),
		cmocka_unit_test(newer_records_pass),
		cmocka_unit_test(nothing_is_no_record),
		cmocka_unit_test(text_without_process),
		cmocka_unit_test(process_that_is_not_all_there),
		cmocka_unit_test(process_with_wrong_lengths),
		cmocka_unit_test(process_with_parts_of_another),
		cmocka_unit_test(process_with_a_key_that_is_not_announced),
		cmocka_unit_test(names_of_interfaces_end),
		cmocka_unit_test(marks_begin_or_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
