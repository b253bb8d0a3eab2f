/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/factors.c - parser of factors, and the numbers of cells.
 */
#include "experiments/factors.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"

static bool is_slow(const char *key)
{
	return fed_same_name(key, "dataset") || fed_same_name(key, "seed");
}

void fed_factors_release(struct fed_factors *f)
{
	for (size_t i = 0; i < f->n; i++) {
		for (size_t k = 0; k < f->factor[i].n; k++)
			fed_free(f->factor[i].level[k]);
		fed_free(f->factor[i].level);
	}
	*f = (struct fed_factors){0};
}

int fed__factor_add(struct fed_factor *factor, const char *level, size_t len, struct fed_error *err)
{
	char text[FED_LEVEL_BYTES];

	if (len == 0)
		return fed_fail(
			err, "%s has an empty level; levels are joined by single commas, as lr = 0.01, 0.1",
			factor->key);
	if (len >= sizeof text)
		return fed_fail(err, "%s: the level %.20s... is too long; at most %zu bytes", factor->key,
		                level, sizeof text - 1);
	if (factor->n == FED_LEVELS_MAX)
		return fed_fail(err, "%s has more than %d levels; take several studies", factor->key,
		                FED_LEVELS_MAX);
	memcpy(text, level, len);
	text[len] = 0;
	for (size_t k = 0; k < factor->n; k++)
		if (strcmp(factor->level[k], text) == 0)
			return fed_fail(err, "%s has the level %s twice", factor->key, fed_show(text).s);
	char **grown =
		fed_resize(factor->level, factor->n * sizeof *grown, (factor->n + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, (factor->n + 1) * sizeof *grown, "the levels");
	factor->level = grown;
	grown[factor->n] = fed_strdup(text);
	if (!grown[factor->n])
		return fed_fail_memory(err, len, "a level");
	factor->n++;
	return FED_OK;
}

/* The bytes of text [0, n) without blanks around them. */
static const char *trim(const char *text, size_t *n)
{
	while (*n && isspace((unsigned char)*text))
		text++, --*n;
	while (*n && isspace((unsigned char)text[*n - 1]))
		--*n;
	return text;
}

/* "1..5": true, and its ends. */
static bool is_range(const char *text, size_t n, long long *first, long long *last)
{
	char copy[48], *dots;

	if (n >= sizeof copy)
		return false;
	memcpy(copy, text, n);
	copy[n] = 0;
	dots = strstr(copy, "..");
	if (!dots)
		return false;
	*dots = 0;
	return fed_parse_int(copy, first) && fed_parse_int(dots + 2, last);
}

static int add_levels(struct fed_factor *factor, const char *text, size_t n, struct fed_error *err)
{
	long long first, last;

	text = trim(text, &n);
	if (!is_range(text, n, &first, &last))
		return fed__factor_add(factor, text, n, err);
	if (first > last)
		return fed_fail(err, "%s: %lld..%lld is empty; the smaller number comes first", factor->key,
		                first, last);
	if (last - first >= FED_LEVELS_MAX)
		return fed_fail(err, "%s: %lld..%lld has more than %d levels; take several studies",
		                factor->key, first, last, FED_LEVELS_MAX);
	for (long long x = first; x <= last; x++) {
		char level[24];

		snprintf(level, sizeof level, "%lld", x);
		if (fed__factor_add(factor, level, strlen(level), err))
			return FED_FAIL;
	}
	return FED_OK;
}

static int read_factor(struct fed_factors *f, const char *text, size_t n, struct fed_error *err)
{
	const char *equals = memchr(text, '=', n);
	size_t key_bytes = equals ? (size_t)(equals - text) : n;
	const char *key = trim(text, &key_bytes);

	if (!equals || key_bytes == 0 || key_bytes >= sizeof f->factor->key)
		return fed_fail(err, "`%.*s` is no factor; one is KEY = LEVEL, LEVEL, as lr = 0.01, 0.1",
		                (int)(n < 40 ? n : 40), text);
	if (f->n == FED_FACTORS_MAX)
		return fed_fail(err, "more than %d factors", FED_FACTORS_MAX);
	struct fed_factor *factor = &f->factor[f->n++];
	*factor = (struct fed_factor){0};
	memcpy(factor->key, key, key_bytes);
	for (size_t i = 0; i + 1 < f->n; i++)
		if (fed_same_name(f->factor[i].key, factor->key))
			return fed_fail(err, "the factor %s is there twice", factor->key);
	const char *at = equals + 1, *const end = text + n;
	const char between = memchr(at, '|', (size_t)(end - at)) ? '|' : ',';
	for (;;) {
		const char *next = memchr(at, between, (size_t)(end - at));

		if (add_levels(factor, at, (size_t)((next ? next : end) - at), err))
			return FED_FAIL;
		if (!next)
			return FED_OK;
		at = next + 1;
	}
}

static int read_factors(struct fed_factors *f, const char *text, struct fed_error *err)
{
	while (*text) {
		size_t n = strcspn(text, ";\n");
		const size_t used = n + (text[n] != 0);
		const char *one = trim(text, &n);

		if (n && read_factor(f, one, n, err))
			return FED_FAIL;
		text += used;
	}
	if (f->n == 0)
		return fed_fail(err, "no factors; one is KEY = LEVEL, LEVEL, as lr = 0.01, 0.1");
	size_t cells = 1;
	for (size_t i = 0; i < f->n; i++)
		cells = cells > FED_CELLS_MAX ? cells : cells * f->factor[i].n;
	if (cells > FED_CELLS_MAX)
		return fed_fail(err, "more than %s runs; take fewer factors or levels",
		                fed_count(FED_CELLS_MAX).s);
	return FED_OK;
}

int fed_factors_parse(struct fed_factors *f, const char *text, struct fed_error *err)
{
	if (read_factors(f, text, err) == FED_OK)
		return FED_OK;
	fed_factors_release(f);
	return FED_FAIL;
}

size_t fed__factors_cells(const struct fed_factors *f)
{
	size_t cells = 1;

	for (size_t i = 0; i < f->n; i++)
		cells *= f->factor[i].n;
	return cells;
}

size_t fed_factors_level(const struct fed_factors *f, size_t cell, size_t factor)
{
	/* The fastest digit first: the last factor that is not slow. */
	for (int slow = 0; slow < 2; slow++)
		for (size_t i = f->n; i-- > 0;) {
			if (is_slow(f->factor[i].key) != slow)
				continue;
			if (i == factor)
				return cell % f->factor[i].n;
			cell /= f->factor[i].n;
		}
	return 0;
}

size_t fed__factors_cell(const struct fed_factors *f, const size_t *level)
{
	size_t cell = 0;

	/* The slowest digit first. */
	for (int slow = 1; slow >= 0; slow--)
		for (size_t i = 0; i < f->n; i++)
			if (is_slow(f->factor[i].key) == slow)
				cell = cell * f->factor[i].n + level[i];
	return cell;
}

static const char *factor_at(const void *ctx, size_t i)
{
	const struct fed_factors *f = ctx;

	return i < f->n ? f->factor[i].key : NULL;
}

int fed__factors_find(const struct fed_factors *f, const char *key, size_t *factor,
                      struct fed_error *err)
{
	for (*factor = 0; *factor < f->n; ++*factor)
		if (fed_same_name(f->factor[*factor].key, key))
			return FED_OK;
	const char *near = fed_nearest(key, factor_at, f);
	if (near)
		return fed_fail(err, "there is no factor %s; did you mean %s?", fed_show(key).s, near);
	struct fed_text all = {0};
	for (size_t i = 0; i < f->n; i++)
		fed_text_add(&all, "%s%s", i ? ", " : "", f->factor[i].key);
	fed_fail(err, "there is no factor %s; there are %s", fed_show(key).s, fed_text_str(&all));
	fed_text_release(&all);
	return FED_FAIL;
}

void fed__factors_put_cell(const struct fed_factors *f, size_t cell, struct fed_text *out)
{
	for (size_t i = 0; i < f->n; i++)
		fed_text_add(out, "%s%s=%s", i ? " " : "", f->factor[i].key,
		             f->factor[i].level[fed_factors_level(f, cell, i)]);
}

void fed__factors_put(const struct fed_factors *f, struct fed_text *out)
{
	for (size_t i = 0; i < f->n; i++) {
		bool commas = false;

		for (size_t k = 0; k < f->factor[i].n; k++)
			commas |= strchr(f->factor[i].level[k], ',') != NULL;
		fed_text_add(out, "%s%s = ", i ? "; " : "", f->factor[i].key);
		for (size_t k = 0; k < f->factor[i].n; k++)
			fed_text_add(out, "%s%s", k ? commas ? " | " : ", " : "", f->factor[i].level[k]);
	}
}
