/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_page.c - the page of a study.
 */
#include "experiments/study_page.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "experiments/study_figure.h"
#include "report/composition_text.h"
#include "report/page/markup.h"
#include "report/page/sections.h"

#define WIDTH (17 * FED_POINTS_PER_CM)

enum { RUNS_MOST = 500, METRICS_MOST = 8 };

/* A page that is being written. */
struct page_writing {
	const struct fed_study_page *page;
	struct fed_store *store;
	const struct fed_stored_study *study;
	struct fed_factors factors;
	const struct fed_field *metric[METRICS_MOST];
	size_t metrics;
	struct fed_text programs, plugins; /* of all runs, each once, a line each */
	size_t runs;
	struct fed_text *out;
	struct fed_error *err;
	int rc;
};

static void put_paragraph(struct fed_text *out, const char *attributes, const struct fed_text *text)
{
	fed_text_add(out, "<p%s>", attributes);
	fed_text_put_markup(out, fed_text_str(text));
	fed_text_add(out, "</p>\n");
	out->failed = out->failed || text->failed;
}

static void put_value(const struct page_writing *w, const struct fed_field *metric, double x)
{
	struct fed_text text = {0};

	if (!isnan(x))
		fed_metric_put(metric, x, &text);
	fed_page_number(w->out, isnan(x) ? "-" : fed_text_str(&text));
	w->out->failed = w->out->failed || text.failed;
	fed_text_release(&text);
}

static void put_count(const struct page_writing *w, size_t n)
{
	fed_page_number(w->out, fed_count((double)n).s);
}

/* Beginning ------------------------------------------------------------------------------- */

static void put_lead(const struct page_writing *w)
{
	const struct fed_stored_study *s = w->study;
	struct fed_text text = {0};

	fed_text_add(&text, "%s of %s run%s", fed_count((double)s->played).s,
	             fed_count((double)s->cells).s, s->cells == 1 ? "" : "s");
	if (s->failed)
		fed_text_add(&text, ", %s of them failed", fed_count((double)s->failed).s);
	fed_text_add(&text, "; %s round%s each%s%s; begun %s. Written by %s.",
	             fed_count((double)s->rounds).s, s->rounds == 1 ? "" : "s",
	             *s->until ? " at most, until " : "", s->until, s->began, w->page->program);
	put_paragraph(w->out, " class=\"lead\"", &text);
	fed_text_release(&text);
}

static void put_factors(const struct page_writing *w)
{
	static const char *const titles[] = {"factor", "levels"};
	struct fed_text text = {0};

	fed_page_heading(w->out, "Factors");
	fed_page_table(w->out, titles, 2);
	for (size_t i = 0; i < w->factors.n; i++) {
		const struct fed_factor *f = &w->factors.factor[i];

		fed_text_clear(&text);
		for (size_t k = 0; k < f->n; k++)
			fed_text_add(&text, "%s%s", k ? " | " : "", f->level[k]);
		fed_page_cell(w->out, f->key);
		fed_page_cell(w->out, fed_text_str(&text));
		fed_page_row(w->out);
	}
	fed_page_table_end(w->out);
	w->out->failed = w->out->failed || text.failed;
	fed_text_release(&text);
}

/* Results --------------------------------------------------------------------------------- */

static const char *const group_titles[] = {"mean", "sd",   "runs", "difference",
                                           "low",  "high", "pairs"};
enum { GROUP_TITLES = sizeof group_titles / sizeof *group_titles };

static void put_group(const struct page_writing *w, const struct fed_study_table *t, size_t i)
{
	const struct fed_study_group *g = &t->group[i];
	struct fed_text mean = {0};

	if (t->by.n)
		fed_page_cell(w->out, t->factors.factor[t->by.factor[0]].level[i % t->columns]);
	for (size_t k = 1; k < t->by.n; k++)
		fed_page_cell(w->out, fed_study_row_level(t, i / t->columns, k));
	if (!isnan(g->mean))
		fed_metric_put(t->metric, g->mean, &mean);
	fed_text_add(&mean, "%s%s", isnan(g->mean) ? "-" : "", g->best ? " *" : "");
	fed_page_number(w->out, fed_text_str(&mean));
	put_value(w, t->metric, g->sd);
	put_count(w, g->n);
	put_value(w, t->metric, g->difference);
	put_value(w, t->metric, g->low);
	put_value(w, t->metric, g->high);
	put_count(w, g->pairs);
	fed_page_row(w->out);
	fed_text_release(&mean);
}

