/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Generated data sets: from the seed alone, each example from its place alone, and as described.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/dataset.h"
#include "support/suite.h"

enum { MOST = 8 };

static struct fed_dataset *load(const char *name, uint64_t seed, const struct fed_assign *assign)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	size_t n = 0;

	while (assign && assign[n].key)
		n++;
	fed_assert_ok(fed_dataset_load(&data, name, assign, n, &(struct fed_generation){seed}, &err),
	              &err);
	return data;
}

static void nothing_is_left(void)
{
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* All of them ------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct fed_assign small[MOST], larger[MOST]; /* larger: more training examples, the same test */
} generators[] = {
	{"glyphs", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"blobs", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"moons", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"circles", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "81"}, {"test", "20"}, {0}}},
	{"spirals", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"xor", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "81"}, {"test", "20"}, {0}}},
	{"linear", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"scans", {{"train", "50"}, {"test", "20"}, {0}}, {{"train", "80"}, {"test", "20"}, {0}}},
	{"synthetic", {{"devices", "2"}, {0}}, {{"devices", "4"}, {0}}},
};
enum { GENERATORS = sizeof generators / sizeof *generators, SIZED = GENERATORS - 1 };

START_TEST(the_seed_decides)
{
	struct fed_dataset *a = load(generators[_i].name, 3, generators[_i].small);
	struct fed_dataset *b = load(generators[_i].name, 3, generators[_i].small);
	struct fed_dataset *c = load(generators[_i].name, 4, generators[_i].small);

	ck_assert(a->fingerprint == b->fingerprint);
	ck_assert(a->fingerprint != c->fingerprint);
	fed_dataset_free(a);
	fed_dataset_free(b);
	fed_dataset_free(c);
}
END_TEST

static void assert_same_examples(const struct fed_dataset *a, uint32_t from_a,
                                 const struct fed_dataset *b, uint32_t from_b, uint32_t n)
{
	const size_t d = fed_shape_size(&a->shape);
	float *x = malloc(d * sizeof *x), *y = malloc(d * sizeof *y);

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t p = from_a + i, q = from_b + i;
		int32_t label[2] = {0};
		float target[2] = {0};

		fed_dataset_gather(a, &p, 1, NULL, x, &label[0], &target[0]);
		fed_dataset_gather(b, &q, 1, NULL, y, &label[1], &target[1]);
		ck_assert_mem_eq(x, y, d * sizeof *x);
		ck_assert_int_eq(label[0], label[1]);
		ck_assert_mem_eq(&target[0], &target[1], sizeof *target);
	}
	free(x);
	free(y);
}

START_TEST(an_example_depends_on_its_place_alone)
{
	struct fed_dataset *a = load(generators[_i].name, 3, generators[_i].small);
	struct fed_dataset *b = load(generators[_i].name, 3, generators[_i].larger);

	ck_assert_uint_gt(b->train, a->train);
	assert_same_examples(a, 0, b, 0, a->train);
	assert_same_examples(a, a->train, b, b->train, a->test);
	fed_dataset_free(a);
	fed_dataset_free(b);
}
END_TEST

