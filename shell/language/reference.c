/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/reference.c - the language reference as Markdown, made from the command table.
 */
#include "shell/language/reference.h"

#include <string.h>

#include "history/event_log.h"
#include "history/metrics.h"
#include "train/faults/faults.h"
#include "train/round/settings.h"

static const char head[] =
	"# The command language\n\n"
	"Made from the command table by `fedsh --language`; a test compares the two. `help COMMAND`\n"
	"shows the same in the program, `explain NAME` what a plugin, dataset, fault or word stands\n"
	"for.\n\n"
	"Words are separated by blanks, quotes and a backslash keep blanks, `;` ends a command, a\n"
	"backslash at the end of a line, or an open brace, goes on in the next line, `#`\n"
	"begins a comment. Arguments in capitals stand in their order, or as `key=value` like all\n"
	"others; those in brackets may be left out. Commands are spelled out in scripts; at the "
	"prompt\n"
	"a unique beginning is enough.\n";

/* Append text with Markdown escaped except `code`; cell: of a table. */
static void put_words(struct fed_text *out, const char *text, bool cell)
{
	bool code = false;

	for (const char *c = text; *c; c++) {
		code ^= *c == '`';
		if ((!code && strchr("\\*_<>[]#", *c)) || (cell && *c == '|'))
			fed_text_add(out, "\\");
		fed_text_put(out, c, 1);
	}
}

/* Paragraphs; those with indented lines, which are formulas or tables, as they are. */
static void put_text(struct fed_text *out, const char *text)
{
	const bool plain = *text == ' ' || strstr(text, "\n ");
	const size_t n = strlen(text);

	fed_text_add(out, plain ? "\n```text\n" : "\n");
	if (plain)
		fed_text_add(out, "%s", text);
	else
		put_words(out, text, false);
	fed_text_add(out, "%s%s", n && text[n - 1] == '\n' ? "" : "\n", plain ? "```\n" : "");
}

static void put_default(struct fed_text *out, const struct fed_field *row)
{
	struct fed_text text = {0};

	fed__help_default(row, &text);
	if ((row->flags & FED_FIELD_REQUIRED))
		fed_text_add(out, "needed");
	else if (strcmp(fed_text_str(&text), "\"\"") != 0)
		put_words(out, fed_text_str(&text), true);
	fed_text_release(&text);
}

/* KEY, default, allowed, help: one row of a table each. */
static void put_rows(struct fed_text *out, const char *title, const struct fed_field *rows)
{
	struct fed_text text = {0};

	fed_text_add(out, "\n| %s | default | allowed | |\n|---|---|---|---|\n", title);
	for (const struct fed_field *row = rows; row && row->type; row++) {
		if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN))
			continue;
		fed_text_clear(&text);
		fed_field_key(row, &text);
		fed_text_add(out, "| `%s` | ", fed_text_str(&text));
		put_default(out, row);
		fed_text_clear(&text);
		fed_field_allowed(row, &text);
		fed_text_add(out, " | ");
		put_words(out, row->type == FED_TYPE_TEXT ? "text" : fed_text_str(&text), true);
		fed_text_add(out, " | ");
		put_words(out, row->help ? row->help : "", true);
		fed_text_add(out, " |\n");
	}
	fed_text_release(&text);
}

static void put_command(struct fed_text *out, const struct fed_command *c)
{
	fed_text_add(out, "\n### %s\n\n`", c->name);
	fed__help_usage(c, out);
	fed_text_add(out, "`: ");
	put_words(out, c->help, false);
	fed_text_add(out, ".\n");
	if (c->synonym)
		fed_text_add(out, "`%s` is the same command.\n", c->synonym);
	if (c->text)
		put_text(out, c->text);
	if (c->args)
		put_rows(out, "argument", c->args);
	if (c->more)
		fed_text_add(out,
		             "\nThe parameters of what is named may follow: `explain NAME` lists them.\n");
	fed_text_add(out, "\n```\n");
	for (const char *const *example = c->examples; *example; example++)
		fed_text_add(out, "%s\n", *example);
	fed_text_add(out, "```\n");
}

