/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/complete_group.h - the word at the cursor inside the braces of a study.
 */
#ifndef FED_SHELL_LANGUAGE_COMPLETE_GROUP_H
#define FED_SHELL_LANGUAGE_COMPLETE_GROUP_H

#include "base/text.h"

/* Of { KEY = LEVEL, LEVEL; ..., whose inside is line [begin, point): *start, where the word at its
 * end begins; false: that is a key.  Else it is a level, and the end of the line that is appended,
 * `sweep KEY LEVEL`, has the same candidates. */
bool fed__group_cursor(const char *line, size_t begin, size_t point, size_t *start,
                       struct fed_text *instead);

#endif
