/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/player.c - printing of a script's captions and commands, or handing them to the
 * watch.
 */
#include "shell/script/player.h"

#include <string.h>

#include "base/wrap.h"
#include "shell/language/line.h"
#include "shell/language/watch_state.h"
#include "shell/output/print.h"
#include "shell/script/prompt.h"
#include "shell/script/step_key.h"

enum { COLUMNS_MOST = 100 }; /* of a caption: longer lines are hard to read */

/* Print a line of the caption, wrapped, with a bar in front. */
static void print_line(struct fed_shell *shell, const char *line, size_t len)
{
	const char *bar = shell->screen.utf8 ? "\u2502 " : "| ";
	const int most = shell->screen.columns - 3;
	struct fed_text lines = {0};

	fed_wrap_line(&lines, line, len, most < COLUMNS_MOST ? most : COLUMNS_MOST, 0);
	for (const char *at = fed_text_str(&lines); *at;) {
		const size_t n = strcspn(at, "\n");

		fed__print_styled(shell, FED_EMPHASIS_CAPTION, "%s%.*s\n", bar, (int)n, at);
		at += n + (at[n] != 0);
	}
	fed_text_release(&lines);
}

static void print_caption(struct fed_shell *shell, const struct fed_text *caption)
{
	fed__print(shell, "\n");
	for (const char *at = fed_text_str(caption); *at;) {
		const size_t n = strcspn(at, "\n");

		print_line(shell, at, n);
		at += n + (at[n] != 0);
	}
}

/* Print the prompt and a command without the end of its line; returns the column behind. */
static int print_command(struct fed_shell *shell, const char *command)
{
	struct fed_text line = {0};

	fed__shell_prompt(shell, &line);
	fed_text_add(&line, "%s", command);
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s", fed_text_str(&line));
	const int column = fed_text_width(fed_text_str(&line));
	fed_text_release(&line);
	return column;
}

void fed__player_echo(struct fed_shell *shell, const char *command)
{
	print_command(shell, command);
	fed__print(shell, "\n");
}

static enum fed_exit print(struct fed_shell *shell, const struct fed_caption *c,
                           const char *command)
{
	enum fed_step_key key = FED_STEP_ON;

	fed__screen_measure(shell);
	if (c->titled)
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "\n%s\n", fed_text_str(&c->title));
	if (c->headed)
		fed__print_styled(shell, FED_EMPHASIS_BOLD, "\n%s\n", fed_text_str(&c->heading));
	if (c->text.len)
		print_caption(shell, &c->text);
	if (!command)
		return FED_EXIT_OK;
	if (c->titled || c->headed || c->text.len)
		fed__print(shell, "\n");
	const int column = print_command(shell, command);
	if (shell->own.step)
		key = fed__step_key(shell, column);
	fed__print(shell, "\n");
	fflush(shell->out);
	if (key == FED_STEP_ALL)
		shell->own.step = false;
	return key == FED_STEP_STOP ? FED_EXIT_INTERRUPTED : FED_EXIT_OK;
}

static enum fed_exit hand_to_watch(struct fed_shell *shell, const struct fed_caption *c,
                                   const char *command)
{
	const struct fed_watch_part part = {
		.title = fed_text_str(&c->title),
		.heading = fed_text_str(&c->heading),
		.caption = fed_text_str(&c->text),
		.command = command ? command : "",
		.step = shell->own.step,
		.last = c->last,
	};

	/* Without a word it waits only while the user pauses. */
	return fed__watch_state_part(
		shell, shell->own.echo ? &part
							   : &(struct fed_watch_part){
									 .title = "", .heading = "", .caption = "", .command = ""});
}

/* Whether there is nothing to execute in the command. */
static bool is_empty(const char *command)
{
	return !command[strspn(command, " \t\r")];
}

enum fed_exit fed__player_show(struct fed_shell *shell, struct fed_caption *c, const char *command)
{
	enum fed_exit result = FED_EXIT_OK;
	struct fed_text shown = {0};

	if (command)
		fed__caption_command(&shown, command);
	const char *line = command && !is_empty(fed_text_str(&shown)) ? fed_text_str(&shown) : NULL;
	if (shell->watching.watch)
		result = hand_to_watch(shell, c, line);
	else if (shell->own.echo)
		result = print(shell, c, line);
	fed_text_release(&shown);
	fed__caption_clear(c);
	return result;
}
