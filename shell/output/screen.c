/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/screen.c - detection of the output's capabilities: terminal, colour, UTF-8, columns
 * and rows.
 */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fields.h"
#include "base/text.h"
#include "shell/shell.h"
#include "tui/terminal.h"
#include "tui/theme_probe.h"
#include "tui/watch.h"

static const char *const off_on[] = {"off", "on", NULL};
const struct fed_field fed__shell_fields[] = {
	FED_ROW(struct fed_shell_settings, echo, int, FED_TYPE_CHOICE, .choice = off_on,
            .help = "scripts show their comments and commands"),
	FED_ROW(struct fed_shell_settings, step, int, FED_TYPE_CHOICE, .choice = off_on,
            .help = "a script's commands wait for a key"),
	FED_ROW(struct fed_shell_settings, readonly, int, FED_TYPE_CHOICE, .choice = off_on,
            .help = "refuse to write files, load plugins and run programs; stays on"),
	FED_ROW(struct fed_shell_settings, theme, int, FED_TYPE_CHOICE, .choice = fed_theme_names,
            .help = "colours of text, pictures and the watch"),
	FED_TEXT(struct fed_shell_settings, history_memory, "auto", NULL,
             "memory for the history of the session: 500M, 2G; auto: a quarter of what is free"),
	FED_ROW(struct fed_shell_settings, snapshot_every, int64_t, FED_TYPE_INT, .max = 1e9,
            .help = "versions between two snapshots; 0: by what they cost"),
	FED_TEXT(struct fed_shell_settings, hide, NULL, "commands",
             "commands, joined by commas, that are refused and not listed; none: all are"),
	FED_END,
};

/* Columns and rows of the terminal that a stream leads to; false: it is none. */
static bool measure(FILE *f, int *columns, int *rows)
{
	struct winsize size;

	if (fileno(f) < 0 || ioctl(fileno(f), TIOCGWINSZ, &size) || size.ws_col < 2)
		return false;
	*columns = size.ws_col;
	*rows = size.ws_row > 1 ? size.ws_row : 24;
	return true;
}

/* The stream that is shown of what is printed to this one. */
static FILE *shown(const struct fed_shell *shell, FILE *f)
{
	return !shell->jobs.running      ? f
	       : f == shell->jobs.out    ? shell->jobs.shown
	       : f == shell->jobs.errors ? shell->jobs.shown_errors
	                                 : f;
}

void fed__screen_measure(struct fed_shell *shell)
{
	struct fed_screen *screen = &shell->screen;
	int columns, rows;

	if (shell->watching.watch) {
		fed_watch_pane(shell->watching.watch, &screen->columns, &screen->rows);
		screen->width = screen->columns;
		screen->errors_width = 0; /* it wraps them itself */
	}
	if (screen->fixed || shell->watching.watch)
		return;
	if (measure(shown(shell, shell->errors), &columns, &rows))
		screen->errors_width = columns;
	if (!measure(shown(shell, shell->out), &columns, &rows))
		return;
	screen->columns = screen->width = columns;
	screen->rows = rows;
}

void fed__screen_set_width(struct fed_shell *shell, int columns)
{
	struct fed_screen *screen = &shell->screen;

	screen->fixed = true;
	screen->width = screen->errors_width = columns;
	if (columns > 0)
		screen->columns = columns;
}

static bool is_light(void)
{
	return fed_background_named(getenv("COLORFGBG"));
}

enum fed_palette fed__screen_palette(const struct fed_shell *shell)
{
	const struct fed_screen *screen = &shell->screen;
	const enum fed_theme theme = (enum fed_theme)shell->own.theme;

	if (!screen->color)
		return FED_PALETTE_NONE;
	if (screen->few_colors || theme == FED_THEME_AUTO || theme == FED_THEME_TERMINAL)
		return FED_PALETTE_8;
	return fed_palette_with(fed_terminal_palette(getenv("TERM"), fileno(shell->out)),
	                        fed_look_of(theme, is_light()));
}

enum fed_look fed__screen_look(const struct fed_shell *shell)
{
	const enum fed_theme theme = (enum fed_theme)shell->own.theme;

	return theme == FED_THEME_AUTO ? FED_LOOK_TERMINAL : fed_look_of(theme, true);
}

/* The variable COLUMNS, if a user gave it to programs: shells keep their own to themselves. */
static void take_columns(struct fed_shell *shell)
{
	const char *given = getenv("COLUMNS");
	long long columns;

	if (given && fed_parse_int(given, &columns) && columns >= 0 && columns <= FED_SCREEN_COLUMNS)
		fed__screen_set_width(shell, (int)columns);
}

void fed__screen_init(struct fed_shell *shell, bool color)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	const int out = fileno(shell->out);
	struct fed_screen *screen = &shell->screen;

	setlocale(LC_CTYPE, ""); /* numbers keep their point */
	screen->terminal = isatty(out) && fed_terminal_knows(term, out);
	screen->color = screen->terminal && color && !(no_color && *no_color);
	screen->true_color = screen->color && fed_terminal_palette(term, out) == FED_PALETTE_TRUE;
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->columns = 80;
	screen->rows = 24;
	shell->own.echo = isatty(out) != 0;
	fed__screen_measure(shell);
	if (!isatty(out))
		take_columns(shell);
}
