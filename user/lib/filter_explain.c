/* SPDX-License-Identifier: LGPL-2.1 OR BSD-2-Clause */
/*
 * In words, what of a filter the kernel does, and what is left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "filter_kernel.h"

struct explainer {
	const struct pw_filter_plan *plan;
	FILE *text;
	unsigned int count;	/* of what was put so far, where it is a list */
};

static const struct pw_filter_node *node_at(const struct explainer *explainer,
					    unsigned int index)
{
	return &explainer->plan->filter->nodes[index];
}

static bool is_join(const struct pw_filter_node *node)
{
	return node->op == PW_OP_AND || node->op == PW_OP_OR;
}

/* Where one side of it is left out, a join is its other side. */
static unsigned int what_is_left(const struct explainer *explainer,
				 unsigned int index)
{
	const struct pw_filter_node *node = node_at(explainer, index);
	const uint8_t *tests = explainer->plan->tests;

	while (is_join(node) && (!tests[node->left] || !tests[node->right])) {
		index = tests[node->left] ? node->left : node->right;
		node = node_at(explainer, index);
	}
	return index;
}

static void put_test(struct explainer *explainer,
		     const struct pw_filter_node *test)
{
	fputs(test->word->name, explainer->text);
	if (test->length)
		fprintf(explainer->text, " %.*s", (int)test->length,
			explainer->plan->filter->words + test->at);
}

/* As the kernel does it. */
static void put_kernel_test(struct explainer *explainer,
			    const struct pw_filter_node *test, bool negated)
{
	const char *sign = negated ? "!= " : "";

	if (test->word->field == PW_FIELD_EXPOSURE)
		fprintf(explainer->text, "event %sbind,listen", sign);
	else if (test->length)
		fprintf(explainer->text, "%s %s%.*s", test->word->name, sign,
			(int)test->length,
			explainer->plan->filter->words + test->at);
	else
		fprintf(explainer->text, "%s%s", negated ? "not " : "",
			test->word->name);
}

static void put(struct explainer *explainer, unsigned int index);

/* A part of @in, in parentheses where that would tear it apart. */
static void put_part(struct explainer *explainer, unsigned int index,
		     enum pw_filter_op in)
{
	const struct pw_filter_node *node;
	bool group;

	index = what_is_left(explainer, index);
	node = node_at(explainer, index);
	group = is_join(node) && in != PW_OP_OR &&
		!(in == PW_OP_AND && node->op == PW_OP_AND);
	if (group)
		fputc('(', explainer->text);
	put(explainer, index);
	if (group)
		fputc(')', explainer->text);
}

static void put_not(struct explainer *explainer, unsigned int index)
{
	const struct pw_filter_node *node;

	node = node_at(explainer, what_is_left(explainer, index));
	if (node->op == PW_OP_TEST) {
		put_kernel_test(explainer, node, true);
	} else {
		fputs("not ", explainer->text);
		put_part(explainer, index, PW_OP_NOT);
	}
}

static void put(struct explainer *explainer, unsigned int index)
{
	const struct pw_filter_node *node;

	index = what_is_left(explainer, index);
	node = node_at(explainer, index);
	if (node->op == PW_OP_TEST) {
		put_kernel_test(explainer, node, false);
	} else if (node->op == PW_OP_NOT) {
		put_not(explainer, node->left);
	} else {
		put_part(explainer, node->left, node->op);
		fputs(node->op == PW_OP_AND ? " and " : " or ",
		      explainer->text);
		put_part(explainer, node->right, node->op);
	}
}

/* The tests that are the reader's. @dropped: all of this is. */
static void put_rest(struct explainer *explainer, unsigned int index,
		     bool dropped)
{
	const struct pw_filter_node *node = node_at(explainer, index);

	dropped |= !explainer->plan->tests[index];
	if (node->op == PW_OP_TEST) {
		if (!dropped && pw_filter_is_exact(node))
			return;
		if (explainer->count++)
			fputs(", ", explainer->text);
		put_test(explainer, node);
		return;
	}
	put_rest(explainer, node->left, dropped);
	if (node->op != PW_OP_NOT)
		put_rest(explainer, node->right, dropped);
}

/* Runs @what on the root. Return: its text, to be freed; NULL without memory. */
static char *text_of(const struct pw_filter_plan *plan, bool rest)
{
	struct explainer explainer = { .plan = plan };
	char *text = NULL;
	size_t size;
	bool bad;

	explainer.text = open_memstream(&text, &size);
	if (!explainer.text)
		return NULL;
	if (rest && plan->filter->nr_nodes)
		put_rest(&explainer, plan->filter->root, false);
	else if (!rest && pw_filter_plan_tests(plan))
		put(&explainer, plan->filter->root);
	bad = ferror(explainer.text);
	if (!fclose(explainer.text) && !bad)
		return text;
	free(text);
	return NULL;
}

int portwatch_filter_explain(const struct portwatch_filter *filter,
			     char **kernel, char **rest)
{
	struct pw_filter_plan plan;
	int err;

	err = pw_filter_plan_make(&plan, filter);
	if (err)
		return err;
	*kernel = text_of(&plan, false);
	*rest = text_of(&plan, true);
	err = *kernel && *rest ? (int)pw_filter_plan_tests(&plan) : -ENOMEM;
	if (err < 0) {
		free(*kernel);
		free(*rest);
	}
	pw_filter_plan_free(&plan);
	return err;
}
