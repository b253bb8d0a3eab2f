/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/bisect.c - the first version of the present run at which a condition holds.
 *
 * Where the history has all figures it is read from there.  Versions that were not evaluated (`set
 * eval-every 10`) are made again with an evaluation, halving the gap between the last known version
 * at which the condition does not hold and the first at which it does.
 */
#include "base/mem.h"
#include "session/internal.h"
#include "travel/internal.h"
#include "travel/search.h"

enum answer { UNKNOWN, NO, YES };

struct bisection {
	struct fed_travel *t;
	const struct fed_condition *condition;
	struct fed_history history; /* a copy: that of the session changes on the way */
	enum answer *answer;        /* [history.n] */
	struct fed_bisection *found;
};

/* Whether a record has all evaluated figures that the condition names. */
static bool is_known(const struct fed_condition *c, const struct fed_record *r)
{
	for (const struct fed_field *m = fed_metrics; m->type; m++)
		if (!fed_metric_is_due(m, r) && fed_condition_names(c, m))
			return false;
	return true;
}

static int begin(struct bisection *b, struct fed_error *err)
{
	const struct fed_history *h = fed_session_history(b->t->session);

	if (h->n == 0)
		return fed_fail(err, "there is no version to search yet; `round` makes one");
	b->answer = fed_alloc_array(h->n, sizeof *b->answer);
	if (!b->answer)
		return fed_fail_memory(err, h->n * sizeof *b->answer, "the search");
	for (size_t i = 0; i < h->n; i++)
		if (fed_history_add(&b->history, &h->record[i], err))
			return FED_FAIL;
	struct fed_history part = b->history;
	for (size_t i = 0; i < h->n; i++) {
		part.n = i + 1;
		if (!is_known(b->condition, &h->record[i]))
			continue;
		b->answer[i] = fed_condition_holds(b->condition, &part) ? YES : NO;
		b->found->known++;
	}
	b->found->versions = h->n;
	return FED_OK;
}

static void release(struct bisection *b)
{
	fed_history_release(&b->history);
	fed_free(b->answer);
}

/* Make a version again, with an evaluation. */
static int make_evaluated(struct fed_travel *t, uint64_t version, struct fed_error *err)
{
	struct fed_place made;

	if (!fed__travel_made_at(t, version, &made))
		return fed_fail(err, "version %llu is older than the history, and was not evaluated",
		                (unsigned long long)version);
	const struct fed_revision *r = &t->tree.revision[made.revision];
	const struct fed_place before = version - 1 > r->version_before
	                                    ? (struct fed_place){made.revision, true, version - 1, 0}
	                                    : r->from;

	int rc = fed__travel_replay(t, before, err);
	t->session->parts.settings.eval_every = 1;
	return rc ? rc : fed__travel_run_to(t, version, 0, err);
}

static int test(struct bisection *b, size_t i, struct fed_error *err)
{
	if (b->answer[i])
		return FED_OK;
	const int rc = make_evaluated(b->t, (uint64_t)b->history.record[i].round, err);
	if (rc)
		return rc;
	b->found->tested++;
	b->answer[i] = fed_condition_holds(b->condition, fed_session_history(b->t->session)) ? YES : NO;
	return FED_OK;
}

/* The first record from i on with an answer; n: none. */
static size_t next_with(const struct bisection *b, size_t i, enum answer wanted)
{
	while (i < b->history.n && b->answer[i] != wanted)
		i++;
	return i;
}

/* Whether the condition, once it holds, goes on: by what is known. */
static void look_behind(struct bisection *b, size_t first)
{
	const size_t n = b->history.n, ends = next_with(b, first, NO), again = next_with(b, ends, YES);

	if (ends < n)
		b->found->ends = (uint64_t)b->history.record[ends].round;
	if (again < n)
		b->found->again = (uint64_t)b->history.record[again].round;
}

static int fail_search(const struct bisection *b, struct fed_error *err)
{
	const struct fed_bisection *f = b->found;
	const char *text = fed_condition_text(b->condition);

	if (f->known + f->tested == f->versions)
		return fed_fail(err, "%s holds at none of the %s version%s of this run", fed_show(text).s,
		                fed_count((double)f->versions).s, f->versions == 1 ? "" : "s");
	return fed_fail(err,
	                "%s holds neither at the %s evaluated version%s of this run nor at the last "
	                "one; it may at others, which eval-every left out",
	                fed_show(text).s, fed_count((double)f->known).s, f->known == 1 ? "" : "s");
}

/* Find the first record at which the condition holds: *first; n: none. */
static int search(struct bisection *b, size_t *first, struct fed_error *err)
{
	const size_t n = b->history.n;
	size_t high = next_with(b, 0, YES), low = 0; /* low: records before it have the answer NO */

	if (high == n) {
		const int rc = test(b, n - 1, err);

		if (rc)
			return rc;
		if (b->answer[n - 1] != YES) {
			*first = n;
			return FED_OK;
		}
		high = n - 1;
	}
	for (size_t i = 0; i < high; i++)
		if (b->answer[i] == NO)
			low = i + 1;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int rc = test(b, middle, err);

		if (rc)
			return rc;
		if (b->answer[middle] == YES)
			high = middle;
		else
			low = middle + 1;
	}
	*first = high;
	return FED_OK;
}

static int go_to_first(struct bisection *b, struct fed_error *err)
{
	struct fed_travel *t = b->t;
	struct fed_place place;
	struct fed_move m;
	size_t first = b->history.n;

	if (fed__move_begin(t, &m, err))
		return FED_FAIL;
	int rc = search(b, &first, err);
	const bool found = rc == FED_OK && first < b->history.n;
	if (found) {
		b->found->first = (uint64_t)b->history.record[first].round;
		look_behind(b, first);
		rc = fed__travel_made_at(t, b->found->first, &place)
		         ? fed__travel_replay(t, place, err)
		         : fed_fail(err,
		                    "%s holds first at version %llu, which is older than the history of "
		                    "this session",
		                    fed_show(fed_condition_text(b->condition)).s,
		                    (unsigned long long)b->found->first);
	}
	rc = fed__move_to(t, &m, found ? &place : NULL, rc, err);
	return rc == FED_OK && !found ? fail_search(b, err) : rc;
}

int fed_travel_bisect(struct fed_travel *t, const struct fed_condition *condition,
                      struct fed_bisection *found, struct fed_error *err)
{
	struct bisection b = {.t = t, .condition = condition, .found = found};

	*found = (struct fed_bisection){.first = 0};
	const int rc = begin(&b, err) ? FED_FAIL : go_to_first(&b, err);
	release(&b);
	return rc;
}