START_TEST(the_spec_makes_it_again)
{
	struct fed_dataset *a = load(generators[_i].name, 3, generators[_i].small), *b;
	struct fed_assign assign[MOST + 1] = {{0}};
	char *spec = strdup(a->spec), *at = spec, *word;
	size_t n = 0;

	ck_assert_str_eq(strsep(&at, " "), generators[_i].name);
	while ((word = strsep(&at, " "))) {
		assign[n].key = strsep(&word, "=");
		assign[n++].value = word;
	}
	b = load(generators[_i].name, 3, assign);
	ck_assert(a->fingerprint == b->fingerprint);
	ck_assert_str_eq(a->spec, b->spec);
	free(spec);
	fed_dataset_free(a);
	fed_dataset_free(b);
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	const int i = *(const int *)ctx;
	struct fed_dataset *data;

	if (fed_dataset_load(&data, generators[i].name, generators[i].small, 1,
	                     &(struct fed_generation){1}, err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	int i = _i;

	ck_assert_uint_ge(fed_each_allocation(try_load, &i), 4);
}
END_TEST

/* Ctrl-C: at the next example, with all memory given back (nothing_is_left). */
START_TEST(it_can_be_stopped)
{
	const atomic_int stopped = 1;
	const struct fed_generation making = {3, &stopped};
	struct fed_dataset *data = NULL;
	struct fed_error err;

	ck_assert_int_eq(
		fed_dataset_load(&data, generators[_i].name, generators[_i].small, 1, &making, &err),
		FED_REJECT);
	ck_assert_ptr_null(data);
	ck_assert_msg(strstr(err.text, "stopped after") && strstr(err.text, "nothing has changed"),
	              "%s", err.text);
}
END_TEST

START_TEST(each_source_describes_itself)
{
	struct fed_error err;
	const struct fed_source *source;

	for (int kind = 0; kind < 2; kind++)
		for (size_t i = 0; (source = kind ? fed_source_file_at(i) : fed_source_at(i)); i++) {
			const struct fed_source *found;

			fed_assert_ok(fed_fields_check(source->fields, source->args_size, &err), &err);
			ck_assert(*source->help && *source->doc);
			if (!kind) {
				fed_assert_ok(fed_source_find(source->name, &found, &err), &err);
				ck_assert_ptr_eq(found, source);
			}
		}
}
END_TEST

/* Refused -------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct fed_assign assign[2];
	const char *says[2];
} refused[] = {
	{"glpyhs",
     {{0}},
     {"did you mean glyphs", "fashion, glyphs, moons, circles, spirals, xor, blobs"}},
	{"/no/such/file.csv", {{0}}, {"/no/such/file.csv", "glyphs"}},
	{"/dev/null", {{0}}, {"/dev/null", "device"}},
	{"/etc/hostname", {{0}}, {"neither a folder", ".csv"}},
	{"blobs", {{"spraed", "1"}, {0}}, {"spraed", "spread"}},
	{"blobs", {{"classes", "1"}, {0}}, {"classes", "1"}},
	{"blobs", {{"train", "0"}, {0}}, {"train", "0"}},
	{"circles", {{"classes", "1"}, {0}}, {"classes", "1"}},
	{"moons", {{"classes", "3"}, {0}}, {"classes", "noise"}},
	{"xor", {{"noise", "-0.1"}, {0}}, {"noise", "-0.1"}},
	{"spirals", {{"turns", "0"}, {0}}, {"turns", "0"}},
	{"glyphs", {{"train", "x"}, {0}}, {"train", "x"}},
	{"linear", {{"noise", "-1"}, {0}}, {"noise", "-1"}},
	{"linear", {{"noise", "nan"}, {0}}, {"noise", "nan"}},
	{"linear", {{"d", "1000000"}, {0}}, {"11000 examples", "16 GiB"}},
};

START_TEST(refusals_have_words)
{
	struct fed_dataset *data = NULL;
	struct fed_error err;
	size_t n = refused[_i].assign[0].key ? 1 : 0;

	/* What is there and no file is not the fault of words. */
	const int wanted = strcmp(refused[_i].name, "/dev/null") == 0 ? FED_FAIL : FED_REJECT;
	ck_assert_int_eq(fed_dataset_load(&data, refused[_i].name, refused[_i].assign, n,
	                                  &(struct fed_generation){1}, &err),
	                 wanted);
	for (int k = 0; k < 2; k++)
		ck_assert_msg(strstr(err.text, refused[_i].says[k]), "%s", err.text);
	ck_assert_ptr_null(data);
}
END_TEST

/* Each one ----------------------------------------------------------------------------------------
 */

START_TEST(blobs_are_gaussians_on_a_circle)
{
	const struct fed_assign assign[] = {
		{"classes", "5"}, {"spread", "0.2"}, {"train", "20000"}, {0}};
	struct fed_dataset *data = load("blobs", 9, assign);
	double n[5] = {0}, mean[5][2] = {{0}}, squares[5][2] = {{0}};

	for (uint32_t i = 0; i < data->train; i++) {
		const int32_t c = data->label[i];

		n[c]++;
		for (int k = 0; k < 2; k++) {
			mean[c][k] += data->values[2 * i + k];
			squares[c][k] += data->values[2 * i + k] * data->values[2 * i + k];
		}
	}
	for (int c = 0; c < 5; c++) {
		ck_assert_double_eq_tol(n[c], 4000, 300);
		for (int k = 0; k < 2; k++) {
			mean[c][k] /= n[c];
			ck_assert_double_eq_tol(sqrt(squares[c][k] / n[c] - mean[c][k] * mean[c][k]), 0.2,
			                        0.01);
		}
		ck_assert_double_eq_tol(hypot(mean[c][0], mean[c][1]), 1, 0.02);
	}
	/* neighbours are a fifth of the circle apart */
	for (int c = 0; c < 5; c++) {
		const double *a = mean[c], *b = mean[(c + 1) % 5];

		ck_assert_double_eq_tol(hypot(a[0] - b[0], a[1] - b[1]), 2 * sin(M_PI / 5), 0.03);
	}
	fed_dataset_free(data);
}
END_TEST

/* How far a point without noise is from the curve of its class. */
typedef double distance_to_curve(double x, double y, int32_t c);

static double from_moon(double x, double y, int32_t c)
{
	const double u = (c ? -x : x) + 0.5, v = (c ? -y : y) + 0.25;

	return v < -1e-6 ? 1 : fabs(hypot(u, v) - 1);
}

static double from_circle(double x, double y, int32_t c)
{
	return fabs(hypot(x, y) - (c + 1) / 3.0);
}

/* Of three arms of half a turn. */
static double from_arm(double x, double y, int32_t c)
{
	const double r = hypot(x, y), turns = atan2(y, x) / (2 * M_PI) - c / 3.0 - 0.5 * r;

	return r < 0.1 - 1e-6 || r > 1 + 1e-6 ? 1 : fabs(turns - round(turns));
}

static double from_quarter(double x, double y, int32_t c)
{
	return fabs(x) > 1 || fabs(y) > 1 || (x * y < 0) != (c == 1);
}

static const struct {
	const char *name;
	struct fed_assign assign[5];
	distance_to_curve *distance;
	double low[2], high[2];
} curves[] = {
	{"moons", {{"noise", "0"}}, from_moon, {-1.5, -0.75}, {1.5, 0.75}},
	{"circles", {{"noise", "0"}, {"classes", "3"}}, from_circle, {-1, -1}, {1, 1}},
	{"spirals",
     {{"noise", "0"}, {"classes", "3"}, {"turns", "0.5"}},
     from_arm,
     {-1, -0.87},
     {0.72, 0.87}},
	{"xor", {{"noise", "0"}}, from_quarter, {-1, -1}, {1, 1}},
};

/* Without noise each point is on its class's curve, all of which is used, and classes have equal
 * shares of both parts. */
START_TEST(curves_are_as_described)
{
	struct fed_dataset *data = load(curves[_i].name, 5, curves[_i].assign);
	double low[2] = {9, 9}, high[2] = {-9, -9};

	ck_assert(data->curved);
	ck_assert_uint_eq(data->shape.dim[0], 2);
	for (uint32_t part = 0; part < 2; part++) {
		const uint32_t first = part ? data->train : 0, n = part ? data->test : data->train;
		uint32_t count[3] = {0};

		for (uint32_t i = first; i < first + n; i++) {
			const float *x = data->values + 2 * (size_t)i;

			count[data->label[i]]++;
			ck_assert_double_lt(curves[_i].distance(x[0], x[1], data->label[i]), 1e-5);
			for (int k = 0; k < 2; k++) {
				low[k] = fmin(low[k], x[k]);
				high[k] = fmax(high[k], x[k]);
			}
		}
		for (uint32_t c = 0; c < data->classes; c++)
			ck_assert_double_le(fabs(count[c] - n / (double)data->classes), 1);
	}
	for (int k = 0; k < 2; k++) {
		ck_assert_double_eq_tol(low[k], curves[_i].low[k], 0.12);
		ck_assert_double_eq_tol(high[k], curves[_i].high[k], 0.12);
	}
	fed_dataset_free(data);
}
END_TEST

/* The same draws with noise and without: the difference is normal, of the given deviation. */
START_TEST(curves_have_the_noise_asked_for)
{
	const struct fed_assign noise[] = {{"noise", "0.2"}, {0}}, none[] = {{"noise", "0"}, {0}};
	struct fed_dataset *a = load(curves[_i].name, 5, noise), *b = load(curves[_i].name, 5, none);
	const size_t n = 2 * (size_t)a->train;
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		const double d = (double)a->values[i] - (double)b->values[i];

		sum += d;
		squares += d * d;
	}
	ck_assert_double_eq_tol(sum / (double)n, 0, 4 * 0.2 / sqrt((double)n));
	ck_assert_double_eq_tol(sqrt(squares / (double)n), 0.2, 0.01);
	fed_dataset_free(a);
	fed_dataset_free(b);
}
END_TEST

