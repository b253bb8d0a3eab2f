/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/try_aggregator.c - aggregation of a matrix of updates from a file, and export of
 * updates.
 */
#include "experiments/try_aggregator.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/cpu.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "report/update_geometry.h"
#include "formats/npy.h"
#include "formats/npz.h"
#include "session/internal.h"
#include "plug/aggregator_chain.h"

#define FILE_MOST ((uint64_t)1 << 38) /* bytes: longer files are refused before reading */

/* Reading ---------------------------------------------------------------- */

/* Read the array of a file; it borrows from `bytes`. */
static int read_array(const char *path, struct fed_text *bytes, struct fed_stored_tensor *array,
                      struct fed_error *err)
{
	struct fed_text expanded = {0};
	struct fed_error why;

	fed_path_expand(path, &expanded);
	int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                         : fed_file_read(fed_text_str(&expanded), FILE_MOST, bytes, err);
	fed_text_release(&expanded);
	if (rc == FED_OK && fed_npy_parse(bytes->s, bytes->len, array, &why))
		rc = fed_fail(err, "%s: %s", fed_show(path).s, why.text);
	return rc;
}

static int check_matrix(const struct fed_stored_tensor *a, const char *path, struct fed_error *err)
{
	if (a->rank != 2)
		return fed_fail(err, "%s has %u dimension%s, two are needed: a row for each client",
		                fed_show(path).s, a->rank, a->rank == 1 ? "" : "s");
	if (a->shape[0] == 0 || a->shape[1] == 0 || a->shape[0] > UINT32_MAX)
		return fed_fail(err, "%s has %llu rows of %llu numbers; at least one of each is needed",
		                fed_show(path).s, (unsigned long long)a->shape[0],
		                (unsigned long long)a->shape[1]);
	return FED_OK;
}

static float number_or_infinity(float x)
{
	return isnan(x) ? INFINITY : x;
}

static int make_matrix(struct fed_trial *t, size_t n, size_t dim, struct fed_error *err)
{
	t->n = n;
	t->dim = dim;
	t->ld = (t->dim + 15) / 16 * 16;
	if (t->ld > SIZE_MAX / sizeof(float) / t->n)
		return fed_fail_memory(err, SIZE_MAX, "the updates");
	t->rows = fed_alloc_floats(t->n * t->ld);
	t->step = fed_alloc_floats(t->dim);
	t->update = fed_alloc_array(t->n, sizeof *t->update);
	t->verdict = fed_alloc_array(t->n, sizeof *t->verdict);
	t->trust = fed_alloc_array(t->n, sizeof *t->trust);
	t->refused = fed_alloc_array(t->n, sizeof *t->refused);
	if (!t->rows || !t->step || !t->update || !t->verdict || !t->trust || !t->refused)
		return fed_fail_memory(err, t->n * t->ld * sizeof(float), "the updates");
	return FED_OK;
}

static int take_matrix(struct fed_trial *t, const struct fed_stored_tensor *a,
                       struct fed_error *err)
{
	if (make_matrix(t, a->shape[0], a->shape[1], err))
		return FED_FAIL;
	for (size_t i = 0; i < t->n; i++) {
		float *row = t->rows + i * t->ld;

		for (size_t j = 0; j < t->dim; j++)
			row[j] = number_or_infinity(fed_stored_number(a, i * t->dim + j));
		t->update[i] = (struct fed_update){.delta = row,
		                                   .weight = 1,
		                                   .samples = 1,
		                                   .client = (uint32_t)i,
		                                   .steps = 1,
		                                   .loss = NAN};
	}
	return FED_OK;
}

static int read_matrix(struct fed_trial *t, const char *path, struct fed_error *err)
{
	struct fed_text bytes = {0};
	struct fed_stored_tensor a = {0};

	int rc = read_array(path, &bytes, &a, err);
	if (rc == FED_OK)
		rc = check_matrix(&a, path, err);
	if (rc == FED_OK)
		rc = take_matrix(t, &a, err);
	fed_text_release(&bytes);
	return rc;
}

