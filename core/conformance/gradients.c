/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/gradients.c - gradients of a layer against central finite differences.
 *
 * The scalar is f = sum of dy y with a random dy, in doubles.  A slope is taken with three steps,
 * and to both sides: where they disagree there is a kink (relu, max) too near, and the number is
 * left out. Outputs are floats: what their rounding can make of a slope is allowed too.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "conformance/layers.h"

enum { MOST = 64, BLOCKS = 8 };
/* Differences that count as one, relative to the slope and to the usual slope of the vector: */
#define UNCLEAR 3e-3 /* between the steps, */
#define KINK 0.05    /* between the sides, */
#define WRONG 1e-2   /* between slope and gradient. */
#define SMALLEST 1e-5
#define ROUNDING 6e-8 /* of an output, relative */
#define LARGEST 1e4   /* input for which floats are fine enough for such steps */

/* A slope, and the error that rounding makes of it. */
struct slope {
	double value, noise; /* NaN: not clear */
	double sides;        /* by how much the slopes to both sides differ */
};

/* A vector by which the gradient is compared. */
struct side {
	struct fed_layer_trial *t;
	const char *what; /* "parameter", "input" */
	float *v;         /* params or x */
	const float *gradient;
	size_t n;
	float *middle, *y; /* outputs in the middle and at the upper end of a step */
	/* A direction: v moves by step * sign in [from, to); the gradient is a sum. */
	size_t from, to;
	uint64_t key;
};

static double sign_of(const struct side *s, size_t j)
{
	return s->to - s->from == 1 || fed_random(s->key, j) & 1 ? 1 : -1;
}

static void move(const struct side *s, const float *origin, double step)
{
	for (size_t j = s->from; j < s->to; j++)
		s->v[j] = (float)((double)origin[j - s->from] + step * sign_of(s, j));
}

/* (f(v + step) - f(v - step)) / 2 step */
static struct slope central(const struct side *s, const float *origin, double step)
{
	struct fed_layer_trial *t = s->t;
	const size_t n = t->batch * t->out;
	double up = 0, down = 0, changed = 0, all = 0, length = 2 * step;

	move(s, origin, step);
	if (s->to - s->from == 1) /* the step that a float can make */
		length = (double)s->v[s->from];
	fed__layer_forward(t);
	memcpy(s->y, t->y, n * sizeof *s->y);
	move(s, origin, -step);
	if (s->to - s->from == 1)
		length -= (double)s->v[s->from];
	fed__layer_forward(t);
	for (size_t i = 0; i < n; i++) {
		const double dy = (double)t->dy[i], middle = (double)s->middle[i];
		const double off = ROUNDING * dy * middle;

		up += dy * ((double)s->y[i] - middle);
		down += dy * (middle - (double)t->y[i]);
		all += off * off;
		changed += s->y[i] < t->y[i] || s->y[i] > t->y[i] ? off * off : 0;
	}
	memcpy(s->v + s->from, origin, (s->to - s->from) * sizeof *s->v);
	return (struct slope){.value = (up + down) / length,
	                      .noise = 2 * sqrt(changed > 0 ? changed : all) / length,
	                      .sides = 2 * fabs(up - down) / length};
}

/* The slope, where three steps and both sides agree. */
static struct slope slope_of(const struct side *s, const float *origin)
{
	for (int k = 0; k < 2; k++) {
		const double one = s->to - s->from == 1 ? fmax(1, fabs((double)*origin)) : 1;
		const double step = (k ? 8e-3 : 1e-3) * one;
		const struct slope wide = central(s, origin, 4 * step);
		const struct slope middle = central(s, origin, step);
		const struct slope narrow = central(s, origin, step / 4);
		const double size = fabs(middle.value);
		const double apart =
			fmax(fabs(wide.value - middle.value), fabs(middle.value - narrow.value));

		if (apart <= UNCLEAR * size + SMALLEST + 4 * narrow.noise &&
		    middle.sides <= KINK * size + SMALLEST + 4 * middle.noise &&
		    (k == 1 || 10 * middle.noise <= UNCLEAR * size + SMALLEST))
			return middle;
	}
	return (struct slope){.value = NAN};
}

static double gradient_along(const struct side *s)
{
	double sum = 0;

	for (size_t j = s->from; j < s->to; j++)
		sum += sign_of(s, j) * (double)s->gradient[j];
	return sum;
}

/* What is known of an error from its ratio. */
static const char *diagnosis(double got, double wanted, char text[64])
{
	const double ratio = got / wanted;

	if (got == 0)
		snprintf(text, 64, "; nothing was added there");
	else if (fabs(ratio + 1) < 0.02)
		snprintf(text, 64, "; the sign is flipped");
	else if (isfinite(ratio) && fabs(wanted) > 100 * SMALLEST)
		snprintf(text, 64, "; it is %.3g times the slope", ratio);
	else
		*text = '\0';
	return text;
}

/* Name of the tensor that holds a parameter, as " (weight)"; empty without one. */
static const char *tensor_name(const struct side *s, char text[64])
{
	const struct fed_layer_trial *t = s->t;
	const char *best = NULL;
	size_t start = 0;
	char name[48];
	struct fed_tensor tensor;

	*text = '\0';
	if (s->v != t->params || !t->layer->ops->tensor)
		return text;
	for (uint32_t k = 0; k < 16 && fed_net_op_tensor(t->net, t->number, k, name, &tensor); k++) {
		const size_t offset = tensor.offset - t->layer->offset;

		if (offset <= s->from && (!best || offset >= start)) {
			best = tensor.name;
			start = offset;
			snprintf(text, 64, " (%.15s)", best);
		}
	}
	return text;
}

