/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/invitation_text.c - what became of an invitation, in words.
 */
#include "report/invitation_text.h"

#include <math.h>

#include "history/event_log.h"

/* Seconds: less is what is left of sums of times. */
#define ROUNDING 1e-9

static void put_verdict(struct fed_text *out, const struct fed_journey *x)
{
	if (!x->step) {
		fed_text_add(out, "taken; the version is not made yet");
		return;
	}
	if (x->used && isnan(x->weight))
		fed_text_add(out, "its layers were handed on in version %llu", (unsigned long long)x->step);
	else if (x->used)
		fed_text_add(out, "used for version %llu with weight %.3g", (unsigned long long)x->step,
		             (double)x->weight);
	else
		fed_text_add(out, "version %llu was made without it", (unsigned long long)x->step);
	const unsigned long long stale = x->step - 1 - x->version;
	if (stale)
		fed_text_add(out, ", %llu version%s stale", stale, stale == 1 ? "" : "s");
	if (!isnan(x->score))
		fed_text_add(out, ", score %.4g", (double)x->score);
	if (x->byzantine)
		fed_text_add(out, ", Byzantine");
}

void fed_journey_put_fate(const struct fed_journey *x, const struct fed_recorder *r,
                          struct fed_text *out)
{
	static const char *const words[FED_JOURNEY_STATES] = {
		[FED_JOURNEY_DOWNLOADS] = "the model is on its way",
		[FED_JOURNEY_COMPUTES] = "it trains",
		[FED_JOURNEY_HELD] = "its update waits at the client",
		[FED_JOURNEY_UPLOADS] = "its update is on its way",
		[FED_JOURNEY_REFUSED] = "refused",
		[FED_JOURNEY_LOST] = "lost",
		[FED_JOURNEY_LATE] = "late",
		[FED_JOURNEY_RECALLED] = "recalled",
	};
	const struct fed_past *end = fed_recorder_at(r, x->end);
	const char *why = end ? fed_recorder_text(r, end) : NULL;

	if (x->state == FED_JOURNEY_REPORTED)
		put_verdict(out, x);
	else
		fed_text_add(out, "%s", words[x->state]);
	if (why)
		fed_text_add(out, ": %s", why);
	const double waited = x->turn ? x->trained - x->received - x->computed : 0;
	if (waited > ROUNDING) {
		fed_text_add(out, "; in its turn it waited ");
		fed_text_seconds(out, waited);
	}
	if (x->left > x->trained) {
		fed_text_add(out, "; the update waited ");
		fed_text_seconds(out, x->left - x->trained);
	}
	if (x->strays)
		fed_text_add(out, "; %u more answer%s refused", x->strays, x->strays == 1 ? "" : "s");
}

static uint64_t log_begins(const struct fed_session *s)
{
	return fed_recorder_begins(fed_session_event_log(s), fed_session_version(s));
}

static const char *why_not_sooner(const struct fed_recorder *r)
{
	return r->n && r->run < r->first ? "there is no room for more" : "a saved file has none";
}

void fed_recorder_put_begin(const struct fed_session *s, struct fed_text *out)
{
	const unsigned long long begins = log_begins(s);

	if (begins)
		fed_text_add(out, "the log begins at version %llu: %s", begins,
		             why_not_sooner(fed_session_event_log(s)));
}

void fed_journeys_put_empty(const struct fed_session *s, struct fed_text *out)
{
	if (log_begins(s))
		fed_recorder_put_begin(s, out);
	else
		fed_text_add(out, "no rounds yet: `round 5` makes some");
}

void fed_journeys_put_none(const struct fed_session *s, struct fed_text *out)
{
	const unsigned long long begins = log_begins(s);

	if (begins)
		fed_text_add(out, "it was not invited since version %llu, where the log begins: %s", begins,
		             why_not_sooner(fed_session_event_log(s)));
	else
		fed_text_add(out, "it was not invited yet");
}
