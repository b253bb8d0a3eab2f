/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/condition.c - evaluation of conditions: over rounds, counters and single events.
 */
#include "history/condition.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "fedsh/transport.h"
#include "history/condition_internal.h"

int fed_condition_copy(struct fed_condition **out, const struct fed_condition *from,
                       struct fed_error *err)
{
	struct fed_condition *c = fed_alloc(sizeof *c);

	if (c) {
		c->term = fed_alloc_array(from->n, sizeof *c->term);
		c->text = fed_strdup(from->text);
	}
	if (!c || !c->term || !c->text) {
		fed_condition_free(c);
		return fed_fail_memory(err, from->n * sizeof *c->term, "the condition");
	}
	memcpy(c->term, from->term, from->n * sizeof *c->term);
	c->n = from->n;
	*out = c;
	return FED_OK;
}

void fed_condition_free(struct fed_condition *c)
{
	if (!c)
		return;
	fed_free(c->term);
	fed_free(c->text);
	fed_free(c);
}

const char *fed_condition_text(const struct fed_condition *c)
{
	return c->text;
}

double *fed_condition_taken(struct fed_condition *c, size_t i)
{
	for (size_t k = 0; k < 2 * c->n; k++) {
		struct fed_operand *o = k % 2 ? &c->term[k / 2].right : &c->term[k / 2].left;
		const bool taken = o->subject == FED_ABOUT_FIGURE && !o->metric && o->text[0];

		if (taken && i-- == 0)
			return &o->number;
	}
	return NULL;
}

/* Values ----------------------------------------------------------------- */

static bool is_clock(const struct fed_field *metric)
{
	return metric->offset == offsetof(struct fed_record, clock);
}

static bool is_live(const struct fed_field *metric)
{
	return is_clock(metric) || fed__metric_counts(metric);
}

/* Value of a metric; in an open round counters and clock are newer than the last record. */
static double figure_of(const struct fed_operand *o, const struct fed_condition_context *m)
{
	const struct fed_history *h = m->history;
	size_t back = o->back;

	if (m->row)
		return fed_field_number(o->metric, m->row);
	if (m->open && is_live(o->metric) && back-- == 0)
		return is_clock(o->metric) ? m->clock : fed_metric_value(o->metric, m->open);
	return fed_history_figure(h, o->metric, back);
}

static bool is_not_finite(const struct fed_event *event)
{
	return event->nan || (event->kind == FED_EVENT_ROUND && fed_record_is_lost(event->record));
}

/* Value of an operand, before factor and shift. */
static double value_of(const struct fed_operand *o, const struct fed_condition_context *m)
{
	switch (o->subject) {
	case FED_ABOUT_FIGURE:
		break;
	case FED_ABOUT_CLIENT:
		return m->event && m->event->client != FED_SERVER ? (double)m->event->client : NAN;
	case FED_ABOUT_KIND:
		return m->event ? (double)m->event->kind : NAN;
	case FED_ABOUT_NAN:
		return m->event ? is_not_finite(m->event) : NAN;
	}
	return o->metric ? figure_of(o, m) : o->number;
}

static double side_of(const struct fed_operand *o, const struct fed_condition_context *m)
{
	const double value = value_of(o, m);

	return *o->text ? o->factor * value + o->shift : value;
}

static bool compare(double a, enum fed_comparison op, double b, bool with_nan)
{
	if (with_nan)
		return op == FED_EQUAL ? isnan(a) : !isnan(a);
	if (isnan(a) || isnan(b))
		return false;
	switch (op) {
	case FED_LESS:
		return a < b;
	case FED_LESS_EQUAL:
		return a <= b;
	case FED_MORE:
		return a > b;
	case FED_MORE_EQUAL:
		return a >= b;
	case FED_EQUAL:
		return a == b;
	case FED_UNEQUAL:
		return a != b;
	}
	return false;
}

