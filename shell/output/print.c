/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/print.c - printing of text and tables.
 */
#include "shell/output/print.h"

#include <string.h>

static const char *const escapes[] = {
	[FED_EMPHASIS_PLAIN] = "",       [FED_EMPHASIS_BOLD] = "\033[1m",
	[FED_EMPHASIS_DIM] = "\033[2m",  [FED_EMPHASIS_GOOD] = "\033[32m",
	[FED_EMPHASIS_BAD] = "\033[31m",
};

/* Print data without control bytes between escapes of a style. */
static void put_styled(struct fed_shell *shell, FILE *f, enum fed_emphasis style,
                       const struct fed_text *text)
{
	struct fed_text clean = {0};
	const bool styled = shell->screen.color && style != FED_EMPHASIS_PLAIN;

	fed__progress_erase(shell);
	fed_text_put_clean(&clean, fed_text_str(text), text->len, shell->screen.utf8);
	if (styled)
		fputs(escapes[style], f);
	if (text->failed || clean.failed)
		fputs("(no memory to show a line)\n", f);
	else
		fwrite(fed_text_str(&clean), 1, clean.len, f);
	if (styled)
		fputs("\033[0m", f);
	fed_text_release(&clean);
}

static void vprint(struct fed_shell *shell, enum fed_emphasis style, const char *fmt, va_list ap)
{
	struct fed_text text = {0};

	fed_text_vadd(&text, fmt, ap);
	put_styled(shell, shell->out, style, &text);
	fed_text_release(&text);
}

void fed__print(struct fed_shell *shell, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(shell, FED_EMPHASIS_PLAIN, fmt, ap);
	va_end(ap);
}

void fed__print_styled(struct fed_shell *shell, enum fed_emphasis style, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint(shell, style, fmt, ap);
	va_end(ap);
}

void fed__print_drawing(struct fed_shell *shell, const struct fed_text *drawing)
{
	fed__progress_erase(shell);
	fwrite(fed_text_str(drawing), 1, drawing->len, shell->out);
}

void fed__print_warning(struct fed_shell *shell, const char *text)
{
	struct fed_text line = {0};

	fed_text_add(&line, "warning: %s\n", text);
	fflush(shell->out);
	put_styled(shell, shell->errors, FED_EMPHASIS_BOLD, &line);
	fed_text_release(&line);
}

/* The same for what must be said though there is no memory: one byte after the other. */
static void put_without_memory(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\n' || (*text >= ' ' && *text < 0x7f) ? *text : '?', f);
}

void fed__print_error(struct fed_shell *shell, const char *where, const char *text)
{
	const bool styled = shell->screen.color;
	struct fed_text line = {0}, clean = {0};

	fflush(shell->out); /* keep the order of both streams */
	fed__progress_erase(shell);
	fprintf(shell->errors, "%serror: %s", styled ? escapes[FED_EMPHASIS_BAD] : "",
	        styled ? "\033[0m" : "");
	fed_text_add(&line, "%s%s\n", where, text);
	fed_text_put_clean(&clean, fed_text_str(&line), line.len, shell->screen.utf8);
	if (line.failed || clean.failed) {
		put_without_memory(shell->errors, where);
		put_without_memory(shell->errors, text);
		fputc('\n', shell->errors);
	} else {
		fwrite(fed_text_str(&clean), 1, clean.len, shell->errors);
	}
	fed_text_release(&line);
	fed_text_release(&clean);
	fflush(shell->errors);
}

/* Tables ------------------------------------------------------------------- */

void fed__table_cell(struct fed_table *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&t->cells, fmt, ap);
	va_end(ap);
	fed_text_put(&t->cells, "", 1);
	t->n++;
}

#define COLUMNS_MAX 16

static void measure(const struct fed_table *t, int *width)
{
	const char *cell = fed_text_str(&t->cells);

	for (size_t i = 0; i < t->n; i++, cell += strlen(cell) + 1) {
		const int w = fed_text_width(cell);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
}

static void put_row(const struct fed_table *t, const char **cell, const int *width,
                    struct fed_text *line)
{
	for (size_t k = 0; k < t->columns; k++, *cell += strlen(*cell) + 1) {
		const int pad = width[k] - fed_text_width(*cell);
		const bool right = t->right && t->right[k] == 'r';

		fed_text_add(line, "%s%*s%s", k ? "  " : "  ", right ? pad : 0, "", *cell);
		if (!right && k + 1 < t->columns)
			fed_text_add(line, "%*s", pad, "");
	}
	while (line->len && line->s[line->len - 1] == ' ')
		line->s[--line->len] = 0;
}

void fed__table_print(struct fed_shell *shell, struct fed_table *t, bool header)
{
	int width[COLUMNS_MAX] = {0};
	struct fed_text line = {0};

	if (!t->cells.failed && t->columns && t->columns <= COLUMNS_MAX) {
		const char *cell = fed_text_str(&t->cells);

		measure(t, width);
		for (size_t row = 0; row < t->n / t->columns; row++) {
			fed_text_clear(&line);
			put_row(t, &cell, width, &line);
			fed__print_styled(shell, header && row == 0 ? FED_EMPHASIS_DIM : FED_EMPHASIS_PLAIN,
			                  "%s\n", fed_text_str(&line));
		}
	}
	fed_text_release(&line);
	fed_text_release(&t->cells);
	*t = (struct fed_table){0};
}
