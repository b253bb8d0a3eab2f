/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/session.c - creation, reset and release of a session.
 */
#include "session/session.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

static void warn_broken_plugin(void *ctx, const char *path, const char *text)
{
	fed_session_tell(ctx, FED_EVENT_WARNING, "plugin %s: %s", path, text);
}

int fed__session_init(struct fed_session *s, const char *plugin_folder, struct fed_sink sink,
                      struct fed_error *err)
{
	memset(s, 0, sizeof *s);
	if (sink.take)
		s->sink[s->n_sinks++] = sink;
	if (fed__composition_init(&s->parts, err) || fed_registry_init(&s->plugins, err) ||
	    fed_registry_scan(s->plugins, plugin_folder, true, warn_broken_plugin, s, err)) {
		fed__session_release(s);
		return FED_FAIL;
	}
	return FED_OK;
}

int fed_session_guard(struct fed_session *s, const char *program, struct fed_error *err)
{
	if (fed_registry_guard(s->plugins, program, err))
		return FED_FAIL;
	fed__session_apply_guard(s);
	return FED_OK;
}

void fed_session_clear(struct fed_session *s)
{
	fed_session_stop(s);
	fed__session_release_substitute(s);
	fed__composition_release(&s->parts);
	fed_free_floats(s->progress.params);
	s->progress = (struct fed_progress){0};
	fed_history_release(&s->history);
	fed_runs_release(&s->runs);
	fed_free(s->made_with);
	s->made_with = NULL;
	fed_ledger_release(&s->ledger);
	fed_event_log_restart(&s->event_log);
	fed__breakpoints_clear(&s->breakpoints);
	fed_remaining_run_clear(&s->rest);
	s->faults_announced = s->draws = 0;
	s->diverged = false;
}

void fed_session_replace(struct fed_session *s, struct fed_session *from)
{
	fed_session_clear(s);
	s->parts = from->parts;
	s->progress = from->progress;
	s->history = from->history;
	s->runs = from->runs;
	s->made_with = from->made_with;
	s->ledger = from->ledger;
	s->breakpoints = from->breakpoints;
	s->rest = from->rest;
	s->faults_announced = from->faults_announced;
	s->draws = from->draws;
	s->diverged = from->diverged;
	fed__session_apply_guard(s);
}

int fed_session_reset(struct fed_session *s, bool keep_settings, struct fed_error *err)
{
	struct fed_composition bare;

	if (fed__composition_init(&bare, err))
		return FED_FAIL;
	if (keep_settings)
		bare.settings = s->parts.settings;
	fed_session_clear(s);
	s->parts = bare;
	fed__session_apply_guard(s);
	return FED_OK;
}

int fed_session_keep_run(struct fed_session *s, const char *name, struct fed_error *err)
{
	return fed_runs_keep(&s->runs, name, &s->history, s->history.n ? s->made_with : NULL, err);
}

void fed_session_made_with(struct fed_session *s, const char *composition)
{
	char *copy = composition ? fed_strdup(composition) : NULL;

	fed_free(s->made_with);
	s->made_with = copy;
}

int fed_session_drop_run(struct fed_session *s, const char *name, struct fed_error *err)
{
	const struct fed_kept_run *run;

	if (fed_runs_find(&s->runs, name, &run, err))
		return FED_FAIL;
	fed_runs_drop(&s->runs, name);
	return FED_OK;
}

int fed_session_keep_history(struct fed_session *s, const char *name, const struct fed_history *h,
                             struct fed_error *err)
{
	return fed_runs_keep(&s->runs, name, h, NULL, err);
}

int fed__session_keep_last(struct fed_session *s, struct fed_error *err)
{
	const struct fed_history *h = &s->history;

	for (size_t i = 0; h->n && i < s->runs.n; i++) {
		const struct fed_history *kept = &s->runs.run[i].history;

		if (kept->n == h->n && memcmp(kept->record, h->record, h->n * sizeof *h->record) == 0)
			return FED_OK;
	}
	return h->n ? fed_session_keep_run(s, "last", err) : FED_OK;
}

int fed__session_adopt_params(struct fed_session *s, float *params, struct fed_error *err)
{
	return fed_federation_adopt(&s->federation, params, err);
}

int fed_session_adopt_base(struct fed_session *s, const float *frozen, float *params,
                           struct fed_error *err)
{
	struct fed_net *net = &s->parts.net;

	if (!frozen || net->frozen_dim == 0)
		return fed__session_adopt_params(s, params, err);
	fed_session_stop(s); /* trainings read the base */
	memcpy(net->frozen, frozen, net->frozen_dim * sizeof *frozen);
	net->frozen_given = true;
	fed_free_floats(s->progress.params);
	s->progress.params = params;
	s->progress.dim = net->dim;
	fed_session_resume(s);
	return FED_OK;
}

void fed__session_release(struct fed_session *s)
{
	fed_session_clear(s);
	fed_event_log_release(&s->event_log);
	fed_registry_free(s->plugins);
	memset(s, 0, sizeof *s);
}

int fed_session_new(struct fed_session **out, const char *plugin_folder, struct fed_sink sink,
                    struct fed_error *err)
{
	struct fed_session *s = fed_alloc(sizeof *s);

	if (!s)
		return fed_fail_memory(err, sizeof *s, "a session");
	*out = s; /* the sink may be called with the session */
	if (fed__session_init(s, plugin_folder, sink, err)) {
		fed_free(s);
		*out = NULL;
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_session_free(struct fed_session *s)
{
	if (!s)
		return;
	fed__session_release(s);
	fed_free(s);
}