static void put_faults(struct fed_text *out)
{
	fed_text_add(out, "\n## Faults\n\nWhat `inject` knows, with the parameters of each.\n");
	for (size_t i = 0; i < FED_FAULT_KINDS; i++) {
		const struct fed_fault_type *t = &fed_fault_types[i];

		fed_text_add(out, "\n### Fault %s\n\n", t->name);
		put_words(out, t->help, false);
		fed_text_add(out, ".\n");
		if (t->fields && t->fields->type)
			put_rows(out, "parameter", t->fields);
	}
}

static const char json[] =
	"\n## JSON lines\n\n"
	"`fedsh --json FILE` writes one JSON object a line. Each has `v`, the version of the format\n"
	"(1), and `event`; a number that is not known is `null`. Those of the run have `round` and\n"
	"`clock` (virtual seconds), where it is about one a `client` and its `name`, a `text`, and "
	"`open` while a\n"
	"round is open; those that `step` alone shows are written while it steps. Rows of a sweep or\n"
	"tournament have the metrics of their run, too.\n\n"
	"| event | by |\n|---|---|\n"
	"| `sweep`, `tournament` | these commands, a line a row or match |\n"
	"| `costs` | in total (`client` is null), then a client |\n"
	"| `leakage`, `reconstruct` | a cut; an example |\n";

static void put_json(struct fed_text *out)
{
	fed_text_add(out, "%s", json);
	for (int always = 1; always >= 0; always--) {
		const char *comma = "";

		fed_text_add(out, "| ");
		for (size_t k = 0; fed_event_name(k); k++) {
			if (k == FED_EVENT_ROUND || always == fed_event_is_step((enum fed_event_kind)k))
				continue;
			fed_text_add(out, "%s`%s`", comma, fed_event_name(k));
			comma = ", ";
		}
		fed_text_add(out, " | %s |\n", always ? "the run" : "the run, under `step`");
	}
	fed_text_add(out, "| `round` | the run: each version, with these metrics |\n\n"
	                  "| metric | |\n|---|---|\n");
	for (const struct fed_field *row = fed_metrics; row->type; row++) {
		fed_text_add(out, "| `%s` | ", row->name);
		put_words(out, row->help, true);
		fed_text_add(out, " |\n");
	}
}

static const char output[] =
	"\n## Output\n\n"
	"Behind every command stand, if wanted, where its output goes and in which form. Errors and\n"
	"warnings stay on the screen.\n\n"
	"| words | |\n|---|---|\n"
	"| `> FILE` | into a file, which replaces the old one when the command has ended |\n"
	"| `>> FILE` | behind what is in the file |\n"
	"| `\\| PROGRAM ...` | into a command line of `sh`, up to `;` or the end of the line |\n"
	"| `--csv` | the tables of the command alone, each with a line of names |\n"
	"| `--json` | the same, a JSON object a row: `v` (1), `table`, and the columns |\n"
	"| `-w`, `--wide` | as text with all columns, though the screen is narrower |\n\n"
	"As data numbers are not rounded: bytes, seconds, FLOP, shares from 0 to 1. In a condition a "
	"`>`\n"
	"between two operands compares: `expect loss > 1`, and `expect loss>1 > out.txt` writes a "
	"file.\n"
	"A file that cannot be written is an error before the command runs, with exit code 5. What is\n"
	"longer than the screen goes through `$PAGER` (`less -FRX`) at the prompt of a terminal.\n";

void fed__reference_put(const struct fed_shell *shell, struct fed_text *out)
{
	fed_text_add(out, "%s", head);
	for (size_t g = 0; g < FED_GROUPS; g++) {
		fed_text_add(out, "\n## %s: %s\n", fed__group_names[shell->groups[g].group],
		             fed__group_help[shell->groups[g].group]);
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++)
			put_command(out, c);
	}
	fed_text_add(out,
	             "\n## Settings\n\nWhat `set` and `show` know beside the parameters of plugins.\n");
	put_rows(out, "setting", fed_settings_fields);
	put_faults(out);
	fed_text_add(out, "%s", output);
	put_json(out);
}
