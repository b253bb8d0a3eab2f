/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/invitation_text.c - text of an invitation's outcome and of an incomplete log.
 */
#include "report/invitation_text.h"

#include <math.h>

#include "history/event_log.h"

/* Seconds: a shorter wait is a rounding error of sums of times. */
#define ROUNDING 1e-9

static void put_verdict_text(struct fed_text *out, const struct fed_invitation_record *x)
{
	if (!x->step) {
		fed_text_add(out, "taken; its version is not complete yet");
		return;
	}
	if (x->used && isnan(x->weight))
		fed_text_add(out, "passed its head on in version %llu", (unsigned long long)x->step);
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

void fed_invitation_put_outcome(const struct fed_invitation_record *x,
                                const struct fed_event_log *r, struct fed_text *out)
{
	static const char *const words[FED_INVITATION_STATES] = {
		[FED_INVITATION_DOWNLOADS] = "the model is on its way",
		[FED_INVITATION_COMPUTES] = "it trains",
		[FED_INVITATION_HELD] = "its update waits at the client",
		[FED_INVITATION_UPLOADS] = "its update is on its way",
		[FED_INVITATION_REFUSED] = "refused",
		[FED_INVITATION_LOST] = "lost",
		[FED_INVITATION_LATE] = "late",
		[FED_INVITATION_CANCELLED] = "cancelled",
	};
	const struct fed_logged_event *end = fed_event_log_at(r, x->end);
	const char *why = end ? fed_event_log_text(r, end) : NULL;

	if (x->state == FED_INVITATION_REPORTED)
		put_verdict_text(out, x);
	else
		fed_text_add(out, "%s", words[x->state]);
	if (why)
		fed_text_add(out, ": %s", why);
	const double waited = x->turn ? x->trained - x->received - x->computed : 0;
	if (waited > ROUNDING) {
		fed_text_add(out, "; ");
		fed_text_seconds(out, waited);
		fed_text_add(out, " of its turn were messages and the server's work");
	}
	if (x->left > x->trained) {
		fed_text_add(out, "; the update waited ");
		fed_text_seconds(out, x->left - x->trained);
	}
	if (x->extra_answers)
		fed_text_add(out, "; %u more answer%s refused", x->extra_answers,
		             x->extra_answers == 1 ? "" : "s");
}

static uint64_t log_begins(const struct fed_session *s)
{
	return fed_event_log_begins(fed_session_event_log(s), fed_session_version(s));
}

static const char *why_not_sooner(const struct fed_event_log *r)
{
	return r->n && r->run < r->first ? "its memory is full" : "saved files have no log";
}

void fed_event_log_put_begin(const struct fed_session *s, struct fed_text *out)
{
	const unsigned long long begins = log_begins(s);

	if (begins)
		fed_text_add(out, "the log begins at version %llu: %s", begins,
		             why_not_sooner(fed_session_event_log(s)));
}

void fed_invitation_log_put_empty(const struct fed_session *s, struct fed_text *out)
{
	if (log_begins(s))
		fed_event_log_put_begin(s, out);
	else
		fed_text_add(out, "no rounds yet: `round 5` makes some");
}

void fed_invitation_log_put_none(const struct fed_session *s, struct fed_text *out)
{
	const unsigned long long begins = log_begins(s);

	if (begins)
		fed_text_add(out, "it was not invited since version %llu, where the log begins: %s", begins,
		             why_not_sooner(fed_session_event_log(s)));
	else
		fed_text_add(out, "it was not invited yet");
}
