/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/guard.c - guarded plugins of a session: limits, substitutes, and what plugins print.
 */
#include <string.h>

#include "plug/calls/call.h"
#include "plug/guard/guard.h"
#include "session/internal.h"

#define FALLBACK "fallback:"

void fed__session_apply_guard(struct fed_session *s)
{
	const struct fed_settings *settings = &s->parts.settings;
	struct fed_guard *guard = fed_registry_guard_of(s->plugins);

	if (!guard->program || s->copied)
		return;
	guard->on = settings->guard;
	guard->limits = (struct fed_guard_limits){.deadline = settings->plugin_deadline,
	                                          .memory = settings->plugin_memory * 1e9};
}

/* Substitutes -------------------------------------------------------------- */

static const char *name_in(const char *on_error)
{
	return strncmp(on_error, FALLBACK, strlen(FALLBACK)) == 0 ? on_error + strlen(FALLBACK) : NULL;
}

int fed__session_check_on_error(const struct fed_session *s, const char *on_error,
                                struct fed_error *err)
{
	const char *name = name_in(on_error);
	const struct fed_entry *entry;

	if (!name)
		return FED_OK;
	if (fed_registry_find(s->plugins, FED_KIND_AGGREGATOR, name, &entry, err))
		return FED_FAIL;
	if (!entry->builtin)
		return fed_fail(err,
		                "on-plugin-error: %s is a loaded plugin and may fail itself; choose one "
		                "that comes with fedsh, such as fedavg or median",
		                name);
	if (fed_is_pre_aggregation(entry))
		return fed_fail(err, "on-plugin-error: %s is a pre-aggregation and makes no step", name);
	for (const struct fed_field *row = entry->head->fields; row->type != FED_TYPE_END; row++)
		if (row->type == FED_TYPE_PERSISTENT || row->type == FED_TYPE_BROADCAST)
			return fed_fail(
				err,
				"on-plugin-error: %s keeps %s between rounds, so it cannot stand in for a "
				"round; choose one that does not, such as fedavg or median",
				name, row->name);
	return FED_OK;
}

void fed__session_release_substitute(struct fed_session *s)
{
	if (s->parts.aggregator.entry)
		s->parts.aggregator.substitute = NULL;
	fed_instance_release(&s->guard_state.fallback);
	s->guard_state = (struct fed_guard_state){{0}};
}

int fed_session_prepare_substitute(struct fed_session *s, struct fed_error *err)
{
	struct fed_guard_state *g = &s->guard_state;
	const char *on_error = s->parts.settings.on_plugin_error, *name = name_in(on_error);
	struct fed_instance *aggregator = &s->parts.aggregator;
	const struct fed_entry *entry;

	if (strcmp(on_error, g->on_error) != 0) {
		fed__session_release_substitute(s);
		if (name && (fed__session_check_on_error(s, on_error, err) ||
		             fed_registry_find(s->plugins, FED_KIND_AGGREGATOR, name, &entry, err) ||
		             fed_instance_init(&g->fallback, entry, NULL, 0, err)))
			return FED_FAIL;
		memcpy(g->on_error, on_error, sizeof g->on_error);
		g->substitute = (struct fed_substitute){.instance = &g->fallback, .skips = !name};
	}
	if (name && g->fallback.dim != s->parts.net.dim &&
	    fed_instance_size(&g->fallback, s->parts.net.dim, err))
		return FED_FAIL;
	aggregator->substitute = strcmp(on_error, "stop") == 0 ? NULL : &g->substitute;
	return FED_OK;
}

/* Output ------------------------------------------------------------------- */

void fed__session_report_plugins(struct fed_session *s)
{
	struct fed_text lines = {0};
	const uint32_t more = fed_guard_read(fed_registry_guard_of(s->plugins), &lines);
	char *rest = lines.s;

	for (char *line; rest && (line = strsep(&rest, "\n")) && *line;)
		fed_session_tell(s, FED_EVENT_PLUGIN, "%s", line);
	if (more)
		fed_session_tell(s, FED_EVENT_PLUGIN, "plugins printed %u more line%s, which %s not shown",
		                 more, more == 1 ? "" : "s", more == 1 ? "is" : "are");
	fed_text_release(&lines);
}
