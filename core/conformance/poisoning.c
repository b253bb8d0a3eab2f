/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/poisoning.c - the checks of attacks on data.
 */
#include <math.h>
#include <string.h>

#include "conformance/checker.h"
#include "conformance/forms.h"
#include "plug/calls/call.h"

enum { EXAMPLES = 40 };

struct poisoning {
	bool suits[FED_FORMS]; /* accepted by the plugin */
};

/* A batch; all vectors are buffers of the present check. */
struct batch {
	struct fed_guarded plugin;
	struct fed_examples e;
	size_t width; /* numbers of an example */
	float *x;
	int32_t *label;
	uint32_t *id;
};

/* n examples of a form, from number `first` on: the same number gives the same example. */
static bool batch_init(struct batch *b, struct fed_checker *c, const struct fed_assign *extra,
                       const struct fed_example_form *form, uint32_t first, uint32_t n)
{
	const bool image = form->input.rank == 3;
	struct fed_error err;

	*b = (struct batch){.width = fed_shape_size(&form->input)};
	if (fed__guarded_init(c, &b->plugin, extra, 0, &err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance with this setting", "%s", err.text);
		return false;
	}
	b->x = fed__floats(c, "the inputs", n * b->width);
	b->label = fed__buffer(c, "the labels", n * sizeof *b->label);
	b->id = fed__buffer(c, "the ids", n * sizeof *b->id);
	if (c->no_memory) {
		fed__guarded_release(&b->plugin);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t key = fed_random(c->options.seed, first + i);
		float *x = b->x + i * b->width;

		b->id[i] = 100 + first + i;
		b->label[i] = form->classes ? (int32_t)(fed_random(key, 1u << 30) % form->classes) : 0;
		if (form->tokens)
			for (size_t j = 0; j < b->width; j++)
				x[j] = (float)(fed_random(key, j) % form->classes);
		else
			fed__fill_uniform(x, b->width, key, 0, 1);
	}
	b->e = (struct fed_examples){.seed = fed_random(c->options.seed, 3),
	                             .n = n,
	                             .height = image ? form->input.dim[0] : 1,
	                             .width = form->input.dim[image],
	                             .channels = image ? form->input.dim[2] : 1,
	                             .classes = form->classes,
	                             .tokens = form->tokens,
	                             .x = b->x,
	                             .label = form->classes ? b->label : NULL,
	                             .id = b->id};
	fed__given(c, "%u examples: %s", n, form->what);
	return true;
}

static bool ask(struct batch *b, struct fed_checker *c, struct fed_error *err)
{
	struct fed_examples form = b->e;

	form.n = 0;
	form.x = NULL;
	form.label = NULL;
	form.id = NULL;
	if (fed_call_suits(&b->plugin.instance, &form, err) == FED_OK)
		return true;
	fed__check_words(c, err);
	return false;
}

static void check_suits(struct fed_checker *c, void *ctx)
{
	struct poisoning *p = ctx;
	struct fed_text refused = {0};
	struct fed_error err;
	size_t taken = 0;

	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		struct batch b;

		if (!batch_init(&b, c, NULL, &fed__forms[k], 0, 1))
			break;
		p->suits[k] = ask(&b, c, &err);
		taken += p->suits[k];
		if (!p->suits[k])
			fed_text_add(&refused, "%s%s: %s", refused.len ? "; " : "", fed__forms[k].what,
			             err.text);
		fed__guarded_release(&b.plugin);
	}
	fed__given(c, "%d kinds of examples", FED_FORMS);
	if (taken == 0)
		fed__failed(c, "examples of one of them that it can change", "%s", fed_text_str(&refused));
	else
		fed__remark(c, "%zu suit it%s%s", taken, refused.len ? "; not " : "",
		            fed_text_str(&refused));
	fed_text_release(&refused);
}

/* Inputs and labels of a poisoned batch. */
static void judge(struct fed_checker *c, const struct batch *b)
{
	const size_t n = b->e.n * b->width, bad = fed__first_nonfinite(b->x, n);

	if (bad < n)
		fed__failed(c, "finite inputs", "input %zu of example %zu is %g", bad % b->width,
		            bad / b->width, (double)b->x[bad]);
	for (size_t j = 0; b->e.tokens && j < n; j++)
		if (!(b->x[j] >= 0 && b->x[j] < (float)b->e.classes && b->x[j] == floorf(b->x[j])))
			fed__failed(c, "tokens 0 to classes - 1", "input %zu of example %zu is %g",
			            j % b->width, j / b->width, (double)b->x[j]);
}

static bool poison(struct fed_checker *c, struct batch *b)
{
	struct fed_error err;

	if (fed_call_poison(&b->plugin.instance, &b->e, &err) == FED_OK)
		return true;
	fed__failed(c, "labels 0 to classes - 1", "%s", err.text);
	return false;
}

