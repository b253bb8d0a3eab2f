/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/session.c - make, clear, reset and release a session.
 */
#include "session/session.h"

#include <string.h>

#include "base/mem.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"

static void broken_plugin(void *ctx, const char *path, const char *text)
{
	fed_session_tell(ctx, FED_EVENT_WARNING, "plugin %s: %s", path, text);
}

int fed_session_init(struct fed_session *s, const char *plugin_folder, struct fed_sink sink,
                     struct fed_error *err)
{
	memset(s, 0, sizeof *s);
	if (sink.take)
		s->sink[s->n_sinks++] = sink;
	fed_fields_default(fed_settings_fields, &s->settings);
	s->scheme = fed_scheme_at(0);
	if (fed_scheme_state_new(&s->scheme_state, s->scheme, NULL, 0, err) ||
	    fed_registry_init(&s->plugins, err) ||
	    fed_registry_scan(s->plugins, plugin_folder, true, broken_plugin, s, err)) {
		fed_session_release(s);
		return FED_FAIL;
	}
	return FED_OK;
}

static void release_choice(struct fed_choice *c)
{
	fed_free(c->name);
	fed_pairs_release(&c->args);
	*c = (struct fed_choice){0};
}

void fed_session_clear(struct fed_session *s)
{
	fed_session_stop(s);
	fed_faults_release(&s->faults);
	s->faults_told = 0;
	fed_free_floats(s->progress.params);
	s->progress = (struct fed_progress){0};
	fed_clients_release(&s->clients);
	if (s->net_built)
		fed_net_release(&s->net);
	s->net_built = false;
	fed_instance_release(&s->model);
	fed_instance_release(&s->aggregator);
	fed_instance_release(&s->transport);
	s->model = s->aggregator = s->transport = (struct fed_instance){0};
	fed_dataset_free(s->data);
	s->data = NULL;
	release_choice(&s->dataset_choice);
	fed_history_release(&s->history);
	fed_runs_release(&s->runs);
	fed_ledger_release(&s->ledger);
	fed_free(s->scheme_state);
	s->scheme_state = NULL;
	fed_recorder_restart(&s->recorder);
	fed_debugger_clear(&s->debugger);
	s->draws = 0;
	s->diverged = false;
}

int fed_session_reset(struct fed_session *s, bool keep_settings, struct fed_error *err)
{
	void *state;

	if (fed_scheme_state_new(&state, fed_scheme_at(0), NULL, 0, err))
		return FED_FAIL;
	fed_session_clear(s);
	s->scheme = fed_scheme_at(0);
	s->scheme_state = state;
	if (!keep_settings)
		fed_fields_default(fed_settings_fields, &s->settings);
	return FED_OK;
}

void fed_session_release(struct fed_session *s)
{
	fed_session_clear(s);
	fed_recorder_release(&s->recorder);
	fed_registry_free(s->plugins);
	memset(s, 0, sizeof *s);
}