/* Least squares on d = 3 by the normal equations, solved by elimination. */
static void solve3(double a[3][4])
{
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < 3; i++) {
			const double f = a[i][k] / a[k][k];

			for (int j = 0; i != k && j < 4; j++)
				a[i][j] -= f * a[k][j];
		}
}

START_TEST(linear_has_its_truth_as_the_answer)
{
	const struct fed_assign assign[] = {{"d", "3"}, {"noise", "0.5"}, {"train", "20000"}, {0}};
	struct fed_dataset *data = load("linear", 2, assign);
	double a[3][4] = {{0}}, error = 0;

	ck_assert_uint_eq(data->classes, 0);
	ck_assert_uint_eq(data->outputs, 1);
	for (uint32_t i = 0; i < data->train; i++) {
		const float *x = data->values + 3 * i;
		double y = data->target[i];

		for (int p = 0; p < 3; p++) {
			for (int q = 0; q < 3; q++)
				a[p][q] += x[p] * x[q];
			a[p][3] += x[p] * y;
		}
		for (int p = 0; p < 3; p++)
			y -= x[p] * data->truth[p];
		error += y * y / data->train;
	}
	solve3(a);
	for (int p = 0; p < 3; p++)
		ck_assert_double_eq_tol(a[p][3] / a[p][p], data->truth[p], 0.02);
	ck_assert_double_eq_tol(sqrt(error), 0.5, 0.01);
	fed_dataset_free(data);
}
END_TEST

