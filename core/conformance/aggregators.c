/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/aggregators.c - the checks of aggregators and pre-aggregations.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "conformance/rounds.h"

enum {
	DIM = 100,           /* numbers of an update where the size does not matter */
	TILES_DIM = 20011,   /* several tiles and a rest */
	LARGE_DIM = 1000000, /* unless the options say otherwise */
};

/* How far from each other two ways to the same step may be, relative to the largest number in the
 * updates: float rounding, and the tolerance of iterations (the geometric median's is 1e-6). */
#define ROUNDING 1e-4

/* What the checks have in common. */
struct rule {
	const struct fed_aggregator *plugin;
	size_t n; /* updates of a round that it takes; 0: none was found */
};

/* Make a round; false: the check is over. */
static bool begin(struct fed_rounds *r, struct fed_checker *c, const struct rule *rule, size_t dim,
                  size_t n)
{
	if (rule->n == 0) {
		fed__skipped(c, "it took no round");
		return false;
	}
	if (!fed__rounds_init(r, c, NULL, dim, n))
		return false;
	fed__given(c, "%zu update%s of %zu number%s", n, n == 1 ? "" : "s", dim, dim == 1 ? "" : "s");
	return true;
}

/* Fail unless two steps are equal but for rounding. */
static void compare(struct fed_rounds *r, const float *got, const float *wanted, double scale,
                    const char *expected)
{
	size_t j;
	const double apart = fed__largest_difference(got, wanted, r->round.dim, &j);

	if (!(apart <= ROUNDING * scale))
		fed__failed(r->checker, expected, "coordinate %zu is %.9g instead of %.9g", j,
		            (double)got[j], (double)wanted[j]);
}

/* Fail unless they have the same bits. */
static void compare_bits(struct fed_rounds *r, const float *got, const float *wanted,
                         const char *expected)
{
	const size_t j = fed__first_difference(got, wanted, r->round.dim);

	if (j < r->round.dim)
		fed__failed(r->checker, expected, "coordinate %zu is %.9g the first time and %.9g then", j,
		            (double)wanted[j], (double)got[j]);
}

/* The verdicts of a round lie in one array; those behind the last update are not the plugin's. */
static void check_verdicts(struct fed_checker *c, size_t n)
{
	struct fed_aggregation a;
	struct fed_rounds r;
	struct fed_error err;

	if (!fed__rounds_init(&r, c, NULL, 7, n))
		return;
	fed__given(c, "%zu updates of 7 numbers", n);
	int rc = fed_aggregation_begin(&a, r.aggregator, &r.round, r.n + 2, NULL, &err);
	const bool begun = rc == FED_OK;
	for (size_t i = 0; rc == FED_OK && i < r.n; i++)
		rc = fed_aggregation_add(&a, &r.update[i], &err);
	if (rc == FED_OK)
		rc = fed_aggregation_finish(&a, r.out, &err);
	for (size_t i = 0; rc == FED_OK && i < r.n + 2; i++)
		if (a.verdict[i].size != (i < r.n ? sizeof *a.verdict : 0) ||
		    (i >= r.n && (a.verdict[i].weight != 0 || a.verdict[i].used)))
			fed__failed(c, "verdicts on the updates, written by member",
			            "%zu updates have a verdict, number %zu of their array was overwritten",
			            r.n, i);
	if (begun)
		fed_aggregation_release(&a);
	fed__rounds_release(&r);
}

static void check_round(struct fed_checker *c, void *ctx)
{
	static const size_t sizes[] = {11, 25, 60};
	struct rule *rule = ctx;
	struct fed_rounds r;

	for (size_t k = 0; k < 3 && rule->n == 0 && fed_check_goes_on(c); k++) {
		check_verdicts(c, sizes[k]); /* before it can write past those of the host */
		if (!fed_check_goes_on(c) || !fed__rounds_init(&r, c, NULL, DIM, sizes[k]))
			return;
		fed__given(c, "%zu updates of %d numbers, near to each other", sizes[k], DIM);
		fed__rounds_play(&r);
		rule->n = r.rc == FED_OK ? sizes[k] : 0;
		if (k == 2 || r.rc == FED_OK)
			fed__rounds_made_step(&r);
		fed__rounds_release(&r);
	}
}

static void check_one(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (!begin(&r, c, rule, DIM, 1))
		return;
	fed__rounds_play(&r);
	fed__rounds_step_or_words(&r);
	if (r.rc == FED_OK && rule->plugin->affine)
		compare(&r, r.out, r.rows, fed__rounds_scale(&r), "the update itself, since it is affine");
	if (r.rc != FED_OK)
		fed__remark(c, "%s", r.err.text);
	fed__rounds_release(&r);
}