static void put_table(const struct page_writing *w, const struct fed_study_table *t)
{
	const char *titles[FED_FACTORS_MAX + GROUP_TITLES];
	struct fed_text text = {0};

	fed_field_key(t->metric, &text);
	fed_text_add(&text,
	             ": mean and standard deviation (sd) over the runs of each group; * is the "
	             "best%s. Difference: to the best, over pairs of runs that agree in all "
	             "else, with its %g %% confidence interval, Student's t (low, high).",
	             t->rows > 1 ? " of those that agree in the other factors" : "",
	             100 * FED_CONFIDENCE);
	if (t->missing)
		fed_text_add(&text, " Runs that are missing: %s.", fed_count((double)t->missing).s);
	if (t->failed)
		fed_text_add(&text, " Failed: %s.", fed_count((double)t->failed).s);
	put_paragraph(w->out, "", &text);
	for (size_t k = 0; k < t->by.n; k++)
		titles[k] = t->factors.factor[t->by.factor[k]].key;
	memcpy(titles + t->by.n, group_titles, sizeof group_titles);
	fed_page_table(w->out, titles, t->by.n + GROUP_TITLES);
	for (size_t i = 0; i < t->rows * t->columns; i++)
		put_group(w, t, i);
	fed_page_table_end(w->out);
	fed_text_release(&text);
}

static int put_results(const struct page_writing *w)
{
	int rc = FED_OK;

	fed_page_heading(w->out, "Results");
	for (size_t i = 0; rc == FED_OK && i < w->metrics; i++) {
		struct fed_study_table table = {0};

		rc = fed_study_table_read(&table, w->store, w->study, w->metric[i], w->page->by, w->err);
		if (rc == FED_OK)
			put_table(w, &table);
		fed_study_table_release(&table);
	}
	return rc;
}

/* Figures --------------------------------------------------------------------------------- */

static int put_curves(const struct page_writing *w, const struct fed_field *metric,
                      const struct fed_study_curves *curves)
{
	struct fed_text label = {0}, caption = {0};
	struct fed_drawing d = {.width = WIDTH, .height = WIDTH / 2};
	int rc = FED_OK;

	fed_field_key(metric, &label);
	fed_text_add(&caption, "%s: ", fed_text_str(&label));
	fed_study_curves_put(curves, true, &caption);
	d.title = fed_text_str(&caption);
	const struct fed_plot plot = {.x_label = "round",
	                              .y_label = fed_text_str(&label),
	                              .series = curves->series,
	                              .n = curves->n};
	if (curves->n)
		rc = fed_plot_draw(&plot, &d, NULL, w->err);
	if (rc == FED_OK && curves->n)
		fed_page_figure(w->out, &d, fed_text_str(&caption));
	w->out->failed = w->out->failed || d.failed || caption.failed;
	fed_drawing_release(&d);
	fed_text_release(&label);
	fed_text_release(&caption);
	return rc;
}

/* Curves of all groups, or by the first factor alone where those are too many. */
static int put_figure(const struct page_writing *w, const struct fed_field *metric)
{
	struct fed_study_bands bands = {0};
	struct fed_study_curves curves = {.n = 0};
	struct fed_study_by by;
	size_t groups = 1;

	if (fed__study_by_parse(&by, &w->factors, w->page->by, w->err))
		return FED_FAIL;
	for (size_t k = 0; k < by.n; k++)
		groups *= w->factors.factor[by.factor[k]].n;
	const bool some = groups <= FED_SERIES_MAX;
	if (!some && w->factors.factor[by.factor[0]].n > FED_SERIES_MAX)
		return FED_OK;
	int rc = fed_study_bands_read(&bands, w->store, w->study, metric,
	                              some ? w->page->by : w->factors.factor[by.factor[0]].key, w->err);
	if (rc == FED_OK)
		rc = fed_study_curves_init(&curves, &bands, metric, w->err);
	if (rc == FED_OK)
		rc = put_curves(w, metric, &curves);
	fed_study_curves_release(&curves);
	fed_study_bands_release(&bands);
	return rc;
}

/* Runs ------------------------------------------------------------------------------------ */

/* Append lines that the text lacks. */
static void add_lines(struct fed_text *text, const char *lines)
{
	for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
		const char *at = fed_text_str(text);

		n = strcspn(lines, "\n");
		while (*at && (strcspn(at, "\n") != n || memcmp(at, lines, n) != 0))
			at += strcspn(at, "\n") + 1;
		if (*at)
			continue;
		fed_text_put(text, lines, n);
		fed_text_add(text, "\n");
	}
}