START_TEST(synthetic_has_devices)
{
	struct fed_dataset *data = load("synthetic", 6, NULL);
	uint32_t counts[30] = {0}, total = data->train + data->test;

	ck_assert_uint_eq(data->owners, 30);
	ck_assert_uint_eq(data->classes, 10);
	ck_assert_uint_eq(data->shape.dim[0], 60);
	for (uint32_t i = 0; i < data->train; i++) {
		ck_assert(i == 0 || data->owner[i] >= data->owner[i - 1]);
		counts[data->owner[i]]++;
	}
	for (int k = 0; k < 30; k++)
		ck_assert_uint_ge(counts[k], 45); /* 50, a tenth of them for the test */
	ck_assert_double_eq_tol((double)data->test / total, 0.1, 0.01);
	fed_dataset_free(data);
}
END_TEST

/* Means of each device's inputs over its examples: their spread over the devices is what beta
 * sets (each is v_k, the entries of v_k ~ N(B_k, 1)). */
static double spread_of_means(const struct fed_dataset *data)
{
	double mean[30] = {0}, n[30] = {0}, squares = 0;

	for (uint32_t i = 0; i < data->train; i++) {
		n[data->owner[i]]++;
		for (int j = 0; j < 60; j++)
			mean[data->owner[i]] += data->values[(size_t)i * 60 + j] / 60;
	}
	for (int k = 0; k < 30; k++)
		squares += mean[k] / n[k] * mean[k] / n[k] / 30;
	return sqrt(squares);
}

START_TEST(synthetic_beta_moves_the_inputs)
{
	const struct fed_assign none[] = {{"beta", "0"}, {0}}, much[] = {{"beta", "10"}, {0}},
							iid[] = {{"iid", "yes"}, {0}};
	struct fed_dataset *a = load("synthetic", 6, none), *b = load("synthetic", 6, much),
					   *c = load("synthetic", 6, iid);

	/* 1 / sqrt(60) = 0.13 of v's own spread; about 10; nearly nothing */
	ck_assert_double_eq_tol(spread_of_means(a), 0.13, 0.06);
	ck_assert_double_eq_tol(spread_of_means(b), 10, 4);
	ck_assert_double_lt(spread_of_means(c), 0.05);
	fed_dataset_free(a);
	fed_dataset_free(b);
	fed_dataset_free(c);
}
END_TEST

/* Sigma_jj = j^-1.2, and one model for all: the same inputs are labelled alike everywhere. */
START_TEST(synthetic_iid_has_the_covariance)
{
	const struct fed_assign iid[] = {{"iid", "yes"}, {0}};
	struct fed_dataset *data = load("synthetic", 6, iid);

	for (int j = 0; j < 60; j += 13) {
		double squares = 0;

		for (uint32_t i = 0; i < data->train; i++)
			squares += pow(data->values[(size_t)i * 60 + j], 2) / data->train;
		ck_assert_double_eq_tol(squares / pow(j + 1, -1.2), 1, 0.1);
	}
	fed_dataset_free(data);
}
END_TEST