static void check_equal(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (!begin(&r, c, rule, DIM, rule->n))
		return;
	fed__given(c, "%zu equal updates of %d numbers", rule->n, DIM);
	for (size_t i = 1; i < r.n; i++)
		memcpy(r.rows + i * r.round.ld, r.rows, DIM * sizeof *r.rows);
	fed__rounds_play(&r);
	if (fed__rounds_made_step(&r) && rule->plugin->affine)
		compare(&r, r.out, r.rows, fed__rounds_scale(&r), "that update, since it is affine");
	fed__rounds_release(&r);
}

static void check_affine(struct fed_checker *c, void *ctx)
{
	const float factor = 2;
	const struct rule *rule = ctx;
	struct fed_rounds r, moved = {0};
	float *shift, *wanted;

	if (!rule->plugin->affine) {
		fed__skipped(c, "it does not declare .affine");
		return;
	}
	if (!begin(&r, c, rule, DIM, rule->n))
		return;
	fed__given(c, "%zu updates u, then 2 u + b with one vector b", rule->n);
	fed__rounds_play(&r);
	shift = fed__floats(c, "the shift", DIM);
	wanted = fed__floats(c, "the wanted step", DIM);
	if (!c->no_memory && fed__rounds_made_step(&r) &&
	    fed__rounds_init(&moved, c, NULL, DIM, rule->n)) {
		fed__fill_normal(shift, DIM, 77, 0.2);
		for (size_t j = 0; j < DIM; j++) {
			wanted[j] = factor * r.out[j] + shift[j];
			for (size_t i = 0; i < r.n; i++)
				moved.rows[i * r.round.ld + j] = factor * r.rows[i * r.round.ld + j] + shift[j];
		}
		fed__rounds_play(&moved);
		if (fed__rounds_made_step(&moved))
			compare(&r, moved.out, wanted, fed__rounds_scale(&moved),
			        "2 step + b: it declares .affine");
		fed__rounds_release(&moved);
	}
	fed__rounds_release(&r);
}

/* Play the round again with other fields that should not matter, and compare. */
static void replay(struct fed_rounds *r, const struct rule *rule,
                   void (*change)(struct fed_rounds *, size_t k), size_t k, const char *expected)
{
	struct fed_checker *c = r->checker;
	struct fed_rounds again;

	if (!fed__rounds_init(&again, c, NULL, r->round.dim, rule->n))
		return;
	change(&again, k);
	fed__rounds_fill(&again, 1);
	fed__rounds_play(&again);
	if (fed__rounds_made_step(&again)) {
		if (again.reversed) /* back, to compare */
			for (size_t j = 0, n = r->round.dim; j < n / 2; j++) {
				const float kept = again.out[j];

				again.out[j] = again.out[n - 1 - j];
				again.out[n - 1 - j] = kept;
			}
		compare(r, again.out, r->out, fed__rounds_scale(r), expected);
		for (size_t i = 0; i < r->n; i++) {
			const double was = (double)r->verdict[again.order[i]].weight;
			const double is = (double)again.verdict[i].weight;

			if (!(fabs(was - is) <= 1e-3 * (1 + fabs(was))))
				fed__failed(c, expected, "the verdict on client %u has the weight %g instead of %g",
				            again.update[i].client, is, was);
		}
	}
	fed__rounds_release(&again);
}

static void reorder(struct fed_rounds *r, size_t k)
{
	for (size_t i = 0; i < r->n; i++)
		r->order[i] = (uint32_t)(k == 0 ? r->n - 1 - i : (i + r->n / 2) % r->n);
}

static void check_order(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (rule->plugin->ordered) {
		fed__skipped(c, "it declares .ordered");
		return;
	}
	if (!begin(&r, c, rule, DIM, rule->n))
		return;
	fed__rounds_play(&r);
	for (size_t k = 0; k < 2 && fed__rounds_made_step(&r) && fed_check_goes_on(c); k++) {
		fed__given(c, "the same %zu updates %s", rule->n,
		           k == 0 ? "in the opposite order" : "with their halves swapped");
		replay(&r, rule, reorder, k,
		       "the same step and verdicts, up to rounding (or .ordered = true)");
	}
	fed__rounds_release(&r);
}

static void reverse(struct fed_rounds *r, size_t k)
{
	(void)k;
	r->reversed = true;
}

static void check_coordinates(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (!rule->plugin->columns) {
		fed__skipped(c, "only the coordinate-wise form promises it");
		return;
	}
	if (!begin(&r, c, rule, TILES_DIM, rule->n))
		return;
	fed__given(c, "%zu updates of %d numbers, last coordinate first", rule->n, TILES_DIM);
	fed__rounds_play(&r);
	if (fed__rounds_made_step(&r))
		replay(&r, rule, reverse, 0,
		       "the same step, last coordinate first: out[j] from the coordinate j alone");
	fed__rounds_release(&r);
}

