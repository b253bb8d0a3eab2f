/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/client_hooks.c - the checks of an aggregator's client hooks.
 */
#include <string.h>

#include "conformance/checker.h"
#include "plug/calls/call.h"

enum { DIM = 1000 };

/* A client's training as the hooks see it; all vectors are buffers of the present check. */
struct training {
	struct fed_guarded plugin;
	struct fed_local local;
	float *received, *w, *gradient;
	float *broadcast, *kept, *returned; /* [vectors][dim] each */
	const float **broadcast_at;
	float **kept_at, **returned_at;
};

static void table(float *const *at, float *vectors, size_t n)
{
	for (size_t k = 0; k < n; k++)
		memcpy((void *)&at[k], &(float *){vectors + k * DIM}, sizeof(float *));
}

static bool training_init(struct training *t, struct fed_checker *c)
{
	struct fed_error err;

	*t = (struct training){0};
	if (fed__guarded_init(c, &t->plugin, NULL, DIM, &err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance", "%s", err.text);
		return false;
	}
	const struct fed_instance *plugin = &t->plugin.instance;
	const size_t broadcasts = fed_instance_broadcasts(plugin), kept = fed_client_vectors(plugin);
	const size_t returned = fed_returned_vectors(plugin);
	const uint64_t seed = c->options.seed;

	t->received = fed__floats(c, "the received model", DIM);
	t->w = fed__floats(c, "the trained model", DIM);
	t->gradient = fed__floats(c, "the local gradient", DIM);
	t->broadcast = fed__floats(c, "the broadcast vectors", broadcasts * DIM);
	t->kept = fed__floats(c, "the client's kept vectors", kept * DIM);
	t->returned = fed__floats(c, "the returned vectors", returned * DIM);
	t->broadcast_at = fed__buffer(c, "a table of vectors", broadcasts * sizeof(float *));
	t->kept_at = fed__buffer(c, "a table of vectors", kept * sizeof(float *));
	t->returned_at = fed__buffer(c, "a table of vectors", returned * sizeof(float *));
	if (c->no_memory) {
		fed__guarded_release(&t->plugin);
		return false;
	}
	fed__fill_normal(t->received, DIM, fed_random(seed, 1), 0.3);
	fed__fill_normal(t->w, DIM, fed_random(seed, 2), 0.3);
	fed__fill_normal(t->gradient, DIM, fed_random(seed, 3), 0.1);
	fed__fill_normal(t->broadcast, broadcasts * DIM, fed_random(seed, 4), 0.1);
	fed__fill_normal(t->kept, kept * DIM, fed_random(seed, 5), 0.1);
	table((float *const *)(uintptr_t)t->broadcast_at, t->broadcast, broadcasts);
	table(t->kept_at, t->kept, kept);
	table(t->returned_at, t->returned, returned);
	t->local = (struct fed_local){.size = sizeof t->local,
	                              .client = 5,
	                              .version = 3,
	                              .steps = 4,
	                              .dim = DIM,
	                              .lr = 0.1,
	                              .received = t->received,
	                              .broadcast = t->broadcast_at,
	                              .kept = t->kept_at,
	                              .returned = t->returned_at};
	fed__seal(c, t->received);
	fed__seal(c, t->w);
	fed__seal(c, t->broadcast);
	fed__seal(c, t->plugin.instance.state);
	return true;
}

static void call_gradient(struct fed_checker *c, const struct training *t, float *g, size_t j0,
                          size_t j1)
{
	struct fed_error err;

	if (fed_call_local_gradient(&t->plugin.instance, &t->local, t->w, g, j0, j1, &err))
		fed__failed(c, "a term of the gradient", "%s", err.text);
}

static void call_end(struct fed_checker *c, const struct training *t)
{
	struct fed_error err;

	if (fed_call_local_end(&t->plugin.instance, &t->local, t->w, &err))
		fed__failed(c, "kept and returned vectors", "%s", err.text);
}

static void check_gradient(struct fed_checker *c, void *ctx)
{
	const char *expected = "the same numbers in tiles: a tile is g[j], j0 <= j < j1, alone";
	static const size_t cut[] = {0, 1, 300, 707, DIM};
	struct training t;

	(void)ctx;
	if (!c->entry->copy.aggregator.local_gradient) {
		fed__skipped(c, "it has no local_gradient()");
		return;
	}
	if (!training_init(&t, c))
		return;
	float *whole = fed__floats(c, "the local gradient", DIM);
	if (whole) {
		fed__seal(c, t.kept);
		memcpy(whole, t.gradient, DIM * sizeof *whole);
		fed__given(c, "a gradient of %d numbers, whole and in tiles", DIM);
		call_gradient(c, &t, whole, 0, DIM);
		const size_t bad = fed__first_nonfinite(whole, DIM);
		if (bad < DIM)
			fed__failed(c, "finite numbers", "number %zu of the gradient is %g", bad,
			            (double)whole[bad]);
		for (size_t k = 4; k-- > 0;)
			call_gradient(c, &t, t.gradient, cut[k], cut[k + 1]);
		const size_t j = fed__first_difference(t.gradient, whole, DIM);
		if (j < DIM)
			fed__failed(c, expected, "number %zu of the gradient is %.9g whole and %.9g in tiles",
			            j, (double)whole[j], (double)t.gradient[j]);
		fed__check_seals(c);
		fed__check_guards(c);
	}
	fed__guarded_release(&t.plugin);
}

static void check_end(struct fed_checker *c, void *ctx)
{
	struct training t, again;

	(void)ctx;
	if (!c->entry->copy.aggregator.local_end) {
		fed__skipped(c, "it has no local_end()");
		return;
	}
	fed__given(c, "a trained model of %d numbers, twice", DIM);
	if (!training_init(&t, c))
		return;
	if (training_init(&again, c)) {
		const size_t kept = fed_client_vectors(&t.plugin.instance) * DIM;
		const size_t returned = fed_returned_vectors(&t.plugin.instance) * DIM;

		call_end(c, &t);
		call_end(c, &again);
		if (fed__first_nonfinite(t.kept, kept) < kept ||
		    fed__first_nonfinite(t.returned, returned) < returned)
			fed__failed(c, "finite numbers", "a kept or returned vector is not finite");
		if (fed__first_difference(t.kept, again.kept, kept) < kept ||
		    fed__first_difference(t.returned, again.returned, returned) < returned)
			fed__failed(c, "the same bits twice", "kept or returned vectors differ");
		fed__check_seals(c);
		fed__check_guards(c);
		fed__guarded_release(&again.plugin);
	}
	fed__guarded_release(&t.plugin);
}

static const struct fed_check checks[] = {
	{"local gradient", check_gradient},
	{"end of the local training", check_end},
	{0},
};

void fed__check_client_hooks(struct fed_checker *c)
{
	const struct fed_aggregator *a = &c->entry->copy.aggregator;

	if (a->local_gradient || a->local_end)
		fed__run_checks(c, checks, NULL);
}
