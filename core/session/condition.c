/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/condition.c - parse and judge conditions over metrics.
 */
#include "session/condition.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"

#define TEXT_MAX 4096
#define TERMS_MAX 64
#define TOKEN_MAX 64
#define BACK_MAX 1000000

enum comparison { LESS, LESS_EQUAL, MORE, MORE_EQUAL, EQUAL, UNEQUAL };

static const struct {
	const char *text;
	enum comparison op;
} operators[] = {
	/* the longer ones first */
	{"<=", LESS_EQUAL}, {">=", MORE_EQUAL}, {"==", EQUAL},
	{"!=", UNEQUAL},    {"<", LESS},        {">", MORE},
};

/* A metric some rounds back, or in a kept run, as `factor * value + shift`; or a number alone. */
struct operand {
	const struct fed_field *metric; /* NULL: a number */
	uint32_t back;
	double number;            /* of a number; of a kept run's metric */
	double factor, shift;     /* of what has a name */
	char text[2 * TOKEN_MAX]; /* of what has a name, as typed, for messages; else empty */
};

struct term {
	struct operand left, right;
	enum comparison op;
	bool first; /* begins an alternative: `or` stands before it */
};

struct fed_condition {
	struct term *term; /* [n] */
	size_t n;
};

struct parser {
	const char *start, *at;
	const struct fed_runs *runs;
	struct fed_error *err;
};