START_TEST(glyphs_are_dark_strokes_on_light_noise)
{
	const struct fed_assign plain[] = {
		{"train", "1000"}, {"test", "1"}, {"noise", "0"}, {"distortion", "0"}, {0}};
	struct fed_dataset *data = load("glyphs", 1, NULL);
	double counts[10] = {0}, ink = 0;

	ck_assert_uint_eq(data->shape.dim[0], 28);
	ck_assert_ptr_nonnull(data->bytes);
	for (uint32_t i = 0; i < data->train; i++)
		counts[data->label[i]]++;
	for (int c = 0; c < 10; c++)
		ck_assert_double_eq_tol(counts[c], 2000, 250);
	for (size_t i = 0; i < (size_t)data->train * 784; i++)
		ink += data->bytes[i] > 128;
	/* MNIST has about 0.13 */
	ck_assert_double_gt(ink / data->train / 784, 0.06);
	ck_assert_double_lt(ink / data->train / 784, 0.2);
	fed_dataset_free(data);

	/* Without distortion and noise there are no more pictures than styles: 2 or 3 a digit. */
	data = load("glyphs", 1, plain);
	for (int c = 0; c < 10; c++) {
		uint32_t first[8], kinds = 0;

		for (uint32_t i = 0; i < data->train; i++) {
			uint32_t k = 0;

			if (data->label[i] != c)
				continue;
			while (k < kinds && memcmp(data->bytes + first[k] * 784u, data->bytes + i * 784u, 784))
				k++;
			ck_assert_uint_lt(k, 3);
			if (k == kinds)
				first[kinds++] = i;
		}
		ck_assert_uint_ge(kinds, 2);
	}
	fed_dataset_free(data);
}
END_TEST

/* Mean and deviation of the pixels of each hospital's training scans. */
static void measure_scanners(const struct fed_dataset *data, double mean[5], double deviation[5])
{
	double n[5] = {0}, square[5] = {0};

	for (int k = 0; k < 5; k++)
		mean[k] = 0;
	for (size_t i = 0; i < (size_t)data->train * 784; i++) {
		const uint32_t k = data->owner[i / 784];
		const double x = data->bytes[i] * data->scale;

		n[k]++;
		mean[k] += x;
		square[k] += x * x;
	}
	for (int k = 0; k < 5; k++) {
		mean[k] /= n[k];
		deviation[k] = sqrt(square[k] / n[k] - mean[k] * mean[k]);
	}
}

static double range_of(const double v[5])
{
	double low = v[0], high = v[0];

	for (int k = 1; k < 5; k++) {
		low = fmin(low, v[k]);
		high = fmax(high, v[k]);
	}
	return high - low;
}

START_TEST(scans_come_from_hospitals)
{
	struct fed_dataset *data = load("scans", 1, NULL);
	double of_hospital[5] = {0}, of_class[4] = {0};

	ck_assert_uint_eq(data->owners, 5);
	ck_assert_str_eq(data->class_name[3], "star");
	for (uint32_t i = 0; i < data->train; i++) {
		of_hospital[data->owner[i]]++;
		of_class[data->label[i]]++;
	}
	/* 1, 1/2, ... 1/5 of 60/137; four deviations of a count are 80 at most */
	for (int k = 0; k < 5; k++)
		ck_assert_double_eq_tol(of_hospital[k], data->train * 60.0 / 137 / (k + 1), 80);
	for (int c = 0; c < 4; c++)
		ck_assert_double_eq_tol(of_class[c], data->train / 4.0, 80);
	fed_dataset_free(data);
}
END_TEST

START_TEST(scanners_differ_as_asked)
{
	const struct fed_assign alike[] = {{"differ", "0"}, {0}};
	struct fed_dataset *a = load("scans", 1, alike), *b = load("scans", 1, NULL);
	double mean[2][5], deviation[2][5];

	measure_scanners(a, mean[0], deviation[0]);
	measure_scanners(b, mean[1], deviation[1]);
	ck_assert_double_lt(range_of(mean[0]), 0.03);
	ck_assert_double_gt(range_of(mean[1]), 0.12);
	ck_assert_double_lt(range_of(deviation[0]), 0.02);
	ck_assert_double_gt(range_of(deviation[1]), 0.03);
	fed_dataset_free(a);
	fed_dataset_free(b);
}
END_TEST

