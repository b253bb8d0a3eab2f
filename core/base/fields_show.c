/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fields_show.c - all settings of a table in one line.
 */
#include <string.h>

#include "base/fields.h"

/* The value, in quotes where a command line needs them to keep it one word. */
static void print_quoted(const struct fed_field *row, const void *state, struct fed_text *out)
{
	const char *text = (const char *)state + row->offset;
	const size_t len = row->type == FED_TYPE_TEXT ? strnlen(text, row->size) : 0;
	bool plain = len > 0;

	for (size_t i = 0; i < len; i++)
		plain = plain && !strchr(" \t;#\"'\\", text[i]);
	if (row->type != FED_TYPE_TEXT || plain) {
		fed_field_print(row, state, out);
		return;
	}
	fed_text_put(out, "\"", 1);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fed_text_put(out, "\\", 1);
		fed_text_put(out, text + i, 1);
	}
	fed_text_put(out, "\"", 1);
}

/* Whether there is nothing to show: a default that is written as nothing. */
static bool is_blank(const struct fed_field *row, const void *state)
{
	struct fed_text value = {0};

	fed_field_print(row, state, &value);
	const bool blank = value.len == 0 && !value.failed;
	fed_text_release(&value);
	return blank && fed__field_is_default(row, state);
}

void fed_fields_print(const struct fed_field *rows, const void *state, bool only_changed,
                      struct fed_text *out)
{
	bool first = true;

	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN) ||
		    (only_changed && fed__field_is_default(row, state)) || is_blank(row, state))
			continue;
		if (!first)
			fed_text_put(out, " ", 1);
		first = false;
		fed_field_key(row, out);
		fed_text_put(out, "=", 1);
		print_quoted(row, state, out);
	}
}
