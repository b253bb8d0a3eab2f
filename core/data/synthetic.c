/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/synthetic.c - the `synthetic` source: FedProx's synthetic(alpha, beta), devices that differ
 * in model and in data.
 *
 * Li et al. 2020, section 5.1: device k has y = argmax softmax(W_k x + b_k) with the entries of W_k
 * and b_k ~ N(u_k, 1), u_k ~ N(0, alpha); x ~ N(v_k, Sigma), the entries of v_k ~ N(B_k, 1), B_k ~
 * N(0, beta), Sigma_jj = j^-1.2; sizes lognormal(4, 2) + 50.  As in the authors' program alpha and
 * beta are standard deviations, which for the paper's 0 and 1 makes no difference.  iid: one W, b ~
 * N(0, 1) and v = 0 for all.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "data/source_internal.h"

enum { INPUTS = 60, CLASSES = 10 };

struct synthetic_args {
	double alpha, beta, test;
	int64_t devices;
	bool iid;
};
static const struct fed_field synthetic_fields[] = {
	FED_REAL(struct synthetic_args, alpha, 1, 0, 100, "how much the devices' models differ"),
	FED_REAL(struct synthetic_args, beta, 1, 0, 100, "how much the devices' inputs differ"),
	FED_REAL(struct synthetic_args, test, 0.1, 0.01, 0.9,
             "share of each device's examples for the test"),
	FED_INT(struct synthetic_args, devices, 30, 1, 100000, "devices, the users of `natural`"),
	FED_FLAG(struct synthetic_args, iid, "the same model and the same inputs for all devices"),
	FED_END,
};

/* The distribution of a device's examples. */
struct device {
	double w[CLASSES][INPUTS], b[CLASSES], v[INPUTS];
};

/* Streams of a device: its size, its distribution; and of each of its examples. */
enum { FOR_SIZE, FOR_MODEL, STREAMS };

static uint32_t device_size(uint64_t seed, uint32_t k)
{
	struct fed_stream r = fed__common_stream(seed, FED_GENERATOR_SYNTHETIC, STREAMS * k + FOR_SIZE);
	const double size = exp(4 + 2 * fed_stream_normal(&r));

	/* the limit is reached once in 10^11 devices */
	return 50 + (uint32_t)fmin(size, 1e7);
}

static uint32_t train_size(const struct synthetic_args *args, uint32_t size)
{
	return (uint32_t)((1 - args->test) * size);
}

static void device_draw(struct device *dev, const struct synthetic_args *args, uint64_t seed,
                        uint32_t k)
{
	/* with iid all devices read the stream of device 0 and drop the terms that differ */
	struct fed_stream r = fed__common_stream(seed, FED_GENERATOR_SYNTHETIC,
	                                         STREAMS * (args->iid ? 0 : k) + FOR_MODEL);
	const double u = args->alpha * fed_stream_normal(&r) * !args->iid;
	const double centre = args->beta * fed_stream_normal(&r);

	for (int c = 0; c < CLASSES; c++) {
		dev->b[c] = u + fed_stream_normal(&r);
		for (int j = 0; j < INPUTS; j++)
			dev->w[c][j] = u + fed_stream_normal(&r);
	}
	for (int j = 0; j < INPUTS; j++)
		dev->v[j] = args->iid ? 0 : centre + fed_stream_normal(&r);
}

static int32_t draw_example(const struct device *dev, struct fed_stream *r, float *x)
{
	int32_t best = 0;
	double most = -INFINITY;

	for (int j = 0; j < INPUTS; j++)
		x[j] = (float)(dev->v[j] + pow(j + 1, -0.6) * fed_stream_normal(r));
	/* softmax is monotonous: its largest output is the largest input */
	for (int32_t c = 0; c < CLASSES; c++) {
		double z = dev->b[c];

		for (int j = 0; j < INPUTS; j++)
			z += dev->w[c][j] * x[j];
		if (z > most) {
			most = z;
			best = c;
		}
	}
	return best;
}

/* The device's examples, the first for training. */
static int fill_device(struct fed_dataset *data, const struct device *dev,
                       const struct fed_generation *making, uint32_t k, uint32_t train,
                       uint32_t size, uint32_t at[2], struct fed_error *err)
{
	for (uint32_t i = 0; i < size; i++) {
		struct fed_stream r = fed_stream_open(making->seed, FED_FOR_DATA, FED_GENERATOR_SYNTHETIC,
		                                      ((uint64_t)(k + 3) << 32) + i);
		const int rc = fed__generation_check(making, at[0] + at[1] - data->train, err);

		if (rc)
			return rc;

		const uint32_t id = at[i >= train]++;

		data->label[id] = draw_example(dev, &r, data->values + (size_t)id * INPUTS);
		if (i < train)
			data->owner[id] = k;
	}
	return FED_OK;
}

static int fill(struct fed_dataset *data, const struct synthetic_args *args,
                const struct fed_generation *making, struct fed_error *err)
{
	uint32_t at[2] = {0, data->train};
	int rc = FED_OK;

	for (uint32_t k = 0; rc == FED_OK && k < data->owners; k++) {
		const uint32_t size = device_size(making->seed, k);
		struct device dev;

		device_draw(&dev, args, making->seed, k);
		rc = fill_device(data, &dev, making, k, train_size(args, size), size, at, err);
	}
	return rc;
}

static int synthetic_load(struct fed_dataset **out, const void *args_, const char *path,
                          const struct fed_generation *making, struct fed_error *err)
{
	const struct synthetic_args *args = args_;
	uint64_t train = 0, all = 0;

	(void)path;
	for (uint32_t k = 0; k < args->devices; k++) {
		const uint32_t size = device_size(making->seed, k);

		train += train_size(args, size);
		all += size;
	}
	if (all > UINT32_MAX)
		return fed_reject(err, "%lld devices have %llu examples; use fewer devices",
		                  (long long)args->devices, (unsigned long long)all);

	const struct fed_dataset_plan plan = {.name = "synthetic",
	                                      .shape = {.rank = 1, .dim = {INPUTS}},
	                                      .classes = CLASSES,
	                                      .train = (uint32_t)train,
	                                      .test = (uint32_t)(all - train)};

	int rc = fed__dataset_new(out, &plan, err);

	if (rc)
		return rc;
	(*out)->owners = (uint32_t)args->devices;
	(*out)->owner = fed_alloc_array(train, sizeof *(*out)->owner);
	if (!(*out)->owner)
		return fed_fail_memory(err, train * sizeof(uint32_t), "the examples' users");
	rc = fill(*out, args, making, err);
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_synthetic = {
	.name = "synthetic",
	.help = "FedProx's devices: 60 inputs, 10 classes, models and data that differ, from the seed",
	.doc =
		"Device k labels its inputs by argmax softmax(W x + b), the entries of W and b ~ N(u, 1),\n"
		"u ~ N(0, alpha^2); x ~ N(v, Sigma), Sigma_jj = j^-1.2, the entries of v ~ N(B, 1),\n"
		"B ~ N(0, beta^2); it has lognormal(4, 2) + 50 examples, `test` of them for the test.\n"
		"iid: one W, b ~ N(0, 1) and v = 0 for all.  The devices are the users of\n"
		"`add-client N natural`.  Source: Li et al. 2020 (FedProx), section 5.1.",
	.fields = synthetic_fields,
	.args_size = sizeof(struct synthetic_args),
	.load = synthetic_load,
};
