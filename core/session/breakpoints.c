/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/breakpoints.c - creation, deletion, evaluation and reports of breakpoints.
 */
#include "session/breakpoints.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

static void release_point(struct fed_breakpoint *p)
{
	fed_condition_free(p->when);
	fed_free(p->text);
}

void fed_remaining_run_clear(struct fed_remaining_run *rest)
{
	fed_condition_free(rest->until);
	*rest = (struct fed_remaining_run){0};
}

bool fed_remaining_run_pending(const struct fed_remaining_run *rest, const struct fed_history *h)
{
	if (rest->until && fed_condition_holds(rest->until, h))
		return false;
	return rest->endless || rest->versions > 0;
}

void fed__breakpoints_clear(struct fed_breakpoints *d)
{
	for (size_t i = 0; i < d->n; i++)
		release_point(&d->point[i]);
	fed_free(d->point);
	*d = (struct fed_breakpoints){0};
}

/* Breakpoints ------------------------------------------------------------- */

int fed_session_break(struct fed_session *s, const char *text, uint64_t *number,
                      struct fed_error *err)
{
	struct fed_breakpoints *d = &s->breakpoints;
	struct fed_breakpoint p = {.number = d->last_number + 1};

	if (d->n == FED_BREAKPOINTS_MAX)
		return fed_fail(err, "a session has at most %d breakpoints; `break delete N` deletes one",
		                FED_BREAKPOINTS_MAX);
	if (fed_condition_parse_event(&p.when, text, &s->runs, &s->parts.clients, err))
		return FED_FAIL;
	p.text = fed_strdup(fed_condition_text(p.when));
	struct fed_breakpoint *grown =
		p.text ? fed_resize(d->point, d->n * sizeof *grown, (d->n + 1) * sizeof *grown) : NULL;
	if (!grown) {
		release_point(&p);
		return fed_fail_memory(err, sizeof *grown, "the breakpoint");
	}
	d->point = grown;
	d->point[d->n++] = p;
	*number = ++d->last_number;
	return FED_OK;
}

int fed_session_unbreak(struct fed_session *s, uint64_t number, struct fed_error *err)
{
	struct fed_breakpoints *d = &s->breakpoints;
	size_t i = 0;

	while (i < d->n && d->point[i].number != number)
		i++;
	if (i == d->n)
		return fed_fail(err, "there is no breakpoint %llu; `break` lists them",
		                (unsigned long long)number);
	release_point(&d->point[i]);
	d->n--;
	memmove(&d->point[i], &d->point[i + 1], (d->n - i) * sizeof *d->point);
	return FED_OK;
}

void fed_session_unbreak_all(struct fed_session *s)
{
	while (s->breakpoints.n)
		release_point(&s->breakpoints.point[--s->breakpoints.n]);
}

void fed_session_pause(struct fed_session *s, uint64_t version)
{
	s->breakpoints.pausing = true;
	s->breakpoints.pause = version;
}

/* Hits -------------------------------------------------------------------- */

static struct fed_condition_context condition_context(const struct fed_session *s,
                                                      const struct fed_event *event)
{
	return (struct fed_condition_context){
		.history = &s->history,
		.open = s->federation.in_round ? &s->federation.record : NULL,
		.event = event,
		.clock = fed_clock_of(&s->federation),
	};
}

static void take_event(const struct fed_session *s, struct fed_breakpoint *p,
                       const struct fed_event *event)
{
	const struct fed_condition_context now = condition_context(s, event);

	if (p->struck || fed_condition_pace(p->when) != FED_CONDITION_RATE_EVENTS ||
	    !fed_condition_holds_at(p->when, &now))
		return;
	p->struck = true;
	p->kind = event->kind;
	p->version = event->version;
	p->clock = event->clock;
}

void fed__breakpoints_take_event(struct fed_session *s, const struct fed_event *event)
{
	struct fed_breakpoints *d = &s->breakpoints;

	d->saw_event = true;
	if (!d->in_step)
		return;
	for (size_t i = 0; i < d->n; i++)
		take_event(s, &d->point[i], event);
	for (size_t i = 0; s->probe && i < s->probe->n; i++)
		take_event(s, &s->probe->point[i], event);
}

