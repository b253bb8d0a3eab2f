/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/page.c - the page of a run.
 */
#include "report/page/page.h"

#include <inttypes.h>

#include "base/mem.h"
#include "history/metrics.h"
#include "report/page/markup.h"
#include "report/page/sections.h"
#include "session/composition.h"
#include "session/status.h"

static void put_title(struct fed_text *out, const struct fed_session *s)
{
	const struct fed_session_status st = fed_session_status(s);

	fed_text_add(out, "%s, %u clients, %s, scheme %s", st.dataset ? st.dataset : "no dataset",
	             st.clients, st.aggregator ? st.aggregator : "no aggregator", st.scheme);
}

/* "Version 20, accuracy 81.20 %, seed 1." */
static void put_lead(struct fed_text *out, const struct fed_session *s, const char *program)
{
	const struct fed_history *h = fed_session_history(s);
	const struct fed_field *accuracy;
	struct fed_error unused;
	struct fed_text text = {0};

	fed_text_add(&text, "Version %" PRIu64, fed_session_version(s));
	if (h->n && fed_metric_find("accuracy", &accuracy, &unused) == FED_OK) {
		fed_text_add(&text, ", accuracy ");
		fed_metric_put(accuracy, fed_history_figure(h, accuracy, 0), &text);
	}
	fed_text_add(&text, ", seed %lld; %s.", (long long)fed_session_parts(s)->settings.seed,
	             program);
	fed_text_add(out, "<p class=\"lead\">");
	fed_text_put_markup(out, fed_text_str(&text));
	fed_text_add(out, "</p>\n");
	fed_text_release(&text);
}

static void put_repeat(struct fed_text *out, const struct fed_page *page,
                       const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);

	fed_page_heading(out, "How to repeat it");
	fed_text_add(out, "<p>These commands make the same session: the same bits on the same kind of "
	                  "processor, with any number of threads.");
	if (h->n)
		fed_text_add(out,
		             " The last version then has the digest <code>%016" PRIx64
		             "</code> (<code>share</code> shows it).",
		             fed_record_digest(&h->record[h->n - 1]));
	fed_text_add(out, "</p>\n<pre>");
	fed_text_put_markup(out, page->commands);
	fed_text_add(out, "</pre>\n");
}

int fed_page_write(const struct fed_page *page, const struct fed_session *s, struct fed_text *out,
                   struct fed_error *err)
{
	struct fed_text title = {0};

	if (page->title && *page->title)
		fed_text_add(&title, "%s", page->title);
	else
		put_title(&title, s);
	fed_page_begin(out, fed_text_str(&title));
	put_lead(out, s, page->program);
	fed__page_put_runs(out, s);
	const int rc = fed__page_put_figures(out, s, err);
	fed__page_put_rounds(out, s);
	fed__page_put_faults(out, s);
	fed_page_put_composition(out, page->composition);
	fed__page_put_files(out, s, page->program);
	put_repeat(out, page, s);
	fed_page_end(out);
	const bool failed = out->failed || title.failed;
	fed_text_release(&title);
	if (rc)
		return rc;
	return failed ? fed_fail_memory(err, out->len, "the page") : FED_OK;
}
