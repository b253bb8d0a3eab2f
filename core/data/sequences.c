/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/sequences.c - datasets of windows over rows of tokens.
 */
#include "data/sequences.h"

#include <string.h>

#include "base/mem.h"
#include "data/source_internal.h"

size_t fed__sequence_least(uint32_t window)
{
	return 2 * ((size_t)window + 1);
}

/* Begin of the test part: both parts hold at least a window and its label. */
static size_t cut_of(const struct fed_sequences_plan *plan, size_t n)
{
	const size_t least = (size_t)plan->window + 1;
	const size_t test = (size_t)(plan->test * (double)n);

	return test < least ? n - least : test > n - least ? least : n - test;
}

static size_t windows(const struct fed_sequences_plan *plan, size_t n)
{
	return (n - plan->window - 1) / plan->stride + 1;
}

static int fill_part(struct fed_dataset *data, const struct fed_sequences_plan *plan,
                     const uint8_t *token, size_t n, uint32_t *id, struct fed_error *err)
{
	for (size_t i = 0; i < windows(plan, n); i++, ++*id) {
		const uint8_t *from = token + i * plan->stride;
		const int rc = fed__generation_check(plan->making, *id, err);

		if (rc)
			return rc;
		memcpy(data->bytes + (size_t)*id * plan->window, from, plan->window);
		data->label[*id] = from[plan->window];
	}
	return FED_OK;
}

static int fill(struct fed_dataset *data, const struct fed_sequences_plan *plan,
                const struct fed_sequence *rows, uint32_t n, struct fed_error *err)
{
	uint32_t train = 0, test = data->train;
	int rc = FED_OK;

	for (uint32_t k = 0; rc == FED_OK && k < n; k++) {
		const size_t cut = cut_of(plan, rows[k].n);
		const uint32_t first = train;

		rc = fill_part(data, plan, rows[k].token, cut, &train, err);
		if (rc == FED_OK)
			rc = fill_part(data, plan, rows[k].token + cut, rows[k].n - cut, &test, err);
		for (uint32_t i = first; i < train; i++)
			data->owner[i] = k;
	}
	return rc;
}

int fed__sequences_make(struct fed_dataset **out, const struct fed_sequences_plan *plan,
                        const struct fed_sequence *rows, uint32_t n, struct fed_error *err)
{
	uint64_t train = 0, test = 0;

	for (uint32_t k = 0; k < n; k++) {
		const size_t cut = cut_of(plan, rows[k].n);

		train += windows(plan, cut);
		test += windows(plan, rows[k].n - cut);
	}
	if (train + test > UINT32_MAX)
		return fed_reject(err, "%llu windows are too many; take a larger stride=",
		                  (unsigned long long)(train + test));

	const struct fed_dataset_plan sizes = {.name = plan->name,
	                                       .shape = {.rank = 1, .dim = {plan->window}},
	                                       .classes = plan->classes,
	                                       .train = (uint32_t)train,
	                                       .test = (uint32_t)test,
	                                       .bytes = true};
	const int rc = fed__dataset_new(out, &sizes, err);

	if (rc)
		return rc;
	(*out)->owner = fed_alloc_array(train, sizeof *(*out)->owner);
	if (!(*out)->owner)
		return fed_fail_memory(err, train * sizeof *(*out)->owner, "the examples' users");
	(*out)->owners = n;
	(*out)->tokens = true;
	(*out)->scale = 1; /* a token is its byte */
	return fill(*out, plan, rows, n, err);
}
