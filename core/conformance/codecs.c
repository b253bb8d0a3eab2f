/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/codecs.c - the checks of codecs.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "conformance/checker.h"
#include "plug/calls/call_codec.h"

/* A vector's form: matrices, the last a row for what is left. */
static const struct form {
	size_t n;
	uint32_t matrices;
	struct fed_matrix matrix[3];
} forms[] = {
	{1, 1, {{1, 1}}},
	{7, 1, {{1, 7}}},
	{257, 2, {{16, 16}, {1, 1}}},
	{1000, 3, {{20, 40}, {1, 40}, {16, 10}}},
	{50000, 2, {{300, 150}, {1, 5000}}},
};
enum { FORMS = sizeof forms / sizeof *forms, USUAL = 3 };

/* A codec and a vector; buffers are those of the present check. */
struct coding {
	struct fed_checker *checker;
	struct fed_guarded plugin;
	struct fed_coding with;
	float *v, *decoded;
	unsigned char *bytes; /* [bound] */
	size_t bound, len;
	struct fed_error err;
};

static bool coding_init(struct coding *t, struct fed_checker *c, const struct fed_assign *extra,
                        const struct form *form)
{
	*t = (struct coding){.checker = c};
	if (fed__guarded_init(c, &t->plugin, extra, 0, &t->err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance with this setting", "%s", t->err.text);
		return false;
	}
	t->with = (struct fed_coding){.client = 3,
	                              .version = 5,
	                              .seed = fed_random(c->options.seed, form->n),
	                              .n = form->n,
	                              .matrices = form->matrices,
	                              .matrix = form->matrix};
	t->bound = fed_call_bound(&t->plugin.instance, &t->with);
	const size_t memory = fed_call_memory(&t->plugin.instance, &t->with);
	const size_t scratch = fed_call_scratch(&t->plugin.instance, &t->with);
	fed__given(c, "%zu numbers, %u matrices", form->n, form->matrices);
	if (t->bound > 64 * form->n + 4096) {
		fed__failed(c, "a bound() of some bytes for each number", "it is %zu", t->bound);
		fed__guarded_release(&t->plugin);
		return false;
	}
	t->v = fed__floats(c, "the vector", form->n);
	t->decoded = fed__floats(c, "the decoded vector", form->n);
	t->bytes = fed__buffer(c, "the bytes", t->bound);
	t->with.memory = memory ? fed__floats(c, "the sender's memory", memory) : NULL;
	t->with.scratch = scratch ? fed__floats(c, "the scratch memory", scratch) : NULL;
	if (c->no_memory) {
		fed__guarded_release(&t->plugin);
		return false;
	}
	fed__fill_normal(t->v, form->n, t->with.seed, 0.01);
	return true;
}

static bool encodes(struct coding *t)
{
	const int rc = fed_call_encode(&t->plugin.instance, &t->with, t->v, t->bytes, &t->len, &t->err);

	if (rc != FED_OK)
		fed__failed(t->checker, "an encoding of at most bound() bytes", "%s", t->err.text);
	return rc == FED_OK;
}

static bool decodes(struct coding *t)
{
	const int rc =
		fed_call_decode(&t->plugin.instance, &t->with, t->bytes, t->len, t->decoded, &t->err);

	if (rc != FED_OK)
		fed__failed(t->checker, "that decode() takes what encode() wrote", "%s", t->err.text);
	return rc == FED_OK;
}

static void end_coding(struct coding *t)
{
	fed__check_guards(t->checker);
	fed__guarded_release(&t->plugin);
	fed__buffers_release(t->checker);
}

static void come_back(struct fed_checker *c, const struct fed_assign *setting,
                      const struct form *form)
{
	struct coding t;

	if (!coding_init(&t, c, setting, form))
		return;
	fed__seal(c, t.v);
	for (int round = 0; round < 3 && encodes(&t) && decodes(&t); round++) {
		const size_t j = fed__first_nonfinite(t.decoded, form->n);

		if (j < form->n)
			fed__failed(c, "finite numbers for finite ones", "number %zu is %g", j,
			            (double)t.decoded[j]);
	}
	fed__check_seals(c);
	end_coding(&t);
}

static void check_vectors(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	for (size_t k = 0; k < FORMS && fed_check_goes_on(c); k++)
		come_back(c, NULL, &forms[k]);
}

/* Zeroes, and numbers that are very small and very large. */
static void check_odd_vectors(struct fed_checker *c, void *ctx)
{
	static const float odd[] = {0, 1e-45f, -1e-38f, 1e30f, -3e38f};
	const struct form *form = &forms[USUAL];

	(void)ctx;
	for (size_t k = 0; k < sizeof odd / sizeof *odd && fed_check_goes_on(c); k++) {
		struct coding t;

		if (!coding_init(&t, c, NULL, form))
			return;
		fed__given(c, "%zu times %g", form->n, (double)odd[k]);
		for (size_t j = 0; j < form->n; j++)
			t.v[j] = odd[k];
		if (encodes(&t))
			decodes(&t); /* sums of large numbers may overflow: the gate refuses them */
		end_coding(&t);
	}
}

static void check_nonfinite(struct fed_checker *c, void *ctx)
{
	static const float odd[] = {NAN, INFINITY, -INFINITY};
	const struct form *form = &forms[USUAL];

	(void)ctx;
	for (size_t k = 0; k < 9 && fed_check_goes_on(c); k++) {
		const size_t at = k / 3 * (form->n - 1) / 2;
		struct coding t;

		if (!coding_init(&t, c, NULL, form))
			return;
		t.v[at] = odd[k % 3];
		fed__given(c, "%zu numbers, number %zu is %g", form->n, at, (double)t.v[at]);
		if (encodes(&t) && decodes(&t) && fed__first_nonfinite(t.decoded, form->n) == form->n)
			fed__failed(c, "a number that is not finite, for the server to refuse the update",
			            "all of the decoded ones are finite");
		end_coding(&t);
	}
}

static void check_determinism(struct fed_checker *c, void *ctx)
{
	const struct form *form = &forms[USUAL];
	struct coding t, other;

	(void)ctx;
	if (!coding_init(&t, c, NULL, form))
		return;
	if (coding_init(&other, c, NULL, form)) {
		fed__given(c, "the same vector, by two instances");
		if (encodes(&t) && encodes(&other) && decodes(&t) && decodes(&other) &&
		    (t.len != other.len || memcmp(t.bytes, other.bytes, t.len) != 0 ||
		     fed__first_difference(t.decoded, other.decoded, form->n) < form->n))
			fed__failed(c, "the same bytes: randomness is fed_random() of the seed",
			            "other bytes, or other numbers");
		fed__guarded_release(&other.plugin);
	}
	end_coding(&t);
}

/* decode() of one damaged copy, which has its exact length. */
static void decode_damaged(struct fed_checker *c, struct coding *t, uint64_t k)
{
	const uint64_t key = fed_random(t->with.seed, k);
	const size_t len = k % 3 == 1 ? fed_random(key, 0) % (t->len + 1) : t->len;
	unsigned char *bytes = fed__buffer(c, "the damaged bytes", len + (len == 0));

	if (!bytes)
		return;
	memcpy(bytes, t->bytes, len);
	for (uint64_t i = 0; i < 1 + k % 4 && len; i++) {
		const size_t bit = fed_random(key, 1 + i) % (8 * len);

		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	fed__seal(c, bytes);
	const int rc = fed_call_decode(&t->plugin.instance, &t->with, bytes, len, t->decoded, &t->err);
	if (rc == FED_FAIL)
		fed__failed(c, "FED_REJECT with a reason, or a vector", "%s", t->err.text);
	else if (rc == FED_REJECT)
		fed__check_words(c, &t->err);
	fed__check_seals(c);
	fed__check_guards(c);
}

static void check_damage(struct fed_checker *c, void *ctx)
{
	enum { COPIES = 60 };
	const struct form *form = &forms[USUAL];

	(void)ctx;
	for (uint64_t k = 0; k < COPIES && fed_check_goes_on(c); k++) {
		struct coding t;

		if (!coding_init(&t, c, NULL, form))
			return;
		if (encodes(&t)) {
			fed__given(c, "bytes of %zu numbers with flipped bits, or cut short", form->n);
			decode_damaged(c, &t, k);
		}
		end_coding(&t);
	}
}

/* Deviation that a mean of so many draws may have from its expectation, in deviations. */
enum { DRAWS = 400, DEVIATIONS = 6 };

static void check_mean(struct fed_checker *c, void *ctx)
{
	const struct form *form = &forms[2];
	struct coding t;

	(void)ctx;
	if (!coding_init(&t, c, NULL, form))
		return;
	if (!fed_codec_is_unbiased(&t.plugin.instance)) {
		fed__skipped(c, "it does not say that it is unbiased");
		end_coding(&t);
		return;
	}
	/* along one direction, the vector itself: its mean there, and the deviation of that */
	double sum = 0, squares = 0, length = 0;
	for (size_t j = 0; j < form->n; j++)
		length += (double)t.v[j] * (double)t.v[j];
	for (uint64_t k = 0; k < DRAWS && fed_check_goes_on(c); k++) {
		double along = 0;

		t.with.seed = fed_random(c->options.seed, k);
		if (!encodes(&t) || !decodes(&t))
			break;
		for (size_t j = 0; j < form->n; j++)
			along += (double)t.decoded[j] * (double)t.v[j] / length;
		sum += along;
		squares += (along - 1) * (along - 1);
	}
	fed__given(c, "%d encodings of one vector", DRAWS);
	const double off = fabs(sum / DRAWS - 1), deviation = sqrt(squares) / DRAWS;
	if (fed_check_goes_on(c) && off > DEVIATIONS * deviation + 1e-5)
		fed__failed(c, "a mean along the vector of 1", "it is off by %.3g, %.1f deviations", off,
		            off / deviation);
	end_coding(&t);
}

static void encode_once(void *ctx)
{
	if (encodes(ctx))
		decodes(ctx);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	struct coding t;

	(void)ctx;
	if (!coding_init(&t, c, NULL, &forms[USUAL]))
		return;
	fed__check_growth(c, "vectors", encode_once, &t);
	end_coding(&t);
}

static void code_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	(void)ctx;
	for (size_t k = 0; k <= USUAL && fed_check_goes_on(c); k++)
		come_back(c, setting, &forms[k]);
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	fed__each_end(c, code_at_end, NULL);
}

static const struct fed_check checks[] = {
	{"vectors", check_vectors},
	{"odd vectors", check_odd_vectors},
	{"not finite", check_nonfinite},
	{"damaged bytes", check_damage},
	{"determinism", check_determinism},
	{"mean", check_mean},
	{"growth", check_growth},
	{"parameters", check_parameters},
	{0},
};

void fed__check_codec(struct fed_checker *c)
{
	fed__run_checks(c, checks, NULL);
}
