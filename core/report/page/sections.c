/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/sections.c - tables of a run.
 */
#include "report/page/sections.h"

#include <math.h>
#include <string.h>

#include "history/client_selector.h"
#include "history/kept_runs.h"
#include "report/composition_text.h"
#include "report/page/markup.h"
#include "session/composition.h"
#include "session/inject.h"
#include "session/plugin_digests.h"

enum { ROUNDS_MOST = 60, NAME_MOST = 400 }; /* rows of rounds; bytes of a list of clients */

/* Rounds and runs ----------------------------------------------------------------------- */

static const char *const shown[] = {"test_accuracy", "test_loss", "train_loss", "used", "refused",
                                    "lost",          "late",      "bytes_up",   "clock"};
enum { SHOWN = sizeof shown / sizeof *shown };

static void put_figures(struct fed_text *out, const struct fed_record *r)
{
	struct fed_text text = {0};

	for (size_t k = 0; k < SHOWN; k++) {
		const struct fed_field *metric;
		struct fed_error unused;

		fed_text_clear(&text);
		if (fed_metric_find(shown[k], &metric, &unused) == FED_OK)
			fed_metric_put(metric, fed_metric_value(metric, r), &text);
		fed_page_number(out, fed_text_str(&text));
	}
	fed_text_release(&text);
}

static void open_table(struct fed_text *out, const char *first)
{
	static const char *const titles[SHOWN] = {"accuracy", "loss", "train loss", "used", "refused",
	                                          "lost",     "late", "bytes up",   "clock"};
	const char *all[SHOWN + 1] = {first};

	memcpy(all + 1, titles, sizeof titles);
	fed_page_table(out, all, SHOWN + 1);
}

void fed__page_put_runs(struct fed_text *out, const struct fed_session *s)
{
	const struct fed_runs *kept = fed_session_kept_runs(s);
	const struct fed_history *h = fed_session_history(s);

	if (!h->n && !kept->n)
		return;
	fed_page_heading(out, "Results");
	open_table(out, "run, at its last round");
	for (size_t i = 0; i <= kept->n; i++) {
		const struct fed_history *of = i < kept->n ? &kept->run[i].history : h;
		struct fed_text name = {0};

		if (!of->n)
			continue;
		fed_text_add(&name, "%s, %zu", i < kept->n ? kept->run[i].name : "this run", of->n);
		fed_page_cell(out, fed_text_str(&name));
		put_figures(out, &of->record[of->n - 1]);
		fed_page_row(out);
		fed_text_release(&name);
	}
	fed_page_table_end(out);
}

void fed__page_put_rounds(struct fed_text *out, const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	const size_t first = h->n > ROUNDS_MOST ? h->n - ROUNDS_MOST : 0;

	if (!h->n)
		return;
	fed_page_heading(out, "Rounds");
	if (first)
		fed_text_add(out,
		             "<p>The last %d of %zu rounds; <code>export FILE.csv</code> writes all.</p>\n",
		             ROUNDS_MOST, h->n);
	open_table(out, "round");
	for (size_t i = first; i < h->n; i++) {
		char round[32];

		snprintf(round, sizeof round, "%.0f", h->record[i].round);
		fed_page_number(out, round);
		put_figures(out, &h->record[i]);
		fed_page_row(out);
	}
	fed_page_table_end(out);
}

/* Faults -------------------------------------------------------------------------------- */

void fed__page_put_faults(struct fed_text *out, const struct fed_session *s)
{
	static const char *const titles[] = {"number", "fault", "clients", "versions"};
	const struct fed_faults *faults = &fed_session_parts(s)->faults;
	struct fed_text text = {0};

	if (!faults->n)
		return;
	fed_page_heading(out, "Faults");
	fed_page_table(out, titles, 4);
	for (size_t i = 0; i < faults->n; i++) {
		const struct fed_fault *f = &faults->fault[i];

		fed_text_clear(&text);
		fed_text_add(&text, "%llu", (unsigned long long)f->number);
		fed_page_number(out, fed_text_str(&text));
		fed_text_clear(&text);
		fed_text_add(&text, "%s ", fed_fault_types[f->kind].name);
		fed_fault_put_args(f, &text);
		fed_page_cell(out, fed_text_str(&text));
		fed_text_clear(&text);
		fed_client_ids_put(&text, f->client, f->n, NAME_MOST);
		fed_page_cell(out, fed_text_str(&text));
		fed_text_clear(&text);
		fed_fault_put_versions(f, &text);
		fed_page_cell(out, fed_text_str(&text));
		fed_page_row(out);
	}
	fed_page_table_end(out);
	fed_text_release(&text);
}

/* Composition and files -------------------------------------------------------------------- */

static void put_lines(struct fed_text *out, const char *text)
{
	struct fed_composition_line line;
	struct fed_text part = {0};

	while (fed_composition_next(&text, &line)) {
		fed_text_clear(&part);
		fed_text_put(&part, line.key, line.key_bytes);
		fed_page_cell(out, fed_text_str(&part));
		fed_text_clear(&part);
		fed_text_put(&part, line.value, line.value_bytes);
		fed_page_cell(out, fed_text_str(&part));
		fed_page_row(out);
	}
	fed_text_release(&part);
}

void fed_page_put_composition(struct fed_text *out, const char *composition)
{
	static const char *const titles[] = {"part or setting", "value"};

	fed_page_heading(out, "Composition");
	fed_page_table(out, titles, 2);
	put_lines(out, composition);
	fed_page_table_end(out);
}

void fed_page_put_plugins(struct fed_text *out, const char *digests)
{
	static const char *const titles[] = {"plugin in use", "bytes of its file, CRC-32"};
	struct fed_text part = {0};

	if (!*digests)
		return;
	fed_page_table(out, titles, 2);
	for (const char *at = digests; *at;) { /* "aggregator fedavg 20480 1a2b3c4d" */
		const size_t n = strcspn(at, "\n"), kind = strcspn(at, " ");
		const size_t name = kind + 1 + strcspn(at + kind + 1, " \n");

		fed_text_clear(&part);
		fed_text_put(&part, at, name);
		fed_page_cell(out, fed_text_str(&part));
		fed_text_clear(&part);
		if (n > name)
			fed_text_put(&part, at + name + 1, n - name - 1);
		fed_page_cell(out, fed_text_str(&part));
		fed_page_row(out);
		at += n + (at[n] == '\n');
	}
	fed_page_table_end(out);
	out->failed = out->failed || part.failed;
	fed_text_release(&part);
}

void fed__page_put_files(struct fed_text *out, const struct fed_session *s, const char *program)
{
	struct fed_text text = {0};

	fed_plugin_digests_put(s, &text);
	fed_page_heading(out, "Versions");
	fed_text_add(out, "<p>");
	fed_text_put_markup(out, program);
	fed_text_add(out, ".</p>\n");
	fed_page_put_plugins(out, fed_text_str(&text));
	out->failed = out->failed || text.failed;
	fed_text_release(&text);
}
