/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/page.h - one self-contained HTML page of a run.
 *
 * Figures are SVG within it; it loads nothing and runs no script.  Colours follow the reader's
 * choice of a light or a dark page; on paper it is light.
 */
#ifndef FED_REPORT_PAGE_PAGE_H
#define FED_REPORT_PAGE_PAGE_H

#include "base/text.h"
#include "session/session.h"

struct fed_page {
	const char *title;       /* NULL or "": of the dataset and the aggregator */
	const char *program;     /* "fedsh 0.1.0" */
	const char *commands;    /* that made the session, a line each */
	const char *composition; /* report/composition_text.h */
};

/* Append the page.  FED_REJECT: interrupted. */
int fed_page_write(const struct fed_page *, const struct fed_session *, struct fed_text *,
                   struct fed_error *);

#endif
