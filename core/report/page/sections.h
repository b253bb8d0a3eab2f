/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/sections.h - the parts of the page of a run, two of them also of that of a study.
 * Those that have nothing to show append nothing.
 */
#ifndef FED_REPORT_PAGE_SECTIONS_H
#define FED_REPORT_PAGE_SECTIONS_H

#include "base/text.h"
#include "session/session.h"

void fed__page_put_runs(struct fed_text *, const struct fed_session *);
void fed__page_put_rounds(struct fed_text *, const struct fed_session *);
void fed__page_put_faults(struct fed_text *, const struct fed_session *);
/* All lines of a composition (report/composition_text.h). */
void fed_page_put_composition(struct fed_text *, const char *composition);
/* A table of lines of session/plugin_digests.h. */
void fed_page_put_plugins(struct fed_text *, const char *digests);
void fed__page_put_files(struct fed_text *, const struct fed_session *, const char *program);
/* FED_FAIL, FED_REJECT (interrupted): a figure could not be made for want of memory or time. */
int fed__page_put_figures(struct fed_text *, const struct fed_session *, struct fed_error *);

#endif