/* "break 2: client==7, event trained, version 12, clock 3.2 s", without repetition. */
static void tell_hit(struct fed_session *s, const struct fed_breakpoint *p)
{
	const struct fed_condition_context now = condition_context(s, NULL);
	struct fed_text text = {0}, values = {0};

	fed_text_add(&text, "break %llu: %s", (unsigned long long)p->number, p->text);
	if (p->struck)
		fed_text_add(&text, ", event %s", fed_event_name(p->kind));
	fed_condition_values_at(p->when, &now, &values);
	if (values.len)
		fed_text_add(&text, ", %s", fed_text_str(&values));
	if (!strstr(fed_text_str(&values), "version = ") && !strstr(fed_text_str(&values), "round = "))
		fed_text_add(&text, ", version %llu",
		             (unsigned long long)(p->struck ? p->version : fed_session_version(s)));
	if (!strstr(fed_text_str(&values), "clock = ")) {
		fed_text_add(&text, ", clock ");
		fed_text_seconds(&text, p->struck ? p->clock : fed_session_clock(s));
	}
	fed_session_tell(s, FED_EVENT_STOP, "%s", fed_text_str(&text));
	fed_text_release(&text);
	fed_text_release(&values);
}

static bool is_hit(const struct fed_session *s, struct fed_breakpoint *p, bool made)
{
	const struct fed_condition_context now = condition_context(s, NULL);
	const enum fed_condition_rate pace = fed_condition_pace(p->when);

	if (pace == FED_CONDITION_RATE_EVENTS)
		return p->struck;
	if (!made && (pace == FED_CONDITION_RATE_ROUNDS || !now.open))
		return false;
	const bool held = p->holds;
	p->holds = fed_condition_holds_at(p->when, &now);
	return p->holds && !held;
}

static void check_probe(struct fed_session *s, bool made)
{
	struct fed_probe *probe = s->probe;

	for (size_t i = 0; probe && i < probe->n; i++) {
		struct fed_breakpoint *p = &probe->point[i];

		if (made && s->history.n == 1 && fed_condition_pace(p->when) == FED_CONDITION_RATE_ROUNDS)
			p->holds = false; /* nothing held before the first version of a run */
		if (is_hit(s, p, made))
			probe->hit(probe->ctx, p);
		p->struck = false;
	}
}

void fed_probe_begin(struct fed_session *s, struct fed_probe *probe)
{
	s->probe = probe;
	for (size_t i = 0; probe && i < probe->n; i++) {
		struct fed_breakpoint *p = &probe->point[i];
		struct fed_condition_context now = condition_context(s, NULL);

		if (fed_condition_pace(p->when) == FED_CONDITION_RATE_ROUNDS)
			now.open = NULL;
		p->struck = false;
		p->holds = (now.open || s->history.n) && fed_condition_holds_at(p->when, &now);
	}
}

bool fed__breakpoints_need_steps(const struct fed_session *s)
{
	const struct fed_probe *probe = s->probe;

	if (s->breakpoints.n || (probe && probe->step))
		return true;
	for (size_t i = 0; probe && i < probe->n; i++)
		if (fed_condition_pace(probe->point[i].when) != FED_CONDITION_RATE_ROUNDS)
			return true;
	return false;
}

bool fed__breakpoints_check(struct fed_session *s, bool made)
{
	struct fed_breakpoints *d = &s->breakpoints;
	bool any = false;

	check_probe(s, made);
	for (size_t i = 0; i < d->n; i++) {
		struct fed_breakpoint *p = &d->point[i];

		if (is_hit(s, p, made)) {
			p->hits++;
			tell_hit(s, p);
			any = true;
		}
		p->struck = false;
	}
	return any;
}

bool fed__breakpoints_pause_due(struct fed_session *s)
{
	struct fed_breakpoints *d = &s->breakpoints;

	if (!d->pausing || fed_session_version(s) < d->pause)
		return false;
	d->pausing = false;
	fed_session_tell(s, FED_EVENT_STOP, "paused at version %llu",
	                 (unsigned long long)fed_session_version(s));
	return true;
}
