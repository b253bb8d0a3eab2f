/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_explain.c - calls of tell(): the lines in which an aggregator explains a round,
 * cleaned and cut.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call.h"
#include "plug/result_checks.h"
#include "plug/calls/pre_aggregation.h"
#include "plug/calls/remote.h"

static const struct fed_aggregator *aggregator_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.aggregator;
}

/* Lines ------------------------------------------------------------------ */

struct line_sink {
	struct fed_teller teller; /* first: the plugin passes it back */
	struct fed_text *lines;
	size_t n; /* counts also lines beyond the limit */
};

/* Whether s fits into a line; *bytes: the length of its whole characters that do. */
static bool fits(const char *s, size_t *bytes)
{
	const size_t most = strnlen(s, 4 * FED_TOLD_COLUMNS + 1);
	int columns = 0;
	size_t at = 0;

	*bytes = 0;
	while (at < most) {
		uint32_t code = 0;
		const size_t n = fed_utf8_next(s + at, most - at, &code);

		columns += n > 0 ? fed_utf8_columns(code) : 1;
		at += n > 0 ? n : 1;
		if (columns > FED_TOLD_COLUMNS)
			return false;
		if (columns <= FED_TOLD_COLUMNS - 3) /* leaves space for "..." */
			*bytes = at;
	}
	*bytes = at;
	return s[at] == '\0';
}

static void put_line(struct fed_text *lines, const char *s)
{
	size_t bytes;
	const bool whole = fits(s, &bytes);

	for (size_t at = 0; at < bytes;) {
		uint32_t code;
		const size_t n = fed_utf8_next(s + at, bytes - at, &code);

		if (n > 0 && !fed_utf8_control(code))
			fed_text_put(lines, s + at, n);
		else
			fed_text_put(lines, "?", 1);
		at += n > 0 ? n : 1;
	}
	fed_text_add(lines, "%s\n", whole ? "" : "...");
}

static void take_line(const struct fed_teller *teller, const char *line)
{
	struct line_sink *l = (struct line_sink *)(void *)(uintptr_t)teller;

	if (line && l->n++ < FED_TOLD_LINES)
		put_line(l->lines, line);
}

/* Calls ------------------------------------------------------------------ */

static int call_one(const struct fed_instance *who, const struct fed_round *round,
                    const struct fed_update *const *u, size_t n, const struct fed_verdict *const *v,
                    const struct fed_telling *t, struct fed_error *err)
{
	struct line_sink l = {{sizeof l.teller, take_line}, t->lines, 0};
	struct fed_error words = {{0}};
	struct fed_round seen = *round;

	if (!fed__tells(who->entry))
		return FED_OK;
	seen.ld = 0;
	const int rc = aggregator_of(who)->tell(who->state, &seen, u, n, v, t->step, &l.teller, &words);
	if (l.n > FED_TOLD_LINES)
		fed_text_add(t->lines, "... and %zu lines more\n", l.n - FED_TOLD_LINES);
	if (t->lines->failed)
		return fed_fail_memory(err, t->lines->len, "a rule's explanation");
	return fed__check_code(who, "tell", rc, false, &words, err);
}

/* Updates and verdicts as a plugin sees them: behind pointers, with their sizes. */
struct update_rows {
	struct fed_update *update;                   /* [n] */
	struct fed_verdict *verdict, *mixed;         /* [n] */
	const struct fed_update **u;                 /* [n] */
	const struct fed_verdict **v, **on_mixtures; /* [n] */
};

static void rows_release(struct update_rows *x)
{
	fed_free(x->update);
	fed_free(x->verdict);
	fed_free(x->mixed);
	fed_free(x->u);
	fed_free(x->v);
	fed_free(x->on_mixtures);
}

static int rows_init(struct update_rows *x, const struct fed_telling *t, struct fed_error *err)
{
	const size_t n = t->n;

	*x = (struct update_rows){.update = fed_alloc_array(n, sizeof *x->update),
	                          .verdict = fed_alloc_array(n, sizeof *x->verdict),
	                          .mixed = fed_alloc_array(n, sizeof *x->mixed),
	                          .u = fed_alloc_array(n, sizeof *x->u),
	                          .v = fed_alloc_array(n, sizeof *x->v),
	                          .on_mixtures = fed_alloc_array(n, sizeof *x->on_mixtures)};
	if (!x->update || !x->verdict || !x->mixed || !x->u || !x->v || !x->on_mixtures) {
		rows_release(x);
		return fed_fail_memory(err, n * sizeof *x->update, "the updates of a round");
	}
	for (size_t i = 0; i < n; i++) {
		x->update[i] = t->update[i];
		x->update[i].size = sizeof *x->update;
		x->u[i] = &x->update[i];
		x->verdict[i] = t->verdict[i];
		x->verdict[i].size = sizeof *x->verdict;
		x->v[i] = &x->verdict[i];
		x->mixed[i] = t->mixed ? t->mixed[i] : t->verdict[i];
		x->mixed[i].size = sizeof *x->mixed;
		x->on_mixtures[i] = &x->mixed[i];
	}
	return FED_OK;
}

static int explain_mixtures(const struct fed_telling *t, struct fed_aggregation_host *place,
                            struct fed_round *round, const struct update_rows *rows,
                            struct fed_error *err)
{
	const struct fed_instance *who = t->instance;
	struct fed_mixing x;

	if (fed__mix(&x, who->after, place, round, rows->u, t->n, err))
		return FED_FAIL;
	const int rc = call_one(who, round, x.u, x.m, rows->on_mixtures, t, err);
	fed__mixing_release(&x);
	return rc;
}

static int explain(const struct fed_telling *t, bool pre_aggregation, struct fed_error *err)
{
	const struct fed_instance *who = t->instance;
	struct fed_round round = t->round;
	struct fed_aggregation_host place;
	struct update_rows rows;
	int rc;

	if (who->worker)
		return fed__remote_tell(t, pre_aggregation, err);
	if (rows_init(&rows, t, err))
		return FED_FAIL;
	fed__aggregation_host_init(&place, NULL, t->pool, round.dim);
	round.size = sizeof round;
	round.host = &place.host;
	if (pre_aggregation)
		rc = call_one(who->after, &round, rows.u, t->n, rows.v, t, err);
	else if (who->after && fed__tells(who->entry))
		rc = explain_mixtures(t, &place, &round, &rows, err);
	else
		rc = call_one(who, &round, rows.u, t->n, rows.v, t, err);
	fed__aggregation_host_release(&place);
	rows_release(&rows);
	return rc;
}

int fed_call_tell(const struct fed_telling *t, struct fed_error *err)
{
	return explain(t, false, err);
}

int fed_call_tell_pre_aggregation(const struct fed_telling *t, struct fed_error *err)
{
	return explain(t, true, err);
}
