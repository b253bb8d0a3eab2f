/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/host.c - the host functions of aggregators: memory, tiles and sums of rows.
 */
#include "plug/calls/host.h"

#include <string.h>

#include "base/mem.h"
#include "base/rows.h"
#include "plug/distances.h"
#include "plug/column_sort.h"

/* Coordinates of a tile, whose sums in doubles stay in the first-level cache. */
enum { TILE = 2048 };

static struct fed_aggregation_host *state_of(const struct fed_host *host)
{
	return (struct fed_aggregation_host *)host; /* the first member; never a constant object */
}

/* Tiles ------------------------------------------------------------------ */

struct tiled_work {
	void (*work)(void *ctx, size_t j0, size_t j1);
	void *ctx;
	size_t dim;
};

static void run_tile(void *ctx, size_t i, int worker)
{
	const struct tiled_work *t = ctx;
	const size_t j0 = i * TILE;

	(void)worker;
	t->work(t->ctx, j0, j0 + TILE < t->dim ? j0 + TILE : t->dim);
}

static int tiles(const struct fed_host *host, void (*work)(void *ctx, size_t j0, size_t j1),
                 void *ctx, struct fed_error *err)
{
	const struct fed_aggregation_host *w = state_of(host);
	struct tiled_work t = {work, ctx, w->dim};

	return fed_pool_each(w->pool, (w->dim + TILE - 1) / TILE, run_tile, &t, err);
}

/* Sums ------------------------------------------------------------------- */

/* Rows and weights; those of weight 0 left out. */
struct sparse {
	const float **row;
	double *w;
	size_t n;
};

static int sparse_init(struct sparse *s, size_t capacity, struct fed_error *err)
{
	*s = (struct sparse){.row = fed_alloc_array(capacity ? capacity : 1, sizeof *s->row),
	                     .w = fed_alloc_array(capacity ? capacity : 1, sizeof *s->w)};
	if (s->row && s->w)
		return FED_OK;
	fed_free(s->row);
	fed_free(s->w);
	return fed_fail_memory(err, capacity * (sizeof *s->row + sizeof *s->w), "the weights of rows");
}

static void sparse_add(struct sparse *s, const float *row, double w)
{
	if (w == 0)
		return;
	s->row[s->n] = row;
	s->w[s->n++] = w;
}

static void sparse_release(struct sparse *s)
{
	fed_free(s->row);
	fed_free(s->w);
}

struct mixture {
	const struct sparse *rows; /* [m], one after another in memory */
	size_t m, ld;
	float *out;
};

static void mix_tile(void *ctx, size_t j0, size_t j1)
{
	const struct mixture *x = ctx;
	const struct fed_rows_kernels *kernels = fed_rows_kernels();
	double sum[TILE];

	for (size_t k = 0; k < x->m; k++) {
		float *out = x->out + k * x->ld + j0;

		for (size_t j = 0; j < j1 - j0; j++)
			sum[j] = 0;
		kernels->weigh(sum, x->rows[k].row, x->rows[k].w, x->rows[k].n, j0, j1 - j0);
		for (size_t j = 0; j < j1 - j0; j++)
			out[j] = (float)sum[j];
	}
}

