/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text_speakers.h - texts as characters, split by speaker or author; for core/data
 * alone.
 *
 * Characters are Unicode code points; an invalid UTF-8 byte is read as Latin-1.  CR, a byte-order
 * mark and control characters other than newline and tab are left out.
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
};

/* Add the whole text as one new speaker. */
int fed__speakers_add_text(struct fed_speakers *, const char *name, const char *s, size_t len,
                           struct fed_error *);
/* Add a play: one entry for each speaker.  A speech begins with a line `NAME.` or `NAME:`, or
 * `NAME. words`; text before the first is ignored. */
int fed__speakers_add_play(struct fed_speakers *, const char *s, size_t len, struct fed_error *);
void fed__speakers_release(struct fed_speakers *);

#endif