static void judge(const struct side *s, const struct slope *slope, double usual)
{
	const double wanted = slope->value, got = gradient_along(s), apart = fabs(got - wanted);
	char why[64], name[64];

	if (apart <= WRONG * (fabs(wanted) + usual) + SMALLEST + 10 * slope->noise)
		return;
	if (s->to - s->from == 1)
		fed__failed(s->t->checker, "the slope of forward(), by finite differences",
		            "backward() of %s gives %.6g as the gradient by %s %zu%s, the slope is %.6g%s",
		            s->t->layer->name, got, s->what, s->from, tensor_name(s, name), wanted,
		            diagnosis(got, wanted, why));
	else
		fed__failed(
			s->t->checker, "the slope of forward(), by finite differences",
			"backward() of %s gives %.6g as the gradient along %ss %zu to %zu, the slope is "
			"%.6g%s",
			s->t->layer->name, got, s->what, s->from, s->to - 1, wanted,
			diagnosis(got, wanted, why));
}

/* The k-th of `most` numbers out of n: the first, the last, and others. */
static size_t choose(size_t n, size_t most, size_t k, uint64_t key)
{
	if (n <= most)
		return k;
	return k < most / 4 ? k : k < most / 2 ? n - 1 - (k - most / 4) : fed_random(key, k) % n;
}

/* Compare at `most` numbers; returns how many of them had a clear slope. */
static size_t compare_numbers(struct side *s, size_t most, double *usual)
{
	const size_t n = s->n < most ? s->n : most;
	struct slope wanted[MOST];
	double squares = 0;
	size_t clear = 0;

	for (size_t k = 0; k < n; k++) {
		s->from = choose(s->n, most, k, s->key);
		s->to = s->from + 1;
		wanted[k] = slope_of(s, &(float){s->v[s->from]});
		if (!isnan(wanted[k].value)) {
			squares += wanted[k].value * wanted[k].value;
			clear++;
		}
	}
	*usual = clear ? sqrt(squares / (double)clear) : 0;
	for (size_t k = 0; k < n; k++) {
		s->from = choose(s->n, most, k, s->key);
		s->to = s->from + 1;
		if (!isnan(wanted[k].value))
			judge(s, &wanted[k], *usual);
	}
	return clear;
}

/* Compare along directions in parts of the vector, in which each number counts. */
static void compare_blocks(struct side *s, size_t blocks)
{
	struct fed_checker *c = s->t->checker;
	float *origin = fed_alloc_floats(s->n);

	if (!origin) {
		c->no_memory = true;
		fed_fail_memory(&c->why, s->n * sizeof *origin, "a gradient");
		return;
	}
	memcpy(origin, s->v, s->n * sizeof *origin);
	for (size_t k = 0; k < blocks; k++) {
		s->from = s->n * k / blocks;
		s->to = s->n * (k + 1) / blocks;
		const struct slope wanted = slope_of(s, origin + s->from);
		if (!isnan(wanted.value))
			judge(s, &wanted, 0.1 * sqrt((double)(s->to - s->from)));
	}
	fed_free_floats(origin);
}

void fed__check_layer_gradients(struct fed_layer_trial *t, double flops, size_t least)
{
	struct fed_checker *c = t->checker;
	const bool input = fed__layer_has_input_gradient(t);
	const double pass = (double)t->batch * fmax(t->layer->flops, (double)(t->in + t->out));
	const double many = flops / (6 * pass);
	const size_t most = many > MOST ? MOST : many > (double)least ? (size_t)many : least;
	float *gradient = fed__floats(c, "grads", t->layer->count);
	struct side s = {.t = t, .key = 9};
	double usual;

	for (size_t i = 0; i < t->batch * t->in; i++)
		if (!(fabsf(t->x[i]) <= (float)LARGEST)) {
			fed__remark(c, "the inputs of layer %s are too large to compare, as %g", t->layer->name,
			            (double)t->x[i]);
			return;
		}
	s.y = fed__floats(c, "y", t->batch * t->out);
	s.middle = fed__floats(c, "y", t->batch * t->out);
	if (c->no_memory)
		return;
	fed__layer_forward(t);
	memcpy(s.middle, t->y, t->batch * t->out * sizeof *s.middle);
	fed__layer_backward(t, t->params, input ? t->dx : NULL, gradient);
	s.what = "parameter";
	s.v = t->params;
	s.gradient = gradient;
	s.n = t->layer->count - t->layer->buffers; /* these are not trained */
	size_t clear = compare_numbers(&s, most, &usual);
	if (s.n > most && fed_check_goes_on(c))
		compare_blocks(&s, most < BLOCKS ? most : BLOCKS);
	if (input && fed_check_goes_on(c)) {
		s.what = "input";
		s.v = t->x;
		s.gradient = t->dx;
		s.n = t->batch * t->in;
		clear += compare_numbers(&s, most, &usual);
	}
	if (clear == 0 && fed_check_goes_on(c) && (input || s.n))
		fed__remark(c, "layer %s is too rough to compare", t->layer->name);
}
