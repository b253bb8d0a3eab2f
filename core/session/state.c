/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/state.c - where training stands, and whether a round is open.
 */
#include "session/internal.h"

uint64_t fed_session_version(const struct fed_session *s)
{
	return s->running ? s->federation.version : s->progress.version;
}

const float *fed_session_params(const struct fed_session *s)
{
	return s->running ? s->federation.params : s->progress.params;
}

double fed_session_clock(const struct fed_session *s)
{
	return s->running ? s->federation.clock.now : s->progress.clock;
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
