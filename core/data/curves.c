/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/curves.c - the sources `moons`, `circles`, `spirals` and `xor`: two features, and classes
 * that no straight line separates.
 *
 * Example i of a part has class i mod K, so that each class has its share to within one example.
 */
#include <math.h>

#include "base/random.h"
#include "data/source_internal.h"

struct curves_args {
	int64_t train, test, classes;
	double noise, turns;
};

#define SIZES                                                                    \
	FED_INT(struct curves_args, train, 2000, 1, 100000000, "training examples"), \
		FED_INT(struct curves_args, test, 500, 1, 100000000, "test examples")
#define NOISE(usual)                                   \
	FED_REAL(struct curves_args, noise, usual, 0, 100, \
	         "standard deviation of what is added to each feature")

static const struct fed_field moons_fields[] = {SIZES, NOISE(0.15), FED_END};
static const struct fed_field xor_fields[] = {SIZES, NOISE(0.05), FED_END};
static const struct fed_field circles_fields[] = {
	SIZES,
	FED_INT(struct curves_args, classes, 2, 2, 100, "circles, one a class"),
	NOISE(0.08),
	FED_END,
};
static const struct fed_field spirals_fields[] = {
	SIZES,
	FED_INT(struct curves_args, classes, 2, 2, 100, "arms, one a class"),
	FED_REAL(struct curves_args, turns, 1, 0.1, 10, "turns of an arm around the middle"),
	NOISE(0.03),
	FED_END,
};

/* A point of class c without noise, x[2]. */
typedef void draw_point(const struct curves_args *, uint32_t c, struct fed_stream *, double *x);

static void moons_point(const struct curves_args *args, uint32_t c, struct fed_stream *r, double *x)
{
	const double t = M_PI * fed_stream_real(r), side = c ? -1 : 1;

	(void)args;
	x[0] = side * (cos(t) - 0.5);
	x[1] = side * (sin(t) - 0.25);
}

static void circles_point(const struct curves_args *args, uint32_t c, struct fed_stream *r,
                          double *x)
{
	const double t = 2 * M_PI * fed_stream_real(r), radius = (c + 1.0) / (double)args->classes;

	x[0] = radius * cos(t);
	x[1] = radius * sin(t);
}

/* From a tenth of the radius on: in the middle all arms are one. */
static void spirals_point(const struct curves_args *args, uint32_t c, struct fed_stream *r,
                          double *x)
{
	const double radius = 0.1 + 0.9 * fed_stream_real(r);
	const double t = 2 * M_PI * (c / (double)args->classes + args->turns * radius);

	x[0] = radius * cos(t);
	x[1] = radius * sin(t);
}

static void xor_point(const struct curves_args *args, uint32_t c, struct fed_stream *r, double *x)
{
	(void)args;
	x[0] = 2 * fed_stream_real(r) - 1;
	x[1] = copysign(fed_stream_real(r), c ? -x[0] : x[0]);
}

static int curves_load(struct fed_dataset **out, const char *name, enum fed_generator generator,
                       draw_point *draw, const struct curves_args *args,
                       const struct fed_generation *making, struct fed_error *err)
{
	const uint32_t classes = args->classes ? (uint32_t)args->classes : 2;
	const struct fed_dataset_plan plan = {.name = name,
	                                      .shape = {.rank = 1, .dim = {2}},
	                                      .classes = classes,
	                                      .train = (uint32_t)args->train,
	                                      .test = (uint32_t)args->test};
	int rc = fed__dataset_new(out, &plan, err);

	if (rc)
		return rc;
	struct fed_dataset *data = *out;
	for (uint32_t i = 0; i < data->train + data->test; i++) {
		rc = fed__generation_check(making, i, err);
		if (rc)
			return rc;
		struct fed_stream r = fed__example_stream(making->seed, generator, data, i);
		const uint32_t c = (i < data->train ? i : i - data->train) % classes;
		double x[2];

		draw(args, c, &r, x);
		data->label[i] = (int32_t)c;
		for (size_t k = 0; k < 2; k++)
			data->values[2 * (size_t)i + k] = (float)(x[k] + args->noise * fed_stream_normal(&r));
	}
	data->curved = true;
	fed__dataset_seal(data);
	return FED_OK;
}

#define SOURCE(kind, generator, what, text)                                              \
	static int kind##_load(struct fed_dataset **out, const void *args, const char *path, \
	                       const struct fed_generation *making, struct fed_error *err)   \
	{                                                                                    \
		(void)path;                                                                      \
		return curves_load(out, #kind, generator, kind##_point, args, making, err);      \
	}                                                                                    \
	const struct fed_source fed__source_##kind = {                                       \
		.name = #kind,                                                                   \
		.help = what,                                                                    \
		.doc = text,                                                                     \
		.fields = kind##_fields,                                                         \
		.args_size = sizeof(struct curves_args),                                         \
		.load = kind##_load,                                                             \
	}

SOURCE(moons, FED_GENERATOR_MOONS, "two half circles in each other, two features, from the seed",
       "Class 0 is (cos t - 1/2, sin t - 1/4), t uniform in [0, pi], class 1 the same turned by\n"
       "half a turn; each feature then gets noise of N(0, noise^2). No straight line separates\n"
       "them: `model softmax` stops near 0.88, a small mlp does not. `plane` draws them.");
SOURCE(circles, FED_GENERATOR_CIRCLES, "circles around each other, two features, from the seed",
       "Class c of K is on the circle of radius (c + 1)/K around 0; each feature then gets noise\n"
       "of N(0, noise^2). No straight line separates them. `plane` draws them.");
SOURCE(spirals, FED_GENERATOR_SPIRALS, "spirals around each other, two features, from the seed",
       "Class c of K is an arm r (cos t, sin t), t = 2 pi (c/K + turns r), r uniform in\n"
       "[0.1, 1]; each feature then gets noise of N(0, noise^2). More turns are harder, and\n"
       "want more units and more rounds. `plane` draws them.");
SOURCE(xor, FED_GENERATOR_XOR, "a square whose opposite quarters are one class, from the seed",
       "Both features are uniform in [-1, 1]; class 0 where they have the same sign, class 1\n"
       "where not; each then gets noise of N(0, noise^2). No straight line does better than\n"
       "about 3/4 of it. Source: Minsky, Papert, Perceptrons, 1969. `plane` draws them.");
