/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/compose.c - choice of model, aggregator, transport, selection rule and scheme.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/aggregator_chain.h"
#include "session/internal.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split.h"

static int new_instance(struct fed_session *s, struct fed_instance *out, enum fed_kind kind,
                        const char *name, const struct fed_assign *assign, size_t n,
                        struct fed_error *err)
{
	const struct fed_entry *entry;

	*out = (struct fed_instance){0};
	if (fed_registry_find(s->plugins, kind, name, &entry, err))
		return FED_FAIL;
	return fed_instance_init(out, entry, assign, n, err);
}

int fed_session_adopt_model(struct fed_session *s, struct fed_instance *model,
                            struct fed_error *err)
{
	const uint64_t version = fed_session_version(s);
	const bool began = s->running || s->progress.params;
	struct fed_restart_parts afresh;
	struct fed_error doubt = {{0}};
	struct fed_net net;

	if (fed__restart_parts_init(&afresh, s, err))
		return FED_FAIL;
	if (s->parts.data && fed_net_for(&net, model, s->parts.data, &doubt, err)) {
		fed__restart_parts_release(&afresh);
		return FED_FAIL;
	}
	if (fed__session_keep_last(s, err)) {
		if (s->parts.data)
			fed_net_release(&net);
		fed__restart_parts_release(&afresh);
		return FED_FAIL;
	}

	fed_session_stop(s);
	fed__restart_parts_commit(s, &afresh);
	if (s->parts.net_built)
		fed_net_release(&s->parts.net);
	s->parts.net_built = s->parts.data != NULL;
	if (s->parts.net_built)
		s->parts.net = net;
	fed_instance_release(&s->parts.model);
	s->parts.model = *model;
	*model = (struct fed_instance){0};
	if (version)
		fed_session_tell(s, FED_EVENT_NOTICE, "model %s starts at version 0",
		                 s->parts.model.entry->head->name);
	if (s->parts.net_built)
		fed__session_tell_doubt(s, &doubt);
	if (began)
		fed__session_try_set_up(s);
	return FED_OK;
}

void fed__session_adopt_aggregator(struct fed_session *s, struct fed_instance *aggregator)
{
	fed_session_stop(s);
	fed_instance_release(&s->parts.aggregator);
	s->parts.aggregator = *aggregator;
	*aggregator = (struct fed_instance){0};
	fed_clients_forget(&s->parts.clients);
	fed_session_resume(s);
}

void fed__session_adopt_transport(struct fed_session *s, struct fed_instance *transport)
{
	fed_session_stop(s);
	fed_instance_release(&s->parts.transport);
	s->parts.transport = *transport;
	*transport = (struct fed_instance){0};
	fed_session_resume(s);
}

void fed__session_adopt_selection(struct fed_session *s, struct fed_instance *selection)
{
	fed_session_stop(s);
	fed_instance_release(&s->parts.selection);
	s->parts.selection = *selection;
	*selection = (struct fed_instance){0};
	fed_session_resume(s);
}

int fed_session_model(struct fed_session *s, const char *name, const struct fed_assign *assign,
                      size_t n, struct fed_error *err)
{
	struct fed_instance model;

	if (fed_session_check_closed(s, err) ||
	    new_instance(s, &model, FED_KIND_MODEL, name, assign, n, err))
		return FED_FAIL;
	if (fed_session_adopt_model(s, &model, err)) {
		fed_instance_release(&model);
		return FED_FAIL;
	}
	return FED_OK;
}

/* A notice if a chosen aggregator has no effect; fedavg is the default and not worth one. */
static void tell_idle_aggregator(struct fed_session *s)
{
	const struct fed_split *split = s->parts.scheme_state;

	if (s->parts.scheme == &fed_scheme_vertical && s->parts.aggregator.entry &&
	    strcmp(s->parts.aggregator.entry->head->name, "fedavg") != 0)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s has nothing to combine: the parties of scheme vertical have different "
		                 "layers",
		                 s->parts.aggregator.entry->head->name);
	if (s->parts.scheme == &fed_scheme_split && split->parallel == FED_PARALLEL_OFF &&
	    s->parts.aggregator.entry && strcmp(s->parts.aggregator.entry->head->name, "fedavg") != 0)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "%s has nothing to combine while clients train in turn; `set parallel v1` "
		                 "lets them train at once",
		                 s->parts.aggregator.entry->head->name);
}