/* Lesions are the only thing that adds light; tissue has mean 0. */
START_TEST(lesions_are_where_the_label_says)
{
	const struct fed_assign plain[] = {{"differ", "0"}, {"noise", "0"}, {"lesion", "1"}, {0}};
	struct fed_dataset *data = load("scans", 2, plain);
	double light[4] = {0}, n[4] = {0};

	for (uint32_t i = 0; i < data->train; i++) {
		double brightest = 0;

		for (size_t j = 0; j < 784; j++)
			brightest = fmax(brightest, data->bytes[i * 784 + j] * data->scale);
		light[data->label[i]] += brightest;
		n[data->label[i]]++;
	}
	for (int c = 1; c < 4; c++)
		ck_assert_double_gt(light[c] / n[c], light[0] / n[0] + 0.15);
	fed_dataset_free(data);
}
END_TEST

/* Gather
 * --------------------------------------------------------------------------------------------- */

START_TEST(gather_copies_scales_and_shifts)
{
	static const uint32_t ids[] = {3, 0, 0, 69, 50};
	const struct fed_shift shift = {1.5f, -0.25f};
	float x[5 * 784], target[5];
	int32_t label[5];

	for (int g = 0; g < SIZED; g++) {
		struct fed_dataset *data = load(generators[g].name, 3, generators[g].small);
		const size_t d = fed_shape_size(&data->shape);

		for (int shifted = 0; shifted < 2; shifted++) {
			fed_dataset_gather(data, ids, 5, shifted ? &shift : NULL, x, label, target);
			for (size_t k = 0; k < 5 * d; k++) {
				const size_t from = ids[k / d] * d + k % d;
				double want = data->bytes ? data->bytes[from] / 255.0 : data->values[from];

				want = shifted ? 1.5 * want - 0.25 : want;
				ck_assert_double_eq_tol(x[k], want, 1e-6 * (1 + fabs(want)));
			}
			for (int i = 0; i < 5; i++) {
				if (data->label)
					ck_assert_int_eq(label[i], data->label[ids[i]]);
				else
					ck_assert_float_eq(target[i], data->target[ids[i]]);
			}
		}
		fed_dataset_gather(data, ids, 5, NULL, NULL, NULL, NULL);
		fed_dataset_free(data);
	}
}
END_TEST

FED_SUITE(generators)
{
	Suite *suite = suite_create("generators");
	TCase *tests = tcase_create("generators");

	tcase_add_checked_fixture(tests, NULL, nothing_is_left);
	tcase_add_loop_test(tests, the_seed_decides, 0, GENERATORS);
	tcase_add_loop_test(tests, an_example_depends_on_its_place_alone, 0, SIZED);
	tcase_add_loop_test(tests, the_spec_makes_it_again, 0, GENERATORS);
	tcase_add_loop_test(tests, every_allocation_may_fail, 0, GENERATORS);
	tcase_add_loop_test(tests, it_can_be_stopped, 0, GENERATORS);
	tcase_add_test(tests, each_source_describes_itself);
	tcase_add_loop_test(tests, refusals_have_words, 0, sizeof refused / sizeof *refused);
	tcase_add_test(tests, blobs_are_gaussians_on_a_circle);
	tcase_add_loop_test(tests, curves_are_as_described, 0, sizeof curves / sizeof *curves);
	tcase_add_loop_test(tests, curves_have_the_noise_asked_for, 0, sizeof curves / sizeof *curves);
	tcase_add_test(tests, linear_has_its_truth_as_the_answer);
	tcase_add_test(tests, synthetic_has_devices);
	tcase_add_test(tests, synthetic_beta_moves_the_inputs);
	tcase_add_test(tests, synthetic_iid_has_the_covariance);
	tcase_add_test(tests, glyphs_are_dark_strokes_on_light_noise);
	tcase_add_test(tests, scans_come_from_hospitals);
	tcase_add_test(tests, scanners_differ_as_asked);
	tcase_add_test(tests, lesions_are_where_the_label_says);
	tcase_add_test(tests, gather_copies_scales_and_shifts);
	suite_add_tcase(suite, tests);
	return suite;
}
