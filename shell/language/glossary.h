/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/glossary.h - glossary of settings, metrics and terms of the literature.
 */
#ifndef FED_SHELL_LANGUAGE_GLOSSARY_H
#define FED_SHELL_LANGUAGE_GLOSSARY_H

/* A word with its own text, or with the plugin or scheme whose text explains it. */
struct fed_glossary_word {
	const char *word;
	const char *page;              /* name of the plugin or scheme; NULL: own text */
	const char *kind, *help, *doc; /* "setting", "metric" or "verdict", one line, paragraphs */
};
extern const struct fed_glossary_word fed__glossary[]; /* ends with a zeroed row */

#endif
