/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/replay.c - an open round, taken back and made again.
 */
#include "checkpoint/replay.h"

#include "base/text.h"
#include "session/internal.h"

void fed_midway_release(struct fed_midway *m)
{
	fed_changes_clear(&m->changes);
	*m = (struct fed_midway){0};
}

int fed_midway_rewind(struct fed_session *s, struct fed_midway *m, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;

	*m = (struct fed_midway){0};
	if (!fed_session_open(s))
		return FED_OK;
	if (!fed_is_simulated(&s->parts.transport))
		return fed_fail(err, "over real connections a round cannot be repeated; `continue` "
		                     "finishes it, then save");
	m->steps = f->steps;
	if (fed_federation_take_back(f, err)) {
		fed_changes_clear(&s->changes);
		return FED_FAIL;
	}
	fed_changes_undo(&s->changes, s);
	m->changes = s->changes;
	s->changes = (struct fed_changes){0};
	return FED_OK;
}

/* The changes that were made before the round's next step; all of them when it is not open. */
static int change(struct fed_session *s, struct fed_midway *m, size_t *next, struct fed_error *err)
{
	int rc = FED_OK;

	while (rc == FED_OK && *next < m->changes.n) {
		struct fed_change *c = &m->changes.of[*next];

		if (fed_session_open(s) && c->steps > s->federation.steps)
			break;
		rc = fed_session_change(s, c, NULL, err);
		*c = (struct fed_change){0}; /* taken */
		++*next;
	}
	return rc;
}

static int make_again(struct fed_session *s, struct fed_midway *m, size_t *next,
                      struct fed_error *err)
{
	struct fed_federation *f = &s->federation;
	bool made = false;
	int rc = fed_history_reserve(&s->history, err);

	if (rc == FED_OK)
		rc = fed_federation_begin(f, err);
	if (rc == FED_OK)
		rc = change(s, m, next, err);
	while (rc == FED_OK && !made && f->steps < m->steps) {
		rc = fed_federation_advance(f, &made, err);
		if (rc == FED_OK)
			rc = change(s, m, next, err);
	}
	return rc;
}

int fed_midway_replay(struct fed_session *s, struct fed_midway *m, bool told, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;
	const struct fed_sink sink = f->sink;
	const size_t n_sinks = s->n_sinks;
	struct fed_error why;
	size_t next = 0;

	if (m->steps == 0)
		return FED_OK;
	if (!told)
		f->sink = (struct fed_sink){0};
	s->n_sinks = 0;
	const int rc = make_again(s, m, &next, err);
	if (rc) { /* what the user wanted still counts */
		fed_federation_abort(f, err->text);
		fed_changes_clear(&s->changes);
		while (next < m->changes.n)
			change(s, m, &next, &why);
	}
	f->sink = sink;
	s->n_sinks = n_sinks;
	fed_midway_release(m);
	return rc ? FED_FAIL : FED_OK;
}