static void check_weights(struct fed_checker *c, void *ctx)
{
	static const struct {
		const char *what;
		double first, others; /* NaN: as they are */
	} cases[] = {
		{"the first update of weight 0", 0, NAN},
		{"all updates of weight 0", 0, 0},
		{"all updates of weight 1e15", 1e15, 1e15},
		{"the first update of weight 1e15", 1e15, NAN},
		{"all updates of weight 1e-30", 1e-30, 1e-30},
	};
	const struct rule *rule = ctx;

	for (size_t k = 0; k < sizeof cases / sizeof *cases && fed_check_goes_on(c); k++) {
		struct fed_rounds r;

		if (!begin(&r, c, rule, DIM, rule->n))
			return;
		fed__given(c, "%zu updates, %s", rule->n, cases[k].what);
		for (size_t i = 0; i < r.n; i++) {
			const double weight = i ? cases[k].others : cases[k].first;

			if (isnan(weight))
				continue;
			r.update[i].weight = weight;
			r.update[i].samples = (uint64_t)weight;
		}
		fed__rounds_play(&r);
		fed__rounds_step_or_words(&r);
		fed__rounds_release(&r);
	}
}

static void check_nonfinite(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;

	for (int k = 0; k < 3 && fed_check_goes_on(c); k++) {
		struct fed_rounds r;

		if (!begin(&r, c, rule, DIM, rule->n))
			return;
		fed__given(c, "%zu updates, %s", rule->n,
		           k == 0   ? "a NaN in the second"
		           : k == 1 ? "the second infinite everywhere"
		                    : "all of them 1e38 in each number");
		for (size_t j = 0; j < DIM; j++) {
			if (k == 0 && j == 3)
				r.rows[r.round.ld + j] = NAN;
			if (k == 1)
				r.rows[r.round.ld + j] = INFINITY;
			for (size_t i = 0; k == 2 && i < r.n; i++)
				r.rows[i * r.round.ld + j] = 1e38f;
		}
		fed__rounds_seal(&r);
		fed__rounds_play(&r); /* any result but one without words, of the plugin or the host */
		fed__rounds_release(&r);
	}
}

/* Rounds of several sizes, each followed by `after`. */
static void each_size(struct fed_checker *c, const struct rule *rule,
                      void (*after)(struct fed_checker *))
{
	const size_t large = c->options.large ? c->options.large : LARGE_DIM;
	const size_t sizes[] = {1, 7, large};

	for (size_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
		struct fed_rounds r;

		if (!begin(&r, c, rule, sizes[k], rule->n))
			return;
		if (after)
			fed__rounds_seal(&r);
		fed__rounds_play(&r);
		if (after)
			after(c);
		else
			fed__rounds_made_step(&r);
		fed__rounds_release(&r);
		fed__buffers_release(c);
	}
}

static void check_sizes(struct fed_checker *c, void *ctx)
{
	each_size(c, ctx, NULL);
}

static void check_inputs(struct fed_checker *c, void *ctx)
{
	each_size(c, ctx, fed__check_seals);
}

static void check_outputs(struct fed_checker *c, void *ctx)
{
	each_size(c, ctx, fed__check_guards);
}

/* Three rounds from a fresh state into out [3][dim]; false: the check is over. */
static bool play_three(struct fed_rounds *r, float *out)
{
	for (uint64_t k = 0; k < 3; k++) {
		fed__rounds_fill(r, 20 + k);
		fed__rounds_play(r);
		if (!fed__rounds_made_step(r))
			return false;
		memcpy(out + k * r->round.dim, r->out, r->round.dim * sizeof *out);
	}
	return true;
}

static void check_determinism(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_instance_backup backup = {0};
	struct fed_rounds r, other;
	struct fed_error err;

	if (!begin(&r, c, rule, DIM, rule->n))
		return;
	fed__given(c, "three rounds of %zu updates, played by two instances", rule->n);
	float *first = fed__floats(c, "steps", 3 * DIM), *again = fed__floats(c, "steps", 3 * DIM);
	if (!c->no_memory && play_three(&r, first) && fed__rounds_init(&other, c, NULL, DIM, rule->n)) {
		if (fed_instance_backup(&other.plugin.instance, &backup, &err)) {
			c->no_memory = true;
			c->why = err;
		} else if (play_three(&other, again)) {
			for (size_t k = 0; k < 3; k++)
				compare_bits(&r, again + k * DIM, first + k * DIM,
				             "the same bits: a step depends on the state and the round alone");
			fed__given(c, "three rounds, rolled back and played again");
			fed_instance_rollback(&other.plugin.instance, &backup);
			other.round.version = 0;
			if (fed_check_goes_on(c) && play_three(&other, again))
				for (size_t k = 0; k < 3; k++)
					compare_bits(&r, again + k * DIM, first + k * DIM,
					             "the same bits: what persists is in the state and its vectors");
		}
		fed_backup_release(&backup);
		fed__rounds_release(&other);
	}
	fed__rounds_release(&r);
}

