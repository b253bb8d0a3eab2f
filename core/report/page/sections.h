/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/sections.h - the parts of the page of a run.  Those that have nothing to show append
 * nothing.
 */
#ifndef FED_REPORT_PAGE_SECTIONS_H
#define FED_REPORT_PAGE_SECTIONS_H

#include "base/text.h"
#include "session/session.h"

void fed__page_put_runs(struct fed_text *, const struct fed_session *);
void fed__page_put_rounds(struct fed_text *, const struct fed_session *);
void fed__page_put_faults(struct fed_text *, const struct fed_session *);
void fed__page_put_composition(struct fed_text *, const char *composition);
void fed__page_put_files(struct fed_text *, const struct fed_session *, const char *program);
/* FED_FAIL, FED_REJECT (interrupted): a figure could not be made for want of memory or time. */
int fed__page_put_figures(struct fed_text *, const struct fed_session *, struct fed_error *);

#endif