int fed_session_aggregator(struct fed_session *s, const char *name, const struct fed_assign *assign,
                           size_t n, struct fed_error *err)
{
	struct fed_instance aggregator;

	if (fed_session_check_closed(s, err) ||
	    fed_aggregator_make(s->plugins, &aggregator, name, assign, n, err))
		return FED_FAIL;
	fed__session_adopt_aggregator(s, &aggregator);
	tell_idle_aggregator(s);
	return FED_OK;
}

int fed_session_transport(struct fed_session *s, const char *name, const struct fed_assign *assign,
                          size_t n, struct fed_error *err)
{
	struct fed_instance transport;

	if (fed_session_check_closed(s, err))
		return FED_FAIL;
	if (s->network && strcmp(name, "zmq") != 0)
		return fed_reject(err, "a room is open, and transport zmq carries its messages; `serve "
		                       "stop` closes it");
	if (new_instance(s, &transport, FED_KIND_TRANSPORT, name, assign, n, err))
		return FED_FAIL;
	fed__session_adopt_transport(s, &transport);
	return FED_OK;
}

/* A notice if the rule has no effect under the present scheme. */
static void tell_idle_selection(struct fed_session *s)
{
	if (s->parts.selection.entry && s->parts.scheme->overlaps)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "scheme %s invites one client at a time, uniformly among the idle; "
		                 "selection %s acts under sync and split",
		                 s->parts.scheme->name, s->parts.selection.entry->head->name);
}

int fed_session_select(struct fed_session *s, const char *name, const struct fed_assign *assign,
                       size_t n, struct fed_error *err)
{
	struct fed_instance selection;

	if (fed_session_check_closed(s, err) ||
	    new_instance(s, &selection, FED_KIND_SELECTION, name, assign, n, err))
		return FED_FAIL;
	fed__session_adopt_selection(s, &selection);
	tell_idle_selection(s);
	return FED_OK;
}

void fed__session_tell_idle_codec(struct fed_session *s)
{
	struct fed_codec_names names;
	struct fed_error unused;

	if (s->parts.scheme == &fed_scheme_split &&
	    fed_codec_names_parse(s->parts.settings.codec, &names, &unused) == FED_OK &&
	    strcmp(names.down, "none") != 0)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "scheme split sends no whole model; the codec %s of the model acts under "
		                 "sync and async",
		                 names.down);
}

int fed_session_scheme(struct fed_session *s, const char *name, const struct fed_assign *assign,
                       size_t n, struct fed_error *err)
{
	const struct fed_scheme *scheme;
	void *state = NULL;

	if (fed_session_check_closed(s, err) || fed_scheme_find(name, &scheme, err) ||
	    fed_scheme_state_new(&state, scheme, assign, n, err))
		return FED_FAIL;
	if (scheme->fits && scheme->fits(state, s->parts.net_built ? &s->parts.net : NULL, err)) {
		fed_free(state);
		return FED_FAIL;
	}
	if (scheme->message && fed_local_layers_any(s->parts.settings.local_layers)) {
		fed_free(state);
		return fed_fail(
			err,
			"scheme %s has cuts, which say what clients hold, and no local-layers; `set "
			"local-layers none` first",
			scheme->name);
	}
	fed_session_stop(s);
	fed_free(s->parts.scheme_state);
	s->parts.scheme = scheme;
	s->parts.scheme_state = state;
	fed_invitation_log_mark_scheme(&s->event_log.invitation_log);
	tell_idle_aggregator(s);
	tell_idle_selection(s);
	fed__session_tell_idle_codec(s);
	fed_session_resume(s);
	return FED_OK;
}
