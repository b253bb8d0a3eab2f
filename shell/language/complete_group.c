/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/complete_group.c - the word at the cursor inside the braces of a study.
 */
#include <string.h>

#include "shell/language/complete_group.h"

/* Where the part of text [begin, point) begins that is behind the last of these characters and the
 * blanks after it. */
static size_t part_begin(const char *line, size_t begin, size_t point, const char *after)
{
	size_t at = point;

	while (at > begin && !strchr(after, line[at - 1]))
		at--;
	while (at < point && strchr(" \t\r\n", line[at]))
		at++;
	return at;
}

/* Where the factor begins that the end of text [begin, point) is in; the end of a line ends none
 * whose next level is still to come. */
static size_t factor_begin(const char *line, size_t begin, size_t point)
{
	size_t at = part_begin(line, begin, point, "{;\n"), end = at;

	for (;;) {
		while (end > begin && strchr(" \t\r\n", line[end - 1]))
			end--;
		if (end == begin || !strchr(",|=", line[end - 1]))
			return at;
		at = end = part_begin(line, begin, end, "{;\n");
	}
}

bool fed__group_cursor(const char *line, size_t begin, size_t point, size_t *start,
                       struct fed_text *instead)
{
	const size_t factor = factor_begin(line, begin, point);
	const char *equals = memchr(line + factor, '=', point - factor);

	*start = factor;
	if (!equals)
		return false;
	size_t key = (size_t)(equals - line) - factor;
	while (key && strchr(" \t", line[factor + key - 1]))
		key--;
	*start = part_begin(line, (size_t)(equals - line) + 1, point, ",|");
	fed_text_add(instead, "sweep ");
	fed_text_put(instead, line + factor, key);
	fed_text_add(instead, " ");
	fed_text_put(instead, line + *start, point - *start);
	return true;
}
