/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/histogram.c - quantities of the run's updates and of clients, counted in
 * bins.
 */
#include "shell/commands/look/histogram.h"

#include <math.h>
#include <string.h>

#include "history/event_log.h"
#include "base/mem.h"
#include "report/invitation_text.h"
#include "report/label_histogram.h"
#include "session/composition.h"
#include "shell/output/print.h"

enum figure { STALENESS, DURATION, DOWNLOAD, COMPUTE, UPLOAD, WEIGHT, EXAMPLES, LOSS };
static const char *const figures[] = {"staleness", "duration", "download", "compute", "upload",
                                      "weight",    "examples", "loss",     NULL};

const struct fed_field fed__histogram_rows[] = {
	FED_ARG_CHOICE(struct fed_histogram_args, figure, FED_ARG_NEEDED, STALENESS, figures,
                   "of the run's updates (staleness to weight) or of the clients"),
	FED_ARG_INT(struct fed_histogram_args, bins, 0, 15, 1, 100, "rows at most"),
	FED_ARG_INT(struct fed_histogram_args, last, 0, 0, 0, 1e15,
                "updates of the last N versions; 0: all of the present scheme"),
	FED_END,
};

struct values {
	double *x; /* [n] */
	size_t n, capacity;
};

static int push(struct values *v, double x, struct fed_error *err)
{
	if (!isfinite(x))
		return FED_OK;
	if (v->n == v->capacity) {
		const size_t capacity = v->capacity ? 2 * v->capacity : 256;
		double *grown = fed_resize(v->x, v->capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the histogram");
		v->x = grown;
		v->capacity = capacity;
	}
	v->x[v->n++] = x;
	return FED_OK;
}

/* Whether an update was relayed to the next client: such updates have no verdict. */
static bool has_turns(const struct fed_invitation_log *all)
{
	for (uint64_t k = all->first; k <= all->n; k++) {
		const struct fed_invitation_record *j = fed_invitation_log_at(all, k);
		if (j && j->step && isnan(j->weight))
			return true;
	}
	return false;
}

/* The quantity for one invitation; NaN: none. */
static double of_invitation(const struct fed_invitation_record *j, enum figure figure)
{
	const bool reported = j->state == FED_INVITATION_REPORTED;

	switch (figure) {
	case STALENESS: /* versions made while it was in flight */
		return j->used && j->step ? (double)(j->step - 1 - j->version) : NAN;
	case DURATION:
		return reported ? j->ended - j->sent : NAN;
	case DOWNLOAD:
		return j->received - j->sent;
	case COMPUTE:
		return fed_invitation_computed_seconds(j);
	case UPLOAD:
		return reported ? j->ended - j->left : NAN;
	default:
		return j->step ? j->weight : NAN;
	}
}

/* Fail with the reason why there are no values. */
static int fail_empty(const struct fed_session *s, enum figure figure, struct fed_error *err)
{
	const struct fed_event_log *log = fed_session_event_log(s);
	struct fed_text words = {0};

	if (figure == WEIGHT && has_turns(&log->invitation_log))
		fed_text_add(&words, "the updates of this run have no weight: clients train in turn, and "
		                     "nothing is averaged");
	else if (figure < EXAMPLES && !log->invitation_log.n)
		fed_invitation_log_put_empty(s, &words);
	else if (!fed_session_parts(s)->clients.n_present)
		fed_text_add(&words, "there are no clients; `add-client 10` makes some");
	else if (figure < EXAMPLES && log->invitation_log.scheme > log->invitation_log.first)
		fed_text_add(&words,
		             "no update was made since scheme %s was chosen; `round` makes some, and "
		             "`histogram %s last=%llu` shows those before",
		             fed_session_parts(s)->scheme->name, figures[figure],
		             (unsigned long long)fed_session_version(s));
	else
		fed_text_add(&words, "no update was made yet; `round` makes some");
	fed_fail(err, "%s", fed_text_str(&words));
	fed_text_release(&words);
	return FED_FAIL;
}

/* The updates that are counted: records of the invitation log from `first` on, and of them those
 * for versions after `after`. */
struct choice {
	uint64_t first, after;
};

static struct choice choose(const struct fed_session *s, uint64_t last)
{
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;
	const uint64_t version = fed_session_version(s);

	if (last)
		return (struct choice){all->first, version > last ? version - last : 0};
	return (struct choice){all->scheme > all->first ? all->scheme : all->first, 0};
}

static bool is_chosen(const struct choice *c, const struct fed_invitation_record *j)
{
	return (j->step ? j->step : j->version + 1) > c->after;
}

static int collect(const struct fed_session *s, enum figure figure, const struct choice *c,
                   struct values *v, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;

	for (uint32_t i = 0; figure >= EXAMPLES && i < parts->clients.n_present; i++) {
		const struct fed_client *x = &parts->clients.client[parts->clients.present[i]];
		if (push(v, figure == EXAMPLES ? x->count : (double)x->loss, err))
			return FED_FAIL;
	}
	for (uint64_t k = c->first; figure < EXAMPLES && k <= all->n; k++) {
		const struct fed_invitation_record *j = fed_invitation_log_at(all, k);
		if (j && is_chosen(c, j) && push(v, of_invitation(j, figure), err))
			return FED_FAIL;
	}
	return v->n ? FED_OK : fail_empty(s, figure, err);
}

/* Width of the bins: 1, 2 or 5 times a power of ten; at least 1 for whole numbers. */
static double width_of(double low, double high, double most, bool whole)
{
	const double least = (high - low) / most;
	double width = pow(10, floor(log10(least > 0 ? least : 1)));

	if (!(least > 0))
		return 1;
	for (int k = 0; low + most * width <= high || floor(high / width) - floor(low / width) >= most;
	     k++)
		width *= k % 3 == 1 ? 2.5 : 2;
	return whole && width < 1 ? 1 : width;
}

static void put_value(struct fed_text *text, double x, enum figure figure)
{
	if (figure >= DURATION && figure <= UPLOAD)
		fed_text_seconds(text, x);
	else if (figure == STALENESS || figure == EXAMPLES)
		fed_text_count(text, x);
	else
		fed_text_add(text, "%.4g", x);
}

/* ", of scheme async" or ", of the last 5 versions", if that leaves some out. */
static void put_choice(struct fed_text *text, const struct fed_session *s, enum figure figure,
                       uint64_t last)
{
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;

	if (figure >= EXAMPLES)
		return;
	if (last)
		fed_text_add(text, last == 1 ? " of the last version" : " of the last %s versions",
		             fed_count((double)last).s);
	else if (all->scheme > all->first)
		fed_text_add(text, " since scheme %s was chosen", fed_session_parts(s)->scheme->name);
}

static void show(struct fed_shell *shell, const struct values *v,
                 const struct fed_histogram_args *a)
{
	const enum figure figure = (enum figure)a->figure;
	const bool whole = figure == STALENESS || figure == EXAMPLES;
	static const struct fed_table_column columns[] = {
		{.title = "from", .kind = FED_CELL_NUMBER},
		{.title = "count", .kind = FED_CELL_NUMBER},
		{.title = "bar"},
	};
	struct fed_table table = {
		.name = "histogram", .column = columns, .columns = 3, .untitled = true};
	struct fed_text text = {0};
	double low = v->x[0], high = v->x[0], sum = 0;
	uint64_t count[101] = {0}, most = 1;

	for (size_t i = 0; i < v->n; i++) {
		low = fmin(low, v->x[i]);
		high = fmax(high, v->x[i]);
		sum += v->x[i];
	}
	const double width = width_of(low, high, (double)a->bins, whole);
	const double first = floor(low / width);
	for (size_t i = 0; i < v->n; i++) {
		uint64_t *c = &count[(size_t)fmin(floor(v->x[i] / width) - first, 100)];
		if (++*c > most)
			most = *c;
	}
	fed__screen_measure(shell);
	const int bar = shell->screen.columns < 70 ? shell->screen.columns / 2 : 40;
	const size_t last = (size_t)(floor(high / width) - first);
	for (size_t k = 0; k <= last; k++) {
		fed_text_clear(&text);
		put_value(&text, (first + (double)k) * width, figure);
		if (!whole || width > 1)
			fed_text_add(&text, "..");
		fed__table_shown(&table, (first + (double)k) * width, fed_text_str(&text));
		fed__table_integer(&table, count[k]);
		fed_text_clear(&text);
		fed_bar_put(&text, (double)count[k] / (double)most, bar, shell->screen.utf8);
		fed__table_cell(&table, "%s", fed_text_str(&text));
	}
	fed__table_print(shell, &table);
	fed_text_clear(&text);
	fed_text_add(&text, "%s of ", figures[figure]);
	fed_text_count(&text, (double)v->n);
	fed_text_add(&text, " %s%s", figure >= EXAMPLES ? "client" : "update", v->n == 1 ? "" : "s");
	put_choice(&text, shell->session, figure, (uint64_t)a->last);
	fed_text_add(&text, ": mean ");
	const double mean = sum / (double)v->n;
	if (whole && floor(mean) != mean) /* not rounded to a whole number */
		fed_text_add(&text, "%.4g", mean);
	else
		put_value(&text, mean, figure);
	fed_text_add(&text, ", least ");
	put_value(&text, low, figure);
	fed_text_add(&text, ", most ");
	put_value(&text, high, figure);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

int fed__run_histogram(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_histogram_args *a = call->args;
	struct values v = {0};
	const struct choice chosen = choose(shell->session, (uint64_t)a->last);

	if (a->last && a->figure >= EXAMPLES)
		return fed_fail(err,
		                "last= is of updates, and %s is of the clients as they are; leave it out",
		                figures[a->figure]);
	const int rc = collect(shell->session, (enum figure)a->figure, &chosen, &v, err);
	if (rc == FED_OK)
		show(shell, &v, a);
	fed_free(v.x);
	return rc;
}
