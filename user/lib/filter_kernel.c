/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * From a filter to the tests of <linux/portwatch_filter.h>.
 *
 * The kernel knows no texts but those of control groups, by a hash, and does not
 * know how far an address reaches. A part of which it cannot say whether it is true
 * may be either. "Positive" is a part that lets an event pass when it is true: such
 * one is then taken to be true. Under a "not" it is taken to be false. So "and" goes
 * on without it, and an "or" of which one side may be true may be true.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter_kernel.h"

#define FNV_BASIS	0xcbf29ce484222325ULL
#define FNV_PRIME	0x100000001b3ULL

#define KNOWN_EVENTS	(PORTWATCH_EVENTS_ALL | PORTWATCH_EVENTS_SPECIAL)
#define EXPOSED_EVENTS	(PORTWATCH_EVENT_BIT(PORTWATCH_BIND) |		\
			 PORTWATCH_EVENT_BIT(PORTWATCH_LISTEN))

/* What the kernel looks at for each word; 0: it cannot. */
static const uint8_t fields[] = {
	[PW_FIELD_EVENT] = PORTWATCH_TEST_EVENT,
	[PW_FIELD_PROTO] = PORTWATCH_TEST_PROTO,
	[PW_FIELD_FAMILY] = PORTWATCH_TEST_FAMILY,
	[PW_FIELD_PORT] = PORTWATCH_TEST_PORT,
	[PW_FIELD_LPORT] = PORTWATCH_TEST_LPORT,
	[PW_FIELD_RPORT] = PORTWATCH_TEST_RPORT,
	[PW_FIELD_PID] = PORTWATCH_TEST_PID,
	[PW_FIELD_TID] = PORTWATCH_TEST_TID,
	[PW_FIELD_PPID] = PORTWATCH_TEST_PPID,
	[PW_FIELD_UID] = PORTWATCH_TEST_UID,
	[PW_FIELD_AUID] = PORTWATCH_TEST_AUID,
	[PW_FIELD_NETNS] = PORTWATCH_TEST_NETNS,
	[PW_FIELD_SOCK] = PORTWATCH_TEST_SOCK,
	[PW_FIELD_LISTENER] = PORTWATCH_TEST_LISTENER,
	[PW_FIELD_ERROR] = PORTWATCH_TEST_ERROR,
	[PW_FIELD_EXPOSURE] = PORTWATCH_TEST_EVENT,
	[PW_FIELD_STATE] = PORTWATCH_TEST_STATE,
	[PW_FIELD_HOW] = PORTWATCH_TEST_HOW,
	[PW_FIELD_KIND] = PORTWATCH_TEST_KIND,
	[PW_FIELD_REASON] = PORTWATCH_TEST_REASON,
	[PW_FIELD_FIRST] = PORTWATCH_TEST_FIRST,
	[PW_FIELD_FLAGS] = PORTWATCH_TEST_FLAGS,
	[PW_FIELD_LOOPBACK] = PORTWATCH_TEST_LOOPBACK,
	[PW_FIELD_HOST] = PORTWATCH_TEST_ADDRESS,
	[PW_FIELD_LADDR] = PORTWATCH_TEST_LADDR,
	[PW_FIELD_RADDR] = PORTWATCH_TEST_RADDR,
	[PW_FIELD_CID] = PORTWATCH_TEST_CID,
	[PW_FIELD_CGROUP] = PORTWATCH_TEST_CGROUP,
	[PW_FIELD_DEVICE] = 0,
};

/* Which events can have an exposure is all that is said of it; a hash is a hash. */
bool pw_filter_is_exact(const struct pw_filter_node *test)
{
	return test->word->field != PW_FIELD_EXPOSURE &&
	       test->word->field != PW_FIELD_CGROUP;
}

static bool any_pattern(const struct portwatch_filter *filter,
			const struct pw_filter_node *test)
{
	unsigned int i;

	for (i = 0; i < test->count; i++)
		if (filter->values[test->first + i].type == PW_VALUE_PATTERN)
			return true;
	return false;
}

/* Its values are bits, or it has none: one test does for all of them. */
static bool is_one(const struct pw_filter_node *test)
{
	uint8_t field = fields[test->word->field];

	return field == PORTWATCH_TEST_EVENT || field == PORTWATCH_TEST_FLAGS ||
	       field == PORTWATCH_TEST_LOOPBACK;
}

/* How many tests of the kernel's it takes; 0: it cannot. */
static unsigned int count_tests(const struct portwatch_filter *filter,
				const struct pw_filter_node *test,
				bool positive)
{
	if (!fields[test->word->field] ||
	    (!positive && !pw_filter_is_exact(test)) ||
	    any_pattern(filter, test))
		return 0;
	return is_one(test) ? 1 : test->count;
}

/* An "and" that goes on without a part; it is an "or" where that is not positive. */
static bool may_drop(enum pw_filter_op op, bool positive)
{
	return (op == PW_OP_AND) == positive;
}

/*
 * Counts the tests of a node, @room of them at most: what comes first is done first,
 * and what does not fit is left to the reader.
 */
