/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/notify.c - event sinks of a session, its log of events, and its hooks.
 */
#include "session/internal.h"

/* True under sequential split learning: no aggregator, no verdicts. */
static bool is_relayed(const struct fed_session *s)
{
	return s->parts.scheme->makes_model && s->federation.verdicts.n == 0;
}

void fed__session_notify(struct fed_session *s, const struct fed_event *event)
{
	if (s->copied)
		return;
	fed_event_log_take(&s->event_log, event);
	/* An evaluation by messages comes between the step and the event. */
	const double made = event->kind == FED_EVENT_ROUND ? event->record->clock : 0;
	if (event->kind == FED_EVENT_ROUND && is_relayed(s))
		fed_invitation_log_relay(&s->event_log.invitation_log, event->version, made);
	else if (event->kind == FED_EVENT_ROUND)
		fed_invitation_log_set_verdicts(&s->event_log.invitation_log, event->version, made,
		                                &s->federation.verdicts);
	for (size_t i = 0; i < s->n_sinks; i++)
		s->sink[i].take(s->sink[i].ctx, event);
}

void fed_session_tell(struct fed_session *s, enum fed_event_kind kind, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	const struct fed_event event = {
		.kind = kind,
		.version = fed_session_version(s),
		.clock = fed_session_clock(s),
		.client = FED_SERVER,
		.text = text,
	};
	fed__session_notify(s, &event);
}

int fed_session_add_sink(struct fed_session *s, struct fed_sink sink, struct fed_error *err)
{
	if (s->n_sinks == FED_SINKS_MAX)
		return fed_fail(err, "a session has at most %d sinks", FED_SINKS_MAX);
	s->sink[s->n_sinks++] = sink;
	return FED_OK;
}

void fed__session_remove_sink(struct fed_session *s, void *ctx)
{
	size_t left = 0;

	for (size_t i = 0; i < s->n_sinks; i++)
		if (s->sink[i].ctx != ctx)
			s->sink[left++] = s->sink[i];
	s->n_sinks = left;
}

void fed_session_set_pause_hook(struct fed_session *s, struct fed_pause_hook hook)
{
	s->pause_hook = hook;
}

void fed_session_set_version_hook(struct fed_session *s, struct fed_version_hook hook)
{
	s->version_hook = hook;
}
