/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/notes.c - notes on a dataset: adding them, and the line that tells them.
 */
#include "data/notes.h"

#include <string.h>

#include "base/mem.h"

static char *cleaned(const char *s)
{
	struct fed_text text = {0};

	fed_text_put_clean(&text, s, strlen(s), true);
	for (size_t i = 0; i < text.len; i++)
		if (text.s[i] == '\n' || text.s[i] == '\t')
			text.s[i] = ' ';
	char *copy = text.failed ? NULL : fed_strdup(fed_text_str(&text));
	fed_text_release(&text);
	return copy;
}

static void release_note(struct fed_note *note)
{
	fed_free(note->subject);
	fed_free(note->found);
	fed_free(note->overrule);
}

int fed__note_text(struct fed_dataset_notes *notes, enum fed_note_level level, const char *subject,
                   const char *overrule, struct fed_text *text, struct fed_error *err)
{
	struct fed_note note = {.level = level};
	struct fed_note *grown = NULL;

	if (!text->failed) {
		note.subject = fed_strdup(subject);
		note.found = cleaned(fed_text_str(text));
		note.overrule = overrule ? cleaned(overrule) : NULL;
	}
	if (note.subject && note.found && (note.overrule || !overrule))
		grown = fed_resize(notes->note, notes->n * sizeof note, (notes->n + 1) * sizeof note);
	fed_text_release(text);
	if (!grown) {
		release_note(&note);
		return fed_fail_memory(err, sizeof note, "a note on the dataset");
	}
	notes->note = grown;
	notes->note[notes->n++] = note;
	return FED_OK;
}

int fed__note(struct fed_dataset_notes *notes, enum fed_note_level level, const char *subject,
              const char *overrule, struct fed_error *err, const char *fmt, ...)
{
	struct fed_text text = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&text, fmt, ap);
	va_end(ap);
	return fed__note_text(notes, level, subject, overrule, &text, err);
}

void fed__notes_release(struct fed_dataset_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		release_note(&notes->note[i]);
	fed_free(notes->note);
	*notes = (struct fed_dataset_notes){0};
}

void fed_notes_line(const struct fed_dataset_notes *notes, struct fed_text *out)
{
	const size_t before = out->len;

	for (size_t i = 0; i < notes->n; i++) {
		const struct fed_note *note = &notes->note[i];

		if (note->level != FED_NOTE_TOLD)
			continue;
		fed_text_add(out, "%s%s: %s", out->len > before ? "; " : "", note->subject, note->found);
		if (note->overrule)
			fed_text_add(out, " (%s)", note->overrule);
	}
}