/* Poison a batch of each form that suits, then call with(). */
static void each_form(struct fed_checker *c, const struct poisoning *p, bool all,
                      void (*with)(struct fed_checker *, const struct fed_example_form *,
                                   struct batch *))
{
	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		struct batch b;

		if (!p->suits[k])
			continue;
		if (!batch_init(&b, c, NULL, &fed__forms[k], 0, EXAMPLES))
			return;
		b.e.all = all;
		fed__seal(c, b.id);
		fed__seal(c, b.plugin.instance.state);
		if (poison(c, &b))
			with(c, &fed__forms[k], &b);
		fed__guarded_release(&b.plugin);
		fed__buffers_release(c);
	}
}

static void judge_content(struct fed_checker *c, const struct fed_example_form *form,
                          struct batch *b)
{
	(void)form;
	judge(c, b);
	fed__check_seals(c);
	fed__check_guards(c);
}

static void check_content(struct fed_checker *c, void *ctx)
{
	each_form(c, ctx, false, judge_content);
}

/* Whether example i differs between two batches of the same examples. */
static bool differs(const struct batch *a, uint32_t i, const struct batch *b, uint32_t k)
{
	return a->label[i] != b->label[k] ||
	       memcmp(a->x + i * a->width, b->x + k * b->width, a->width * sizeof *a->x) != 0;
}

/* With `all`, each example that can be is changed: one that has the goal's label may stay. */
static void judge_all(struct fed_checker *c, const struct fed_example_form *form, struct batch *b)
{
	struct batch clean;
	uint32_t changed = 0;

	if (!batch_init(&clean, c, NULL, form, 0, b->e.n))
		return;
	for (uint32_t i = 0; i < b->e.n; i++)
		changed += differs(b, i, &clean, i);
	if (2 * changed < b->e.n)
		fed__failed(c,
		            "examples that are changed: it did not refuse them in suits(), and e->all asks "
		            "for every one",
		            "%u of %u are changed", changed, b->e.n);
	fed__guarded_release(&clean.plugin);
}

static void check_all(struct fed_checker *c, void *ctx)
{
	each_form(c, ctx, true, judge_all);
}

/* The same examples in other batches: half as large, poisoned by another instance, the second half
 * first. */
static void judge_again(struct fed_checker *c, const struct fed_example_form *form, struct batch *b)
{
	const uint32_t half = b->e.n / 2;

	for (uint32_t part = 2; part-- > 0 && fed_check_goes_on(c);) {
		struct batch other;

		if (!batch_init(&other, c, NULL, form, part * half, half))
			return;
		fed__given(c, "%u examples: %s, in one batch and in two", b->e.n, form->what);
		const bool poisoned = poison(c, &other);
		for (uint32_t i = 0; poisoned && i < half; i++)
			if (differs(b, part * half + i, &other, i))
				fed__failed(c, "the same example each time: draw by fed_random(e->seed, e->id[i])",
				            "example %u is poisoned in another way then, or not at all",
				            other.id[i]);
		fed__guarded_release(&other.plugin);
	}
}

static void check_again(struct fed_checker *c, void *ctx)
{
	each_form(c, ctx, false, judge_again);
}

struct poisoned {
	struct fed_checker *checker;
	struct batch *batch;
};

static void poison_once(void *ctx)
{
	const struct poisoned *p = ctx;

	poison(p->checker, p->batch);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	const struct poisoning *p = ctx;

	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		struct batch b;

		if (!p->suits[k])
			continue;
		if (!batch_init(&b, c, NULL, &fed__forms[k], 0, EXAMPLES))
			return;
		fed__check_growth(c, "batches", poison_once, &(struct poisoned){c, &b});
		fed__guarded_release(&b.plugin);
		fed__buffers_release(c);
	}
}

static void poison_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	struct fed_error err;

	(void)ctx;
	for (size_t k = 0; k < FED_FORMS && fed_check_goes_on(c); k++) {
		struct batch b;

		if (!batch_init(&b, c, setting, &fed__forms[k], 0, EXAMPLES))
			return;
		if (ask(&b, c, &err) && poison(c, &b))
			judge(c, &b);
		fed__check_guards(c);
		fed__guarded_release(&b.plugin);
		fed__buffers_release(c);
	}
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	fed__each_end(c, poison_at_end, ctx);
}

static const struct fed_check checks[] = {
	{"examples that suit", check_suits, .needed = true},
	{"poisoned examples", check_content},
	{"every example", check_all},
	{"the same examples again", check_again},
	{"growth", check_growth},
	{"parameters", check_parameters},
	{0},
};

void fed__check_poisoning(struct fed_checker *c)
{
	struct poisoning p = {{false}};

	fed__run_checks(c, checks, &p);
}
