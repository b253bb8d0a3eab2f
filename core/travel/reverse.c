/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/reverse.c - the last step, or the last stop at a breakpoint, before the present place.
 *
 * The path is searched backwards, a piece between two snapshots at a time: it is replayed with a
 * probe (session/breakpoints.h), which notes where the present breakpoints hit.  So each version is
 * made once, and the places are those of a run with these breakpoints from the beginning on.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"
#include "travel/internal.h"
#include "travel/search.h"

struct backward_search {
	struct fed_travel *t;
	struct fed_place from; /* the present place, which is none of those searched for */
	struct fed_probe probe;
	struct fed_travel_stop *stop;
	bool found;
};

static struct fed_place place_now(const struct fed_travel *t)
{
	return fed__travel_place_in(t, t->playing, fed_session_version(t->session),
	                            fed__travel_steps(t->session));
}

static void set_stop(struct backward_search *x, struct fed_place place,
                     const struct fed_breakpoint *p)
{
	x->found = true;
	x->stop->place = place;
	x->stop->number = p ? p->number : 0;
	snprintf(x->stop->text, sizeof x->stop->text, "%s", p ? p->text : "");
}

static void note(struct backward_search *x, const struct fed_breakpoint *p)
{
	const struct fed_place place = place_now(x->t);

	if (fed_place_is(place, x->from) || (x->found && fed_place_is(place, x->stop->place)))
		return;
	set_stop(x, place, p);
}

static void take_hit(void *ctx, const struct fed_breakpoint *p)
{
	note(ctx, p);
}

static void take_step(void *ctx)
{
	note(ctx, NULL);
}

/* The present breakpoints --------------------------------------------------------------------- */

static void release_points(struct fed_probe *probe)
{
	for (size_t i = 0; i < probe->n; i++) {
		fed_free(probe->point[i].text);
		fed_condition_free(probe->point[i].when);
	}
	fed_free(probe->point);
	*probe = (struct fed_probe){.n = 0};
}

static int copy_points(struct fed_probe *probe, const struct fed_breakpoints *d,
                       struct fed_error *err)
{
	probe->point = d->n ? fed_alloc_array(d->n, sizeof *probe->point) : NULL;
	if (d->n && !probe->point)
		return fed_fail_memory(err, d->n * sizeof *probe->point, "the breakpoints");
	for (; probe->n < d->n; probe->n++) {
		struct fed_breakpoint *p = &probe->point[probe->n];

		*p = (struct fed_breakpoint){.number = d->point[probe->n].number};
		if (fed_condition_copy(&p->when, d->point[probe->n].when, err))
			return FED_FAIL;
		p->text = fed_strdup(d->point[probe->n].text);
		if (!p->text) {
			fed_condition_free(p->when);
			return fed_fail_memory(err, 1, "the breakpoints");
		}
	}
	return FED_OK;
}

static bool are_same(const struct fed_breakpoints *d, const struct fed_probe *probe)
{
	bool same = d->n == probe->n;

	for (size_t i = 0; same && i < d->n; i++)
		same = strcmp(d->point[i].text, probe->point[i].text) == 0;
	return same;
}

/* Set the breakpoints in the place that the session came to, as the lines of fed_travel_carried()
 * do; how many cannot be set there. */
static uint32_t carry(struct fed_travel *t, const struct fed_probe *probe)
{
	struct fed_error unused;
	uint32_t lost = 0;
	uint64_t number;

	if (are_same(&t->session->breakpoints, probe))
		return 0;
	fed_session_unbreak_all(t->session);
	for (size_t i = 0; i < probe->n; i++)
		lost += fed_session_break(t->session, probe->point[i].text, &number, &unused) != FED_OK;
	t->carries = true;
	return lost;
}

bool fed_travel_carried(const struct fed_travel *t, struct fed_text *lines)
{
	const struct fed_breakpoints *d = &t->session->breakpoints;

	if (!t->carries)
		return false;
	fed_text_add(lines, "break delete all\n");
	for (size_t i = 0; i < d->n; i++)
		fed_text_add(lines, "break %s\n", d->point[i].text);
	return true;
}

/* The search ---------------------------------------------------------------------------------- */

/* The beginning of the present run, which is left for the one before; false: there is none. */
static bool leave_run(const struct fed_travel *t, struct fed_place *place)
{
	const uint32_t run = t->tree.revision[place->revision].run;

	while (place->revision && t->tree.revision[place->revision].run == run)
		*place = t->tree.revision[place->revision].from;
	return t->tree.revision[place->revision].run != run;
}

