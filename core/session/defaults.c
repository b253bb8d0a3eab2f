/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/defaults.c - default dataset, model, aggregator and transport; start and restart.
 */
#include "session/internal.h"

static const char *default_model(const struct fed_dataset *data)
{
	if (data->classes == 0)
		return "linear";
	if (data->tokens)
		return "gru";
	return data->shape.rank > 1 ? "mlp" : "softmax";
}

int fed_session_complete_data(struct fed_session *s, struct fed_error *err)
{
	if (s->parts.data)
		return FED_OK;
	if (fed_session_dataset(s, "glyphs", NULL, 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE,
	                 "no dataset chosen; using glyphs (%s training, %s test images)",
	                 fed_count(s->parts.data->train).s, fed_count(s->parts.data->test).s);
	return FED_OK;
}

static int complete_model(struct fed_session *s, struct fed_error *err)
{
	if (s->parts.model.entry)
		return FED_OK;
	const char *name = default_model(s->parts.data);
	if (fed_session_model(s, name, NULL, 0, err))
		return FED_FAIL;
	fed_session_tell(s, FED_EVENT_NOTICE, "no model chosen; using %s (%s parameters)", name,
	                 fed_count((double)s->parts.net.dim).s);
	return FED_OK;
}

int fed_session_complete(struct fed_session *s, struct fed_error *err)
{
	if (fed_session_complete_data(s, err) || complete_model(s, err))
		return FED_FAIL;
	if (!s->parts.aggregator.entry) {
		if (fed_session_aggregator(s, "fedavg", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no aggregator chosen; using fedavg");
	}
	if (!s->parts.transport.entry) {
		if (fed_session_transport(s, "local", NULL, 0, err))
			return FED_FAIL;
		fed_session_tell(s, FED_EVENT_NOTICE, "no transport chosen; using local");
	}
	return FED_OK;
}

int fed_session_start(struct fed_session *s, struct fed_error *err)
{
	if (fed_session_complete(s, err))
		return FED_FAIL;
	return s->running ? FED_OK : fed_session_set_up(s, err);
}

int fed_session_restart(struct fed_session *s, struct fed_error *err)
{
	struct fed_restart_parts afresh;
	const bool began = s->running || s->progress.params;

	if (fed_restart_parts_init(&afresh, s, err))
		return FED_FAIL;
	fed_session_stop(s);
	fed_restart_parts_commit(s, &afresh);
	return began ? fed_session_start(s, err) : FED_OK;
}
