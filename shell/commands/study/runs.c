/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/runs.c - the command `runs`: runs that the session keeps, and those of
 * studies.
 */
#include "shell/commands/study/runs.h"

#include <math.h>
#include <string.h>

#include "history/kept_runs.h"
#include "shell/commands/look/kept.h"
#include "shell/commands/study/study.h"
#include "shell/output/print.h"

#define P struct fed_runs_args
const struct fed_field fed__runs_rows[] = {
	FED_ARG_TEXT(P, what, FED_FIELD_POSITIONAL, "study",
                 "a study, whose runs are listed; delete; without it all that is kept"),
	FED_ARG_TEXT(P, which, FED_FIELD_POSITIONAL, "kept-run",
                 "after delete: a kept run, a study, or STUDY/NUMBER"),
	FED_END,
};
#undef P

bool fed__runs_look(const struct fed_words *words)
{
	return words->n < 2 || strcmp(fed__words_at(words, 1), "delete") != 0;
}

/* All ------------------------------------------------------------------------------------ */

static int list_all(struct fed_shell *shell, struct fed_error *err)
{
	const struct fed_runs *kept = fed_session_kept_runs(shell->session);
	bool some;

	if (kept->n)
		fed__list_kept(shell, kept);
	if (fed__list_studies(shell, &some, err))
		return FED_FAIL;
	if (!kept->n && !some)
		fed__print(shell, "no runs are kept; `keep NAME` keeps this one, `study NAME { lr = 0.01, "
		                  "0.1 }` runs and keeps several\n");
	return FED_OK;
}

/* Of a study ----------------------------------------------------------------------------- */

/* The table while runs are read. */
struct runs_listing {
	struct fed_table *table;
	struct fed_store *store;
	const struct fed_factors *factors;
	struct fed_text why; /* lines below the table */
	struct fed_error *err;
	int rc;
};

static bool list_run(void *ctx, const struct fed_stored_run *run)
{
	struct runs_listing *l = ctx;
	struct fed_history h = {0};

	l->rc = fed_store_history(l->store, run->id, &h, l->err);
	if (l->rc)
		return false;
	const struct fed_record *last = h.n ? &h.record[h.n - 1] : NULL;
	fed__table_integer(l->table, run->cell);
	for (size_t i = 0; i < l->factors->n; i++) {
		const struct fed_factor *f = &l->factors->factor[i];

		fed__table_cell(l->table, "%s",
		                f->level[fed_factors_level(l->factors, (size_t)run->cell, i)]);
	}
	if (*run->why)
		fed__table_cell(l->table, "failed");
	else
		fed__table_integer(l->table, run->rounds);
	fed__table_share(l->table, last ? last->test_accuracy : NAN);
	fed__table_real(l->table, last ? last->test_loss : NAN, "%#.4g");
	fed__table_seconds(l->table, run->seconds);
	if (*run->why)
		fed_text_add(&l->why, "%llu (%s): %s\n", (unsigned long long)run->cell, run->levels,
		             run->why);
	fed_history_release(&h);
	return true;
}

static int list_runs(struct fed_shell *shell, struct fed_store *store,
                     const struct fed_stored_study *study, struct fed_error *err)
{
	struct fed_table_column column[FED_FACTORS_MAX + 5] = {
		{.title = "run", .kind = FED_CELL_NUMBER}};
	const struct fed_table_column figures[] = {
		{.title = "rounds", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "accuracy", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "time", .kind = FED_CELL_NUMBER, .rank = 3, .key = "seconds"},
	};
	struct fed_factors factors = {0};
	struct fed_table table = {.name = "runs", .column = column};
	struct runs_listing l = {.table = &table, .store = store, .factors = &factors, .err = err};

	if (fed_factors_parse(&factors, study->factors, err))
		return FED_FAIL;
	for (size_t i = 0; i < factors.n; i++)
		column[1 + i] = (struct fed_table_column){.title = factors.factor[i].key};
	memcpy(&column[1 + factors.n], figures, sizeof figures);
	table.columns = 1 + factors.n + 4;
	int rc = fed_store_each_run(store, study->id, list_run, &l, err);
	rc = rc ? rc : l.rc;
	if (rc == FED_OK && table.n)
		fed__table_print(shell, &table);
	else
		fed__table_release(&table);
	if (rc == FED_OK)
		fed__print(shell, "%s", fed_text_str(&l.why));
	if (rc == FED_OK && study->played < study->cells)
		fed__print(shell, "%s of %s runs are made; `study %s continue` makes the others\n",
		           fed_count((double)study->played).s, fed_count((double)study->cells).s,
		           study->name);
	fed_text_release(&l.why);
	fed_factors_release(&factors);
	return rc;
}

