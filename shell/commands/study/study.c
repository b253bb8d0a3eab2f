/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/study.c - running, resuming, showing and deleting studies.
 */
#include "shell/commands/study/study.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "experiments/session_copy.h"
#include "history/metrics.h"
#include "plug/guard/guard.h"
#include "session/composition.h"
#include "shell/jobs/job.h"
#include "shell/output/print.h"
#include "shell/script/share.h"

#define P struct fed_study_args
const struct fed_field fed__study_rows[] = {
	FED_ARG_TEXT(P, name, FED_FIELD_POSITIONAL, "study",
                 "the study's name; without it all are listed"),
	FED_ARG_TEXT(
		P, what, FED_FIELD_POSITIONAL, "study-verb",
		"{ FACTOR = LEVEL, LEVEL; ... }, or table, continue, delete; without it how far it is"),
	FED_ARG_TEXT(P, words, FED_FIELD_POSITIONAL | FED_FIELD_WORDS, "study-words",
                 "after table: METRIC by FACTOR,FACTOR; without it accuracy by all but the seed"),
	FED_ARG_INT(P, rounds, 0, 0, 0, FED_STUDY_ROUNDS_MAX,
                "rounds of each run; 0: 10, or with until= at most 1,000"),
	FED_ARG_TEXT(P, until, 0, "condition", "each run ends when this holds: accuracy>=0.9"),
	FED_ARG_TEXT(P, metrics, 0, "metrics",
                 "tables at the end, joined by commas; without it accuracy"),
	FED_END,
};
#undef P

bool fed__study_looks(const struct fed_words *words)
{
	const char *verb = words->n > 2 ? fed__words_at(words, 2) : "table";

	return *verb != '{' && strcmp(verb, "continue") != 0 && strcmp(verb, "delete") != 0;
}

/* Tables --------------------------------------------------------------------------------- */

static int show_metric(struct fed_shell *shell, struct fed_store *store,
                       const struct fed_stored_study *study, const char *name, const char *by,
                       struct fed_error *err)
{
	struct fed_study_table table = {0};
	const struct fed_field *metric;

	int rc = fed_metric_find(name, &metric, err);
	if (rc == FED_OK)
		rc = fed_study_table_read(&table, store, study, metric, by, err);
	if (rc == FED_OK)
		fed__show_study_table(shell, &table);
	fed_study_table_release(&table);
	return rc ? FED_FAIL : FED_OK;
}

/* Tables of metrics joined by commas. */
static int show_metrics(struct fed_shell *shell, struct fed_store *store,
                        const struct fed_stored_study *study, const char *names, const char *by,
                        struct fed_error *err)
{
	for (const char *at = *names ? names : "accuracy";; at++) {
		const size_t len = strcspn(at, ",");
		char name[64];

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		if (show_metric(shell, store, study, name, by, err))
			return FED_FAIL;
		at += len;
		if (!*at)
			return FED_OK;
	}
}

