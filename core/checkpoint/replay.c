/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/replay.c - replay of steps and edits of an open round.
 */
#include "checkpoint/replay.h"

#include "session/internal.h"

/* Make the edits from *next on that precede the round's next step; all of them if no round is open.
 */
static int apply_edits(struct fed_session *s, struct fed_round_edits *edits, size_t *next,
                       struct fed_error *err)
{
	int rc = FED_OK;

	while (rc == FED_OK && *next < edits->n) {
		struct fed_round_edit *c = &edits->edit[*next];

		if (fed_session_open(s) && c->steps > s->federation.steps)
			break;
		rc = fed_session_change(s, c, NULL, err);
		*c = (struct fed_round_edit){0}; /* taken */
		++*next;
	}
	return rc;
}

static int replay_steps(struct fed_session *s, uint64_t steps, struct fed_round_edits *edits,
                        size_t *next, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;
	bool made = false;
	int rc = fed_history_reserve(&s->history, err);

	if (rc == FED_OK)
		rc = fed_session_prepare_substitute(s, err);
	if (rc == FED_OK)
		rc = fed_federation_begin(f, err);
	if (rc == FED_OK)
		rc = apply_edits(s, edits, next, err);
	while (rc == FED_OK && !made && f->steps < steps) {
		rc = fed_federation_advance(f, &made, err);
		if (rc == FED_OK)
			rc = apply_edits(s, edits, next, err);
	}
	return rc;
}

int fed__replay(struct fed_session *s, uint64_t steps, struct fed_round_edits *edits,
                struct fed_error *err)
{
	const size_t n_sinks = s->n_sinks;
	struct fed_error why;
	size_t next = 0;

	if (steps == 0)
		return FED_OK;
	s->n_sinks = 0;
	const int rc = replay_steps(s, steps, edits, &next, err);
	if (rc) { /* the edits are kept without the round */
		fed_federation_abort(&s->federation, err->text);
		fed_round_edits_clear(&s->edits);
		while (next < edits->n)
			apply_edits(s, edits, &next, &why);
	}
	s->n_sinks = n_sinks;
	fed_round_edits_clear(edits);
	return rc ? FED_FAIL : FED_OK;
}
