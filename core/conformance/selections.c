/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/selections.c - the checks of selection rules.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "conformance/checker.h"
#include "plug/calls/call_selection.h"

enum { CANDIDATES = 50, WANTED = 10, MANY = 100000 };

/* What the candidates are like. */
enum known {
	USUAL,   /* reports and histories of a session, some candidates away */
	NOTHING, /* the first round: no report, no history, no device */
	ODD,     /* losses and times that are not finite, or 0; no examples */
	ALL_AWAY,
	KNOWN_END
};
static const char *const known_words[] = {"of a session", "of whom nothing is known yet",
                                          "with losses and times that are 0 or not finite",
                                          "who are all away"};

/* A session's clients, and one choice among them; vectors are buffers of the present check. */
struct choosing {
	struct fed_checker *checker;
	struct fed_guarded plugin;
	struct fed_selection_round round;
	enum known known;
	uint32_t *chosen, *asked; /* [wanted], [candidates] */
	double *answer;           /* [candidates] */
	uint32_t n;               /* of chosen, after the call */
	int rc;
	struct fed_error err;
};

static bool describe(void *ctx, uint32_t i, struct fed_candidate *out)
{
	static const double odd[] = {0, NAN, INFINITY, -INFINITY, 1e308, 5e-324};
	const struct choosing *t = ctx;
	const uint64_t key = fed_random(t->checker->options.seed, i);
	const uint32_t times = t->known == USUAL ? (uint32_t)(fed_random(key, 1) % 4) : 0;

	*out = (struct fed_candidate){.client = 2 * i + 1,
	                              .samples = t->known == ODD ? i % 2 : 10 + i % 90,
	                              .loss = NAN,
	                              .loss_rms = NAN,
	                              .expected = t->known == USUAL ? 1 + fed_random_real(key, 2) : 0,
	                              .seconds = NAN,
	                              .times = times};
	if (times) {
		out->loss = 3 * fed_random_real(key, 3);
		out->loss_rms = out->loss * 1.1;
		out->seconds = 1 + 9 * fed_random_real(key, 4);
		out->last = 1 + fed_random(key, 5) % (t->round.version ? t->round.version : 1);
	}
	if (t->known == ODD) {
		out->times = 1 + i % 3;
		out->last = i % 2 ? t->round.version : 0;
		out->loss = odd[i % 6];
		out->loss_rms = odd[(i + 1) % 6];
		out->expected = fabs(odd[(i + 2) % 6]);
		out->seconds = fabs(odd[(i + 3) % 6]);
	}
	return t->known != ALL_AWAY && !(t->known == USUAL && i % 7 == 3);
}

/* Each candidate with the same probability, by Floyd's way of taking those left over. */
static int draw(void *ctx, uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	const struct choosing *t = ctx;
	const uint32_t all = t->round.candidates;
	struct fed_candidate unused;
	uint32_t here = 0, taken = 0;

	(void)err;
	for (uint32_t i = 0; i < all; i++)
		here += describe(ctx, i, &unused);
	for (uint32_t i = 0; i < all && taken < *n; i++) {
		if (!describe(ctx, i, &unused))
			continue;
		if (fed_random_real(t->round.seed, i) * here-- < *n - taken)
			chosen[taken++] = i;
	}
	*n = taken;
	return FED_OK;
}

static void note(void *ctx, const char *text)
{
	(void)ctx, (void)text;
}