bool fed_condition_holds_at(const struct fed_condition *c, const struct fed_condition_context *m)
{
	bool all = false;

	for (size_t i = 0; i < c->n; i++) {
		const struct fed_condition_term *t = &c->term[i];
		const bool with_nan = !*t->right.text && isnan(t->right.number);

		if (t->first && all)
			return true;
		const bool holds = compare(side_of(&t->left, m), t->op, side_of(&t->right, m), with_nan);
		all = t->first ? holds : all && holds;
	}
	return all;
}

bool fed_condition_holds(const struct fed_condition *c, const struct fed_history *h)
{
	return h->n && fed_condition_holds_at(c, &(struct fed_condition_context){.history = h});
}

bool fed_condition_holds_row(const struct fed_condition *c, const void *row)
{
	return fed_condition_holds_at(c, &(struct fed_condition_context){.row = row});
}

bool fed_condition_names(const struct fed_condition *c, const struct fed_field *field)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->term[i].left.metric == field || c->term[i].right.metric == field)
			return true;
	return false;
}

enum fed_condition_rate fed_condition_pace(const struct fed_condition *c)
{
	enum fed_condition_rate pace = FED_CONDITION_RATE_ROUNDS;
	bool live = true;

	for (size_t i = 0; i < c->n; i++) {
		const struct fed_operand *const sides[] = {&c->term[i].left, &c->term[i].right};

		for (size_t k = 0; k < 2; k++) {
			if (sides[k]->subject != FED_ABOUT_FIGURE)
				return FED_CONDITION_RATE_EVENTS;
			if (!sides[k]->metric)
				continue;
			live = live && is_live(sides[k]->metric);
			pace = live ? FED_CONDITION_RATE_COUNTERS : FED_CONDITION_RATE_ROUNDS;
		}
	}
	return pace;
}

/* Whether an earlier operand has the same text. */
static bool seen(const struct fed_condition *c, size_t term, const struct fed_operand *o)
{
	for (size_t i = 0; i <= term; i++) {
		const struct fed_operand *const sides[] = {&c->term[i].left, &c->term[i].right};

		for (size_t k = 0; k < 2; k++) {
			if (sides[k] == o)
				return false;
			if (strcmp(sides[k]->text, o->text) == 0)
				return true;
		}
	}
	return false;
}

void fed_condition_values_at(const struct fed_condition *c, const struct fed_condition_context *m,
                             struct fed_text *out)
{
	const char *comma = "";

	for (size_t i = 0; i < c->n; i++) {
		const struct fed_operand *const sides[] = {&c->term[i].left, &c->term[i].right};

		for (size_t k = 0; k < 2; k++) {
			if (!*sides[k]->text || seen(c, i, sides[k]))
				continue;
			fed_text_add(out, "%s%s = %.6g", comma, sides[k]->text, value_of(sides[k], m));
			comma = ", ";
		}
	}
}

void fed_condition_values(const struct fed_condition *c, const struct fed_history *h,
                          struct fed_text *out)
{
	fed_condition_values_at(c, &(struct fed_condition_context){.history = h}, out);
}

/* Append a value in this many digits; whole numbers have all of theirs. */
static void put_value(struct fed_text *out, double value, int digits)
{
	if (isnan(value))
		fed_text_add(out, "nan");
	else if (value == floor(value) && fabs(value) < 1e15)
		fed_text_count(out, value);
	else
		fed_text_add(out, "%.*g", digits, value);
}

/* The value as it reads in so many digits. */
static double rounded(double value, int digits)
{
	char text[40];
	double read;

	snprintf(text, sizeof text, "%.*g", digits, value);
	return value != floor(value) && fed_parse_real(text, &read) ? read : value;
}

static void put_named(struct fed_text *out, const struct fed_operand *o)
{
	fed_text_add(out, " (");
	if (o->factor != 1)
		fed_text_add(out, "%g*", o->factor);
	fed_text_add(out, "%s", o->text);
	if (o->shift != 0)
		fed_text_add(out, "%+g", o->shift);
	fed_text_add(out, ")");
}