static void put_run(const struct page_writing *w, const struct fed_stored_run *run,
                    const struct fed_history *h)
{
	struct fed_text seconds = {0};
	struct fed_record total;

	put_count(w, (size_t)run->cell);
	for (size_t i = 0; i < w->factors.n; i++)
		fed_page_cell(
			w->out,
			w->factors.factor[i].level[fed_factors_level(&w->factors, (size_t)run->cell, i)]);
	put_count(w, (size_t)run->rounds);
	if (h->n)
		fed_history_total(h, &total);
	for (size_t i = 0; i < w->metrics; i++)
		put_value(w, w->metric[i], h->n ? fed_metric_value(w->metric[i], &total) : NAN);
	fed_text_seconds(&seconds, run->seconds);
	fed_page_number(w->out, fed_text_str(&seconds));
	fed_page_cell(w->out, *run->why           ? run->why
	                      : !*w->study->until ? ""
	                      : run->reached      ? "reached"
	                                          : "not reached");
	fed_page_row(w->out);
	fed_text_release(&seconds);
}

static bool take_run(void *ctx, const struct fed_stored_run *run)
{
	struct page_writing *w = ctx;
	struct fed_history h = {0};

	add_lines(&w->programs, run->program);
	add_lines(&w->plugins, run->plugins);
	if (w->runs++ >= RUNS_MOST)
		return true;
	w->rc = fed_store_history(w->store, run->id, &h, w->err);
	if (w->rc == FED_OK)
		put_run(w, run, &h);
	fed_history_release(&h);
	return w->rc == FED_OK;
}

static int put_runs(struct page_writing *w)
{
	const char *titles[FED_FACTORS_MAX + METRICS_MOST + 4] = {"run"};
	struct fed_text key[METRICS_MOST] = {{0}}, note = {0};
	size_t n = 1;

	fed_page_heading(w->out, "Runs");
	for (size_t i = 0; i < w->factors.n; i++)
		titles[n++] = w->factors.factor[i].key;
	titles[n++] = "rounds";
	for (size_t i = 0; i < w->metrics; i++) {
		fed_field_key(w->metric[i], &key[i]);
		titles[n++] = fed_text_str(&key[i]);
	}
	titles[n++] = "time";
	titles[n++] = "end";
	fed_page_table(w->out, titles, n);
	int rc = fed_store_each_run(w->store, w->study->id, take_run, w, w->err);
	fed_page_table_end(w->out);
	if (w->runs > RUNS_MOST) {
		fed_text_add(&note, "The first %d of %s; `export FILE.csv study=%s` writes all.", RUNS_MOST,
		             fed_count((double)w->runs).s, w->study->name);
		put_paragraph(w->out, "", &note);
	}
	fed_text_release(&note);
	for (size_t i = 0; i < w->metrics; i++)
		fed_text_release(&key[i]);
	return rc ? rc : w->rc;
}

/* Composition ----------------------------------------------------------------------------- */

static void put_faults(const struct page_writing *w)
{
	static const char *const titles[] = {"fault", "what, on which clients, in which versions"};
	struct fed_composition_line line;
	struct fed_text part = {0};
	bool some = false;

	for (const char *rest = w->study->composition; fed_composition_next(&rest, &line);) {
		if (strncmp(line.key, "fault-", 6) != 0)
			continue;
		if (!some) {
			fed_page_heading(w->out, "Faults");
			fed_page_table(w->out, titles, 2);
		}
		some = true;
		fed_text_clear(&part);
		fed_text_put(&part, line.key + 6, line.key_bytes - 6);
		fed_page_cell(w->out, fed_text_str(&part));
		fed_text_clear(&part);
		fed_text_put(&part, line.value, line.value_bytes);
		fed_page_cell(w->out, fed_text_str(&part));
		fed_page_row(w->out);
	}
	if (some)
		fed_page_table_end(w->out);
	w->out->failed = w->out->failed || part.failed;
	fed_text_release(&part);
}

