/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/histogram.c - values of a quantity, and bins for them.
 */
#include "report/histogram.h"

#include <math.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "report/invitation_text.h"
#include "session/composition.h"

const char *const fed_quantity_names[FED_QUANTITIES + 1] = {
	"staleness", "duration", "download", "compute", "upload", "weight", "examples", "loss", NULL};

struct histogram_values {
	double *x; /* [n] */
	size_t n, capacity;
};

static int push(struct histogram_values *v, double x, struct fed_error *err)
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
static double of_invitation(const struct fed_invitation_record *j, enum fed_quantity figure)
{
	const bool reported = j->state == FED_INVITATION_REPORTED;

	switch (figure) {
	case FED_QUANTITY_STALENESS: /* versions made while it was in flight */
		return j->used && j->step ? (double)(j->step - 1 - j->version) : NAN;
	case FED_QUANTITY_DURATION:
		return reported ? j->ended - j->sent : NAN;
	case FED_QUANTITY_DOWNLOAD:
		return j->received - j->sent;
	case FED_QUANTITY_COMPUTE:
		return fed_invitation_computed_seconds(j);
	case FED_QUANTITY_UPLOAD:
		return reported ? j->ended - j->left : NAN;
	default:
		return j->step ? j->weight : NAN;
	}
}

/* Fail with the reason why there are no values. */
static int fail_empty(const struct fed_session *s, enum fed_quantity figure, struct fed_error *err)
{
	const struct fed_event_log *log = fed_session_event_log(s);
	struct fed_text words = {0};

	if (figure == FED_QUANTITY_WEIGHT && has_turns(&log->invitation_log))
		fed_text_add(&words, "the updates of this run have no weight: clients train in turn, and "
		                     "nothing is averaged");
	else if (figure < FED_QUANTITY_EXAMPLES && !log->invitation_log.n)
		fed_invitation_log_put_empty(s, &words);
	else if (!fed_session_parts(s)->clients.n_present)
		fed_text_add(&words, "there are no clients; `add-client 10` makes some");
	else if (figure < FED_QUANTITY_EXAMPLES &&
	         log->invitation_log.scheme > log->invitation_log.first)
		fed_text_add(&words,
		             "no update was made since scheme %s was chosen; `round` makes some, and "
		             "`histogram %s last=%llu` shows those before",
		             fed_session_parts(s)->scheme->name, fed_quantity_names[figure],
		             (unsigned long long)fed_session_version(s));
	else
		fed_text_add(&words, "no update was made yet; `round` makes some");
	fed_fail(err, "%s", fed_text_str(&words));
	fed_text_release(&words);
	return FED_FAIL;
}

/* The updates that are counted: records of the invitation log from `first` on, and of them those
 * for versions after `after`. */
struct histogram_choice {
	uint64_t first, after;
};

static struct histogram_choice choose(const struct fed_session *s, uint64_t last)
{
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;
	const uint64_t version = fed_session_version(s);

	if (last)
		return (struct histogram_choice){all->first, version > last ? version - last : 0};
	return (struct histogram_choice){all->scheme > all->first ? all->scheme : all->first, 0};
}

static bool is_chosen(const struct histogram_choice *c, const struct fed_invitation_record *j)
{
	return (j->step ? j->step : j->version + 1) > c->after;
}

static int collect(const struct fed_session *s, enum fed_quantity figure,
                   const struct histogram_choice *c, struct histogram_values *v,
                   struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;

	for (uint32_t i = 0; figure >= FED_QUANTITY_EXAMPLES && i < parts->clients.n_present; i++) {
		const struct fed_client *x = &parts->clients.client[parts->clients.present[i]];
		if (push(v, figure == FED_QUANTITY_EXAMPLES ? x->count : (double)x->loss, err))
			return FED_FAIL;
	}
	for (uint64_t k = c->first; figure < FED_QUANTITY_EXAMPLES && k <= all->n; k++) {
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

int fed_histogram_take(struct fed_histogram *h, const struct fed_session *s,
                       enum fed_quantity quantity, size_t bins, uint64_t last,
                       struct fed_error *err)
{
	const struct histogram_choice chosen = choose(s, last);
	struct histogram_values v = {0};
	double sum = 0;

	*h = (struct fed_histogram){.quantity = quantity};
	if (collect(s, quantity, &chosen, &v, err)) {
		fed_free(v.x);
		return FED_FAIL;
	}
	h->n = v.n;
	h->low = h->high = v.x[0];
	for (size_t i = 0; i < v.n; i++) {
		h->low = fmin(h->low, v.x[i]);
		h->high = fmax(h->high, v.x[i]);
		sum += v.x[i];
	}
	h->mean = sum / (double)v.n;
	h->width = width_of(h->low, h->high, (double)bins, fed_quantity_whole(quantity));
	const double first = floor(h->low / h->width);
	h->first = first * h->width;
	h->bins = (size_t)(floor(h->high / h->width) - first) + 1;
	for (size_t i = 0; i < v.n; i++)
		h->count[(size_t)fmin(floor(v.x[i] / h->width) - first, FED_HISTOGRAM_BINS)]++;
	fed_free(v.x);
	return FED_OK;
}
