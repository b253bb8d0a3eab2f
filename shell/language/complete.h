/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/complete.h - completion: candidates for the word at the cursor.
 *
 * A pure function of the line, the session and (for paths) the file system; it writes nothing to
 * the terminal and knows no readline.
 */
#ifndef FED_SHELL_LANGUAGE_COMPLETE_H
#define FED_SHELL_LANGUAGE_COMPLETE_H

#include "shell/language/candidates.h"
#include "shell/language/command.h"

/* Candidates that end in = or / are to be typed on; a space is put behind the others.  They are
 * quoted as the word at the cursor is, a folder's name without the closing quote. */
void fed__complete(const struct fed_shell *, const char *line, size_t point,
                   struct fed_candidates *);
/* Append what the command at the end of the line takes next, as it is shown behind the cursor:
 * "[N] [KEY=VALUE ...]"; nothing within a word, but behind `key=` what is allowed. */
void fed__next_hint(const struct fed_shell *, const char *line, size_t len, struct fed_text *);
/* Append the help of the next argument, lines; nothing within a word, in a comment, or where no
 * command is. */
void fed__next_help(const struct fed_shell *, const char *line, size_t len, struct fed_text *);

#endif
