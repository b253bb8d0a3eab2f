/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/help.c - help texts generated from the command table.
 */
#include <string.h>

#include "shell/language/command.h"
#include "shell/language/hidden.h"
#include "shell/output/print.h"

void fed__help_placeholder(const struct fed_field *row, struct fed_text *out)
{
	const bool needed = row->flags & FED_FIELD_REQUIRED;

	if (row->type == FED_TYPE_CHOICE && !row->choice[1]) {
		fed_text_add(out, "%s", row->choice[0]);
		return;
	}
	fed_text_add(out, needed ? "" : "[");
	for (const char *c = row->name; *c; c++)
		fed_text_add(out, "%c", *c == '_' ? '-' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	fed_text_add(out, "%s%s", row->flags & FED_FIELD_REST ? "..." : "", needed ? "" : "]");
}

void fed__help_usage(const struct fed_command *command, struct fed_text *out)
{
	bool keys = command->more != NULL;

	fed_text_add(out, "%s", command->name);
	for (const struct fed_field *row = command->args; row && row->type; row++) {
		if (!(row->flags & FED_FIELD_POSITIONAL)) {
			keys = true;
			continue;
		}
		fed_text_add(out, " ");
		fed__help_placeholder(row, out);
	}
	if (keys)
		fed_text_add(out, " [KEY=VALUE ...]");
}

void fed__help_default(const struct fed_field *row, struct fed_text *out)
{
	struct fed_field alone[2] = {*row, FED_END};
	double value[2048 / sizeof(double)]; /* room for it, aligned */

	if (row->size > sizeof value)
		return;
	alone[0].offset = 0;
	fed_fields_default(alone, value);
	fed_field_print(&alone[0], value, out);
}

void fed__help_row(const struct fed_field *row, struct fed_text *out)
{
	struct fed_text key = {0}, allowed = {0}, def = {0};

	fed_field_key(row, &key);
	fed_field_allowed(row, &allowed);
	if (!(row->flags & FED_FIELD_REQUIRED))
		fed__help_default(row, &def);
	fed_text_add(out, "%s: %s\n", fed_text_str(&key), row->help ? row->help : "");
	if (row->type != FED_TYPE_TEXT && allowed.len)
		fed_text_add(out, "  allowed: %s\n", fed_text_str(&allowed));
	if (def.len && strcmp(def.s, "\"\"") != 0)
		fed_text_add(out, "  default: %s\n", def.s);
	fed_text_release(&key);
	fed_text_release(&allowed);
	fed_text_release(&def);
}

void fed__help_names(const struct fed_shell *shell, const struct fed_field *row,
                     struct fed_text *out)
{
	for (size_t i = 0; row->hint && fed__hint_name(shell, row->hint, i); i++)
		fed_text_add(out, "%s%s%s", i ? ", " : "  one of: ", fed__hint_name(shell, row->hint, i),
		             fed__hint_name(shell, row->hint, i + 1) ? "" : "\n");
}

void fed__help_fields(struct fed_shell *shell, const struct fed_field *rows, const void *state)
{
	static const struct fed_table_column columns[] = {
		{.title = "name"},
		{.title = "default", .kind = FED_CELL_PROSE, .rank = 1},
		{.title = "allowed", .kind = FED_CELL_PROSE, .rank = 2},
		{.title = "help", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {
		.name = "parameters", .column = columns, .columns = 4, .untitled = true};
	struct fed_text text = {0};

	for (const struct fed_field *row = rows; row && row->type; row++) {
		if (!fed_field_settable(row) || (row->flags & FED_FIELD_HIDDEN))
			continue;
		const bool positional = row->flags & FED_FIELD_POSITIONAL;

		fed_text_clear(&text);
		fed_field_key(row, &text);
		fed__table_cell(&table, "%s", fed_text_str(&text));
		fed_text_clear(&text);
		if (state)
			fed_field_print(row, state, &text);
		else
			fed__help_default(row, &text);
		fed__table_cell(&table, "%s%s",
		                (row->flags & FED_FIELD_REQUIRED) ||
		                        strcmp(fed_text_str(&text), "\"\"") == 0
		                    ? ""
		                    : fed_text_str(&text),
		                positional && (row->flags & FED_FIELD_REQUIRED) ? "needed" : "");
		fed_text_clear(&text);
		fed_field_allowed(row, &text);
		fed__table_cell(&table, "%s", row->type == FED_TYPE_TEXT ? "text" : fed_text_str(&text));
		fed__table_cell(&table, "%s", row->help ? row->help : "");
	}
	fed__table_print(shell, &table);
	fed_text_release(&text);
}

void fed__help_command(struct fed_shell *shell, const struct fed_command *command)
{
	struct fed_text usage = {0};

	fed__help_usage(command, &usage);
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s", fed_text_str(&usage));
	fed__print(shell, "\n  %s\n", command->help);
	if (command->synonym)
		fed__print(shell, "  `%s` is the same command\n", command->synonym);
	if (command->text) {
		fed__print(shell, "\n");
		fed__print_prose(shell, command->text);
		fed__print(shell, "\n");
	}
	if (command->args) {
		fed__print(shell, "\narguments\n");
		fed__help_fields(shell, command->args, NULL);
		if (command->more)
			fed__print(shell, "  and the parameters of what is named; `explain NAME` lists them\n");
	}
	if (command->list)
		command->list(shell);
	fed__print(shell, "\nexamples\n");
	for (size_t i = 0; command->examples[i]; i++)
		fed__print(shell, "  %s\n", command->examples[i]);
	fed_text_release(&usage);
}

/* Commands and what they do. */
static const struct fed_table_column command_columns[] = {
	{.title = "command"},
	{.title = "help", .kind = FED_CELL_PROSE},
};

void fed__help_group(struct fed_shell *shell, enum fed_group group)
{
	struct fed_table table = {
		.name = "commands", .column = command_columns, .columns = 2, .untitled = true};
	struct fed_text usage = {0};

	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s", fed__group_names[group]);
	fed__print(shell, ": %s\n", fed__group_help[group]);
	for (size_t g = 0; g < FED_GROUPS; g++) {
		const struct fed_command *c = shell->groups[g].command;

		for (; shell->groups[g].group == group && c->name; c++) {
			if (fed__command_hidden(shell, c))
				continue;
			fed_text_clear(&usage);
			fed__help_usage(c, &usage);
			fed__table_cell(&table, "%s", fed_text_str(&usage));
			fed__table_cell(&table, "%s", c->help);
		}
	}
	fed__table_print(shell, &table);
	fed_text_release(&usage);
}

/* "costs (bill)" */
static void put_names(const struct fed_command *c, struct fed_text *out)
{
	fed_text_add(out, "%s", c->name);
	if (c->synonym)
		fed_text_add(out, " (%s)", c->synonym);
}

/* The widest name, so that the groups stand in the same columns. */
static int widest_name(const struct fed_shell *shell)
{
	struct fed_text names = {0};
	const struct fed_command *c;
	int widest = 0;

	for (size_t i = 0; (c = fed__command_at(shell, i, NULL)); i++) {
		fed_text_clear(&names);
		put_names(c, &names);
		widest = (int)names.len > widest ? (int)names.len : widest;
	}
	fed_text_release(&names);
	return widest;
}

static const char closing[] =
	"`help COMMAND` shows arguments and examples, `explain NAME` what a name stands for.\n"
	"Behind every command: `> FILE` and `>> FILE` write what it prints to a file,\n"
	"`| PROGRAM` hands it to a program; `--csv` and `--json` print tables as data.\n"
	"A first run: add-client 10 noniid; round 5; plot accuracy\n";

void fed__help_overview(struct fed_shell *shell)
{
	const int widest = widest_name(shell);
	struct fed_text names = {0};

	for (size_t g = 0; g < FED_GROUPS; g++) {
		struct fed_table table = {
			.name = fed__group_names[g], .column = command_columns, .columns = 2, .untitled = true};

		fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s", fed__group_names[g]);
		fed__print(shell, ": %s\n", fed__group_help[g]);
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++) {
			if (fed__command_hidden(shell, c))
				continue;
			fed_text_clear(&names);
			put_names(c, &names);
			if (shell->form == FED_FORM_TEXT) /* all groups are one table */
				fed_text_add(&names, "%*s", widest - (int)names.len, "");
			fed__table_cell(&table, "%s", fed_text_str(&names));
			fed__table_cell(&table, "%s", c->help);
		}
		fed__table_print(shell, &table);
	}
	fed_text_release(&names);
	fed__print(shell, "\n");
	fed__print_prose(shell, closing);
	if (shell->lessons.n)
		fed__print(shell, "`lesson` lists %zu lessons, `lesson %s` plays the first: %s\n",
		           shell->lessons.n, shell->lessons.lesson[0].number,
		           shell->lessons.lesson[0].title);
}
