/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/markup.h - elements of an HTML page.
 */
#ifndef FED_REPORT_PAGE_MARKUP_H
#define FED_REPORT_PAGE_MARKUP_H

#include "figures/drawing.h"

/* The head of a page with its style, up to the opened body. */
void fed_page_begin(struct fed_text *, const char *title);
void fed_page_end(struct fed_text *);
void fed_page_heading(struct fed_text *, const char *text);
/* A figure with its caption. */
void fed_page_figure(struct fed_text *, const struct fed_drawing *, const char *caption);

/* A table row by row: begin, cells, end of each row. */
void fed_page_table(struct fed_text *, const char *const *titles, size_t n);
void fed_page_cell(struct fed_text *, const char *text);
void fed_page_number(struct fed_text *, const char *text);
void fed_page_row(struct fed_text *);
void fed_page_table_end(struct fed_text *);

#endif
