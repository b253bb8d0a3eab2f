/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/update_geometry.c - landmarks and inner products of the last round's updates.
 */
#include "report/update_geometry.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/distances.h"
#include "session/composition.h"

const char *const fed_landmark_names[FED_LANDMARKS + 1] = {"mean", "honest mean", "median", "step",
                                                           NULL};

int fed_updates_kept(const struct fed_session *s, struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_verdicts *g = &f->verdicts;

	const uint64_t version = fed_session_version(s);

	if (version && g->n == 0 && !parts->scheme->makes_model)
		return fed_reject(err,
		                  "the updates of version %s went with a change of the session; `round` "
		                  "makes others",
		                  fed_count((double)version).s);
	if (!fed_session_running(s) || g->n == 0)
		return fed_reject(err, "there are no updates yet; `round` makes some");
	if (f->in_round)
		return fed_reject(
			err, "updates are shown when the open round has ended; `continue` finishes it");
	for (size_t i = 0; i < g->n; i++) {
		if (g->of[i].update)
			continue;
		if (g->n > FED_VERDICT_UPDATES_BYTES / sizeof(float) / parts->net.dim)
			return fed_reject(err,
			                  "the last round's %zu updates of %zu parameters were too large to "
			                  "keep; with fewer participants they fit",
			                  g->n, parts->net.dim);
		return fed_reject(
			err, "the aborted round overwrote the updates of the last one; `round` makes new ones");
	}
	return FED_OK;
}

static struct fed_update update_of(const struct fed_federation *f,
                                   const struct fed_client_verdict *of)
{
	return (struct fed_update){
		.delta = of->update->vector[0],
		.base = f->params,
		.weight = of->weighed,
		.samples = of->samples,
		.client = of->client,
		.steps = of->steps,
		.staleness = of->staleness,
		.loss = of->loss,
		.returned = (const float *const *)(of->update->vector + 1),
	};
}

struct fed_update fed__kept_update(const struct fed_federation *f, size_t i)
{
	return update_of(f, &f->verdicts.of[i]);
}

/* Weighted mean of the updates, or of the honest ones, into out [dim]; false if there are none
 * or it is secret which they are. */
static bool mean_of(const struct fed_update_geometry *g, bool honest, size_t dim, float *out,
                    double *sum)
{
	double weight = 0;

	for (size_t j = 0; j < dim; j++)
		sum[j] = 0;
	for (size_t i = 0; i < g->n; i++) {
		const struct fed_client_verdict *u = &g->of[i];
		const float *row = u->update->vector[0];

		if (honest && u->secret)
			return false;
		if (honest && u->byzantine)
			continue;
		for (size_t j = 0; j < dim; j++)
			sum[j] += u->weighed * row[j];
		weight += u->weighed;
	}
	for (size_t j = 0; weight > 0 && j < dim; j++)
		out[j] = (float)(sum[j] / weight);
	return weight > 0;
}

/* The median by the plugin of that name; *there: it is loaded. */
static int median_of(const struct fed_update_geometry *g, const struct fed_session *s, float *out,
                     bool *there, struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_round round = {.dim = f->net->dim,
	                                .params = f->params,
	                                .invited = (uint32_t)g->n,
	                                .population = (uint32_t)g->n,
	                                .host = &f->host};
	struct fed_aggregation a = {0};
	struct fed_instance median = {0};
	const struct fed_entry *entry;
	struct fed_error unused;

	*there = fed_registry_find(fed_session_plugins(s), FED_KIND_AGGREGATOR, "median", &entry,
	                           &unused) == FED_OK;
	if (!*there)
		return FED_OK;
	int rc = fed_instance_init(&median, entry, NULL, 0, err);
	if (rc == FED_OK)
		rc = fed_instance_size(&median, f->net->dim, err);
	if (rc == FED_OK)
		rc = fed_aggregation_begin(&a, &median, &round, g->n, f->pool, err);
	for (size_t i = 0; rc == FED_OK && i < g->n; i++)
		rc = fed_aggregation_add(&a, (struct fed_update[]){update_of(f, &g->of[i])}, err);
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, out, err);
	fed_aggregation_release(&a);
	fed_instance_release(&median);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}

