/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/failure.c - errors of commands: where, a caret under the word, and `why`.
 */
#include <string.h>

#include "shell/language/command.h"
#include "shell/language/plugin_files.h"
#include "shell/output/print.h"

#define INDENT 2
#define LEAST 20 /* columns of a line that is shown */

/* Whether the text itself begins with it: "model linear: is a regression" of the command `model`.
 */
static bool names_command(const char *text, const char *command)
{
	const size_t n = strlen(command);

	if (n == 0 || strncmp(text, command, n) != 0 || text[n] != ' ')
		return false;
	return text[n + 1 + strcspn(text + n + 1, " :")] == ':';
}

/* A part of the source. */
struct span {
	size_t begin, end;
};

static bool is_edge(char c)
{
	return !c || strchr(" ,;:()'\"`", c) != NULL;
}

/* Whether the message shows the value, as a word of its own; a number only as one that was set
 * ("lr=7"), as others are too common. */
static bool shows(const char *text, const char *value)
{
	const size_t n = strlen(value);
	double number;
	const bool real = fed_parse_real(value, &number);

	for (const char *at = text; n && (at = strstr(at, value)); at++) {
		const char before = at > text ? at[-1] : ' ';

		if ((before == '=' || (!real && n > 1 && is_edge(before))) && is_edge(at[n]))
			return true;
	}
	return false;
}

/* The first word that an error speaks of, which came up when the command ran ("no aggregator
 * fedagv"). */
static size_t spoken_of(const struct fed_failing *f, const char *text)
{
	for (size_t i = 1; f->words && i < f->words->n; i++) {
		const char *word = fed__words_at(f->words, i), *equals = strchr(word, '=');

		if (shows(text, equals ? equals + 1 : word))
			return i;
	}
	return SIZE_MAX;
}

/* Where the caret belongs; false: nowhere. */
static bool find_span(const struct fed_failing *f, const char *text, struct span *at)
{
	const size_t bad = f->bad == SIZE_MAX ? spoken_of(f, text) : f->bad;

	if (!f->source || !f->words || !f->words->n || bad == SIZE_MAX || bad > f->words->n)
		return false;
	if (bad == f->words->n) {
		at->begin = f->words->word[bad - 1].end + 1;
		at->end = at->begin + 1;
	} else {
		*at = (struct span){f->words->word[bad].begin, f->words->word[bad].end};
	}
	return true;
}

/* Append a piece of the line as it is shown; returns its columns. */
static int put_piece(struct fed_text *out, const char *s, size_t len)
{
	struct fed_text clean = {0};

	for (size_t i = 0; i < len; i++)
		fed_text_put(&clean, s[i] == '\t' || s[i] == '\r' ? " " : &s[i], 1);
	const size_t from = out->len;
	fed_text_put_clean(out, fed_text_str(&clean), clean.len, true);
	fed_text_release(&clean);
	return fed_text_width(fed_text_str(out) + from);
}

/* Bytes at the beginning, or (back) at the end, of s that take at most so many columns. */
static size_t fitting(const char *s, size_t len, int columns, bool back)
{
	size_t first = 0, n = 0;
	int width = 0;

	for (size_t at = 0; at < len;) {
		uint32_t code;
		const size_t size = fed_utf8_next(s + at, len - at, &code);

		width += size ? fed_utf8_columns(code) : 1;
		at += size ? size : 1;
		if (width <= columns)
			n = at;
	}
	if (!back)
		return n;
	while (width > columns && first < len) {
		uint32_t code;
		const size_t size = fed_utf8_next(s + first, len - first, &code);

		width -= size ? fed_utf8_columns(code) : 1;
		first += size ? size : 1;
	}
	return len - first;
}

/* The line of the source with a caret under the span, cut to so many columns. */
static void draw(const char *source, size_t len, struct span at, int columns, struct fed_text *out)
{
	size_t begin = at.begin < len ? at.begin : len, end = begin;
	const size_t word = begin;

	while (begin && source[begin - 1] != '\n')
		begin--;
	while (end < len && source[end] != '\n')
		end++;
	while (begin < word && strchr(" \t", source[begin]))
		begin++;
	const size_t before = fitting(source + begin, word - begin, columns / 2, true);
	const bool cut = before < word - begin;
	fed_text_add(out, "%*s%s", INDENT, "", cut ? "..." : "");
	int column = INDENT + 3 * cut + put_piece(out, source + word - before, before);
	if (at.begin > word) { /* behind the end */
		fed_text_add(out, " ");
		column++;
	}
	const int room = columns - (column - INDENT) - 3;
	const size_t rest = fitting(source + word, end - word, room, false);
	put_piece(out, source + word, rest);
	fed_text_add(out, "%s\n%*s^", rest < end - word ? "..." : "", column, "");
	struct fed_text marked = {0};
	const size_t n = at.end - at.begin < rest ? at.end - at.begin : rest;
	for (int i = put_piece(&marked, source + word, n) - 1; i > 0; i--)
		fed_text_add(out, "~");
	fed_text_release(&marked);
	fed_text_add(out, "\n");
}