static void skip_blank(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

/* "at `...`" with what stands there, cut short. */
static int unexpected(const struct parser *p, const char *wanted)
{
	char shown[24];
	size_t n = 0;

	for (; p->at[n] && n < sizeof shown - 1; n++)
		shown[n] = isprint((unsigned char)p->at[n]) ? p->at[n] : '?';
	shown[n] = 0;
	if (n == 0)
		return fed_fail(p->err, "the condition ends where %s should stand", wanted);
	return fed_fail(p->err, "`%s`, character %zu of the condition: %s should stand there", shown,
	                (size_t)(p->at - p->start) + 1, wanted);
}

/* A dash belongs to a word only before a letter: in loss-0.1 it subtracts. */
static bool is_word(const char *c)
{
	return isalnum((unsigned char)*c) || *c == '_' || (*c == '-' && isalpha((unsigned char)c[1]));
}

/* Length of the word at the cursor: a name, or `and`, `or`, `nan`. */
static size_t word_length(const struct parser *p)
{
	size_t n = 0;

	if (!isalpha((unsigned char)p->at[0]))
		return 0;
	while (is_word(p->at + n))
		n++;
	return n;
}

static bool take_word(struct parser *p, const char *word)
{
	const size_t n = word_length(p);

	if (n != strlen(word) || strncmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static size_t number_length(const char *s)
{
	size_t n = s[0] == '-' || s[0] == '+';

	while (isdigit((unsigned char)s[n]) || s[n] == '.' || s[n] == 'e' || s[n] == 'E' ||
	       ((s[n] == '-' || s[n] == '+') && n > 0 && (s[n - 1] == 'e' || s[n - 1] == 'E')))
		n++;
	return n;
}

/* [K] behind a metric. */
static int parse_back(struct parser *p, struct operand *o)
{
	char digits[12];
	long long back;

	if (*p->at != '[')
		return FED_OK;
	const size_t n = strspn(p->at + 1, "0123456789");
	if (n == 0 || n >= sizeof digits || p->at[n + 1] != ']')
		return unexpected(p, "a number of rounds ago, as in accuracy[5],");
	memcpy(digits, p->at + 1, n);
	digits[n] = 0;
	if (!fed_parse_int(digits, &back) || back > BACK_MAX)
		return fed_fail(p->err, "[%s]: at most %d rounds ago", digits, BACK_MAX);
	o->back = (uint32_t)back;
	p->at += n + 2;
	return FED_OK;
}

/* A word at the cursor, into name[TOKEN_MAX]. */
static int parse_name(struct parser *p, char *name)
{
	const size_t n = word_length(p);

	if (n == 0)
		return unexpected(p, "a metric such as accuracy");
	if (n >= TOKEN_MAX)
		return fed_fail(p->err, "`%.20s...`: no metric has a name of %zu letters", p->at, n);
	memcpy(name, p->at, n);
	name[n] = 0;
	p->at += n;
	return FED_OK;
}

/* The value of a kept run is known now and never changes. */
static void settle(struct operand *o, const struct fed_kept_run *run)
{
	const struct fed_history *h = &run->history;

	o->number = o->back < h->n ? fed_metric_value(o->metric, &h->record[h->n - 1 - o->back]) : NAN;
	o->metric = NULL;
}

static int parse_metric(struct parser *p, struct operand *o)
{
	const char *const begin = p->at;
	const struct fed_kept_run *run = NULL;
	char name[TOKEN_MAX];

	o->factor = 1;
	if (parse_name(p, name))
		return FED_FAIL;
	if (*p->at == '.') {
		if (fed_runs_find(p->runs, name, &run, p->err))
			return FED_FAIL;
		p->at++;
		if (parse_name(p, name))
			return FED_FAIL;
	}
	if (fed_metric_find(name, &o->metric, p->err) || parse_back(p, o))
		return FED_FAIL;
	snprintf(o->text, sizeof o->text, "%.*s", (int)(p->at - begin), begin);
	if (run)
		settle(o, run);
	return FED_OK;
}

static int parse_number(struct parser *p, double *number)
{
	char digits[TOKEN_MAX];
	const size_t n = number_length(p->at);

	if (n >= sizeof digits)
		return fed_fail(p->err, "`%.20s...`: a number of %zu digits", p->at, n);
	memcpy(digits, p->at, n);
	digits[n] = 0;
	if (!fed_parse_real(digits, number))
		return unexpected(p, "a number or a metric");
	p->at += n;
	return FED_OK;
}

/* [NUMBER *] METRIC [+- NUMBER], the factor already read. */
static int parse_sum(struct parser *p, struct operand *o, double factor)
{
	double plus = 0;

	if (parse_metric(p, o))
		return FED_FAIL;
	skip_blank(p);
	if (*p->at == '+' || *p->at == '-') {
		const double sign = *p->at++ == '-' ? -1 : 1;
		skip_blank(p);
		if (!isdigit((unsigned char)*p->at) && *p->at != '.')
			return unexpected(p, "a number");
		if (parse_number(p, &plus))
			return FED_FAIL;
		plus *= sign;
	}
	o->factor = factor;
	o->shift = plus;
	return FED_OK;
}

static int parse_right(struct parser *p, struct operand *o, enum comparison op)
{
	const bool sign = *p->at == '-' || *p->at == '+';
	double number;

	if (take_word(p, "nan")) {
		if (op != EQUAL && op != UNEQUAL)
			return fed_fail(p->err, "nan compares with == and != alone");
		o->number = NAN;
		return FED_OK;
	}
	if (word_length(p))
		return parse_sum(p, o, 1);
	if (!isdigit((unsigned char)p->at[sign]) && p->at[sign] != '.')
		return unexpected(p, "a number or a metric");
	if (parse_number(p, &number))
		return FED_FAIL;
	skip_blank(p);
	if (*p->at == '*') {
		p->at++;
		skip_blank(p);
		return parse_sum(p, o, number);
	}
	o->number = number;
	return FED_OK;
}

static int parse_operator(struct parser *p, enum comparison *op)
{
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		const size_t n = strlen(operators[i].text);

		if (strncmp(p->at, operators[i].text, n) == 0) {
			*op = operators[i].op;
			p->at += n;
			return FED_OK;
		}
	}
	return unexpected(p, *p->at == '=' ? "== (equality has two signs)" : "one of < <= > >= == !=");
}

static int parse_term(struct parser *p, struct term *t)
{
	skip_blank(p);
	if (parse_metric(p, &t->left))
		return FED_FAIL;
	skip_blank(p);
	if (parse_operator(p, &t->op))
		return FED_FAIL;
	skip_blank(p);
	if (parse_right(p, &t->right, t->op))
		return FED_FAIL;
	skip_blank(p);
	return FED_OK;
}

static int parse_all(struct parser *p, struct fed_condition *c)
{
	bool first = true;

	for (;;) {
		if (c->n == TERMS_MAX)
			return fed_fail(p->err, "a condition has at most %d comparisons", TERMS_MAX);
		struct term *grown = fed_resize(c->term, c->n * sizeof *grown, (c->n + 1) * sizeof *grown);
		if (!grown)
			return fed_fail_memory(p->err, (c->n + 1) * sizeof *grown, "the condition");
		c->term = grown;
		c->term[c->n].first = first;
		if (parse_term(p, &c->term[c->n++]))
			return FED_FAIL;
		if (*p->at == 0)
			return FED_OK;
		first = take_word(p, "or");
		if (first || take_word(p, "and"))
			continue;
		if (*p->at != ',')
			return unexpected(p, "`and`, `or` or the end");
		p->at++;
	}
}

int fed_condition_parse(struct fed_condition **out, const char *text, const struct fed_runs *runs,
                        struct fed_error *err)
{
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return fed_fail(err, "a condition has at most %d characters", TEXT_MAX);
	struct fed_condition *c = fed_alloc(sizeof *c);
	if (!c)
		return fed_fail_memory(err, sizeof *c, "the condition");
	struct parser p = {.start = text, .at = text, .runs = runs, .err = err};
	if (parse_all(&p, c)) {
		fed_condition_free(c);
		return FED_FAIL;
	}
	*out = c;
	return FED_OK;
}

void fed_condition_free(struct fed_condition *c)
{
	if (!c)
		return;
	fed_free(c->term);
	fed_free(c);
}

/* Of the metric as it is named, before factor and shift. */
static double value_of(const struct operand *o, const struct fed_history *h)
{
	if (!o->metric)
		return o->number;
	return o->back < h->n ? fed_metric_value(o->metric, &h->record[h->n - 1 - o->back]) : NAN;
}

static double side_of(const struct operand *o, const struct fed_history *h)
{
	const double value = value_of(o, h);

	return *o->text ? o->factor * value + o->shift : value;
}

static bool compare(double a, enum comparison op, double b, bool with_nan)
{
	if (with_nan)
		return op == EQUAL ? isnan(a) : !isnan(a);
	if (isnan(a) || isnan(b))
		return false;
	switch (op) {
	case LESS:
		return a < b;
	case LESS_EQUAL:
		return a <= b;
	case MORE:
		return a > b;
	case MORE_EQUAL:
		return a >= b;
	case EQUAL:
		return a == b;
	case UNEQUAL:
		return a != b;
	}
	return false;
}

bool fed_condition_holds(const struct fed_condition *c, const struct fed_history *h)
{
	bool all = false;

	if (h->n == 0)
		return false;
	for (size_t i = 0; i < c->n; i++) {
		const struct term *t = &c->term[i];
		const bool with_nan = !*t->right.text && isnan(t->right.number);

		if (t->first && all)
			return true;
		const bool holds = compare(side_of(&t->left, h), t->op, side_of(&t->right, h), with_nan);
		all = t->first ? holds : all && holds;
	}
	return all;
}

/* Whether an earlier operand was typed the same. */
static bool seen(const struct fed_condition *c, size_t term, const struct operand *o)
{
	for (size_t i = 0; i <= term; i++) {
		const struct operand *const sides[] = {&c->term[i].left, &c->term[i].right};

		for (size_t k = 0; k < 2; k++) {
			if (sides[k] == o)
				return false;
			if (strcmp(sides[k]->text, o->text) == 0)
				return true;
		}
	}
	return false;
}

void fed_condition_values(const struct fed_condition *c, const struct fed_history *h,
                          struct fed_text *out)
{
	const char *comma = "";

	for (size_t i = 0; i < c->n; i++) {
		const struct operand *const sides[] = {&c->term[i].left, &c->term[i].right};

		for (size_t k = 0; k < 2; k++) {
			if (!*sides[k]->text || seen(c, i, sides[k]))
				continue;
			fed_text_add(out, "%s%s = %.6g", comma, sides[k]->text, value_of(sides[k], h));
			comma = ", ";
		}
	}
}