static unsigned int weigh(struct pw_filter_plan *plan, unsigned int index,
			  bool positive, unsigned int room)
{
	const struct pw_filter_node *node = &plan->filter->nodes[index];
	unsigned int left, right = 0;

	if (node->op == PW_OP_TEST) {
		left = count_tests(plan->filter, node, positive);
		if (left > room)
			left = 0;
	} else if (node->op == PW_OP_NOT) {
		left = weigh(plan, node->left, !positive, room);
	} else {
		left = weigh(plan, node->left, positive, room);
		right = weigh(plan, node->right, positive, room - left);
		if (!may_drop(node->op, positive) && (!left || !right))
			left = right = 0;
	}
	plan->tests[index] = (uint8_t)(left + right);
	return left + right;
}

int pw_filter_plan_make(struct pw_filter_plan *plan,
			const struct portwatch_filter *filter)
{
	plan->filter = filter;
	plan->tests = calloc(filter->nr_nodes + 1, 1);
	if (!plan->tests)
		return -ENOMEM;
	if (filter->nr_nodes)
		weigh(plan, filter->root, true, PORTWATCH_TESTS_MAX);
	return 0;
}

void pw_filter_plan_free(struct pw_filter_plan *plan)
{
	free(plan->tests);
	plan->tests = NULL;
}

unsigned int pw_filter_plan_tests(const struct pw_filter_plan *plan)
{
	return plan->filter->nr_nodes ? plan->tests[plan->filter->root] : 0;
}

static uint64_t hash_of(const char *text)
{
	uint64_t hash = FNV_BASIS;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * FNV_PRIME;
	return hash;
}

static uint64_t event_mask(const struct pw_filter_value *values,
			   unsigned int count)
{
	uint64_t mask = 0;

	while (count--)
		mask |= PORTWATCH_EVENT_BIT(values[count].range.low);
	return mask & KNOWN_EVENTS;
}

static void set_value(struct portwatch_test *test,
		      const struct pw_filter_value *value)
{
	switch (value->type) {
	case PW_VALUE_PREFIX:
		test->family = value->prefix.family;
		test->bits = value->prefix.bits;
		memcpy(test->address, value->prefix.address,
		       sizeof(test->address));
		break;
	case PW_VALUE_RANGE:
		test->family = value->service ? AF_INET : 0;
		test->range.low = value->range.low;
		test->range.high = value->range.high;
		break;
	default:
		test->range.low = hash_of(value->text);
		test->range.high = test->range.low;
	}
}

static void set_test(struct portwatch_test *test,
		     const struct portwatch_filter *filter,
		     const struct pw_filter_node *node, unsigned int value)
{
	const struct pw_filter_value *values = filter->values + node->first;

	test->field = fields[node->word->field];
	switch (node->word->field) {
	case PW_FIELD_EVENT:
		test->mask = event_mask(values, node->count);
		break;
	case PW_FIELD_EXPOSURE:
		test->mask = EXPOSED_EVENTS;
		break;
	case PW_FIELD_FLAGS:
		test->mask = node->word->flag;
		break;
	case PW_FIELD_LOOPBACK:
		break;
	default:
		set_value(test, &values[value]);
	}
}

/**
 * struct compiler - writes tests, the last one first: so it knows where each goes on
 *
 * @plan:	what is to be written
 * @tests:	where to
 * @next:	tests before the one that was written last
 */
struct compiler {
	const struct pw_filter_plan *plan;
	struct portwatch_tests *tests;
	unsigned int next;
};

/* One value is enough: each but the last goes on with the next one. */
static uint8_t write_test(struct compiler *compiler,
			  const struct pw_filter_node *node, uint8_t on_true,
			  uint8_t on_false)
{
	unsigned int value = is_one(node) ? 1 : node->count;

	while (value--) {
		struct portwatch_test *test =
			&compiler->tests->test[--compiler->next];

		set_test(test, compiler->plan->filter, node, value);
		test->on_true = on_true;
		test->on_false = on_false;
		on_false = (uint8_t)compiler->next;
	}
	return on_false;
}

/* Writes a node. Return: the test that it begins with, or where to go on at once. */
static uint8_t write_node(struct compiler *compiler, unsigned int index,
			  bool positive, uint8_t on_true, uint8_t on_false)
{
	const struct pw_filter_node *node = &compiler->plan->filter->nodes[index];
	uint8_t right;

	if (!compiler->plan->tests[index])
		return positive ? on_true : on_false;
	switch (node->op) {
	case PW_OP_NOT:
		return write_node(compiler, node->left, !positive, on_false,
				  on_true);
	case PW_OP_AND:
		right = write_node(compiler, node->right, positive, on_true,
				   on_false);
		return write_node(compiler, node->left, positive, right,
				  on_false);
	case PW_OP_OR:
		right = write_node(compiler, node->right, positive, on_true,
				   on_false);
		return write_node(compiler, node->left, positive, on_true,
				  right);
	default:
		return write_test(compiler, node, on_true, on_false);
	}
}

unsigned int pw_filter_compile(const struct pw_filter_plan *plan,
			       struct portwatch_tests *tests)
{
	struct compiler compiler = {
		.plan = plan,
		.tests = tests,
		.next = pw_filter_plan_tests(plan),
	};

	memset(tests, 0, sizeof(*tests));
	tests->size = sizeof(*tests);
	tests->count = compiler.next;
	if (tests->count)
		write_node(&compiler, plan->filter->root, true,
			   PORTWATCH_WANTED, PORTWATCH_UNWANTED);
	return tests->count;
}