static int read_weights(struct fed_trial *t, const char *path, struct fed_error *err)
{
	struct fed_text bytes = {0};
	struct fed_stored_tensor a = {0};

	int rc = read_array(path, &bytes, &a, err);
	if (rc == FED_OK && (a.rank != 1 || a.shape[0] != t->n))
		rc = fed_fail(err, "%s: one dimension of %zu weights is needed, a weight for each row",
		              fed_show(path).s, t->n);
	for (size_t i = 0; rc == FED_OK && i < t->n; i++) {
		const double w = (double)fed_stored_number(&a, i);

		if (!(w >= 0) || isinf(w))
			rc =
				fed_fail(err, "%s: weight %zu is %g; 0 or more is allowed", fed_show(path).s, i, w);
		t->update[i].weight = w;
		t->update[i].samples = (uint64_t)(fmin(w, 1e18) + 0.5);
	}
	fed_text_release(&bytes);
	return rc;
}

/* The updates of the last round. */
static int take_kept(struct fed_trial *t, const struct fed_session *s, struct fed_error *err)
{
	const struct fed_verdicts *kept = &s->federation.verdicts;

	if (fed_updates_kept(s, err) || make_matrix(t, kept->n, s->parts.net.dim, err))
		return FED_FAIL;
	for (size_t i = 0; i < t->n; i++) {
		const struct fed_client_verdict *of = &kept->of[i];
		float *row = t->rows + i * t->ld;

		memcpy(row, of->update->vector[0], t->dim * sizeof *row);
		t->update[i] = (struct fed_update){.delta = row,
		                                   .weight = of->weighed,
		                                   .samples = of->samples,
		                                   .client = of->client,
		                                   .steps = of->steps,
		                                   .staleness = of->staleness,
		                                   .loss = of->loss};
	}
	return FED_OK;
}

/* Aggregating ------------------------------------------------------------ */

/* The host that a plugin gets, with the trial; the host is the first member. */
struct trial_host {
	struct fed_host host;
	struct fed_trial *trial;
};

static void take_trial_note(const struct fed_host *host, const char *text)
{
	const struct trial_host *l = (const struct trial_host *)host;

	fed_text_add(&l->trial->notes, "%s\n", fed_show(text).s);
}

static void take_refusal(void *ctx, size_t i, const char *text)
{
	struct fed_trial *t = ctx;

	fed_text_add(&t->refused[i], "%s", text);
	t->verdict[i] = (struct fed_verdict){.score = NAN};
	t->trust[i] = (struct fed_trust){.group = -1};
}

/* Assign the verdicts to the rows that were not refused, in their order. */
static void take_verdicts(struct fed_trial *t, const struct fed_aggregation *a)
{
	size_t k = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->refused[i].len)
			continue;
		t->verdict[i] = a->verdict[k];
		t->trust[i] = a->trust[k++];
	}
}

static int aggregate_trial(struct fed_trial *t, const struct fed_session *s, struct fed_pool *pool,
                           struct fed_error *err)
{
	const struct trial_host th = {{sizeof th.host, .note = take_trial_note}, t};
	float *params = fed_alloc_floats(t->dim);
	const struct fed_round round = {
		.seed = fed_stream_key((uint64_t)s->parts.settings.seed, FED_FOR_PLUGIN, 0, 0),
		.dim = t->dim,
		.params = params,
		.ld = t->ld,
		.invited = (uint32_t)t->n,
		.population = (uint32_t)t->n,
		.lr = s->parts.settings.lr,
		.host = &th.host,
	};
	const struct fed_lent_updates lent = {t->update, t->n, take_refusal, t};
	struct fed_aggregation a = {0};

