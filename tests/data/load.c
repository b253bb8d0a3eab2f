/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/load.c - a dataset by its name and its arguments as a line of text.
 */
#include "data/load.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

int load_by_words(struct fed_dataset **data, const char *name, const char *args,
                  struct fed_error *err)
{
	struct fed_assign assign[8];
	char words[1024], *at = words, *word;
	size_t n = 0;

	ck_assert_int_lt(snprintf(words, sizeof words, "%s", args), (int)sizeof words);
	while ((word = strsep(&at, " "))) {
		if (!*word)
			continue;
		ck_assert_uint_lt(n, sizeof assign / sizeof *assign);
		assign[n].key = strsep(&word, "=");
		assign[n++].value = word;
	}
	return fed_dataset_load(data, name, assign, n, &(struct fed_generation){1}, err);
}

const struct fed_note *note_on(const struct fed_dataset *data, const char *subject)
{
	for (size_t i = 0; i < data->notes.n; i++)
		if (!strcmp(data->notes.note[i].subject, subject))
			return &data->notes.note[i];
	return NULL;
}

const char *found_of(const struct fed_dataset *data, const char *subject)
{
	const struct fed_note *note = note_on(data, subject);

	return note ? note->found : "";
}