static void check_threads(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r, other;
	struct fed_pool *pool = NULL;
	struct fed_error err;

	if (!begin(&r, c, rule, TILES_DIM, rule->n))
		return;
	fed__given(c, "%zu updates of %d numbers, on one thread and on two", rule->n, TILES_DIM);
	fed__rounds_play(&r);
	if (fed__rounds_made_step(&r) && fed__rounds_init(&other, c, NULL, TILES_DIM, rule->n)) {
		if (fed_pool_init(&pool, 2, 1, &err)) {
			fed__skipped(c, "%s", err.text);
		} else {
			other.pool = pool;
			fed__rounds_play(&other);
			if (fed__rounds_made_step(&other))
				compare_bits(&r, other.out, r.out, "the same bits on any number of threads");
			fed_pool_free(pool);
		}
		fed__rounds_release(&other);
	}
	fed__rounds_release(&r);
}

static void play(void *ctx)
{
	fed__rounds_play(ctx);
	fed__rounds_made_step(ctx);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (!begin(&r, c, rule, 7, rule->n))
		return;
	fed__check_growth(c, "rounds", play, &r);
	fed__rounds_release(&r);
}

/* The plan under one more setting. */
static void check_plan(struct fed_checker *c, const struct fed_instance *plugin)
{
	struct fed_plan plan = {.epochs = 1, .batch = 10, .lr = 0.1};
	struct fed_error err;

	if (c->entry->copy.aggregator.plan && fed_call_plan(plugin, &plan, &err))
		fed__failed(c, "a plan within the ranges of struct fed_plan", "%s", err.text);
}

static void play_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	const struct rule *rule = ctx;
	struct fed_rounds r;

	if (!fed__rounds_init(&r, c, setting, 7, rule->n))
		return;
	for (uint64_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
		fed__given(c, "round %d of %zu updates of 7 numbers", (int)k + 1, rule->n);
		fed__rounds_fill(&r, 30 + k);
		fed__rounds_play(&r);
		fed__rounds_step_or_words(&r);
	}
	fed__check_guards(c);
	check_plan(c, &r.plugin.instance);
	fed__rounds_release(&r);
	fed__buffers_release(c);
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	if (((const struct rule *)ctx)->n == 0)
		fed__skipped(c, "it took no round");
	else
		fed__each_end(c, play_at_end, ctx);
}

static void check_explanation(struct fed_checker *c, void *ctx)
{
	const struct rule *rule = ctx;
	struct fed_text lines = {0};
	struct fed_rounds r;

	if (!rule->plugin->tell) {
		fed__skipped(c, "it has no tell()");
		return;
	}
	if (!begin(&r, c, rule, DIM, rule->n))
		return;
	fed__rounds_seal(&r);
	r.lines = &lines;
	fed__rounds_play(&r);
	if (r.rc != FED_OK)
		fed__failed(c, "lines about the last round", "%s", r.err.text);
	else if (lines.len == 0)
		fed__failed(c, "lines about the last round", "not one line");
	fed__check_seals(c);
	fed_text_release(&lines);
	fed__rounds_release(&r);
}

static const struct fed_check checks[] = {
	{"a round", check_round, .needed = true},
	{"growth", check_growth}, /* early: what leaks much makes the others slow */
	{"one update", check_one},
	{"equal updates", check_equal},
	{"affine updates", check_affine},
	{"order of the updates", check_order},
	{"coordinates apart", check_coordinates},
	{"weights", check_weights},
	{"updates that are not finite", check_nonfinite},
	{"sizes", check_sizes},
	{"inputs unchanged", check_inputs},
	{"within its memory", check_outputs},
	{"determinism", check_determinism},
	{"threads", check_threads},
	{"parameters", check_parameters},
	{"explanation", check_explanation},
	{0},
};

void fed__check_aggregator(struct fed_checker *c)
{
	struct rule rule = {.plugin = &c->entry->copy.aggregator};

	fed__run_checks(c, checks, &rule);
	if (rule.n || c->list)
		fed__check_client_hooks(c);
}
