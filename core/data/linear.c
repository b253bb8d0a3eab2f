/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/linear.c - the `linear` source: linear regression with known parameters.
 *
 * The setting of Chen, Su, Xu 2017, section 4: y = <x, w*> + noise with x ~ N(0, I) and noise ~
 * N(0, noise^2).  w* is kept in dataset->truth, so that the metric parameter_error can show the
 * distance of a model from it, which their theorems bound.
 */
#include "base/mem.h"
#include "base/random.h"
#include "data/source_internal.h"

struct linear_args {
	int64_t train, test, d;
	double noise;
};
static const struct fed_field linear_fields[] = {
	FED_INT(struct linear_args, train, 10000, 1, 100000000, "training examples"),
	FED_INT(struct linear_args, test, 1000, 1, 100000000, "test examples"),
	FED_INT(struct linear_args, d, 20, 1, 1000000, "inputs"),
	FED_REAL(struct linear_args, noise, 1, 0, 1e6, "standard deviation of the noise in y"),
	FED_END,
};

static int draw_truth(struct fed_dataset *data, uint64_t seed, struct fed_error *err)
{
	const uint32_t d = data->shape.dim[0];
	struct fed_stream r = fed__common_stream(seed, FED_GENERATOR_LINEAR, 0);

	data->truth = fed_alloc_floats(d);
	if (!data->truth)
		return fed_fail_memory(err, d * sizeof(float), "the true parameters");
	for (uint32_t k = 0; k < d; k++)
		data->truth[k] = (float)fed_stream_normal(&r);
	return FED_OK;
}

static void draw_linear_example(struct fed_dataset *data, uint64_t seed, uint32_t i, double noise)
{
	const uint32_t d = data->shape.dim[0];
	float *x = data->values + (size_t)i * d;
	struct fed_stream r = fed__example_stream(seed, FED_GENERATOR_LINEAR, data, i);
	double y = noise * fed_stream_normal(&r);

	for (uint32_t k = 0; k < d; k++) {
		x[k] = (float)fed_stream_normal(&r);
		y += (double)x[k] * data->truth[k];
	}
	data->target[i] = (float)y;
}

static int linear_load(struct fed_dataset **out, const void *args, const char *path,
                       const struct fed_generation *making, struct fed_error *err)
{
	const struct linear_args *linear = args;
	const struct fed_dataset_plan plan = {.name = "linear",
	                                      .shape = {.rank = 1, .dim = {(uint32_t)linear->d}},
	                                      .outputs = 1,
	                                      .train = (uint32_t)linear->train,
	                                      .test = (uint32_t)linear->test};

	(void)path;
	int rc = fed__dataset_new(out, &plan, err);

	if (rc == FED_OK)
		rc = draw_truth(*out, making->seed, err);
	for (uint32_t i = 0; rc == FED_OK && i < plan.train + plan.test; i++) {
		draw_linear_example(*out, making->seed, i, linear->noise);
		rc = fed__generation_check(making, i + 1, err);
	}
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_linear = {
	.name = "linear",
	.help = "linear regression with a known answer, from the seed",
	.doc = "y = <x, w*> + noise * N(0, 1), x ~ N(0, I) of d inputs, w* ~ N(0, I) from the seed "
		   "(Chen,\n"
		   "Su, Xu 2017, section 4).  The best model is w* without a bias; its test loss is\n"
		   "noise^2 / 2.  The metric parameter_error is the distance of a linear model from it.",
	.fields = linear_fields,
	.args_size = sizeof(struct linear_args),
	.load = linear_load,
};
