/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * linear - linear regression: y = x W + b under the squared error.
 */
#include <fedsh/model.h>

#include "lora.h"

struct linear {
	int64_t lora;
};

static const struct fed_field fields[] = {
	FED_LORA_LATER(struct linear),
	FED_END,
};

static const char doc[] =
	"    input -> dense(targets), squared error (y - target)^2 / 2\n"
	"\n"
	"Linear regression, for datasets whose examples have a number instead of a\n"
	"class.\n"
	"\n"
	"For: theory made visible.  The loss is a quadratic, so the best parameters,\n"
	"the rate of every method and the error that an attack leaves can be computed\n"
	"by hand; the experiments of Chen, Su, Xu 2017 use it.\n"
	"\n"
	"Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 3.1.\n"
	"\n"
	"Differences: the loss has the factor 1/2, so its gradient is (y - target) x;\n"
	"with several targets it is their mean.";

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct linear *m = state;

	if (b->classes > 0)
		return fed_fail(err,
		                "is a regression, this dataset has %u classes; use softmax (linear "
		                "with classes) or mlp",
		                b->classes);
	if (begin_lora(b, m->lora, NULL, err))
		return FED_FAIL;
	if (b->input.rank > 1 && b->flatten(b, err))
		return FED_FAIL;
	if (b->dense(b, b->outputs, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_SQUARED, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct linear, "linear", "linear regression", doc, fields),
	.build = build,
};
