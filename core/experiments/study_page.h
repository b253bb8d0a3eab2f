/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_page.h - one self-contained HTML page of a study (report/page/page.h is that of
 * a run).
 */
#ifndef FED_EXPERIMENTS_STUDY_PAGE_H
#define FED_EXPERIMENTS_STUDY_PAGE_H

#include "experiments/store.h"

struct fed_study_page {
	const char *title;   /* NULL or "": of the study */
	const char *program; /* that writes it: "fedsh 0.1.0" */
	const char *metrics; /* joined by commas; "": accuracy and loss, those that the runs have */
	const char *by;      /* factors joined by commas; "": all but the seed */
};

/* Append the page: factors, tables, figures with bands, runs, faults, composition, versions, and
 * how to repeat it. */
int fed_study_page_write(const struct fed_study_page *, struct fed_store *,
                         const struct fed_stored_study *, struct fed_text *, struct fed_error *);

#endif
