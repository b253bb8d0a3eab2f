/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text_speakers.h - texts as characters, split by speaker or author; for core/data
 * alone.
 *
 * Texts are UTF-8 (encoding.h).  Characters are Unicode code points, or bytes of UTF-8 where these
 * are wanted.  Control characters other than newline and tab are left out.
 */
#ifndef FED_DATA_READERS_TEXT_SPEAKERS_H
#define FED_DATA_READERS_TEXT_SPEAKERS_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_speaker {
	char *name;
	uint32_t *code; /* [n] */
	size_t n, capacity;
};

struct fed_speakers {
	struct fed_speaker *speaker; /* [n] */
	size_t n, capacity;
	size_t before; /* lines before the first speech of a play that are not blank */
};

/* Add the whole text as one new speaker. */
int fed__speakers_add_text(struct fed_speakers *, const char *name, const char *s, size_t len,
                           bool bytes, struct fed_error *);
/* Add a play: one entry for each speaker.  A speech begins with a line `NAME.` or `NAME:`, or
 * `NAME. words`; text before the first is ignored.  Names are words in capitals, `First Citizen:`
 * alone on its line, or before a colon words of a script without capitals; a title belongs to its
 * name (MR. X.). */
int fed__speakers_add_play(struct fed_speakers *, const char *s, size_t len, bool bytes,
                           struct fed_error *);
void fed__speakers_release(struct fed_speakers *);

#endif
