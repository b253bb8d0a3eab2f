/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/typed.h - what is typed or pasted at a prompt.
 *
 * Several lines at once were pasted: each is echoed and executed by itself, up to the first
 * failure. If some of them begin with a prompt, they are a transcript, and the lines without one
 * its output.
 */
#ifndef FED_SHELL_SCRIPT_TYPED_H
#define FED_SHELL_SCRIPT_TYPED_H

#include "shell/shell.h"

/* The commands of what was pasted, one after the other: its lines that are not blank, or if some of
 * them begin with a prompt, what is behind the prompts. */
struct fed_pasted {
	const char *text;
	size_t len, at;
	size_t lines;   /* that are not blank */
	size_t prompts; /* lines with a prompt */
	size_t taken;   /* commands so far */
};
void fed__pasted_init(struct fed_pasted *, const char *text, size_t len);
bool fed__pasted_next(struct fed_pasted *, const char **line, size_t *len);
/* Append such a line; of a transcript without the prompts of the lines that continue it. */
void fed__pasted_put(const struct fed_pasted *, const char *line, size_t len, struct fed_text *);

#endif
