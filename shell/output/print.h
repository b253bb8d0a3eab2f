/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/print.h - printing of text, tables and events; all output of the shell passes
 * through it.
 *
 * Control bytes are removed from data. Colour is used only if the screen has it and never carries
 * information alone.  Lines wrap at blanks where they are wider than the screen
 * (shell->screen.width); a line that is printed in parts is shown when it ends.  Of a command whose
 * tables are wanted as data (shell->form) only these are printed.
 */
#ifndef FED_SHELL_OUTPUT_PRINT_H
#define FED_SHELL_OUTPUT_PRINT_H

#include "shell/output/table.h"
#include "shell/shell.h"

enum fed_emphasis {
	FED_EMPHASIS_PLAIN,
	FED_EMPHASIS_BOLD,
	FED_EMPHASIS_DIM,
	FED_EMPHASIS_GOOD,
	FED_EMPHASIS_BAD,
	FED_EMPHASIS_CAPTION
};

__attribute__((format(printf, 2, 3))) void fed__print(struct fed_shell *, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void fed__print_styled(struct fed_shell *, enum fed_emphasis,
                                                             const char *fmt, ...);
/* Append the escape sequence that begins an emphasis; what ends it is "\033[0m". */
void fed__put_emphasis(struct fed_text *, const struct fed_shell *, enum fed_emphasis);
/* Print paragraphs, filled anew where a line is too wide (base/wrap.h). */
void fed__print_prose(struct fed_shell *, const char *text);
/* Print a drawing, whose escapes are kept. */
void fed__print_drawing(struct fed_shell *, const struct fed_text *);
/* Print the rows of a table as CSV or JSON lines. */
void fed__print_data(struct fed_shell *, const struct fed_text *);
/* Show the line that has no end yet. */
void fed__print_flush(struct fed_shell *);
/* Print text to `errors`. */
__attribute__((format(printf, 3, 4))) void fed__print_aside(struct fed_shell *, enum fed_emphasis,
                                                            const char *fmt, ...);
/* Print "warning: text" or "error: where: text" to `errors`. */
void fed__print_warning(struct fed_shell *, const char *text);
void fed__print_error(struct fed_shell *, const char *where, const char *text);

/* Sinks of the session's events; shell is a struct fed_shell *. */
void fed__print_event(void *shell, const struct fed_event *);
void fed__json_event(void *shell, const struct fed_event *);
/* Write and release a line for --json; nothing without --json. */
void fed__print_json(struct fed_shell *, struct fed_text *);
/* Append ,"rounds":3,"test_accuracy":... and the end of the line. */
void fed__json_outcome(struct fed_text *, const struct fed_outcome *);

/* The progress line; rounds 0: no limit; resumed: the rest of a run that was stopped. */
void fed__progress_begin(struct fed_shell *, uint64_t rounds, bool resumed);
/* The same of trials: unit is what they are called, target the rounds that they may take in all, 0:
 * not known; drawn: on the terminal, too. */
void fed__progress_begin_trials(struct fed_shell *, const struct fed_trials *, const char *unit,
                                double target, bool drawn);
/* Call now and then while they are played: the session can be looked at. */
void fed__progress_trials(struct fed_shell *);
/* Seconds that trials take still, NaN where unknown. */
double fed__progress_left(const struct fed_progress_line *);
void fed__progress_event(struct fed_shell *, const struct fed_event *);
void fed__progress_erase(struct fed_shell *);
void fed__progress_end(struct fed_shell *);

#endif
