/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/glossary.h - explanations of settings, metrics and words that papers use.
 */
#ifndef FED_SHELL_LANGUAGE_GLOSSARY_H
#define FED_SHELL_LANGUAGE_GLOSSARY_H

/* A word with a doc of its own, or with the name of the plugin or scheme whose doc explains it. */
struct fed_glossary_word {
	const char *word;
	const char *page;              /* that name; NULL: a doc of its own */
	const char *kind, *help, *doc; /* "setting", "metric" or "verdict", one line, paragraphs */
};
extern const struct fed_glossary_word fed_glossary[]; /* ends with a zeroed row */

#endif