static void put_term(struct fed_text *out, const struct fed_condition_term *t,
                     const struct fed_condition_context *m)
{
	static const char *const signs[] = {
		[FED_LESS] = "<",        [FED_LESS_EQUAL] = "<=", [FED_MORE] = ">",
		[FED_MORE_EQUAL] = ">=", [FED_EQUAL] = "==",      [FED_UNEQUAL] = "!="};
	const double a = side_of(&t->left, m), b = side_of(&t->right, m);
	const bool holds = compare(a, t->op, b, false);
	int digits = 3;

	while (++digits < 17 && compare(rounded(a, digits), t->op, rounded(b, digits), false) != holds)
		;
	fed_text_add(out, "%s ", t->left.text);
	put_value(out, a, digits);
	fed_text_add(out, " %s ", signs[t->op]);
	put_value(out, b, digits);
	if (*t->right.text)
		put_named(out, &t->right);
}

void fed_condition_put(const struct fed_condition *c, const struct fed_history *h,
                       struct fed_text *out)
{
	const struct fed_condition_context m = {.history = h};

	for (size_t i = 0; i < c->n; i++) {
		fed_text_add(out, "%s", i == 0 ? "" : c->term[i].first ? " or " : " and ");
		put_term(out, &c->term[i], &m);
	}
}

/* What may come ------------------------------------------------------------- */

/* The values of an operand, with factor and shift. */
static struct fed_metric_range range_of(const struct fed_operand *o,
                                        const struct fed_metric_ranges *ranges)
{
	static const struct fed_metric_range any = {-INFINITY, INFINITY, false, false, ""};
	struct fed_metric_range r = any;

	if (o->subject != FED_ABOUT_FIGURE)
		return r;
	if (!o->metric) {
		const double number = *o->text ? o->factor * o->number + o->shift : o->number;
		return (struct fed_metric_range){number, number, isnan(number), false, ""};
	}
	r = ranges->of(ranges->ctx, o->metric);
	if (r.recent && o->back > 0)
		r = any;
	if (o->factor == 0)
		return (struct fed_metric_range){o->shift, o->shift, r.never, false, r.why};
	const double a = o->factor * r.low + o->shift, b = o->factor * r.high + o->shift;
	r.low = fmin(a, b);
	r.high = fmax(a, b);
	return r;
}

static bool term_may_hold(const struct fed_condition_term *t, const struct fed_metric_range *a,
                          const struct fed_metric_range *b)
{
	if (!*t->right.text && isnan(t->right.number)) /* == nan, != nan */
		return t->op == FED_EQUAL || !a->never;
	if (a->never || b->never)
		return false;
	switch (t->op) {
	case FED_LESS:
		return a->low < b->high;
	case FED_LESS_EQUAL:
		return a->low <= b->high;
	case FED_MORE:
		return a->high > b->low;
	case FED_MORE_EQUAL:
		return a->high >= b->low;
	case FED_EQUAL:
		return a->low <= b->high && b->low <= a->high;
	case FED_UNEQUAL:
		return a->low != a->high || b->low != b->high || a->low != b->low;
	}
	return true;
}

bool fed_condition_may_hold(const struct fed_condition *c, const struct fed_metric_ranges *ranges,
                            const char **name, struct fed_metric_range *range)
{
	bool may = false;

	for (size_t i = 0; i < c->n; i++) {
		const struct fed_condition_term *t = &c->term[i];
		const struct fed_metric_range a = range_of(&t->left, ranges);
		const struct fed_metric_range b = range_of(&t->right, ranges);

		if (t->first && may)
			return true;
		may = t->first || may;
		if (!may || term_may_hold(t, &a, &b))
			continue;
		may = false;
		const bool left = t->left.metric && !(b.never && t->right.metric);
		*name = left ? t->left.text : t->right.text;
		*range = left ? a : b;
	}
	return may;
}
