/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/midway.c - an open round, taken back and made again.
 */
#include "session/midway.h"

#include "base/text.h"

int fed_midway_rewind(struct fed_session *s, uint64_t *steps, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;

	*steps = 0;
	if (!fed_session_open(s))
		return FED_OK;
	if (f->scheme->overlaps)
		return fed_fail(err,
		                "under scheme %s work of earlier versions is under way in the middle of a "
		                "round; `continue` finishes it, then save",
		                f->scheme->name);
	if (f->started.held)
		return fed_fail(err,
		                "%zu messages of earlier rounds are held up by faults; `continue` "
		                "finishes the round, then save",
		                f->started.held);
	if (s->touched)
		return fed_fail(err, "settings, faults or links were changed since the round began; "
		                     "`continue` finishes it, `abort` takes it back, then save");
	if (!fed_is_simulated(&s->transport))
		return fed_fail(err, "over real connections a round cannot be repeated; `continue` "
		                     "finishes it, then save");
	const struct fed_sink sink = f->sink;
	*steps = f->steps;
	f->sink = (struct fed_sink){0};
	fed_federation_abort(f, "saving");
	f->invitations = f->started.invitations;
	f->clock.next_seq = f->started.next_seq;
	f->post.next_id = f->started.next_id;
	f->sink = sink;
	return FED_OK;
}

int fed_midway_replay(struct fed_session *s, uint64_t steps, bool told, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;
	const struct fed_sink sink = f->sink;
	const size_t n_sinks = s->n_sinks;
	bool made = false;

	if (steps == 0)
		return FED_OK;
	if (fed_history_reserve(&s->history, err))
		return FED_FAIL;
	if (!told)
		f->sink = (struct fed_sink){0};
	s->n_sinks = 0;
	int rc = fed_federation_begin(f, err);
	while (rc == FED_OK && !made && f->steps < steps)
		rc = fed_federation_advance(f, &made, err);
	f->sink = sink;
	s->n_sinks = n_sinks;
	s->touched = false;
	return rc ? FED_FAIL : FED_OK;
}
