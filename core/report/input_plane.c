/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/input_plane.c - planes through the inputs of a dataset.
 */
#include "report/input_plane.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/update_geometry.h"

/* Test examples that the components are computed from, at most, and the multiplications for their
 * inner products; test examples that the drawn part must hold. */
#define COMPONENTS_FROM 200u
#define PRODUCTS_MOST 4e7
#define FRAMED 2000u
#define MARGIN 0.08      /* of the width, on each side */
#define MARGIN_THREE 0.4 /* the same around three examples */

static uint32_t test_id(const struct fed_dataset *data, uint32_t i)
{
	return data->train + i;
}

static double dot(const float *a, const float *b, size_t d)
{
	double sum = 0;

	for (size_t j = 0; j < d; j++)
		sum += (double)a[j] * b[j];
	return sum;
}

/* Make v [d] orthogonal to the unit vector `to` (NULL: nothing) and of length 1; false, and zero,
 * if nothing is left of it. */
static bool orthonormal(float *v, const float *to, size_t d)
{
	const double before = sqrt(dot(v, v, d)), along = to ? dot(v, to, d) : 0;

	for (size_t j = 0; to && j < d; j++)
		v[j] -= (float)(along * to[j]);
	const double length = sqrt(dot(v, v, d));
	const bool any = length > 1e-5 * before;

	for (size_t j = 0; j < d; j++)
		v[j] = any ? (float)(v[j] / length) : 0;
	return any;
}

/* Components --------------------------------------------------------------------- */

static uint32_t components_from(const struct fed_dataset *data, size_t d)
{
	const double most = sqrt(PRODUCTS_MOST / (double)d);
	const uint32_t n = data->test < COMPONENTS_FROM ? data->test : COMPONENTS_FROM;

	return n <= most ? n : most < 3 ? 3 : (uint32_t)most;
}

/* Axis k from the examples' coordinates along it: their weighted sum points along it. */
static void set_axis(struct fed_input_plane *p, int k, const float *x, const double *along,
                     uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		for (size_t j = 0; j < p->d; j++)
			p->axis[k][j] += (float)(along[i] * ((double)x[i * p->d + j] - (double)p->origin[j]));
	orthonormal(p->axis[k], k ? p->axis[0] : NULL, p->d);
}

/* x (n, d), gram [n][n], along [2][n] */
static int find_components(struct fed_input_plane *p, const float *x, uint32_t n, double *gram,
                           double *along, struct fed_error *err)
{
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k <= i; k++)
			gram[i * n + k] = gram[k * n + i] = dot(x + i * p->d, x + k * p->d, p->d);
	if (fed__principal_plane(gram, n, n, along, along + n, &p->shown, err))
		return FED_FAIL;
	for (size_t j = 0; j < p->d; j++) {
		double sum = 0;
		for (uint32_t i = 0; i < n; i++)
			sum += x[i * p->d + j];
		p->origin[j] = (float)(sum / n);
	}
	set_axis(p, 0, x, along, n);
	set_axis(p, 1, x, along + n, n);
	return FED_OK;
}

static int set_components(struct fed_input_plane *p, struct fed_error *err)
{
	const uint32_t n = components_from(p->data, p->d);
	float *x = fed_alloc_floats(n * p->d);
	double *gram = fed_alloc_array((size_t)n * n + 2 * (size_t)n, sizeof *gram);
	int rc = FED_OK;

	if (x && gram) {
		for (uint32_t i = 0; i < n; i++) {
			const uint32_t id = test_id(p->data, i);
			fed_dataset_gather(p->data, &id, 1, NULL, x + i * p->d, NULL, NULL);
		}
		rc = find_components(p, x, n, gram, gram + (size_t)n * n, err);
	} else {
		rc = fed_fail_memory(err, n * p->d * sizeof *x, "the principal components");
	}
	fed_free_floats(x);
	fed_free(gram);
	return rc;
}

/* Three examples ------------------------------------------------------------------- */

int fed_input_plane_choose(const struct fed_dataset *data, uint32_t through[3],
                           struct fed_error *err)
{
	uint32_t n = 0;

	if (data->test < 3)
		return fed_reject(err, "a plane through three test examples needs three; there %s %u",
		                  data->test == 1 ? "is" : "are", data->test);
	for (int fresh = 1; fresh >= 0; fresh--) /* of new classes first */
		for (uint32_t i = 0; i < data->test && n < 3; i++) {
			bool known = false;

			for (uint32_t k = 0; k < n; k++)
				known |= through[k] == i ||
				         (fresh && data->label &&
				          data->label[test_id(data, through[k])] == data->label[test_id(data, i)]);
			if (!known)
				through[n++] = i;
		}
	return FED_OK;
}

static int set_through(struct fed_input_plane *p, const uint32_t through[3], struct fed_error *err)
{
	for (int k = 0; k < 3; k++) {
		const uint32_t id = test_id(p->data, through[k]);

		if (through[k] >= p->data->test)
			return fed_reject(err, "there is no test example %u; the last is %u", through[k],
			                  p->data->test - 1);
		p->example[k] = through[k];
		fed_dataset_gather(p->data, &id, 1, NULL, k ? p->axis[k - 1] : p->origin, NULL, NULL);
	}
	for (int k = 0; k < 2; k++)
		for (size_t j = 0; j < p->d; j++)
			p->axis[k][j] -= p->origin[j];
	if (!orthonormal(p->axis[0], NULL, p->d) || !orthonormal(p->axis[1], p->axis[0], p->d))
		return fed_reject(err, "test examples %u, %u and %u are on one line; choose others",
		                  through[0], through[1], through[2]);
	return FED_OK;
}

