/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/notes.h - notes on a dataset: what its reader found in the files, and what it guessed.
 *
 * A guess carries the argument that overrules it.  Subject and text are parts of one line,
 * "header: the first row (header=no)", and of one row of a table.
 */
#ifndef FED_DATA_NOTES_H
#define FED_DATA_NOTES_H

#include <stdbool.h>

#include "base/text.h"
#include "fedsh/plugin.h"

enum fed_note_level {
	FED_NOTE_LISTED,  /* in the table of the dataset only: the user asked for it, or it is plain */
	FED_NOTE_TOLD,    /* also told when the dataset is loaded: a guess, or something odd */
	FED_NOTE_WARNING, /* told as a warning of its own */
};

struct fed_note {
	char *subject;  /* "header" */
	char *found;    /* "the first row" */
	char *overrule; /* what would change it, "header=no"; or NULL */
	enum fed_note_level level;
};

/* {0} is valid and empty; owned by its dataset, or by the reader until there is one. */
struct fed_dataset_notes {
	struct fed_note *note; /* [n] */
	size_t n;
};

/* Append a note, cleaned for a terminal.  overrule may be NULL. */
__attribute__((format(printf, 6, 7))) int fed__note(struct fed_dataset_notes *, enum fed_note_level,
                                                    const char *subject, const char *overrule,
                                                    struct fed_error *, const char *fmt, ...);
/* Likewise; text is taken over, and released.  A text that failed is out of memory. */
int fed__note_text(struct fed_dataset_notes *, enum fed_note_level, const char *subject,
                   const char *overrule, struct fed_text *text, struct fed_error *);
void fed__notes_release(struct fed_dataset_notes *);

/* Append the notes that are told together, "header: the first row (header=no); label: ..."; nothing
 * if there are none. */
void fed_notes_line(const struct fed_dataset_notes *, struct fed_text *out);

#endif