static int show_table(struct fed_shell *shell, const struct fed_study_args *a,
                      struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;
	const char *metrics, *by;
	char words[sizeof a->words];

	memcpy(words, a->words, sizeof words);
	if (fed__read_study_words(words, &metrics, &by, err) ||
	    fed__open_study(&store, FED_STORE_LOOK, a->name, &study, err))
		return FED_FAIL;
	const int rc = show_metrics(shell, store, &study, *metrics ? metrics : a->metrics, by, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

static void say_state(struct fed_shell *shell, const struct fed_stored_study *study)
{
	fed__print(shell, "study %s: %s of %s run%s", study->name, fed_count((double)study->played).s,
	           fed_count((double)study->cells).s, study->cells == 1 ? "" : "s");
	if (study->failed)
		fed__print(shell, ", %s failed (`runs %s` says why)", fed_count((double)study->failed).s,
		           study->name);
	fed__print(shell, "; %s round%s each%s%s\n", fed_count((double)study->rounds).s,
	           study->rounds == 1 ? "" : "s", *study->until ? " at most, until " : "",
	           study->until);
}

static int show_state(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;

	if (fed__open_study(&store, FED_STORE_LOOK, name, &study, err))
		return FED_FAIL;
	say_state(shell, &study);
	fed__print(shell, "{ %s }\n", study.factors);
	if (study.played < study.cells)
		fed__print(shell, "`study %s continue` makes those that are missing\n", name);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return FED_OK;
}

static int show_all(struct fed_shell *shell, struct fed_error *err)
{
	bool some;

	if (fed__list_studies(shell, &some, err))
		return FED_FAIL;
	if (!some)
		fed__print(shell, "no studies are kept; `study NAME { lr = 0.01, 0.1; seed = 1..5 }` runs "
		                  "one\n");
	return FED_OK;
}

/* Running -------------------------------------------------------------------------------- */

/* What the progress of a study that runs on another session passes on. */
struct study_front {
	struct fed_shell *shell;
	struct fed_session *session;
};

static void report_progress(void *ctx)
{
	const struct study_front *r = ctx;
	const atomic_int *from = fed_session_interrupts(r->shell->session);

	fed__progress_trials(r->shell);
	while (r->session != r->shell->session &&
	       atomic_load(from) > atomic_load(fed_session_interrupts(r->session)))
		fed_session_interrupt(r->session);
}

static int play(struct fed_shell *shell, struct fed_study *study, struct fed_session *session,
                const char *metrics, struct fed_error *err)
{
	struct study_front running = {shell, session};
	bool interrupted = false;

	fed__progress_begin_trials(
		shell, &study->trials, "runs",
		*study->stored.until ? 0 : (double)study->stored.rounds * (double)study->trials.n,
		fed__job_is_here() || isatty(fileno(shell->out)));
	const int rc = fed_study_play(study, report_progress, &running, &interrupted, err);
	fed__progress_end(shell);
	if (rc) {
		shell->fault = FED_EXIT_IO;
		return rc;
	}
	struct fed_stored_study now;
	if (fed_store_find(study->store, study->stored.name, &now, err))
		return FED_FAIL;
	say_state(shell, &now);
	const int shown = show_metrics(shell, study->store, &now, metrics, "", err);
	fed_stored_study_release(&now);
	if (shown)
		return shown;
	if (interrupted) {
		fed__print(shell, "stopped; `study %s continue` goes on\n", study->stored.name);
		shell->fault = FED_EXIT_INTERRUPTED;
		fed__signals_interrupted();
	}
	return fed_trials_check_outcomes(&study->trials, "runs", err);
}

/* Run a plan on a session, which is started for it. */
static int run_plan(struct fed_shell *shell, struct fed_store *store, struct fed_session *session,
                    const struct fed_study_plan *plan, const char *metrics, struct fed_error *err)
{
	struct fed_study study = {0};

	int rc = fed_session_start(session, err);
	if (rc == FED_OK)
		rc = fed_study_open(&study, store, session, plan, err);
	if (rc == FED_OK)
		rc = play(shell, &study, session, metrics, err);
	fed_study_close(&study);
	return rc;
}

/* Choose the first level where the session lacks what a factor varies: no default is told then that
 * no run has.  A level that cannot be is refused later, with its name. */
static void choose_first_levels(struct fed_session *s, const char *text)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct {
		const char *key;
		bool chosen;
		int (*choose)(struct fed_session *, const char *, const struct fed_assign *, size_t,
		              struct fed_error *);
	} rows[] = {
		{"model", parts->model.entry, fed_session_model},
		{"aggregator", parts->aggregator.entry, fed_session_aggregator},
		{"transport", parts->transport.entry, fed_session_transport},
	};
	struct fed_factors factors = {0};
	struct fed_error unused;

	if (fed_factors_parse(&factors, text, &unused))
		return;
	for (size_t i = 0; i < factors.n; i++)
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			struct fed_assign assign[FED_COLONS_MAX];
			const char *name;
			size_t n;

			if (!rows[k].chosen && fed_same_name(factors.factor[i].key, rows[k].key) &&
			    fed_assign_cut(factors.factor[i].level[0], &name, assign, &n, &unused) == FED_OK)
				rows[k].choose(s, name, assign, n, &unused);
		}
	fed_factors_release(&factors);
}

static int begin_study(struct fed_shell *shell, const struct fed_study_args *a,
                       struct fed_error *err)
{
	struct fed_session *s = shell->session;
	char factors[sizeof a->what];
	struct fed_text snapshot = {0}, commands = {0};
	struct fed_store *store;
	const struct fed_field *unused;

	if (fed_session_status(s).clients == 0)
		return fed_fail(err, "there are no clients; `add-client 10` makes some");
	if (fed_study_check_name(a->name, err) || fed_session_check_closed(s, err) ||
	    fed_session_check_copies(s, err) ||
	    (*a->metrics && !strchr(a->metrics, ',') && fed_metric_find(a->metrics, &unused, err)))
		return FED_FAIL;
	const size_t n = strlen(a->what);
	snprintf(factors, sizeof factors, "%.*s", (int)(n - 2), a->what + 1);
	if (fed__open_store(&store, FED_STORE_MAKE, err)) {
		shell->fault = FED_EXIT_IO;
		return FED_FAIL;
	}
	choose_first_levels(s, factors);
	int rc = fed_session_start(s, err);
	if (rc == FED_OK)
		rc = fed_snapshot_take(s, &snapshot, err);
	fed__share_commands(shell, "\n", &commands);
	const struct fed_study_plan plan = {.name = a->name,
	                                    .factors = factors,
	                                    .until = a->until,
	                                    .rounds = (uint64_t)a->rounds,
	                                    .program = FED_VERSION,
	                                    .snapshot = &snapshot,
	                                    .commands = fed_text_str(&commands)};
	if (rc == FED_OK)
		rc = run_plan(shell, store, s, &plan, a->metrics, err);
	fed_text_release(&snapshot);
	fed_text_release(&commands);
	fed_store_close(store);
	return rc;
}