/* What is drawn --------------------------------------------------------------------- */

static void widen(struct fed_input_plane *p, const double at[2])
{
	for (int k = 0; k < 2; k++) {
		p->low[k] = fmin(p->low[k], at[k]);
		p->high[k] = fmax(p->high[k], at[k]);
	}
}

static int frame(struct fed_input_plane *p, struct fed_error *err)
{
	const bool three = p->kind == FED_PLANE_EXAMPLES;
	const double margin = three ? MARGIN_THREE : MARGIN;
	const uint32_t n = three ? 3 : p->data->test < FRAMED ? p->data->test : FRAMED;
	float *x = fed_alloc_floats(p->d);

	if (!x)
		return fed_fail_memory(err, p->d * sizeof *x, "an example");
	for (int k = 0; k < 2; k++) {
		p->low[k] = INFINITY;
		p->high[k] = -INFINITY;
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t id = test_id(p->data, three ? p->example[i] : i);
		double at[2];

		fed_dataset_gather(p->data, &id, 1, NULL, x, NULL, NULL);
		fed__input_plane_place(p, x, at);
		if (isfinite(at[0] + at[1]))
			widen(p, at);
	}
	fed_free_floats(x);
	for (int k = 0; k < 2; k++) {
		const double width = p->high[k] - p->low[k];
		const double more = isfinite(width) && width > 0 ? margin * width : 1;

		p->low[k] = isfinite(width) ? p->low[k] - more : -more;
		p->high[k] = isfinite(width) ? p->high[k] + more : more;
	}
	return FED_OK;
}

static void range_targets(struct fed_input_plane *p)
{
	const struct fed_dataset *data = p->data;

	for (uint32_t i = 0; data->target && i < data->test; i++) {
		const double y = data->target[(size_t)test_id(data, i) * data->outputs];
		p->least = i ? fmin(p->least, y) : y;
		p->most = i ? fmax(p->most, y) : y;
	}
}

/* ----------------------------------------------------------------------------------- */

static int set_axes(struct fed_input_plane *p, const uint32_t through[3], struct fed_error *err)
{
	if (through) {
		p->kind = FED_PLANE_EXAMPLES;
		return set_through(p, through, err);
	}
	if (p->d == 2) {
		p->kind = FED_PLANE_FEATURES;
		p->axis[0][0] = p->axis[1][1] = 1;
		return FED_OK;
	}
	p->kind = FED_PLANE_COMPONENTS;
	return set_components(p, err);
}

int fed_input_plane_init(struct fed_input_plane *p, const struct fed_dataset *data,
                         const uint32_t through[3], struct fed_error *err)
{
	*p = (struct fed_input_plane){.data = data,
	                              .fingerprint = data->fingerprint,
	                              .d = fed_shape_size(&data->shape),
	                              .shown = NAN};
	if (data->tokens)
		return fed_reject(err, "the inputs of %s are tokens, which are on no plane", data->name);
	if (data->test == 0)
		return fed_reject(err, "%s has no test examples to lay a plane through", data->name);
	p->origin = fed_alloc_floats(3 * p->d);
	if (!p->origin)
		return fed_fail_memory(err, 3 * p->d * sizeof *p->origin, "the plane of the inputs");
	p->axis[0] = p->origin + p->d;
	p->axis[1] = p->origin + 2 * p->d;
	int rc = set_axes(p, through, err);
	if (rc == FED_OK)
		rc = frame(p, err);
	if (rc == FED_OK)
		range_targets(p);
	else
		fed_input_plane_release(p);
	return rc;
}

void fed_input_plane_release(struct fed_input_plane *p)
{
	fed_free_floats(p->origin);
	*p = (struct fed_input_plane){0};
}

void fed__input_plane_point(const struct fed_input_plane *p, double u, double v, float *x)
{
	for (size_t j = 0; j < p->d; j++)
		x[j] =
			(float)((double)p->origin[j] + u * (double)p->axis[0][j] + v * (double)p->axis[1][j]);
}

void fed__input_plane_place(const struct fed_input_plane *p, const float *x, double at[2])
{
	at[0] = at[1] = 0;
	for (size_t j = 0; j < p->d; j++) {
		const double off = (double)x[j] - (double)p->origin[j];

		at[0] += off * (double)p->axis[0][j];
		at[1] += off * (double)p->axis[1][j];
	}
}

double fed_input_plane_aspect(const struct fed_input_plane *p)
{
	return (p->high[0] - p->low[0]) / (p->high[1] - p->low[1]);
}

void fed_input_plane_title(const struct fed_input_plane *p, struct fed_text *out)
{
	switch (p->kind) {
	case FED_PLANE_FEATURES:
		fed_text_add(out, "the two features of %s", p->data->name);
		break;
	case FED_PLANE_COMPONENTS:
		fed_text_add(out, "two principal components (%.0f %% of the variance)",
		             isnan(p->shown) ? 100.0 : 100 * p->shown);
		break;
	default:
		fed_text_add(out, "the plane through test examples %u, %u and %u", p->example[0],
		             p->example[1], p->example[2]);
	}
}
