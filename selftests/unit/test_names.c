// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "portwatch.h"
#include "test.h"

/* The names are an interface: each stands here once more, as JSON shows it. */
static void event_names_are_those_of_json(void **state)
{
	static const char *const names[] = {
		NULL, "socket", "bind", "bind-failed", "listen", "connect",
		"established", "connect-failed", "accept", "close", "flow",
		"lost", "snapshot", "process", "text", NULL,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i]) {
			assert_null(portwatch_event_name(i));
			continue;
		}
		assert_string_equal(portwatch_event_name(i), names[i]);
		assert_int_equal(portwatch_event_type(names[i]), i);
	}
	assert_string_equal(portwatch_event_name(PORTWATCH_OVERWRITTEN), "overwritten");
	assert_null(portwatch_event_name(16));
	assert_null(portwatch_event_name(~0U));
	assert_true(portwatch_event_type("lister") < 0);
	assert_true(portwatch_event_type("") < 0);
}

static void proto_names(void **state)
{
	(void)state;
	assert_string_equal(portwatch_proto_name(IPPROTO_TCP), "tcp");
	assert_string_equal(portwatch_proto_name(IPPROTO_UDP), "udp");
	assert_string_equal(portwatch_proto_name(262), "mptcp");
	assert_string_equal(portwatch_proto_name(132), "sctp");
	assert_string_equal(portwatch_proto_name(136), "udplite");
	assert_string_equal(portwatch_proto_name(1), "icmp");
	assert_string_equal(portwatch_proto_name(255), "raw");
	assert_string_equal(portwatch_proto_name(PORTWATCH_PROTO_VSOCK),
			    "vsock");
	assert_int_equal(portwatch_proto_number("vsock"),
			 PORTWATCH_PROTO_VSOCK);
	assert_null(portwatch_proto_name(199));
	assert_int_equal(portwatch_proto_number("mptcp"), 262);
	assert_int_equal(portwatch_proto_number("UDP"), 17);
	assert_true(portwatch_proto_number("tcpx") < 0);
}

static void names_of_what_an_event_says(void **state)
{
	(void)state;
	assert_string_equal(portwatch_how_name(1), "explicit");
	assert_string_equal(portwatch_how_name(2), "ephemeral");
	assert_string_equal(portwatch_how_name(3), "auto");
	assert_string_equal(portwatch_kind_name(1), "socket");
	assert_string_equal(portwatch_kind_name(2), "connection");
	assert_string_equal(portwatch_kind_name(3), "listener");
	assert_string_equal(portwatch_reason_name(1), "fin");
	assert_string_equal(portwatch_reason_name(2), "rst-sent");
	assert_string_equal(portwatch_reason_name(3), "rst-received");
	assert_string_equal(portwatch_reason_name(4), "timeout");
	assert_string_equal(portwatch_reason_name(5), "aborted");
	assert_string_equal(portwatch_reason_name(6), "unaccepted");
	assert_string_equal(portwatch_reason_name(7), "released");
	assert_string_equal(portwatch_first_name(1), "local");
	assert_string_equal(portwatch_first_name(2), "remote");
	assert_string_equal(portwatch_state_name(1), "open");
	assert_string_equal(portwatch_state_name(2), "bound");
	assert_string_equal(portwatch_state_name(3), "listening");
	assert_string_equal(portwatch_state_name(4), "connecting");
	assert_string_equal(portwatch_state_name(5), "connected");
	assert_string_equal(portwatch_state_name(6), "time-wait");
	assert_string_equal(portwatch_exposure_name(1), "loopback");
	assert_string_equal(portwatch_exposure_name(2), "link-local");
	assert_string_equal(portwatch_exposure_name(3), "private");
	assert_string_equal(portwatch_exposure_name(4), "global");
	assert_string_equal(portwatch_exposure_name(5), "multicast");
	assert_string_equal(portwatch_exposure_name(6), "any");
}

static void unknown_values_have_no_name(void **state)
{
	(void)state;
	assert_null(portwatch_how_name(0));
	assert_null(portwatch_how_name(4));
	assert_null(portwatch_kind_name(0));
	assert_null(portwatch_kind_name(4));
	assert_null(portwatch_reason_name(0));
	assert_null(portwatch_reason_name(8));
	assert_null(portwatch_first_name(0));
	assert_null(portwatch_first_name(3));
	assert_null(portwatch_state_name(0));
	assert_null(portwatch_state_name(7));
	assert_null(portwatch_exposure_name(0));
	assert_null(portwatch_exposure_name(7));
	assert_null(portwatch_errno_name(0));
	assert_null(portwatch_errno_name(4096));
}

static void errors_a_person_meets(void **state)
{
	(void)state;
	assert_string_equal(portwatch_errno_name(EADDRINUSE), "EADDRINUSE");
	assert_string_equal(portwatch_errno_name(EACCES), "EACCES");
	assert_string_equal(portwatch_errno_name(ECONNREFUSED), "ECONNREFUSED");
	assert_string_equal(portwatch_errno_name(ETIMEDOUT), "ETIMEDOUT");
	assert_string_equal(portwatch_errno_name(ECANCELED), "ECANCELED");
	assert_string_equal(portwatch_errno_name(EAGAIN), "EAGAIN");
	assert_int_equal(pw_name_value(PW_NAMES_ERRNO, "EWOULDBLOCK"), EAGAIN);
}

/* libc knows them all, where it is new enough to tell. */
static void every_errno_of_libc_has_the_same_name(void **state)
{
	(void)state;
#if __GLIBC_PREREQ(2, 32)
	unsigned int error;

	for (error = 1; error < 200; error++) {
		const char *ours = portwatch_errno_name(error);
		const char *theirs = strerrorname_np((int)error);

		/* one that is younger than libc */
		if (!theirs)
			continue;
		assert_non_null(ours);
		/* two names of one number */
		if (error == EOPNOTSUPP)
			continue;
		assert_string_equal(ours, theirs);
		assert_int_equal(pw_name_value(PW_NAMES_ERRNO, theirs), error);
	}
#else
	skip();
#endif
}

static void names_can_be_listed(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; pw_name_at(PW_NAMES_STATE, i); i++)
		assert_true(pw_name_value(PW_NAMES_STATE,
					  pw_name_at(PW_NAMES_STATE, i)) > 0);
	assert_int_equal(i, 5);
	assert_null(pw_name_at(PW_NAMES_STATE, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_names_are_those_of_json),
		cmocka_unit_test(proto_names),
		cmocka_unit_test(names_of_what_an_event_says),
		cmocka_unit_test(unknown_values_have_no_name),
		cmocka_unit_test(errors_a_person_meets),
		cmocka_unit_test(every_errno_of_libc_has_the_same_name),
		cmocka_unit_test(names_can_be_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
