/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/told.c - a round, what its aggregator tells of it, and how to read that.
 */
#include "told.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

struct told told;

/* The round -------------------------------------------------------------- */

void told_round(size_t n, size_t dim)
{
	struct round *r = &told.r;

	round_make(r, n, dim);
	round_random(r, n + dim);
	for (size_t i = 0; i < n; i++) {
		r->u[i].weight = 10 + (double)i;
		r->u[i].staleness = (uint32_t)(i % 7);
	}
	for (size_t j = 0; j < dim; j++)
		r->x[(n / 2) * r->ld + j] *= 5;
}

void told_again(void)
{
	struct fed_error err;

	fed_assert_ok(rule_run(&told.rule, &told.r, NULL, told.step, told.verdict, told.trust, &err),
	              &err);
}

void told_play(const char *name, const char *settings, const char *pre, const char *pre_settings)
{
	rule_open(&told.rule, name, settings, pre, pre_settings);
	told_again();
}

struct fed_telling told_telling(void)
{
	const struct round *r = &told.r;

	return (struct fed_telling){.instance = &told.rule.main.instance,
	                            .round = {.seed = r->seed,
	                                      .dim = r->dim,
	                                      .params = r->u[0].base,
	                                      .invited = (uint32_t)r->n,
	                                      .population = (uint32_t)r->n},
	                            .update = r->u,
	                            .verdict = told.verdict,
	                            .mixed = told.verdict,
	                            .n = r->n,
	                            .step = told.step,
	                            .lines = &told.raw};
}

/* Lines that go on are indented by eight. */
static void unfold(void)
{
	size_t at = 0;

	ck_assert_uint_lt(told.raw.len, sizeof told.text);
	for (const char *s = fed_text_str(&told.raw); *s; s++) {
		if (strncmp(s, "\n        ", 9) == 0)
			s += 8;
		told.text[at++] = *s;
	}
	told.text[at] = '\0';
}

void told_tell(bool pre_aggregation)
{
	const struct fed_telling t = told_telling();
	struct fed_error err;

	fed_text_clear(&told.raw);
	fed_assert_ok(
		pre_aggregation ? fed_call_tell_pre_aggregation(&t, &err) : fed_call_tell(&t, &err), &err);
	unfold();
}

void told_close(void)
{
	fed_text_release(&told.raw);
	if (told.rule.main.registry)
		rule_close(&told.rule);
	round_free(&told.r);
	memset(&told, 0, sizeof told);
}

/* Reading ---------------------------------------------------------------- */

void told_near(double number, double want)
{
	ck_assert_msg(fabs(number - want) <= 1e-3 * fabs(want) + 1e-12, "%g told, %g meant:\n%s",
	              number, want, told.text);
}

const char *told_behind(const char *from, const char *words)
{
	const char *at = strstr(from, words);

	ck_assert_msg(at != NULL, "\"%s\" is not in:\n%s", words, from);
	return at + strlen(words);
}

double told_number(const char *from, const char *words)
{
	char *end;
	const char *at = told_behind(from, words);
	const double x = strtod(at, &end);

	ck_assert_msg(end != at, "no number behind \"%s\" in:\n%s", words, from);
	return x;
}

size_t told_whose(const char *s, char **end)
{
	const unsigned long client = strtoul(s, end, 10);

	ck_assert_ptr_ne(s, *end);
	for (size_t i = 0; i < told.r.n; i++)
		if (told.r.u[i].client == client)
			return i;
	ck_abort_msg("there is no client %lu in:\n%s", client, told.text);
	return 0;
}

size_t told_clients(const char *s, size_t *who)
{
	size_t n = 0;

	while (*s == ' ' || *s == ',') {
		char *end;
		who[n++] = told_whose(s + strspn(s, " ,"), &end);
		s = end;
	}
	ck_assert_int_eq(*s, '\n');
	return n;
}

/* Plain loops ------------------------------------------------------------ */

double told_at(size_t i, size_t j)
{
	return (double)told.r.x[i * told.r.ld + j];
}

double told_square(size_t a, size_t b)
{
	double sum = 0;

	for (size_t j = 0; j < told.r.dim; j++)
		sum += (told_at(a, j) - told_at(b, j)) * (told_at(a, j) - told_at(b, j));
	return sum;
}

double told_distance(size_t i, const float *z)
{
	double sum = 0;

	for (size_t j = 0; j < told.r.dim; j++) {
		const double e = told_at(i, j) - (z ? (double)z[j] : 0);
		sum += e * e;
	}
	return sqrt(sum);
}

double told_step_length(void)
{
	double sum = 0;

	for (size_t j = 0; j < told.r.dim; j++)
		sum += (double)told.step[j] * (double)told.step[j];
	return sqrt(sum);
}

int told_by_value(const void *a, const void *b)
{
	const double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}
