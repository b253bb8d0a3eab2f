/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/attacks.c - the checks of attacks that craft updates, alone or together.
 */
#include <math.h>
#include <string.h>

#include "conformance/checker.h"
#include "plug/calls/call.h"

enum { DIM = 100, KNOWN = 9, LARGE_DIM = 1000000 };

/* One attacker's round, or that of several; all vectors are buffers of the present check. */
struct crafting {
	struct fed_checker *checker;
	struct fed_guarded plugin;
	size_t dim;
	uint32_t known, attackers;
	float *params, *rows, *memory, *out; /* rows [known][dim]: the honest updates */
	const float **row;
	uint32_t *sender;
	uint64_t version;
	int rc;
	struct fed_error err;
};

static bool is_together(const struct fed_checker *c)
{
	return c->entry->copy.attack.collude;
}

/* Equal updates if `equal`. */
static void fill(struct crafting *t, uint64_t key, bool equal)
{
	const uint64_t mixed = fed_random(t->checker->options.seed, key);

	fed__fill_normal(t->params, t->dim, fed_random(mixed, 1), 0.3);
	for (uint32_t i = 0; i < t->known; i++) {
		fed__fill_normal(t->rows + i * t->dim, t->dim, fed_random(mixed, equal ? 9 : 10 + i), 0.05);
		t->row[i] = t->rows + i * t->dim;
		t->sender[i] = 2 * i + 1;
	}
}