static bool are_figures(const struct fed_probe *probe)
{
	for (size_t i = 0; i < probe->n; i++)
		if (fed_condition_pace(probe->point[i].when) != FED_CONDITION_RATE_ROUNDS)
			return false;
	return !probe->step;
}

/* Where conditions over figures hit last in the present run, by its history. */
static void search_history(struct backward_search *x)
{
	struct fed_history h = *fed_session_history(x->t->session); /* borrowed: a beginning of it */
	struct fed_place place;

	for (; h.n > 0 && !x->found; h.n--) {
		struct fed_history before = h;

		before.n--;
		if (!fed__travel_made_at(x->t, (uint64_t)h.record[h.n - 1].round, &place) ||
		    fed_place_is(place, x->from))
			continue;
		for (size_t i = 0; i < x->probe.n && !x->found; i++) {
			const struct fed_breakpoint *p = &x->probe.point[i];

			if (fed_condition_holds(p->when, &h) && !fed_condition_holds(p->when, &before))
				set_stop(x, place, p);
		}
	}
}

/* Search the piece before a place, which becomes its beginning.  FED_REJECT: interrupted. */
static int search_piece(struct backward_search *x, struct fed_place *end, struct fed_error *err)
{
	struct fed_travel *t = x->t;
	struct fed_place begin;
	int rc = fed__travel_replay_before(t, *end, &x->probe, &begin, err);

	/* What cannot be made again has a snapshot at its end: the search goes on before it. */
	if (rc == FED_FAIL && end->revision && !end->inside && t->playing == end->revision) {
		x->found = false;
		x->stop->skipped++;
		begin = t->tree.revision[end->revision].from;
		rc = FED_OK;
	}
	*end = begin;
	return rc;
}

static int search(struct backward_search *x, struct fed_error *err)
{
	struct fed_place end = x->t->at;
	int rc = FED_OK;

	if (are_figures(&x->probe)) {
		search_history(x);
		if (x->found || !leave_run(x->t, &end))
			return FED_OK;
	}
	while (rc == FED_OK && !x->found && end.revision)
		rc = search_piece(x, &end, err);
	return rc;
}

static int fail_search(const struct backward_search *x, struct fed_error *err)
{
	const struct fed_session *s = x->t->session;
	const unsigned long long version = (unsigned long long)fed_session_version(s);

	if (x->probe.step)
		return fed_fail(err, "nothing happened before this; the history begins here");
	return fed_fail(err,
	                "no breakpoint was hit before the present place, version %llu; `break` lists "
	                "them%s",
	                version,
	                x->stop->skipped ? " (some commands on the way could not be repeated)" : "");
}

static int go_back(struct backward_search *x, struct fed_error *err)
{
	struct fed_travel *t = x->t;
	struct fed_move m;

	if (fed__move_begin(t, &m, err))
		return FED_FAIL;
	int rc = search(x, err);
	const bool found = rc == FED_OK && x->found;
	if (found)
		rc = fed__travel_replay(t, x->stop->place, err);
	rc = fed__move_to(t, &m, found ? &x->stop->place : NULL, rc, err);
	if (rc == FED_OK && !found)
		return fail_search(x, err);
	if (rc == FED_OK)
		x->stop->lost = carry(t, &x->probe);
	return rc;
}

int fed_travel_back_to_stop(struct fed_travel *t, struct fed_travel_stop *stop,
                            struct fed_error *err)
{
	struct backward_search x = {.t = t, .from = t->at, .stop = stop, .probe = {.hit = take_hit}};

	*stop = (struct fed_travel_stop){.number = 0};
	if (t->session->breakpoints.n == 0)
		return fed_fail(err, "there are no breakpoints to go back to; `break accuracy<0.5` sets "
		                     "one, `reverse-step` goes back one event");
	x.probe.ctx = &x;
	const int rc =
		copy_points(&x.probe, &t->session->breakpoints, err) ? FED_FAIL : go_back(&x, err);
	release_points(&x.probe);
	return rc;
}

/* No breakpoint hits in the search for a step: they only go along. */
static void ignore_hit(void *ctx, const struct fed_breakpoint *p)
{
	(void)ctx;
	(void)p;
}

int fed_travel_back_a_step(struct fed_travel *t, struct fed_travel_stop *stop,
                           struct fed_error *err)
{
	struct backward_search x = {
		.t = t, .from = t->at, .stop = stop, .probe = {.hit = ignore_hit, .step = take_step}};

	*stop = (struct fed_travel_stop){.number = 0};
	x.probe.ctx = &x;
	const int rc =
		copy_points(&x.probe, &t->session->breakpoints, err) ? FED_FAIL : go_back(&x, err);
	release_points(&x.probe);
	return rc;
}
