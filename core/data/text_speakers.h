/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/text_speakers.h - texts as characters, by who wrote or speaks them; for core/data alone.
 *
 * Characters are Unicode code points; a byte that is not valid UTF-8 is taken as Latin-1.  CR, a
 * byte-order mark and control characters other than newline and tab are left out.
 */
#ifndef FED_DATA_TEXT_SPEAKERS_H
#define FED_DATA_TEXT_SPEAKERS_H

#include "base/text.h"
#include "fedsh/plugin.h"

struct fed_speaker {
	char *name;
	uint32_t *code; /* [n] */
	size_t n, capacity;
};

struct fed_speakers {
	struct fed_speaker *voice; /* [n] */
	size_t n, capacity;
};

/* The whole text is one new voice. */
int fed_speakers_add_text(struct fed_speakers *, const char *name, const char *s, size_t len,
                          struct fed_error *);
/* A play: a new voice for each speaker.  A speech begins with a line `NAME.` or `NAME:`, or
 * `NAME. words`; what stands before the first is left out. */
int fed_speakers_add_play(struct fed_speakers *, const char *s, size_t len, struct fed_error *);
void fed_speakers_release(struct fed_speakers *);

#endif