	if (!params)
		return fed_fail_memory(err, t->dim * sizeof *params, "a model of zeros");
	for (size_t i = 0; i < t->n; i++)
		t->update[i].base = params;
	int rc = fed_instance_size(&t->aggregator, t->dim, err);
	const double began = fed_wall_seconds();
	if (rc == FED_OK)
		rc = fed_aggregation_lend(&a, &t->aggregator, &round, &lent, pool, err);
	if (rc == FED_OK && a.n == 0)
		rc = fed_fail(err, "every row is refused; the first: %s", fed_text_str(&t->refused[0]));
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, t->step, err);
	t->seconds = fed_wall_seconds() - began;
	if (rc == FED_OK)
		take_verdicts(t, &a);
	fed_aggregation_release(&a);
	fed_free_floats(params);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}

static int print_settings(struct fed_trial *t, struct fed_error *err)
{
	struct fed_key_values pairs;

	if (fed_instance_settings(&pairs, &t->aggregator, err))
		return FED_FAIL;
	for (size_t i = 0; i < pairs.n; i++)
		fed_text_add(&t->settings, "%s%s=%s", i ? " " : "", pairs.assign[i].key,
		             pairs.assign[i].value);
	fed_key_values_release(&pairs);
	return FED_OK;
}

int fed_try(struct fed_trial *t, const struct fed_session *s, const char *aggregator,
            const struct fed_assign *assign, size_t n, const char *file, const char *weights,
            struct fed_error *err)
{
	const int threads =
		s->parts.settings.threads ? (int)s->parts.settings.threads : fed_cpu_count();
	struct fed_pool *pool = NULL;

	*t = (struct fed_trial){0};
	int rc = fed_aggregator_make(s->plugins, &t->aggregator, aggregator, assign, n, err);
	if (rc)
		rc = FED_REJECT;
	else
		rc = print_settings(t, err);
	if (rc == FED_OK)
		rc = file ? read_matrix(t, file, err) : take_kept(t, s, err);
	if (rc == FED_OK && weights)
		rc = read_weights(t, weights, err);
	const bool read = rc == FED_OK;
	if (rc == FED_OK)
		rc = fed_pool_init(&pool, threads, threads, err);
	if (rc == FED_OK)
		rc = aggregate_trial(t, s, pool, err);
	fed_pool_free(pool);
	if (rc)
		fed_trial_release(t);
	t->read = read;
	return rc;
}

/* Writing ---------------------------------------------------------------- */

/* Write n rows of dim numbers; row(ctx, i) returns them. */
static int write_rows(const char *path, uint32_t rank, const uint32_t *shape, size_t n, size_t dim,
                      const float *(*row)(const void *ctx, size_t i), const void *ctx,
                      struct fed_error *err)
{
	struct fed_text expanded = {0}, head = {0};
	struct fed_file_writer file;
	int rc = FED_FAIL;

	fed_path_expand(path, &expanded);
	fed_npy_header(&head, false, rank, shape);
	if (n > UINT32_MAX || dim > UINT32_MAX)
		fed_fail(err, "%zu rows of %zu numbers are too many for this file", n, dim);
	else if (expanded.failed || head.failed)
		fed_fail_memory(err, strlen(path), "a path");
	else
		rc = fed_file_open(&file, fed_text_str(&expanded), err);
	if (rc == FED_OK) {
		fed_file_write(&file, head.s, head.len);
		for (size_t i = 0; i < n; i++)
			fed_file_write(&file, row(ctx, i), dim * sizeof(float));
		rc = fed_file_commit(&file, err);
	}
	fed_text_release(&expanded);
	fed_text_release(&head);
	return rc;
}

static const float *step_of(const void *ctx, size_t i)
{
	(void)i;
	return ((const struct fed_trial *)ctx)->step;
}

int fed_trial_save(const struct fed_trial *t, const char *path, struct fed_error *err)
{
	const uint32_t shape = (uint32_t)t->dim;

	return write_rows(path, 1, &shape, 1, t->dim, step_of, t, err);
}