/* Landmarks into vector [FED_LANDMARKS][dim]; there[k]: landmark k exists.  One that does not is
 * zero. */
static int make_landmarks(const struct fed_update_geometry *in, const struct fed_session *s,
                          float *const vector[FED_LANDMARKS + 1], bool there[FED_LANDMARKS],
                          struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	const size_t dim = f->net->dim;
	double *sum = fed_alloc_array(dim, sizeof *sum);

	if (!sum)
		return fed_fail_memory(err, dim * sizeof *sum, "the means of the updates");
	for (int k = 0; k < FED_LANDMARKS; k++)
		memset(vector[k], 0, dim * sizeof(float));
	there[FED_LANDMARK_MEAN] = mean_of(in, false, dim, vector[FED_LANDMARK_MEAN], sum);
	there[FED_LANDMARK_HONEST] = mean_of(in, true, dim, vector[FED_LANDMARK_HONEST], sum);
	fed_free(sum);
	there[FED_LANDMARK_STEP] = !in->arrived;
	if (!in->arrived)
		memcpy(vector[FED_LANDMARK_STEP], f->verdicts.step, dim * sizeof(float));
	return median_of(in, s, vector[FED_LANDMARK_MEDIAN], &there[FED_LANDMARK_MEDIAN], err);
}

/* Inner products from squared distances: the origin is one more row, and
 * 2 <a, b> = |a|^2 + |b|^2 - |a - b|^2. */
static void products(const double *distance, size_t all, double *gram)
{
	const size_t ld = all + 1;

	for (size_t i = 0; i < all; i++)
		for (size_t k = 0; k < all; k++)
			gram[i * all + k] =
				(distance[i * ld + all] + distance[k * ld + all] - distance[i * ld + k]) / 2;
}

/* Inner products of all updates and landmarks; vector: one more than the landmarks, zero. */
static int inner_products(struct fed_update_geometry *in, const struct fed_federation *f,
                          float *const vector[FED_LANDMARKS + 1], struct fed_error *err)
{
	const size_t all = in->n + FED_LANDMARKS, ld = all + 1;
	const float **row = fed_alloc_array(ld, sizeof *row);
	double *distance = fed_alloc_array(ld * ld, sizeof *distance);
	int rc;

	in->gram = fed_alloc_array(all * all, sizeof *in->gram);
	if (row && distance && in->gram) {
		for (size_t i = 0; i < in->n; i++)
			row[i] = in->of[i].update->vector[0];
		for (size_t k = 0; k <= FED_LANDMARKS; k++)
			row[in->n + k] = vector[k];
		rc = fed_distances(row, ld, f->net->dim, f->pool, distance, err);
		if (rc == FED_OK)
			products(distance, all, in->gram);
	} else {
		rc = fed_fail_memory(err, ld * ld * sizeof *distance, "the updates' distances");
	}
	fed_free(row);
	fed_free(distance);
	return rc;
}

/* A landmark's coordinate along an axis of the map: axis [n] holds the updates' coordinates, which
 * sum to 0, so the plain mean's product with the landmark drops out. */
static double along(const struct fed_update_geometry *in, size_t k, const double *axis)
{
	const size_t ld = in->n + FED_LANDMARKS;
	double sum = 0, square = 0;

	for (size_t i = 0; i < in->n; i++) {
		double mean = 0; /* product of update i with the plain mean of the updates */
		for (size_t j = 0; j < in->n; j++)
			mean += in->gram[i * ld + j] / (double)in->n;
		sum += axis[i] * (in->gram[k * ld + i] - mean);
		square += axis[i] * axis[i];
	}
	return square > 0 ? sum / square : 0;
}

static int draw_map(struct fed_update_geometry *in, const bool there[FED_LANDMARKS],
                    struct fed_error *err)
{
	double *x = fed_alloc_array(2 * in->n, sizeof *x);