/* The folder of the built-in plugins, from the path of one. */
static bool put_plugin_folder(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_entry *e;

	for (size_t i = 0; (e = fed_registry_at(fed_session_plugins(s), FED_KIND_AGGREGATOR, i)); i++) {
		const char *slash = e->builtin ? strrchr(e->path, '/') : NULL;

		if (!slash)
			continue;
		fed_text_put(out, e->path, (size_t)(slash - e->path));
		return !out->failed;
	}
	return false;
}

/* A session as it was when the study began. */
static int restore_session(struct fed_session **out, const struct fed_shell *shell,
                           struct fed_store *store, int64_t study, struct fed_error *err)
{
	const struct fed_guard *guard = fed_registry_guard_of(fed_session_plugins(shell->session));
	struct fed_text folder = {0}, snapshot = {0};
	int rc;

	*out = NULL;
	if (!put_plugin_folder(shell->session, &folder))
		rc = fed_fail(err, "the built-in plugins are not found");
	else
		rc = fed_session_new(out, folder.s, (struct fed_sink){0}, err);
	if (rc == FED_OK && guard && guard->program)
		rc = fed_session_guard(*out, guard->program, err);
	if (rc == FED_OK)
		rc = fed_store_snapshot(store, study, &snapshot, err);
	if (rc == FED_OK)
		rc = fed_snapshot_restore(*out, &snapshot, err);
	fed_text_release(&folder);
	fed_text_release(&snapshot);
	if (rc == FED_OK)
		return FED_OK;
	fed_session_free(*out);
	*out = NULL;
	return FED_FAIL;
}

static int continue_study(struct fed_shell *shell, const struct fed_study_args *a,
                          struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_session *session;
	struct fed_store *store;

	if (fed__open_study(&store, FED_STORE_CHANGE, a->name, &study, err))
		return FED_FAIL;
	int rc = restore_session(&session, shell, store, study.id, err);
	const struct fed_study_plan plan = {.name = study.name,
	                                    .factors = study.factors,
	                                    .until = study.until,
	                                    .rounds = study.rounds,
	                                    .program = FED_VERSION};
	if (rc == FED_OK)
		rc = run_plan(shell, store, session, &plan, a->metrics, err);
	fed_session_free(session);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

int fed__delete_study(struct fed_shell *shell, struct fed_store *store,
                      const struct fed_stored_study *study, struct fed_error *err)
{
	if (fed_store_lock(store, study, err))
		return FED_FAIL;
	const int rc = fed_store_remove(store, study->id, err);
	fed_store_unlock(store, study);
	if (rc == FED_OK)
		fed__print(shell, "study %s is deleted with its %s run%s\n", study->name,
		           fed_count((double)study->played).s, study->played == 1 ? "" : "s");
	return rc;
}

static int delete_named(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;

	if (fed__open_study(&store, FED_STORE_CHANGE, name, &study, err))
		return FED_FAIL;
	const int rc = fed__delete_study(shell, store, &study, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

int fed__run_study(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_study_args *a = call->args;
	const bool table = strcmp(a->what, "table") == 0;

	if (!*a->name)
		return show_all(shell, err);
	if (*a->name == '{')
		return fed_fail(err, "a study needs a name before its factors: `study NAME { lr = 0.01, "
		                     "0.1 }`");
	if (!*a->what)
		return show_state(shell, a->name, err);
	if (*a->words && !table)
		return fed_fail(err, "unexpected argument %s; `help study` shows what it takes",
		                fed_show(a->words).s);
	if (table)
		return show_table(shell, a, err);
	if (shell->own.readonly)
		return fed_fail(err, "is refused: readonly is on, and studies are kept in a file");
	if (*a->what == '{')
		return begin_study(shell, a, err);
	if (strcmp(a->what, "continue") == 0)
		return continue_study(shell, a, err);
	if (strcmp(a->what, "delete") == 0)
		return delete_named(shell, a->name, err);
	return fed_fail(err,
	                "%s is neither { FACTORS } nor table, continue or delete; `help study` shows "
	                "examples",
	                fed_show(a->what).s);
}