static int list_study(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	struct fed_stored_study study;
	struct fed_store *store;

	if (strchr(name, '/'))
		return fed_fail(err,
		                "%s names one run; `runs %.*s` lists those of its study, `diff %s "
		                "now` compares it",
		                fed_show(name).s, (int)strcspn(name, "/"), name, fed_show(name).s);
	if (fed__open_study(&store, FED_STORE_LOOK, name, &study, err))
		return FED_FAIL;
	const int rc = list_runs(shell, store, &study, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

/* Deletion ------------------------------------------------------------------------------- */

static bool is_kept(const struct fed_session *s, const char *name)
{
	const struct fed_runs *kept = fed_session_kept_runs(s);

	for (size_t i = 0; i < kept->n; i++)
		if (strcmp(kept->run[i].name, name) == 0)
			return true;
	return false;
}

static int delete_run(struct fed_shell *shell, struct fed_store *store,
                      const struct fed_stored_study *study, const char *number,
                      struct fed_error *err)
{
	long long cell;

	if (!fed_parse_int(number, &cell) || cell < 0 || (uint64_t)cell >= study->cells)
		return fed_fail(err, "%s is not the number of a run of %s; `runs %s` lists them",
		                fed_show(number).s, study->name, study->name);
	if (fed_store_lock(store, study, err))
		return FED_FAIL;
	const int rc = fed_store_remove_run(store, study->id, (uint64_t)cell, err);
	fed_store_unlock(store, study);
	if (rc == FED_REJECT)
		return fed_fail(err, "run %lld of study %s is not made yet; `study %s continue` makes it",
		                cell, study->name, study->name);
	if (rc == FED_OK)
		fed__print(shell, "run %lld of study %s is deleted; `study %s continue` makes it again\n",
		           cell, study->name, study->name);
	return rc;
}

/* A study, or the run of it behind the slash. */
static int delete_stored(struct fed_shell *shell, const char *which, struct fed_error *err)
{
	const char *slash = strchr(which, '/');
	struct fed_stored_study study;
	struct fed_store *store;
	char name[64];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(which, "/"), which);
	if (fed__open_study(&store, FED_STORE_CHANGE, name, &study, err))
		return FED_FAIL;
	const int rc = slash ? delete_run(shell, store, &study, slash + 1, err)
	                     : fed__delete_study(shell, store, &study, err);
	fed_stored_study_release(&study);
	fed_store_close(store);
	return rc;
}

int fed__run_runs(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_runs_args *a = call->args;

	shell->aside = true; /* the session stays, but for its kept runs */
	if (!*a->what)
		return list_all(shell, err);
	if (strcmp(a->what, "delete") != 0)
		return *a->which ? fed_fail(err, "unexpected argument %s; `help runs` shows examples",
		                            fed_show(a->which).s)
		                 : list_study(shell, a->what, err);
	if (!*a->which)
		return fed_fail(err,
		                "delete what? A kept run, a study, or STUDY/NUMBER; `runs` lists them");
	if (is_kept(shell->session, a->which)) {
		shell->aside = false;
		if (fed_session_drop_run(shell->session, a->which, err))
			return FED_FAIL;
		fed__print(shell, "run %s is kept no more\n", a->which);
		return FED_OK;
	}
	if (shell->own.readonly)
		return fed_fail(err, "is refused: readonly is on, and studies are kept in a file");
	return delete_stored(shell, a->which, err);
}
