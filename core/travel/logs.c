/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/logs.c - copies of event logs, and their way back into the session.
 */
#include "travel/logs.h"

#include <string.h>

static void remove_at(struct fed_left_logs *l, uint32_t i)
{
	l->bytes -= l->left[i].bytes;
	fed_event_log_release(&l->left[i].log);
	memmove(&l->left[i], &l->left[i + 1], (l->n - i - 1) * sizeof *l->left);
	l->n--;
}

void fed__logs_release(struct fed_left_logs *l)
{
	while (l->n)
		remove_at(l, l->n - 1);
}

void fed__logs_limit(struct fed_left_logs *l, size_t most)
{
	l->most = most;
	while (l->n && l->bytes > most)
		remove_at(l, 0);
}

static uint32_t run_at(const struct fed_tree *t, struct fed_place p)
{
	return t->revision[p.revision].run;
}

/* Whether a log has all events up to a place. */
static bool covers(const struct fed_left_log *x, const struct fed_tree *t, struct fed_place p,
                   uint32_t run, uint32_t epoch)
{
	return x->epoch == epoch && x->run == run && fed__place_leads_to(t, p, x->at);
}

void fed__logs_leave(struct fed_left_logs *l, const struct fed_tree *t, struct fed_place p,
                     const struct fed_session *s)
{
	const uint32_t run = run_at(t, p);
	struct fed_error unused; /* without memory the log begins anew */
	struct fed_left_log x = {.at = p,
	                         .run = run,
	                         .bytes = fed_event_log_bytes(fed_session_event_log(s)),
	                         .shift = l->shift,
	                         .epoch = l->epoch};

	for (uint32_t i = 0; i < l->n; i++)
		if (covers(&l->left[i], t, p, run, l->epoch))
			return;
	for (uint32_t i = l->n; i-- > 0;)
		if (l->left[i].epoch == l->epoch && l->left[i].run == run &&
		    fed__place_leads_to(t, l->left[i].at, p))
			remove_at(l, i);
	while (l->n && (l->n == FED_LOGS_MAX || l->bytes + x.bytes > l->most))
		remove_at(l, 0);
	if (x.bytes > l->most || fed_event_log_copy(&x.log, fed_session_event_log(s), &unused))
		return;
	l->left[l->n++] = x;
	l->bytes += x.bytes;
}

void fed__logs_return(struct fed_left_logs *l, const struct fed_tree *t, struct fed_place p,
                      const struct fed_snapshot *snapshot, struct fed_session *s)
{
	const uint32_t run = run_at(t, p);
	struct fed_event_log copy;
	struct fed_error unused;

	for (uint32_t i = l->n; i-- > 0;) {
		const struct fed_left_log *x = &l->left[i];

		if (!covers(x, t, p, run, snapshot->epoch) || fed_event_log_copy(&copy, &x->log, &unused))
			continue;
		fed_event_log_cut(&copy, &snapshot->events, x->shift - snapshot->shift);
		const uint64_t before = copy.n;
		fed_session_return_events(s, &copy);
		l->shift = x->shift + (fed_session_event_log(s)->n - before);
		l->epoch = x->epoch;
		return;
	}
	l->shift = 0;
	l->epoch = ++l->epochs;
}
