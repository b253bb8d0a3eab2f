/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/result_checks.c - checks of a plugin's results.
 */
#include "plug/result_checks.h"

#include <math.h>
#include <string.h>

#include "plug/calls/call.h"

/* The fill value of an unwritten step: a signalling NaN that no arithmetic produces.  Arithmetic on
 * it sets the quiet bit and keeps the rest. */
#define UNWRITTEN 0x7fa5fed5u
#define QUIET 0x00400000u
#define EXPONENT 0x7f800000u

int fed__check_code(const struct fed_instance *instance, const char *function, int rc,
                    bool may_reject, struct fed_error *words, struct fed_error *err)
{
	const struct fed_head *head = instance->entry->head;
	const char *kind = fed_kind_name(head->kind);

	if (rc == FED_OK)
		return FED_OK;
	if (rc != FED_REJECT && rc != FED_FAIL)
		return fed_fail(err,
		                "%s %s: %s() returned %d, which is none of FED_OK, FED_REJECT and "
		                "FED_FAIL",
		                kind, head->name, function, rc);
	words->text[sizeof words->text - 1] = '\0';
	return fed_error_set(err, rc == FED_REJECT && may_reject ? FED_REJECT : FED_FAIL, "%s %s: %s%s",
	                     kind, head->name, *words->text ? words->text : function,
	                     *words->text ? "" : "() failed and gave no reason");
}

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

void fed__fill_unwritten(float *out, size_t n)
{
	const uint32_t bits = UNWRITTEN;

	for (size_t j = 0; j < n; j++)
		memcpy(&out[j], &bits, sizeof bits);
}

static bool is_unwritten(float x)
{
	return (bits_of(x) & ~0x80000000u & ~QUIET) == (UNWRITTEN & ~QUIET);
}

int fed__check_step(const struct fed_instance *instance, const float *out, size_t j0, size_t j1,
                    struct fed_error *err)
{
	const char *name = instance->entry->head->name;
	uint32_t bad = 0;

	for (size_t j = j0; j < j1; j++)
		bad |= (bits_of(out[j]) & EXPONENT) == EXPONENT;
	if (!bad)
		return FED_OK;
	size_t j = j0;
	while ((bits_of(out[j]) & EXPONENT) != EXPONENT)
		j++;
	if (is_unwritten(out[j]))
		return fed_fail(err, "aggregator %s: its step was not written at coordinate %zu", name, j);
	return fed_fail(err,
	                "aggregator %s: its step is %s at coordinate %zu; the model stays as it was",
	                name, isnan(out[j]) ? "NaN" : "infinite", j);
}

bool fed_step_has_nonfinite(const float *out, size_t dim)
{
	for (size_t j = 0; j < dim; j++)
		if ((bits_of(out[j]) & EXPONENT) == EXPONENT && !is_unwritten(out[j]))
			return true;
	return false;
}

size_t fed__find_unwritten(const float *out, size_t n)
{
	size_t j = 0;

	while (j < n && !is_unwritten(out[j]))
		j++;
	return j;
}

int fed__fail_by_name(const struct fed_instance *instance, struct fed_error *err)
{
	const struct fed_error words = *err;

	return fed_fail(err, "%s %s: %s", fed_kind_name(instance->entry->head->kind),
	                instance->entry->head->name, words.text);
}
