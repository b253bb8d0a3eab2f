/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/blobs.c - the `blobs` source: Gaussian clusters in the plane, easy to plot.
 */
#include <math.h>

#include "base/random.h"
#include "data/source_internal.h"

struct blobs_args {
	int64_t train, test, classes;
	double spread;
};
static const struct fed_field blobs_fields[] = {
	FED_INT(struct blobs_args, train, 4000, 1, 100000000, "training examples"),
	FED_INT(struct blobs_args, test, 1000, 1, 100000000, "test examples"),
	FED_INT(struct blobs_args, classes, 4, 2, 1000, "clusters, one a class"),
	FED_REAL(struct blobs_args, spread, 0.3, 0, 100,
             "standard deviation of a cluster; the centres are on a circle of radius 1"),
	FED_END,
};

static int blobs_load(struct fed_dataset **out, const void *args, const char *path,
                      const struct fed_generation *making, struct fed_error *err)
{
	const struct blobs_args *blobs = args;
	const uint32_t classes = (uint32_t)blobs->classes;
	const struct fed_dataset_plan plan = {.name = "blobs",
	                                      .shape = {.rank = 1, .dim = {2}},
	                                      .classes = classes,
	                                      .train = (uint32_t)blobs->train,
	                                      .test = (uint32_t)blobs->test};

	(void)path;
	int rc = fed__dataset_new(out, &plan, err);

	if (rc)
		return rc;

	struct fed_dataset *data = *out;
	struct fed_stream common = fed__common_stream(making->seed, FED_GENERATOR_BLOBS, 0);
	const double turn = 2 * M_PI * fed_stream_real(&common);

	for (uint32_t i = 0; i < data->train + data->test; i++) {
		rc = fed__generation_check(making, i, err);
		if (rc)
			return rc;

		struct fed_stream r = fed__example_stream(making->seed, FED_GENERATOR_BLOBS, data, i);
		const uint32_t c = fed_stream_below(&r, classes);
		const double angle = turn + 2 * M_PI * c / classes;

		data->label[i] = (int32_t)c;
		data->values[2 * (size_t)i] = (float)(cos(angle) + blobs->spread * fed_stream_normal(&r));
		data->values[2 * (size_t)i + 1] =
			(float)(sin(angle) + blobs->spread * fed_stream_normal(&r));
	}
	fed__dataset_seal(data);
	return FED_OK;
}

const struct fed_source fed__source_blobs = {
	.name = "blobs",
	.help = "clusters of points in the plane, from the seed",
	.doc =
		"Class c of K is drawn from a Gaussian of standard deviation `spread` around the c-th of\n"
		"K points spaced evenly on a circle of radius 1, turned by an angle of the seed.",
	.fields = blobs_fields,
	.args_size = sizeof(struct blobs_args),
	.load = blobs_load,
};
