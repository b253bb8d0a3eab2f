/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/print.c - printing of text.
 */
#include "shell/output/print.h"

#include <string.h>

#include "base/wrap.h"

void fed__put_emphasis(struct fed_text *out, const struct fed_shell *shell, enum fed_emphasis style)
{
	static const enum fed_color color[] = {
		[FED_EMPHASIS_PLAIN] = FED_COLOR_PLAIN, [FED_EMPHASIS_BOLD] = FED_COLOR_PLAIN,
		[FED_EMPHASIS_DIM] = FED_COLOR_GREY,    [FED_EMPHASIS_GOOD] = FED_COLOR_GREEN,
		[FED_EMPHASIS_BAD] = FED_COLOR_RED,     [FED_EMPHASIS_CAPTION] = FED_COLOR_CYAN,
	};
	const enum fed_palette palette = fed__screen_palette(shell);
	struct fed_text code = {0};

	if (style == FED_EMPHASIS_BOLD)
		fed_text_add(&code, ";1");
	else if (style == FED_EMPHASIS_DIM && fed_palette_look(palette) == FED_LOOK_TERMINAL)
		fed_text_add(&code, ";2");
	else
		fed_look_put(&code, palette, color[style]);
	if (code.len)
		fed_text_add(out, "\033[%sm", code.s + 1);
	fed_text_release(&code);
}

#define HANG 2 /* blanks before what wraps, beyond those of the line */

static void put_or_say(FILE *f, const struct fed_text *text)
{
	if (text->failed)
		fputs("(no memory to show a line)\n", f);
	else
		fwrite(fed_text_str(text), 1, text->len, f);
}

/* Append data without control bytes between escapes of a style, which ends before a newline. */
static void put_styled(struct fed_shell *shell, enum fed_emphasis style,
                       const struct fed_text *text, struct fed_text *out)
{
	const bool styled = shell->screen.color && style != FED_EMPHASIS_PLAIN;
	size_t n = text->len;

	while (styled && n && text->s[n - 1] == '\n')
		n--;
	if (styled)
		fed__put_emphasis(out, shell, style);
	fed_text_put_clean(out, fed_text_str(text), n, shell->screen.utf8);
	if (styled)
		fed_text_add(out, "\033[0m");
	fed_text_put(out, fed_text_str(text) + n, text->len - n);
	out->failed |= text->failed;
}

/* Write the complete lines of a text to a stream, and the rest where `all`; returns the bytes that
 * were written. */
static size_t write_lines(FILE *f, const struct fed_text *text, int width, bool all)
{
	struct fed_text wrapped = {0};
	const char *s = fed_text_str(text);
	size_t at = 0;

	while (at < text->len) {
		const char *end = memchr(s + at, '\n', text->len - at);
		const size_t n = end ? (size_t)(end - s) - at : text->len - at;

		if (!end && !all)
			break;
		fed_wrap_line(&wrapped, s + at, n, width, HANG + (int)strspn(s + at, " "));
		fed_text_put(&wrapped, "\n", end != NULL);
		at += n + (end != NULL);
	}
	put_or_say(f, &wrapped);
	fed_text_release(&wrapped);
	return at;
}

static void show_lines(struct fed_shell *shell, bool all)
{
	struct fed_text *line = &shell->line;
	const size_t n = write_lines(shell->out, line, shell->screen.width, all);

	if (line->failed)
		put_or_say(shell->out, line);
	if (n && n < line->len)
		memmove(line->s, line->s + n, line->len - n + 1);
	if (line->failed || n == line->len)
		fed_text_clear(line);
	else
		line->len -= n;
}

static void put_out(struct fed_shell *shell, enum fed_emphasis style, const struct fed_text *text)
{
	struct fed_text styled = {0};

	if (shell->form != FED_FORM_TEXT)
		return;
	fed__progress_erase(shell);
	if (shell->screen.width > 0) {
		put_styled(shell, style, text, &shell->line);
		show_lines(shell, false);
		return;
	}
	put_styled(shell, style, text, &styled);
	put_or_say(shell->out, &styled);
	fed_text_release(&styled);
}

void fed__print_flush(struct fed_shell *shell)
{
	if (shell->line.len || shell->line.failed)
		show_lines(shell, true);
	fflush(shell->out);
}

static void vprint(struct fed_shell *shell, enum fed_emphasis style, const char *fmt, va_list ap)
{
	struct fed_text text = {0};

	fed_text_vadd(&text, fmt, ap);
	put_out(shell, style, &text);
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

void fed__print_prose(struct fed_shell *shell, const char *text)
{
	struct fed_text filled = {0};

	fed_wrap_prose(&filled, text, shell->screen.width);
	put_out(shell, FED_EMPHASIS_PLAIN, &filled);
	fed_text_release(&filled);
}

void fed__print_drawing(struct fed_shell *shell, const struct fed_text *drawing)
{
	if (shell->form != FED_FORM_TEXT)
		return;
	fed__progress_erase(shell);
	fed__print_flush(shell);
	fwrite(fed_text_str(drawing), 1, drawing->len, shell->out);
}

void fed__print_data(struct fed_shell *shell, const struct fed_text *data)
{
	fed__progress_erase(shell);
	if (shell->tables++ && shell->form == FED_FORM_CSV)
		fputc('\n', shell->out); /* tables with other columns */
	put_or_say(shell->out, data);
}

void fed__print_aside(struct fed_shell *shell, enum fed_emphasis style, const char *fmt, ...)
{
	struct fed_text words = {0}, line = {0};
	va_list ap;

	va_start(ap, fmt);
	fed_text_vadd(&words, fmt, ap);
	va_end(ap);
	fed__print_flush(shell);
	fed__progress_erase(shell);
	put_styled(shell, style, &words, &line);
	if (line.failed)
		put_or_say(shell->errors, &line);
	else
		write_lines(shell->errors, &line, shell->screen.errors_width, true);
	fed_text_release(&words);
	fed_text_release(&line);
}

void fed__print_warning(struct fed_shell *shell, const char *text)
{
	fed__print_aside(shell, FED_EMPHASIS_BOLD, "warning: %s\n", text);
}

/* What must be said though there is no memory: one byte after the other. */
static void put_without_memory(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc(*text == '\n' || (*text >= ' ' && *text < 0x7f) ? *text : '?', f);
}

void fed__print_error(struct fed_shell *shell, const char *where, const char *text)
{
	const bool styled = shell->screen.color;
	struct fed_text words = {0}, line = {0};

	fed__print_flush(shell); /* keep the order of both streams */
	fed__progress_erase(shell);
	fed_text_add(&words, "%s%s\n", where, text);
	if (styled)
		fed__put_emphasis(&line, shell, FED_EMPHASIS_BAD);
	fed_text_add(&line, "error: %s", styled ? "\033[0m" : "");
	fed_text_put_clean(&line, fed_text_str(&words), words.len, shell->screen.utf8);
	if (words.failed || line.failed) {
		put_without_memory(shell->errors, "error: ");
		put_without_memory(shell->errors, where);
		put_without_memory(shell->errors, text);
		fputc('\n', shell->errors);
	} else {
		write_lines(shell->errors, &line, shell->screen.errors_width, true);
	}
	fed_text_release(&words);
	fed_text_release(&line);
	fflush(shell->errors);
}
