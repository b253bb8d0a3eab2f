/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/caption.h - captions made of a script's comments.
 *
 * Lines of comment that follow one another are a paragraph, and a paragraph is a caption. A rule
 * with words in it (`# --- 1. The easy world ---`) is a heading; one paragraph of a single line at
 * the script's beginning, with an empty comment behind it, is its title. Rules, the licence and
 * `#!` are left out.
 */
#ifndef FED_SHELL_SCRIPT_CAPTION_H
#define FED_SHELL_SCRIPT_CAPTION_H

#include "base/text.h"

/* What was read of a script since its last command.  {0} is a script's beginning. */
struct fed_caption {
	struct fed_text title, heading; /* the last ones; "" before there is one */
	struct fed_text text;           /* the paragraph; a newline where a line must begin */
	unsigned lines;                 /* of comment in the paragraph */
	bool begun;                     /* what was read is more than the script's first paragraph */
	bool over;                      /* the paragraph's last line was read */
	bool last;                      /* nothing follows; the reader of the script sets it */
	bool titled, headed;            /* title or heading were read and not shown yet */
};

enum fed_caption_line {
	FED_CAPTION_TAKEN, /* a blank line or a comment */
	FED_CAPTION_FULL,  /* a comment that begins another caption: show this one, clear, try again */
	FED_CAPTION_COMMAND,
};
enum fed_caption_line fed__caption_take(struct fed_caption *, const char *line);
/* After it was shown: title and heading stay. */
void fed__caption_clear(struct fed_caption *);
void fed__caption_release(struct fed_caption *);

/* Append a line's command as it is shown: without blanks around it and without `# short:`. */
void fed__caption_command(struct fed_text *, const char *line);

#endif