static int combine(const struct fed_host *host, const float *const row[], const double w[],
                   size_t n, float *out, struct fed_error *err)
{
	struct sparse s;
	struct mixture x = {.rows = &s, .m = 1, .out = out};

	if (sparse_init(&s, n, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		sparse_add(&s, row[i], w[i]);
	const int rc = tiles(host, mix_tile, &x, err);
	sparse_release(&s);
	return rc;
}

int fed__aggregation_host_mix(const struct fed_aggregation_host *w, const float *const row[],
                              size_t n, const double *mix, size_t m, float *out, size_t ld,
                              struct fed_error *err)
{
	struct sparse *rows = fed_alloc_array(m, sizeof *rows), all;
	struct mixture x = {.rows = rows, .m = m, .ld = ld, .out = out};

	if (!rows)
		return fed_fail_memory(err, m * sizeof *rows, "mixtures of updates");
	if (sparse_init(&all, m * n, err)) {
		fed_free(rows);
		return FED_FAIL;
	}
	for (size_t k = 0; k < m; k++) {
		rows[k] = (struct sparse){.row = all.row + k * n, .w = all.w + k * n};
		for (size_t i = 0; i < n; i++)
			sparse_add(&rows[k], row[i], mix[k * n + i]);
	}
	const int rc = tiles(&w->host, mix_tile, &x, err);
	sparse_release(&all);
	fed_free(rows);
	return rc;
}

struct addition {
	double *sum;
	const struct sparse *rows;
};

static void add_tile(void *ctx, size_t j0, size_t j1)
{
	const struct addition *a = ctx;

	fed_rows_kernels()->weigh(a->sum + j0, a->rows->row, a->rows->w, a->rows->n, j0, j1 - j0);
}

static int defer(struct fed_aggregation_host *state, const struct fed_addend *addend,
                 struct fed_error *err)
{
	if (state->n_addends == state->addend_capacity) {
		const size_t capacity = state->addend_capacity ? 2 * state->addend_capacity : 64;
		struct fed_addend *grown = fed_resize(state->addend, state->addend_capacity * sizeof *grown,
		                                      capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the sums of updates");
		state->addend = grown;
		state->addend_capacity = capacity;
	}
	state->addend[state->n_addends++] = *addend;
	return FED_OK;
}

static int accumulate(const struct fed_host *host, double *sum, double w, const float *row,
                      struct fed_error *err)
{
	struct fed_aggregation_host *state = state_of(host);
	const struct sparse one = {.row = &row, .w = &w, .n = 1};
	struct addition a = {sum, &one};

	if (w == 0)
		return FED_OK;
	if (state->deferred)
		return defer(state, &(struct fed_addend){sum, w, row}, err);
	return tiles(host, add_tile, &a, err);
}

int fed__aggregation_host_flush(struct fed_aggregation_host *state, struct fed_error *err)
{
	struct sparse s;
	int rc = FED_OK;

	if (state->n_addends == 0)
		return FED_OK;
	if (sparse_init(&s, state->n_addends, err))
		return FED_FAIL;
	/* sum by sum, each with all of its rows in order */
	while (rc == FED_OK && state->n_addends > 0) {
		double *sum = state->addend[0].sum;
		size_t left = 0;

		s.n = 0;
		for (size_t i = 0; i < state->n_addends; i++) {
			const struct fed_addend *a = &state->addend[i];
			if (a->sum == sum)
				sparse_add(&s, a->row, a->w);
			else
				state->addend[left++] = *a;
		}
		state->n_addends = left;
		rc = tiles(&state->host, add_tile, &(struct addition){sum, &s}, err);
	}
	sparse_release(&s);
	return rc;
}

/* Distances and orders --------------------------------------------------- */

static int distances(const struct fed_host *host, const float *const row[], size_t n,
                     double *square, struct fed_error *err)
{
	const struct fed_aggregation_host *w = state_of(host);

	return fed_distances(row, n, w->dim, w->pool, square, err);
}

static int lengths(const struct fed_host *host, const float *const row[], size_t n,
                   const float *from, double *square, struct fed_error *err)
{
	const struct fed_aggregation_host *w = state_of(host);

	return fed_lengths(row, n, w->dim, from, w->pool, square, err);
}

static int sorted(const struct fed_host *host, const float *const row[], size_t n, size_t lo,
                  size_t hi, fed_sorted_work *work, void *ctx, uint64_t *within,
                  struct fed_error *err)
{
	const struct fed_aggregation_host *w = state_of(host);

	const struct fed_column_sort sort = {row, n, w->dim, lo, hi, work, ctx, within};

	return fed__sort_columns(&sort, w->pool, err);
}

/* Memory, words ---------------------------------------------------------- */

static void *scratch(const struct fed_host *host, size_t n, size_t size, struct fed_error *err)
{
	struct fed_aggregation_host *state = state_of(host);
	const size_t unit = sizeof *state->scratch, most = SIZE_MAX / sizeof(float);
	float *block = NULL;

	if (n == 0 || size <= most / n)
		block = fed_alloc_floats((n * size + sizeof(float) - 1) / sizeof(float) + 1);
	void **grown =
		block ? fed_resize(state->scratch, state->n_scratch * unit, (state->n_scratch + 1) * unit)
			  : NULL;
	if (!grown) {
		fed_free_floats(block);
		fed_fail_memory(err, n * size, "an aggregator's scratch memory");
		return NULL;
	}
	state->scratch = grown;
	state->scratch[state->n_scratch++] = block;
	return block;
}

static void note(const struct fed_host *host, const char *text)
{
	const struct fed_host *outer = state_of(host)->outer;

	if (outer && outer->note)
		outer->note(outer, text);
}

static void mark(const struct fed_host *host, size_t i, int32_t group, bool trusted)
{
	const struct fed_aggregation_host *state = state_of(host);

	if (i < state->n_trusts)
		state->trust[i] = (struct fed_trust){group < 0 ? -1 : group, trusted};
}

void fed__aggregation_host_init(struct fed_aggregation_host *state, const struct fed_host *outer,
                                struct fed_pool *pool, size_t dim)
{
	*state = (struct fed_aggregation_host){
		.host = {.size = sizeof state->host,
	             .note = note,
	             .scratch = scratch,
	             .tiles = tiles,
	             .distances = distances,
	             .lengths = lengths,
	             .combine = combine,
	             .accumulate = accumulate,
	             .sorted = sorted,
	             .mark = mark},
		.outer = outer,
		.pool = pool,
		.dim = dim,
	};
}

void fed__aggregation_host_clear(struct fed_aggregation_host *state)
{
	for (size_t i = 0; i < state->n_scratch; i++)
		fed_free_floats(state->scratch[i]);
	state->n_scratch = 0;
}

void fed__aggregation_host_release(struct fed_aggregation_host *state)
{
	fed__aggregation_host_clear(state);
	fed_free(state->scratch);
	fed_free(state->addend);
	*state = (struct fed_aggregation_host){0};
}