static void put_versions(const struct page_writing *w)
{
	struct fed_text text = {0};

	fed_page_heading(w->out, "Versions");
	fed_text_add(&text, "The runs were made by");
	for (const char *at = fed_text_str(&w->programs); *at; at += strcspn(at, "\n") + 1)
		fed_text_add(&text, "%s fedsh %.*s", at == fed_text_str(&w->programs) ? "" : ",",
		             (int)strcspn(at, "\n"), at);
	fed_text_add(&text, ". A plugin that is there twice was changed between two runs.");
	put_paragraph(w->out, "", &text);
	fed_page_put_plugins(w->out, fed_text_str(&w->plugins));
	w->out->failed = w->out->failed || w->programs.failed || w->plugins.failed;
	fed_text_release(&text);
}

static void put_repeat(const struct page_writing *w)
{
	const struct fed_stored_study *s = w->study;
	struct fed_text text = {0};

	fed_page_heading(w->out, "How to repeat it");
	if (*s->commands)
		fed_text_add(w->out, "<p>These commands make the session and its runs: the same bits on "
		                     "the same kind of processor, with any number of threads.</p>\n");
	else
		fed_text_add(w->out, "<p>The commands that made the session were not kept; it is "
		                     "described above. The study is this line.</p>\n");
	if (*s->commands)
		fed_text_add(&text, "%s\n", s->commands);
	fed_text_add(&text, "study %s { %s } rounds=%llu", s->name, s->factors,
	             (unsigned long long)s->rounds);
	if (*s->until)
		fed_text_add(&text, strpbrk(s->until, " ;") ? " until=\"%s\"" : " until=%s", s->until);
	fed_text_add(w->out, "<pre>");
	fed_text_put_markup(w->out, fed_text_str(&text));
	fed_text_add(w->out, "</pre>\n");
	w->out->failed = w->out->failed || text.failed;
	fed_text_release(&text);
}

/* Metrics --------------------------------------------------------------------------------- */

static bool find_value(void *ctx, uint64_t cell, uint64_t round, double value)
{
	(void)cell, (void)round;
	*(bool *)ctx |= !isnan(value);
	return !*(bool *)ctx;
}

/* The metrics that were asked for, or those of the default ones that some run has. */
static int choose_metrics(struct page_writing *w)
{
	const bool given = w->page->metrics && *w->page->metrics;

	for (const char *at = given ? w->page->metrics : "accuracy,loss,clients-accuracy"; *at;) {
		const size_t n = strcspn(at, ",");
		const struct fed_field *metric;
		char name[64];
		bool some = given;

		snprintf(name, sizeof name, "%.*s", (int)n, at);
		if (w->metrics == METRICS_MOST)
			return fed_fail(w->err, "at most %d metrics fit a page", METRICS_MOST);
		if (fed_metric_find(name, &metric, w->err) ||
		    (!given &&
		     fed__store_figures(w->store, w->study->id, metric, find_value, &some, w->err)))
			return FED_FAIL;
		if (some)
			w->metric[w->metrics++] = metric;
		at += n + (at[n] == ',');
	}
	return FED_OK;
}

static int put_body(struct page_writing *w)
{
	put_lead(w);
	put_factors(w);
	int rc = put_results(w);
	if (rc == FED_OK && w->metrics)
		fed_page_heading(w->out, "Figures");
	for (size_t i = 0; rc == FED_OK && i < w->metrics; i++)
		rc = put_figure(w, w->metric[i]);
	if (rc == FED_OK)
		rc = put_runs(w);
	if (rc)
		return rc;
	put_faults(w);
	fed_page_put_composition(w->out, w->study->composition);
	put_versions(w);
	put_repeat(w);
	return FED_OK;
}

int fed_study_page_write(const struct fed_study_page *page, struct fed_store *store,
                         const struct fed_stored_study *study, struct fed_text *out,
                         struct fed_error *err)
{
	struct page_writing w = {.page = page, .store = store, .study = study, .out = out, .err = err};
	struct fed_text title = {0};

	int rc = fed_factors_parse(&w.factors, study->factors, err);
	if (rc == FED_OK)
		rc = choose_metrics(&w);
	if (rc == FED_OK) {
		if (page->title && *page->title)
			fed_text_add(&title, "%s", page->title);
		else
			fed_text_add(&title, "Study %s", study->name);
		fed_page_begin(out, fed_text_str(&title));
		rc = put_body(&w);
		fed_page_end(out);
	}
	const bool failed = out->failed || title.failed;
	fed_text_release(&title);
	fed_text_release(&w.programs);
	fed_text_release(&w.plugins);
	fed_factors_release(&w.factors);
	if (rc)
		return FED_FAIL;
	return failed ? fed_fail_memory(err, out->len, "the page") : FED_OK;
}