static bool choosing_init(struct choosing *t, struct fed_checker *c, const struct fed_assign *extra,
                          enum known known, uint32_t candidates, uint32_t wanted)
{
	*t = (struct choosing){.checker = c, .known = known};
	if (fed__guarded_init(c, &t->plugin, extra, 0, &t->err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance with this setting", "%s", t->err.text);
		return false;
	}
	t->chosen = fed__buffer(c, "the chosen", wanted * sizeof *t->chosen);
	t->asked = fed__buffer(c, "the asked", candidates * sizeof *t->asked);
	t->answer = fed__buffer(c, "the answers", candidates * sizeof *t->answer);
	t->round = (struct fed_selection_round){
		.candidates = candidates, .wanted = wanted, .asked = t->asked, .answer = t->answer};
	if (c->no_memory) {
		fed__guarded_release(&t->plugin);
		return false;
	}
	fed__given(c, "%u of %u candidates %s", wanted, candidates, known_words[known]);
	return true;
}

/* Have the rule ask, if it does, and choose. */
static void choose(struct choosing *t)
{
	const struct fed_selection_services services = {t, describe, draw, note};
	struct fed_instance *rule = &t->plugin.instance;
	uint32_t n;

	t->round.seed = fed_random(t->checker->options.seed, 70 + t->round.version);
	t->round.n_asked = 0;
	t->rc = FED_OK;
	n = fed_call_asks(rule, &t->round, &services);
	if (n)
		t->rc = fed_call_ask(rule, &t->round, &services, t->asked, &n, &t->err);
	if (t->rc == FED_OK) {
		t->round.n_asked = n;
		for (uint32_t k = 0; k < n; k++) /* every fourth does not answer */
			t->answer[k] = k % 4 == 3 ? NAN : fed_random_real(t->round.seed, k);
		t->rc = fed_call_select(rule, &t->round, &services, t->chosen, &t->n, &t->err);
	}
	t->round.version++;
	if (t->rc != FED_OK)
		fed__check_words(t->checker, &t->err);
}

/* The host's own words about a choice (plug/calls/call_selection.c). */
static void expect_choice_or_words(struct choosing *t)
{
	if (t->rc != FED_OK && strstr(t->err.text, ": chooses "))
		fed__failed(t->checker, "different candidates that are here, at most as many as wanted",
		            "%s", t->err.text);
}

static bool chose(struct choosing *t)
{
	expect_choice_or_words(t);
	if (t->rc != FED_OK)
		fed__failed(t->checker, "a choice", "%s", t->err.text);
	else if (t->n == 0)
		fed__failed(t->checker, "at least one of them", "no candidate is chosen");
	return t->rc == FED_OK && t->n > 0;
}

static void check_choice(struct fed_checker *c, void *ctx)
{
	struct choosing t;

	(void)ctx;
	if (!choosing_init(&t, c, NULL, USUAL, CANDIDATES, WANTED))
		return;
	t.round.version = 5;
	choose(&t);
	if (chose(&t) && t.n < WANTED)
		fed__remark(c, "%u are chosen", t.n);
	fed__guarded_release(&t.plugin);
}

static void check_odd_rounds(struct fed_checker *c, void *ctx)
{
	static const uint32_t sizes[][2] = {{1, 1}, {7, 7}, {CANDIDATES, 1}, {CANDIDATES, CANDIDATES}};

	(void)ctx;
	for (int known = USUAL; known < KNOWN_END; known++)
		for (size_t k = 0; k < 4 && fed_check_goes_on(c); k++) {
			struct choosing t;

			if (!choosing_init(&t, c, NULL, (enum known)known, sizes[k][0], sizes[k][1]))
				return;
			for (int round = 0; round < 3 && fed_check_goes_on(c); round++) {
				choose(&t);
				expect_choice_or_words(&t);
				if (known != ALL_AWAY && known != ODD)
					chose(&t);
			}
			fed__guarded_release(&t.plugin);
			fed__buffers_release(c);
		}
}

static void check_many(struct fed_checker *c, void *ctx)
{
	struct choosing t;

	(void)ctx;
	if (!choosing_init(&t, c, NULL, USUAL, MANY, 100))
		return;
	choose(&t);
	chose(&t);
	fed__guarded_release(&t.plugin);
}

static void check_memory(struct fed_checker *c, void *ctx)
{
	struct choosing t;

	(void)ctx;
	if (!choosing_init(&t, c, NULL, USUAL, CANDIDATES, WANTED))
		return;
	for (int round = 0; round < 3 && fed_check_goes_on(c); round++) {
		choose(&t);
		chose(&t);
	}
	fed__check_guards(c);
	fed__guarded_release(&t.plugin);
}

/* Choices of four rounds into out [4][WANTED]; those left over are 0. */
static bool choose_four(struct choosing *t, uint32_t *out)
{
	memset(out, 0, 4 * WANTED * sizeof *out);
	t->round.version = 0;
	for (uint32_t k = 0; k < 4; k++) {
		choose(t);
		if (!chose(t))
			return false;
		memcpy(out + k * WANTED, t->chosen, t->n * sizeof *out);
	}
	return true;
}

static void check_determinism(struct fed_checker *c, void *ctx)
{
	struct fed_instance_backup backup = {0};
	struct choosing t, other;

	(void)ctx;
	if (!choosing_init(&t, c, NULL, USUAL, CANDIDATES, WANTED))
		return;
	uint32_t *first = fed__buffer(c, "choices", 4 * WANTED * sizeof *first);
	uint32_t *again = fed__buffer(c, "choices", 4 * WANTED * sizeof *again);
	if (!c->no_memory && choose_four(&t, first) &&
	    choosing_init(&other, c, NULL, USUAL, CANDIDATES, WANTED)) {
		fed__given(c, "four rounds, played by two instances");
		if (fed_instance_backup(&other.plugin.instance, &backup, &c->why)) {
			c->no_memory = true;
		} else if (choose_four(&other, again)) {
			if (memcmp(first, again, 4 * WANTED * sizeof *first))
				fed__failed(c, "the same candidates: randomness is fed_random() of the seed",
				            "others are chosen then");
			fed__given(c, "four rounds, rolled back and played again");
			fed_instance_rollback(&other.plugin.instance, &backup);
			if (choose_four(&other, again) && memcmp(first, again, 4 * WANTED * sizeof *first))
				fed__failed(c, "the same candidates: what persists is in the state",
				            "others are chosen then");
		}
		fed_backup_release(&backup);
		fed__guarded_release(&other.plugin);
	}
	fed__guarded_release(&t.plugin);
}

static void choose_once(void *ctx)
{
	choose(ctx);
	chose(ctx);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	struct choosing t;

	(void)ctx;
	if (!choosing_init(&t, c, NULL, USUAL, CANDIDATES, WANTED))
		return;
	fed__check_growth(c, "rounds", choose_once, &t);
	fed__guarded_release(&t.plugin);
}

static void choose_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	(void)ctx;
	for (int known = USUAL; known < KNOWN_END && fed_check_goes_on(c); known++) {
		struct choosing t;

		if (!choosing_init(&t, c, setting, (enum known)known, CANDIDATES, WANTED))
			return;
		for (int round = 0; round < 3 && fed_check_goes_on(c); round++) {
			choose(&t);
			expect_choice_or_words(&t);
		}
		fed__check_guards(c);
		fed__guarded_release(&t.plugin);
		fed__buffers_release(c);
	}
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	fed__each_end(c, choose_at_end, NULL);
}

static const struct fed_check checks[] = {
	{"a choice", check_choice},         {"odd rounds", check_odd_rounds},
	{"many candidates", check_many},    {"within its memory", check_memory},
	{"determinism", check_determinism}, {"growth", check_growth},
	{"parameters", check_parameters},   {0},
};

void fed__check_selection(struct fed_checker *c)
{
	fed__run_checks(c, checks, NULL);
}