	if (!x)
		return fed_fail_memory(err, 2 * in->n * sizeof *x, "the map of the updates");
	double *y = x + in->n;
	int rc = fed__principal_plane(in->gram, in->n, in->n + FED_LANDMARKS, x, y, &in->shown, err);
	for (size_t i = 0; rc == FED_OK && i < in->n; i++) {
		in->update[i].x = x[i];
		in->update[i].y = y[i];
	}
	for (size_t k = 0; rc == FED_OK && k < FED_LANDMARKS; k++) {
		in->landmark[k].x = there[k] ? along(in, in->n + k, x) : NAN;
		in->landmark[k].y = there[k] ? along(in, in->n + k, y) : NAN;
	}
	fed_free(x);
	return rc;
}

static int compute_geometry(struct fed_update_geometry *in, const struct fed_session *s,
                            struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	const size_t dim = f->net->dim, ld = in->n + FED_LANDMARKS;
	float *block = fed_alloc_floats((FED_LANDMARKS + 1) * dim), *vector[FED_LANDMARKS + 1];
	bool there[FED_LANDMARKS];

	in->update = fed_alloc_array(in->n, sizeof *in->update);
	if (!block || !in->update) {
		fed_free_floats(block);
		return fed_fail_memory(err, FED_LANDMARKS * dim * sizeof(float), "the updates' means");
	}
	for (size_t k = 0; k <= FED_LANDMARKS; k++) /* the last is the origin */
		vector[k] = block + k * dim;
	memset(vector[FED_LANDMARKS], 0, dim * sizeof *block);
	int rc = make_landmarks(in, s, vector, there, err);
	if (rc == FED_OK)
		rc = inner_products(in, f, vector, err);
	fed_free_floats(block);
	if (rc)
		return rc;
	for (size_t i = 0; i < in->n; i++)
		in->update[i].norm = sqrt(in->gram[i * ld + i]);
	for (size_t k = 0; k < FED_LANDMARKS; k++)
		in->landmark[k].norm = there[k] ? sqrt(in->gram[(in->n + k) * (ld + 1)]) : NAN;
	return draw_map(in, there, err);
}

int fed_update_geometry_init(struct fed_update_geometry *in, const struct fed_session *s,
                             struct fed_error *err)
{
	const struct fed_verdicts *g = &fed_session_federation(s)->verdicts;

	*in = (struct fed_update_geometry){0};
	const int rc = fed_updates_kept(s, err);
	if (rc)
		return rc;
	in->of = g->of;
	in->n = g->n;
	if (compute_geometry(in, s, err) == FED_OK)
		return FED_OK;
	fed_update_geometry_release(in);
	return FED_FAIL;
}

int fed_update_geometry_init_arrived(struct fed_update_geometry *in, const struct fed_session *s,
                                     struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_verdicts *g = &f->verdicts;

	*in = (struct fed_update_geometry){.of = g->taken, .n = g->n_taken, .arrived = true};
	if (!fed_session_running(s) || !f->in_round || g->n_taken == 0)
		return fed_reject(err, "no update of an open round has arrived");
	for (size_t i = 0; i < g->n_taken; i++)
		if (!g->taken[i].update)
			return fed_reject(err, "the updates of this round are too large to keep");
	if (compute_geometry(in, s, err) == FED_OK)
		return FED_OK;
	fed_update_geometry_release(in);
	return FED_FAIL;
}

void fed_update_geometry_release(struct fed_update_geometry *in)
{
	fed_free(in->update);
	fed_free(in->gram);
	*in = (struct fed_update_geometry){0};
}

double fed_update_geometry_cosine(const struct fed_update_geometry *in, size_t i, size_t k)
{
	const size_t ld = in->n + FED_LANDMARKS;
	const double product = in->gram[i * ld + i] * in->gram[k * ld + k];

	return product > 0 ? in->gram[i * ld + k] / sqrt(product) : NAN;
}
