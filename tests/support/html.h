/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/html.h - checks of a page.
 */
#ifndef FED_TEST_SUPPORT_HTML_H
#define FED_TEST_SUPPORT_HTML_H

#include <stddef.h>

/* Walk over the tags: each end is that of the last one begun, attributes have quotes, and no text
 * has a bare < or &.  Returns the number of elements of this name. */
size_t fed_walk_html(const char *html, const char *counted);

#endif
