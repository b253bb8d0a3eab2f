/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/glossary.c - lookup of words in any spelling.
 */
#include "shell/glossary/glossary.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Append the name in lower case, one hyphen for all that is between letters and digits:
 * "cos(step)" and "Cos step" are cos-step. */
static void fold(const char *name, struct fed_text *out)
{
	bool between = false;

	for (const char *c = name; *c; c++) {
		const unsigned char byte = (unsigned char)*c;

		if (!isalnum(byte) && byte < 0x80) {
			between = out->len > 0;
			continue;
		}
		fed_text_add(out, "%s%c", between ? "-" : "", tolower(byte));
		between = false;
	}
}

bool fed__glossary_form(const char *name, size_t i, struct fed_text *out)
{
	static const struct {
		const char *plural, *singular;
	} endings[] = {{"s", ""}, {"es", ""}, {"ies", "y"}, {"ices", "ex"}};
	struct fed_text folded = {0};

	fed_text_clear(out);
	if (i == 0) {
		fed_text_add(out, "%s", name);
		return true;
	}
	fold(name, &folded);
	if (i == 1) {
		fed_text_add(out, "%s", fed_text_str(&folded));
	} else if (i - 2 < sizeof endings / sizeof *endings) {
		const char *plural = endings[i - 2].plural, *word = fed_text_str(&folded);
		const size_t end = strlen(plural);

		if (folded.len > end + 1 && strcmp(word + folded.len - end, plural) == 0)
			fed_text_add(out, "%.*s%s", (int)(folded.len - end), word, endings[i - 2].singular);
	}
	fed_text_release(&folded);
	return i - 1 <= sizeof endings / sizeof *endings;
}

static bool is_called(const struct fed_glossary_word *w, const char *folded)
{
	struct fed_text own = {0};
	bool same = false;

	fold(w->word, &own);
	same = strcmp(fed_text_str(&own), folded) == 0;
	for (size_t i = 0; !same && i < FED_GLOSSARY_ALSO && w->also[i]; i++) {
		fed_text_clear(&own);
		fold(w->also[i], &own);
		same = strcmp(fed_text_str(&own), folded) == 0;
	}
	fed_text_release(&own);
	return same;
}

const struct fed_glossary_word *fed__glossary_find(const char *name)
{
	const struct fed_glossary_word *found = NULL;
	struct fed_text form = {0};

	for (size_t i = 1; !found && fed__glossary_form(name, i, &form); i++)
		for (const struct fed_glossary_word *w = fed__glossary; !found && form.len && w->word; w++)
			if (is_called(w, fed_text_str(&form)))
				found = w;
	fed_text_release(&form);
	return found;
}

/* Whether completion offers a name; others are typed as they are read. */
static bool is_one_word(const char *name)
{
	return !strpbrk(name, " (,/");
}

/* Name *i, or NULL with *i less by the number of names. */
static const char *name_at(size_t *i, bool completed)
{
	for (const struct fed_glossary_word *w = fed__glossary; w->word; w++) {
		if ((!completed || is_one_word(w->word)) && (*i)-- == 0)
			return w->word;
		for (size_t k = 0; k < FED_GLOSSARY_ALSO && w->also[k]; k++)
			if ((!completed || is_one_word(w->also[k])) && (*i)-- == 0)
				return w->also[k];
	}
	return NULL;
}

const char *fed__glossary_name_at(size_t i, bool completed)
{
	return name_at(&i, completed);
}

size_t fed__glossary_count(bool completed)
{
	size_t left = SIZE_MAX;

	name_at(&left, completed);
	return SIZE_MAX - left;
}

const char *fed__glossary_written(const char *page)
{
	for (const struct fed_glossary_word *w = fed__glossary; w->word; w++)
		if (w->page && fed_same_name(w->page, page))
			return w->word;
	return NULL;
}
