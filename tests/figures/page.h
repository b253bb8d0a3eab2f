/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/page.h - checks of what is laid out on a page.
 */
#ifndef FED_TEST_FIGURES_PAGE_H
#define FED_TEST_FIGURES_PAGE_H

#include "figures/drawing.h"

/* All items are within the page, and no two texts meet. */
void fed_page_check(const struct fed_drawing *, const char *what);
/* Number of texts that are this one; NULL: of all. */
size_t fed_page_count(const struct fed_drawing *, const char *text);

#endif
