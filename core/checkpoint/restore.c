/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/restore.c - loading of a snapshot into a new session, which then replaces the old one.
 */
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/parts.h"
#include "checkpoint/replay.h"
#include "session/internal.h"

/* Loaded parts that are restored once the federation runs. */
struct deferred_parts {
	struct fed_in_flight in_flight;
	uint64_t steps; /* of the open round; 0: none */
	struct fed_round_edits edits;
	struct fed_saved_by saved_by;
};

static void load_all(struct fed_loader *f, struct fed_session *s, const struct fed_session *lender,
                     const struct fed_more_sections *more, struct deferred_parts *deferred)
{
	fed__load_composition(f, s, lender);
	fed__load_clients(f, s);
	fed__load_costs(f, s);
	fed__load_progress(f, s);
	fed__load_faults(f, s);
	if (s->parts.aggregator.dim && s->parts.aggregator.dim != s->parts.net.dim)
		fed_loader_fail(f, "an aggregator for %zu parameters, a model of %zu",
		                s->parts.aggregator.dim, s->parts.net.dim);
	fed__load_in_flight(f, s, &deferred->in_flight);
	fed__load_breakpoints(f, s);
	fed__load_open_round(f, s, &deferred->steps, &deferred->edits);
	fed__load_saved_by(f, &deferred->saved_by);
	if (more)
		more->load(more->ctx, f);
	fed__loader_skip_more(f);
	fed__loader_begin(f, "end");
}

/* Notices on the breakpoints that were deleted and those that were restored. */
static void tell_breakpoints(struct fed_session *s, size_t gone)
{
	if (gone)
		fed_session_tell(s, FED_EVENT_NOTICE, "%zu breakpoint%s of the session before %s deleted",
		                 gone, gone == 1 ? "" : "s", gone == 1 ? "was" : "were");
	if (s->breakpoints.n)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "breakpoints of the saved session: %zu; `break` lists them",
		                 s->breakpoints.n);
}

static void resume_in_flight(struct fed_session *s, struct fed_in_flight *u)
{
	struct fed_error why;

	if (u->open && s->running && fed_in_flight_restore(u, &s->federation, &why))
		fed_session_tell(s, FED_EVENT_WARNING,
		                 "the work in flight is lost: %s; clients are invited again", why.text);
}

/* Replay the open round.  On failure the session is restored without it, with a warning. */
static void resume_round(struct fed_session *s, struct deferred_parts *deferred)
{
	struct fed_error why;

	if (deferred->steps == 0) {
		if (fed_remaining_run_pending(&s->rest, &s->history))
			fed_session_tell(s, FED_EVENT_NOTICE,
			                 "`continue` goes on with the run that was stopped");
		return;
	}
	if (fed_session_start(s, &why) || fed__replay(s, deferred->steps, &deferred->edits, &why))
		fed_session_tell(s, FED_EVENT_WARNING, "the open round could not be repeated: %s",
		                 why.text);
	else if (fed_session_open(s))
		fed_session_tell(s, FED_EVENT_NOTICE, "round %s is open after %s step%s",
		                 fed_count((double)fed_session_version(s) + 1).s,
		                 fed_count((double)s->federation.steps).s,
		                 s->federation.steps == 1 ? "" : "s");
}

static void replace_session(struct fed_session *s, struct fed_session *fresh,
                            struct deferred_parts *deferred)
{
	const size_t breakpoints = s->breakpoints.n;

	if (fresh->parts.data == s->parts.data) /* lent */
		s->parts.data = NULL;
	fed_session_replace(s, fresh);
	tell_breakpoints(s, breakpoints);
	fed_session_resume(s);
	resume_in_flight(s, &deferred->in_flight);
	resume_round(s, deferred);
	fed__tell_saved_by(s, &deferred->saved_by);
}

/* Restore from an open loader, and close it.  lender: see fed__load_composition. */
static int restore_snapshot(struct fed_session *s, struct fed_loader *f,
                            const struct fed_session *lender, const struct fed_more_sections *more)
{
	struct fed_session *fresh = fed_alloc(sizeof *fresh);
	struct deferred_parts deferred = {0};
	int rc = FED_OK;

	f->stopped = &s->interrupts;
	if (fresh) {
		fresh->plugins = s->plugins;
		load_all(f, fresh, lender, more, &deferred);
		if (f->failed)
			rc = atomic_load(f->stopped) ? FED_REJECT : FED_FAIL;
	} else {
		rc = fed_fail_memory(f->err, sizeof *fresh, "a session");
	}
	fed__loader_close(f);
	if (rc == FED_OK) {
		replace_session(s, fresh, &deferred);
	} else if (fresh) {
		if (fresh->parts.data == s->parts.data)
			fresh->parts.data = NULL;
		fed_session_clear(fresh);
	}
	fed_in_flight_release(&deferred.in_flight);
	fed_round_edits_clear(&deferred.edits);
	fed__saved_by_release(&deferred.saved_by);
	if (fresh)
		fed_event_log_release(&fresh->event_log);
	fed_free(fresh);
	return rc;
}

int fed_snapshot_restore(struct fed_session *s, const struct fed_text *snapshot,
                         struct fed_error *err)
{
	return fed_snapshot_restore_apart(s, snapshot, NULL, err);
}

int fed_snapshot_restore_apart(struct fed_session *s, const struct fed_text *snapshot,
                               const struct fed_vectors_apart *apart, struct fed_error *err)
{
	struct fed_loader f;

	if (fed__loader_open_text(&f, snapshot, err))
		return FED_FAIL;
	f.apart = apart;
	return restore_snapshot(s, &f, s, NULL);
}

int fed_session_restore(struct fed_session *s, const char *path, struct fed_error *err)
{
	return fed_session_restore_with(s, path, NULL, err);
}

int fed_session_restore_with(struct fed_session *s, const char *path,
                             const struct fed_more_sections *more, struct fed_error *err)
{
	struct fed_text expanded = {0};
	struct fed_loader f;

	fed_path_expand(path, &expanded);
	int rc = expanded.failed ? fed_fail_memory(err, strlen(path), "a path")
	                         : fed__loader_open(&f, fed_text_str(&expanded), err);
	if (rc == FED_OK)
		rc = restore_snapshot(s, &f, NULL, more);
	fed_text_release(&expanded);
	return rc;
}
