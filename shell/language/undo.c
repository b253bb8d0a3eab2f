/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/undo.c - keeping and restoring the session before a run was discarded.
 */
#include "shell/language/undo.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "history/kept_runs.h"
#include "shell/output/print.h"

/* Most bytes of a snapshot, and most of the free memory; from here on the size is told. */
#define BYTES_MOST ((size_t)1 << 30)
#define MEMORY_SHARE 0.25
#define BYTES_TOLD ((size_t)10 << 20)

void fed__undo_release(struct fed_undo *undo)
{
	fed_text_release(&undo->snapshot);
	fed_text_release(&undo->journal);
	fed_text_release(&undo->plugins);
	fed_event_log_release(&undo->events);
	*undo = (struct fed_undo){0};
}

static void move(struct fed_undo *to, struct fed_undo *from)
{
	fed__undo_release(to);
	*to = *from;
	*from = (struct fed_undo){0};
}

static size_t bytes_most(void)
{
	const double most = fmin((double)BYTES_MOST, MEMORY_SHARE * fed_mem_available());

	return most > 1 ? (size_t)most : 1;
}

static bool has_run(const struct fed_session *s)
{
	return fed_session_version(s) > 0 || fed_session_open(s);
}

/* Fill *kept with the present session; without a snapshot it has the reason. */
static void take(const struct fed_shell *shell, const char *command, struct fed_undo *kept)
{
	const struct fed_session *s = shell->session;

	const struct fed_history *h = fed_session_history(s);

	*kept = (struct fed_undo){
		.versions = fed_session_version(s),
		.run = fed_session_status(s).runs,
		.records = h->n,
	};
	if (h->n)
		kept->last = h->record[h->n - 1];
	snprintf(kept->command, sizeof kept->command, "%s", command);
	fed_text_put(&kept->journal, fed_text_str(&shell->journal), shell->journal.len);
	fed__journal_plugins(shell, &kept->plugins);
	if (fed_snapshot_take_within(s, &kept->snapshot, bytes_most(), &kept->why))
		fed_text_release(&kept->snapshot);
	else if (kept->journal.failed || kept->plugins.failed)
		fed_fail_memory(&kept->why, shell->journal.len, "the commands so far");
	struct fed_error unused; /* without memory the log goes on as it is */
	kept->logged = fed_event_log_copy(&kept->events, fed_session_event_log(s), &unused) == FED_OK;
	kept->valid = kept->snapshot.len && !kept->journal.failed && !kept->plugins.failed;
}

void fed__undo_prepare(const struct fed_shell *shell, const struct fed_command *command,
                       struct fed_undo *kept)
{
	*kept = (struct fed_undo){0};
	if ((command->flags & FED_COMMAND_DISCARDS) && has_run(shell->session))
		take(shell, command->name, kept);
}

/* Name under which the session has the history of a run that was discarded, or NULL. */
static const char *kept_as(const struct fed_session *s, const struct fed_undo *undo)
{
	const struct fed_runs *runs = fed_session_kept_runs(s);

	for (size_t i = runs->n; i-- > 0;) {
		const struct fed_history *h = &runs->run[i].history;

		if (h->n && h->n == undo->records &&
		    memcmp(&h->record[h->n - 1], &undo->last, sizeof undo->last) == 0)
			return runs->run[i].name;
	}
	return NULL;
}

/* "the run of 5 versions is kept as `last`; `undo` goes back to it (24 MB of memory)" */
static void tell(struct fed_shell *shell, const struct fed_undo *undo)
{
	const char *name = kept_as(shell->session, undo);
	struct fed_text text = {0};

	if (undo->versions)
		fed_text_add(&text, "the run of %s version%s", fed_count((double)undo->versions).s,
		             undo->versions == 1 ? "" : "s");
	else
		fed_text_add(&text, "the open round");
	if (name)
		fed_text_add(&text, " is kept as `%s`", name);
	else
		fed_text_add(&text, undo->valid ? " is kept" : " is gone");
	if (undo->valid)
		fed_text_add(&text, "; `undo` goes back to it");
	else
		fed_text_add(&text, "; `undo` cannot go back to it: %s", undo->why.text);
	if (undo->snapshot.len >= BYTES_TOLD) {
		fed_text_add(&text, " (");
		fed_text_bytes(&text, (double)undo->snapshot.len);
		fed_text_add(&text, " of memory)");
	}
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

void fed__undo_settle(struct fed_shell *shell, struct fed_undo *kept)
{
	if (*kept->command && fed_session_status(shell->session).runs != kept->run) {
		tell(shell, kept);
		move(&shell->undo, kept);
	}
	fed__undo_release(kept);
}

int fed__undo(struct fed_shell *shell, struct fed_error *err)
{
	struct fed_undo *const undo = &shell->undo;
	struct fed_undo present;

	if (!undo->valid)
		return *undo->command ? fed_fail(err, "cannot go back to before `%s`: %s", undo->command,
		                                 undo->why.text)
		                      : fed_fail(err, "no run was discarded; `undo` goes back to before a "
		                                      "restart, reset, model, dataset or restore");
	take(shell, undo->command, &present);
	present.forward = !undo->forward;
	const int rc = fed_snapshot_restore(shell->session, &undo->snapshot, err);
	if (rc == FED_OK) {
		if (undo->logged)
			fed_session_return_events(shell->session, &undo->events);
		fed__journal_replace(shell, &undo->journal, &undo->plugins);
		shell->autosave.recorded = SIZE_MAX; /* whatever the length of the journal is */
		fed__print(shell, "back at version %s, as %s `%s`; %s\n",
		           fed_count((double)fed_session_version(shell->session)).s,
		           undo->forward ? "after" : "before", undo->command,
		           present.valid ? "`undo` again goes the other way" : present.why.text);
		move(undo, &present);
	}
	fed__undo_release(&present);
	return rc;
}