static const float *update_of(const void *ctx, size_t i)
{
	return ((const struct fed_update_geometry *)ctx)->of[i].update->vector[0];
}

/* Arrays of an archive. */
struct update_arrays {
	uint32_t *clients; /* [n] */
	float *updates;    /* [n][dim] */
};

static const float *array_of(void *ctx, size_t i)
{
	const struct update_arrays *a = ctx;

	return i == 0 ? (const void *)a->clients : a->updates;
}

static int write_arrays(const char *path, const struct update_arrays *a, size_t n, size_t dim,
                        struct fed_error *err)
{
	struct fed_named_tensor tensor[] = {
		{.name = "clients",
	     .walk = {.file_rank = 1, .file_shape = {(uint32_t)n}},
	     .n = n,
	     .whole = true},
		{.name = "updates",
	     .walk = {.file_rank = 2, .file_shape = {(uint32_t)n, (uint32_t)dim}},
	     .n = n * dim},
	};
	const struct fed_tensor_list list = {.tensor = tensor, .n = 2};
	struct fed_text expanded = {0};
	struct fed_file_writer file;
	int rc = FED_FAIL;

	fed_path_expand(path, &expanded);
	if (expanded.failed)
		fed_fail_memory(err, strlen(path), "a path");
	else
		rc = fed_file_open(&file, fed_text_str(&expanded), err);
	if (rc == FED_OK && fed_npz_write(&file, &list, array_of, (void *)a, err)) {
		fed_file_abandon(&file);
		rc = FED_FAIL;
	} else if (rc == FED_OK) {
		rc = fed_file_commit(&file, err);
	}
	fed_text_release(&expanded);
	return rc;
}

static int write_archive(const char *path, const struct fed_update_geometry *in, size_t dim,
                         struct fed_error *err)
{
	struct update_arrays a;

	if (in->n > UINT32_MAX || dim > UINT32_MAX)
		return fed_fail(err, "%zu rows of %zu numbers are too many for this file", in->n, dim);
	a = (struct update_arrays){.clients = fed_alloc_array(in->n, sizeof *a.clients),
	                           .updates = fed_alloc_array(in->n, dim * sizeof *a.updates)};
	int rc = FED_OK;
	if (!a.clients || !a.updates)
		rc = fed_fail_memory(err, in->n * dim * sizeof *a.updates, "a copy of the updates");
	for (size_t i = 0; rc == FED_OK && i < in->n; i++) {
		a.clients[i] = in->of[i].client;
		memcpy(a.updates + i * dim, update_of(in, i), dim * sizeof *a.updates);
	}
	if (rc == FED_OK)
		rc = write_arrays(path, &a, in->n, dim, err);
	fed_free(a.clients);
	fed_free(a.updates);
	return rc;
}

int fed_updates_save(const struct fed_session *s, const char *path, struct fed_error *err)
{
	struct fed_update_geometry in;

	if (fed_update_geometry_init(&in, s, err))
		return FED_REJECT;
	const uint32_t shape[] = {(uint32_t)in.n, (uint32_t)s->parts.net.dim};
	const size_t length = strlen(path);
	const int rc = length > 4 && strcasecmp(path + length - 4, ".npz") == 0
	                   ? write_archive(path, &in, s->parts.net.dim, err)
	                   : write_rows(path, 2, shape, in.n, s->parts.net.dim, update_of, &in, err);
	fed_update_geometry_release(&in);
	return rc;
}

void fed_trial_release(struct fed_trial *t)
{
	for (size_t i = 0; t->refused && i < t->n; i++)
		fed_text_release(&t->refused[i]);
	fed_free_floats(t->rows);
	fed_free_floats(t->step);
	fed_free(t->update);
	fed_free(t->verdict);
	fed_free(t->trust);
	fed_free(t->refused);
	fed_text_release(&t->notes);
	fed_text_release(&t->settings);
	fed_instance_release(&t->aggregator);
	*t = (struct fed_trial){0};
}
