/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/state.c - read access: version, parameters, clock, open round, parts.
 */
#include <math.h>

#include "session/internal.h"

uint64_t fed_session_version(const struct fed_session *s)
{
	return s->running ? s->federation.version : s->progress.version;
}

const float *fed_session_params(const struct fed_session *s)
{
	return s->running ? s->federation.params : s->progress.params;
}

bool fed_session_has_own_models(const struct fed_session *s)
{
	const struct fed_instance *a = &s->parts.aggregator;

	return fed_local_layers_any(s->parts.settings.local_layers) ||
	       (a->entry && (fed_own_model_vector(a) || fed_instance_models(a) > 1));
}

const struct fed_step_maker *fed_session_step_maker(const struct fed_session *s)
{
	return s->running ? &s->federation.verdicts.maker : &s->progress.maker;
}

double fed_session_clock(const struct fed_session *s)
{
	return s->running ? fed_clock_of(&s->federation)
	                  : s->progress.clock + s->progress.evaluation_seconds;
}

double fed_session_time(const struct fed_session *s)
{
	const struct fed_federation *f = &s->federation;
	const double clock = fed_session_clock(s);

	if (!fed_session_open(s) || fed_is_simulated(f->transport))
		return clock;
	return fmax(clock, fed_messenger_now(&f->messenger) + f->evaluation_seconds);
}

bool fed_session_open(const struct fed_session *s)
{
	return s->running && s->federation.in_round;
}

int fed_session_check_closed(const struct fed_session *s, struct fed_error *err)
{
	if (!fed_session_open(s))
		return FED_OK;
	return fed_fail(err, "a round is open; `continue` finishes it, `abort` leaves the model as "
	                     "before it");
}

/* Parts ------------------------------------------------------------------ */

const struct fed_composition *fed_session_parts(const struct fed_session *s)
{
	return &s->parts;
}

const struct fed_history *fed_session_history(const struct fed_session *s)
{
	return &s->history;
}

const char *fed_session_composition(const struct fed_session *s)
{
	return s->history.n ? s->made_with : NULL;
}

const struct fed_runs *fed_session_kept_runs(const struct fed_session *s)
{
	return &s->runs;
}

const struct fed_event_log *fed_session_event_log(const struct fed_session *s)
{
	return &s->event_log;
}

void fed_session_return_events(struct fed_session *s, struct fed_event_log *copy)
{
	fed_event_log_return(&s->event_log, copy);
}

const struct fed_ledger *fed_session_costs(const struct fed_session *s)
{
	return &s->ledger;
}

const struct fed_breakpoints *fed_session_breakpoints(const struct fed_session *s)
{
	return &s->breakpoints;
}

const struct fed_remaining_run *fed_session_rest(const struct fed_session *s)
{
	return &s->rest;
}

const struct fed_federation *fed_session_federation(const struct fed_session *s)
{
	return &s->federation;
}

const atomic_int *fed_session_interrupts(const struct fed_session *s)
{
	return &s->interrupts;
}

const struct fed_registry *fed_session_plugins(const struct fed_session *s)
{
	return s->plugins;
}

struct fed_ranks *fed_session_ranks(const struct fed_session *s)
{
	return s->ranks;
}

bool fed_session_running(const struct fed_session *s)
{
	return s->running;
}

uint64_t fed_session_draws(const struct fed_session *s)
{
	return s->draws;
}