/* The row that a word's key names, or the first of the command. */
static const struct fed_field *row_of(const struct fed_failing *f, const char *text)
{
	const size_t bad = f->bad == SIZE_MAX ? spoken_of(f, text) : f->bad;

	if (f->row || !f->command || !f->command->args || !bad || bad >= f->words->n)
		return f->row;
	const char *word = fed__words_at(f->words, bad), *equals = strchr(word, '=');
	if (!equals)
		return bad == 1 && f->bad == SIZE_MAX ? f->command->args : NULL;
	char key[64];
	snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
	return fed_fields_find(f->command->args, key);
}

static void put_help(const struct fed_shell *shell, const char *text, struct fed_text *out)
{
	const struct fed_failing *f = &shell->failing;
	const struct fed_field *row = row_of(f, text);

	if (row && row->type)
		fed__help_row(row, out);
	if (row && row->type)
		fed__help_names(shell, row, out);
	if (!f->command) {
		fed_text_add(out, "`help` lists the commands\n");
		return;
	}
	fed_text_add(out, "usage: ");
	fed__help_usage(f->command, out);
	fed_text_add(out, "\nfor example: %s\n", f->command->examples[0]);
	fed_text_add(out, "`help %s` tells more\n", f->command->name);
}

/* Whether the error is that no plugin has some name, which comes behind it. */
static const char *name_of_no_plugin(const char *text)
{
	static const char called[] = " is called ";
	const char *end = strstr(text, called);
	bool plugin = false;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; end && kind <= FED_KIND_LAST; kind++) {
		const char *of = strstr(text, fed_kind_name(kind));
		plugin |= of && of < end;
	}
	if (!plugin && strncmp(text, "no plugin is called ", 20) &&
	    strncmp(text, "nothing is called ", 18))
		return NULL;
	end += sizeof called - 1;
	return end + (*end == '\'');
}

/* Append the object of a plugin that was built and not loaded, of which the error says that there
 * is none; false: it speaks of no such one. */
static bool find_object(const struct fed_shell *shell, const char *text, struct fed_text *name,
                        struct fed_text *object)
{
	const char *begin = name_of_no_plugin(text);
	struct fed_error unused;

	if (!begin)
		return false;
	fed_text_put(name, begin, strcspn(begin, "'; /"));
	return name->len > 0 && fed__plugin_object(fed_text_str(name), object, &unused) == FED_OK &&
	       !fed__plugin_of(shell, fed_text_str(object));
}

void fed__failure_report(struct fed_shell *shell, const char *name, const char *text)
{
	const struct fed_failing *f = &shell->failing;
	struct fed_failure *failure = &shell->failure;
	struct fed_text where = {0}, plugin = {0}, object = {0}, whole = {0};
	struct span at = {0, 0};
	const bool in_file = *f->file_line;
	const bool found = !in_file && find_span(f, text, &at);
	const int columns = shell->screen.errors_width - INDENT;
	unsigned lines = f->lines;

	for (size_t i = 0; found && !f->expanded && i < at.begin && i < f->len; i++)
		lines += f->source[i] == '\n';
	if (shell->place && shell->place->file)
		fed_text_add(&where, "%s:%u: ", shell->place->file, shell->place->line + lines);
	if (!names_command(text, name))
		fed_text_add(&where, "%s%s", name, *name ? ": " : "");
	fed_text_add(&whole, "%s", text);
	if (find_object(shell, text, &plugin, &object))
		fed_text_add(&whole, "%s `load %s` loads %s", text[strlen(text) - 1] == '?' ? "" : ";",
		             fed_text_str(&plugin), fed_show(fed_text_str(&object)).s);
	fed__print_error(shell, fed_text_str(&where), whole.failed ? text : fed_text_str(&whole));
	fed__failure_release(failure);
	fed_text_add(&failure->said, "%s%s", fed_text_str(&where), fed_text_str(&whole));
	if (found)
		draw(f->source, f->len, at, columns >= LEAST ? columns : 10000, &failure->shown);
	if (in_file) {
		at.begin = f->file_at;
		at.end = at.begin + strcspn(f->file_line + at.begin, " \t");
		draw(f->file_line, strlen(f->file_line), at, columns >= LEAST ? columns : 10000,
		     &failure->shown);
	}
	put_help(shell, text, &failure->help);
	if ((found || in_file) && columns >= LEAST)
		fed__print_aside(shell, FED_EMPHASIS_DIM, "%s", fed_text_str(&failure->shown));
	fed_text_release(&where);
	fed_text_release(&plugin);
	fed_text_release(&object);
	fed_text_release(&whole);
	shell->reported = true;
}

void fed__failure_explain(struct fed_shell *shell)
{
	const struct fed_failure *failure = &shell->failure;

	if (!failure->said.len) {
		fed__print(shell, "no command has failed\n");
		return;
	}
	fed__print(shell, "%s\n", fed_text_str(&failure->said));
	fed__print(shell, "%s", fed_text_str(&failure->shown));
	fed__print(shell, "%s", fed_text_str(&failure->help));
}

void fed__failure_release(struct fed_failure *failure)
{
	fed_text_release(&failure->said);
	fed_text_release(&failure->shown);
	fed_text_release(&failure->help);
}
