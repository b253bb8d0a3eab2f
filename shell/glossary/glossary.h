/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/glossary/glossary.h - glossary: every word that the screen uses, and its present figure.
 *
 * One table (words.c).  A word is found whatever its case, in the plural, and with blanks, hyphens
 * or underscores between its parts; tests/shell/test_glossary.c collects the words of tables, views
 * and round lines, and fails for one that `explain` does not know.
 */
#ifndef FED_SHELL_GLOSSARY_GLOSSARY_H
#define FED_SHELL_GLOSSARY_GLOSSARY_H

#include "session/session.h"

enum { FED_GLOSSARY_ALSO = 24 };

/* A word with its own text, or with the plugin or scheme whose text explains it. */
struct fed_glossary_word {
	const char *word;                    /* as the literature writes it */
	const char *also[FED_GLOSSARY_ALSO]; /* other words for it, NULL after the last */
	const char *page;                    /* name of the plugin or scheme; NULL: own text */
	const char *kind, *help;             /* "setting", "metric", "term", ...; one line */
	const char *doc;                     /* paragraphs */
	const char *metric;  /* whose last value is its figure (history/metrics.h), or NULL */
	const char *setting; /* whose value is, or NULL */
	const char *command; /* that shows or chooses it; NULL: that of its kind */
	/* Append the figure of the session; false: there is none yet. */
	bool (*now)(const struct fed_session *, struct fed_text *);
};
extern const struct fed_glossary_word fed__glossary[]; /* ends with a zeroed row */

/* The word, by any of its names; NULL: unknown. */
const struct fed_glossary_word *fed__glossary_find(const char *name);
/* Name i of all words, the other ones included; NULL past the last.  completed: of those without
 * blanks and brackets. */
const char *fed__glossary_name_at(size_t i, bool completed);
size_t fed__glossary_count(bool completed); /* of these names */
/* How the literature writes the name of a plugin or scheme; NULL: as it is typed. */
const char *fed__glossary_written(const char *page);
/* Append a form of a typed name, i from 0: as it is, with hyphens in lower case, in the singular;
 * false past the last. */
bool fed__glossary_form(const char *name, size_t i, struct fed_text *out);

#endif
