/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * softmax - multinomial logistic regression: one dense layer, then softmax and cross-entropy.
 */
#include <fedsh/model.h>

#include "lora.h"

struct softmax {
	int64_t lora;
};

static const struct fed_field fields[] = {
	FED_LORA_LATER(struct softmax),
	FED_END,
};

static const char doc[] =
	"    input -> dense(classes) -> softmax, cross-entropy\n"
	"\n"
	"Multinomial logistic regression: y = x W + b.  The loss is convex, so a\n"
	"federated run has one minimum to find and differences between aggregators\n"
	"are differences of the aggregators.  7,850 parameters on 28x28 digits.\n"
	"\n"
	"For: quick first looks, theory that asks for convexity, and the experiments\n"
	"of the robust-aggregation papers (Yin 2018 uses it on MNIST).\n"
	"\n"
	"Source: Bishop, Pattern Recognition and Machine Learning, 2006, sec. 4.3.4.\n"
	"\n"
	"Differences: none in the maths.  Weights start small and random; some\n"
	"systems start this model at zero, where it is just as well posed.";

static int build(const void *state, struct fed_builder *b, struct fed_error *err)
{
	const struct softmax *m = state;

	if (b->classes == 0)
		return fed_fail(err,
		                "needs classes, but this dataset is a regression with %u target%s; "
		                "use linear or mlp",
		                b->outputs, b->outputs == 1 ? "" : "s");
	if (begin_lora(b, m->lora, NULL, err))
		return FED_FAIL;
	if (b->input.rank > 1 && b->flatten(b, err))
		return FED_FAIL;
	if (b->dense(b, b->classes, err))
		return FED_FAIL;
	return b->loss(b, FED_LOSS_CROSS_ENTROPY, err);
}

FED_PLUGIN struct fed_model fed_plugin = {
	.head = FED_MODEL(struct softmax, "softmax", "logistic regression with one output per class",
                      doc, fields),
	.build = build,
};