static bool crafting_init(struct crafting *t, struct fed_checker *c, const struct fed_assign *extra,
                          size_t dim, uint32_t known)
{
	*t = (struct crafting){
		.checker = c, .dim = dim, .known = is_together(c) ? known : 1, .attackers = 3};
	if (fed__guarded_init(c, &t->plugin, extra, 0, &t->err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance with this setting", "%s", t->err.text);
		return false;
	}
	t->params = fed__floats(c, "the model", dim);
	t->rows = fed__floats(c, "the honest updates", t->known * dim);
	t->memory = c->entry->copy.attack.remembers ? fed__floats(c, "its memory", dim) : NULL;
	t->out = fed__floats(c, "what it sends", dim);
	t->row = fed__buffer(c, "the table of updates", t->known * sizeof *t->row);
	t->sender = fed__buffer(c, "the senders", t->known * sizeof *t->sender);
	if (c->no_memory) {
		fed__guarded_release(&t->plugin);
		return false;
	}
	fill(t, 1, false);
	if (is_together(c))
		fed__given(c, "%u honest updates of %zu numbers, %u attackers", t->known, dim,
		           t->attackers);
	else
		fed__given(c, "an honest update of %zu numbers", dim);
	return true;
}

static void craft(struct crafting *t)
{
	const uint64_t seed = fed_random(t->checker->options.seed, 50 + t->version);

	if (is_together(t->checker)) {
		const struct fed_collusion view = {.version = t->version,
		                                   .seed = seed,
		                                   .dim = t->dim,
		                                   .params = t->params,
		                                   .attackers = t->attackers,
		                                   .n_known = t->known,
		                                   .known = t->row,
		                                   .sender = t->sender,
		                                   .clients = t->known + t->attackers};

		t->rc = fed_call_collude(&t->plugin.instance, &view, NULL, t->out, &t->err);
	} else {
		const struct fed_attacker view = {.client = 4,
		                                  .version = t->version,
		                                  .seed = seed,
		                                  .dim = t->dim,
		                                  .params = t->params,
		                                  .delta = t->rows,
		                                  .lr = 0.1,
		                                  .memory = t->memory};

		t->rc = fed_call_craft(&t->plugin.instance, &view, t->out, &t->err);
	}
	t->version++;
	if (t->rc != FED_OK)
		fed__check_words(t->checker, &t->err);
}

static bool sent(struct crafting *t)
{
	if (t->rc != FED_OK)
		fed__failed(t->checker, "an update to send", "%s", t->err.text);
	return t->rc == FED_OK;
}

/* Whether it sends numbers that are not finite to ordinary updates too, which is its purpose. */
static bool is_never_finite(struct fed_checker *c)
{
	struct crafting t;

	if (!crafting_init(&t, c, NULL, DIM, KNOWN))
		return false;
	craft(&t);
	const bool never = t.rc == FED_OK && fed__first_nonfinite(t.out, DIM) < DIM;
	fed__guarded_release(&t.plugin);
	return never;
}

static void check_update(struct fed_checker *c, void *ctx)
{
	struct crafting t;

	(void)ctx;
	if (!crafting_init(&t, c, NULL, DIM, KNOWN))
		return;
	craft(&t);
	if (sent(&t)) {
		const size_t bad = fed__first_nonfinite(t.out, DIM);

		if (bad < DIM)
			fed__remark(c, "number %zu is %g: the gate refuses such an update", bad,
			            (double)t.out[bad]);
	}
	fed__guarded_release(&t.plugin);
}

static void check_odd_updates(struct fed_checker *c, void *ctx)
{
	const bool never = is_never_finite(c);

	(void)ctx;
	for (int k = 0; k < 4 && fed_check_goes_on(c); k++) {
		struct crafting t;

		if (!crafting_init(&t, c, NULL, k == 3 ? 1 : DIM, k == 0 ? 1 : k == 1 ? 2 : KNOWN))
			return;
		t.attackers = k == 1 ? 1 : 3;
		fed__given(c, "%s",
		           k == 0   ? "one known update"
		           : k == 1 ? "two known updates and one attacker"
		           : k == 2 ? "honest updates that are all equal"
		                    : "honest updates of one number, all 0");
		if (k == 2)
			fill(&t, 1, true);
		if (k == 3)
			memset(t.rows, 0, t.known * sizeof *t.rows);
		craft(&t);
		const size_t bad = fed__first_nonfinite(t.out, t.dim);
		if (sent(&t) && bad < t.dim && !never)
			fed__failed(c, "finite numbers, as for other updates", "number %zu is %g", bad,
			            (double)t.out[bad]);
		fed__guarded_release(&t.plugin);
	}
}

static void each_size(struct fed_checker *c, void (*after)(struct fed_checker *))
{
	const size_t sizes[] = {1, 7, c->options.large ? c->options.large : LARGE_DIM};

	for (size_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
		struct crafting t;

		if (!crafting_init(&t, c, NULL, sizes[k], KNOWN))
			return;
		fed__seal(c, t.params);
		fed__seal(c, t.rows);
		fed__seal(c, (void *)(uintptr_t)t.row);
		fed__seal(c, t.sender);
		craft(&t);
		if (sent(&t) && after)
			after(c);
		fed__guarded_release(&t.plugin);
		fed__buffers_release(c);
	}
}

static void check_sizes(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	each_size(c, NULL);
}

static void check_inputs(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	each_size(c, fed__check_seals);
}

static void check_memory(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	each_size(c, fed__check_guards);
}

/* Three rounds of two instances, one after the other. */
static void check_determinism(struct fed_checker *c, void *ctx)
{
	struct crafting t, other;

	(void)ctx;
	if (!crafting_init(&t, c, NULL, DIM, KNOWN))
		return;
	float *first = fed__floats(c, "updates", 3 * DIM);
	if (first && crafting_init(&other, c, NULL, DIM, KNOWN)) {
		fed__given(c, "three rounds, played by two instances");
		for (uint64_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
			fill(&t, 20 + k, false);
			craft(&t);
			if (sent(&t))
				memcpy(first + k * DIM, t.out, DIM * sizeof *first);
		}
		for (uint64_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
			fill(&other, 20 + k, false);
			craft(&other);
			const size_t j = fed__first_difference(other.out, first + k * DIM, DIM);
			if (sent(&other) && j < DIM)
				fed__failed(
					c,
					"the same bits: randomness is fed_random() of the seed, memory is in the "
					"state or in attacker->memory",
					"in round %d number %zu is %.9g the first time and %.9g then", (int)k + 1, j,
					(double)first[k * DIM + j], (double)other.out[j]);
		}
		fed__guarded_release(&other.plugin);
	}
	fed__guarded_release(&t.plugin);
}

static void check_remembering(struct fed_checker *c, void *ctx)
{
	struct crafting t;
	bool written = false;

	(void)ctx;
	if (!c->entry->copy.attack.remembers) {
		fed__skipped(c, "it does not declare .remembers");
		return;
	}
	if (!crafting_init(&t, c, NULL, DIM, KNOWN))
		return;
	fed__given(c, "three rounds");
	for (uint64_t k = 0; k < 3 && fed_check_goes_on(c); k++) {
		fill(&t, 20 + k, false);
		craft(&t);
		sent(&t);
	}
	for (size_t j = 0; j < DIM; j++)
		written |= t.memory[j] != 0;
	if (!written)
		fed__failed(c, "something in attacker->memory, since it declares .remembers",
		            "its memory is still all 0");
	fed__guarded_release(&t.plugin);
}

static void craft_and_send(void *ctx)
{
	craft(ctx);
	sent(ctx);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	struct crafting t;

	(void)ctx;
	if (!crafting_init(&t, c, NULL, 7, KNOWN))
		return;
	fed__check_growth(c, "rounds", craft_and_send, &t);
	fed__guarded_release(&t.plugin);
}

static void craft_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	struct crafting t;

	if (!crafting_init(&t, c, setting, 7, KNOWN))
		return;
	craft(&t); /* an update or a refusal in words */
	const size_t bad = fed__first_nonfinite(t.out, 7);
	if (t.rc == FED_OK && bad < 7 && !*(const bool *)ctx)
		fed__failed(c, "finite numbers, as with its defaults", "number %zu is %g", bad,
		            (double)t.out[bad]);
	fed__check_guards(c);
	fed__guarded_release(&t.plugin);
	fed__buffers_release(c);
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	bool never = is_never_finite(c);

	(void)ctx;
	fed__each_end(c, craft_at_end, &never);
}

static const struct fed_check checks[] = {
	{"an update", check_update},
	{"odd updates", check_odd_updates},
	{"sizes", check_sizes},
	{"inputs unchanged", check_inputs},
	{"within its memory", check_memory},
	{"determinism", check_determinism},
	{"memory of clients", check_remembering},
	{"growth", check_growth},
	{"parameters", check_parameters},
	{0},
};

void fed__check_attack(struct fed_checker *c)
{
	if (c->entry->copy.attack.poison)
		fed__check_poisoning(c);
	else
		fed__run_checks(c, checks, NULL);
}
