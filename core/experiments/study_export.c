/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_export.c - the table of a study's rounds.
 */
#include "experiments/study_export.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "experiments/factors.h"
#include "report/composition_text.h"
#include "report/tidy.h"

/* A table that is written while runs are read: first the keys of all, then the rows. */
struct export_writing {
	struct fed_tidy tidy;
	struct fed_store *store;
	const struct fed_stored_study *study;
	struct fed_factors factors;
	bool keys; /* of the runs are gathered */
	struct fed_text about, composition;
	size_t rows;
	struct fed_error *err;
	int rc;
};

/* What is said of a run in each of its rows. */
static void put_about(const struct export_writing *w, const struct fed_stored_run *run,
                      struct fed_text *out)
{
	fed_text_clear(out);
	fed_text_add(out, "study=%s\nrun=%llu\n", w->study->name, (unsigned long long)run->cell);
	for (size_t i = 0; i < w->factors.n; i++) {
		const struct fed_factor *f = &w->factors.factor[i];

		fed_text_add(out, "factor.%s=%s\n", f->key,
		             f->level[fed_factors_level(&w->factors, (size_t)run->cell, i)]);
	}
	if (*w->study->until)
		fed_text_add(out, "reached=%s\n", run->reached ? "yes" : "no");
	if (w->keys || *run->why) {
		fed_text_add(out, "failed=");
		fed_text_put_clean(out, run->why, strlen(run->why), true);
		fed_text_add(out, "\n");
	}
}

static int add_rows(struct export_writing *w, const struct fed_stored_run *run,
                    const struct fed_composition_log *log)
{
	struct fed_history h = {0};

	int rc = fed_store_history(w->store, run->id, &h, w->err);
	if (rc == FED_OK)
		rc = fed_tidy_add_run(&w->tidy, fed_text_str(&w->about), &h, log, w->err);
	w->rows += h.n;
	fed_history_release(&h);
	return rc;
}

static bool take_run(void *ctx, const struct fed_stored_run *run)
{
	struct export_writing *w = ctx;
	struct fed_composition_log log = {0};

	fed_text_clear(&w->composition);
	fed_composition_join(run->program, run->composition, run->plugins, &w->composition);
	put_about(w, run, &w->about);
	w->rc = w->composition.failed || w->about.failed
	            ? fed_fail(w->err, "out of memory (the composition of a run)")
	            : fed_composition_log_note(&log, 1, fed_text_str(&w->composition), w->err);
	if (w->rc == FED_OK)
		w->rc = w->keys ? fed_tidy_add_keys(&w->tidy, fed_text_str(&w->about), &log, w->err)
		                : add_rows(w, run, &log);
	fed_composition_log_release(&log);
	return w->rc == FED_OK;
}

static int write_twice(struct export_writing *w, struct fed_error *err)
{
	w->keys = true;
	if (fed_store_each_run(w->store, w->study->id, take_run, w, err) || w->rc ||
	    fed_tidy_begin(&w->tidy, err))
		return FED_FAIL;
	w->keys = false;
	return fed_store_each_run(w->store, w->study->id, take_run, w, err) || w->rc ? FED_FAIL
	                                                                             : FED_OK;
}

/* The same runs both times, also while another program adds some. */
static int write_runs(struct export_writing *w, struct fed_error *err)
{
	struct fed_error unused;

	if (fed__store_freeze(w->store, true, err))
		return FED_FAIL;
	const int rc = write_twice(w, err);
	fed__store_freeze(w->store, false, &unused);
	return rc;
}

static int write_table(struct fed_store *store, const struct fed_stored_study *study,
                       const char *path, bool json, size_t *rows, struct fed_error *err)
{
	struct fed_file_writer file;
	struct export_writing w = {.store = store, .study = study, .err = err};

	if (fed_factors_parse(&w.factors, study->factors, err))
		return FED_FAIL;
	int rc = fed_file_open(&file, path, err);
	if (rc == FED_OK) {
		w.tidy.file = &file;
		w.tidy.json = json;
		rc = write_runs(&w, err);
		if (rc)
			fed_file_abandon(&file);
		else
			rc = fed_file_commit(&file, err);
	}
	*rows = w.rows;
	fed_tidy_release(&w.tidy);
	fed_text_release(&w.about);
	fed_text_release(&w.composition);
	fed_factors_release(&w.factors);
	return rc ? FED_FAIL : FED_OK;
}

int fed_study_export(struct fed_store *store, const struct fed_stored_study *study,
                     const char *path, size_t *rows, struct fed_error *err)
{
	const char *dot = strrchr(path, '.');
	const bool json = dot && strcasecmp(dot, ".jsonl") == 0;
	struct fed_text expanded = {0};

	if (!json && !(dot && strcasecmp(dot, ".csv") == 0))
		return fed_reject(err, "%s: the rounds of a study are written as .csv or .jsonl",
		                  fed_show(path).s);
	fed_path_expand(path, &expanded);
	const int rc = expanded.failed
	                   ? fed_fail(err, "out of memory (a path)")
	                   : write_table(store, study, fed_text_str(&expanded), json, rows, err);
	fed_text_release(&expanded);
	return rc;
}
