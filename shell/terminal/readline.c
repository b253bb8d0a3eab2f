/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/readline.c - interactive reading with readline, the only file that knows it.
 *
 * It uses readline's callback interface and poll(), so that the shell handles signals itself:
 * Ctrl-C clears the line, a hangup saves the history.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "shell/language/complete.h"
#include "shell/terminal/interactive.h"
#include "shell/output/print.h"

#define HISTORY_LINES 5000

/* Global, because readline's callbacks have no context. */
static struct fed_shell *at_prompt;
static struct fed_candidates found;
static bool done;

/* Completion ----------------------------------------------------------------- */

static char *next_candidate(const char *text, int state)
{
	static size_t i;

	(void)text;
	if (state == 0)
		i = 0;
	return i < found.n ? strdup(found.text[i++]) : NULL;
}

static char **complete_line(const char *text, int start, int end)
{
	(void)text;
	rl_attempted_completion_over = 1; /* no file name completion by readline */
	fed_candidates_release(&found);
	fed_complete(at_prompt, rl_line_buffer, (size_t)end, &found);
	if (!found.n || found.start != (size_t)start) {
		/* Readline's word begins elsewhere: adjust the candidates to it. */
		for (size_t i = 0; i < found.n; i++) {
			const size_t skip = (size_t)start - found.start;

			if (found.start > (size_t)start || strlen(found.text[i]) < skip)
				return NULL;
			memmove(found.text[i], found.text[i] + skip, strlen(found.text[i]) - skip + 1);
		}
	}
	if (!found.n)
		return NULL;
	const char *first = found.text[0];
	const char last = *first ? first[strlen(first) - 1] : 0;
	rl_completion_append_character = found.n == 1 && strchr("=/:", last) ? '\0' : ' ';
	return rl_completion_matches(text, next_candidate);
}

/* History -------------------------------------------------------------------- */

/* $XDG_STATE_HOME/fedsh/history; creates its folders; false: there is no home. */
static bool history_path(struct fed_text *path)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		fed_text_add(path, "%s/fedsh/history", state);
	else if (home && *home == '/')
		fed_text_add(path, "%s/.local/state/fedsh/history", home);
	else
		return false;
	if (path->failed)
		return false;
	for (char *slash = path->s + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path->s, 0700); /* a failure shows when the file is written */
		*slash = '/';
	}
	return true;
}

void fed_line_history_load(void)
{
	struct fed_text path = {0};

	using_history();
	stifle_history(HISTORY_LINES);
	if (history_path(&path))
		read_history(path.s);
	fed_text_release(&path);
}

void fed_line_history_save(struct fed_shell *shell)
{
	struct fed_text path = {0};

	if (history_path(&path)) {
		const int rc = write_history(path.s);
		if (rc) {
			fflush(shell->out);
			fprintf(shell->errors, "warning: the history is not saved: %s\n", strerror(rc));
		}
	}
	fed_text_release(&path);
}

void fed_line_history_add(const char *line)
{
	const HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (line[strspn(line, " \t\n")] && (!last || strcmp(last->line, line) != 0))
		add_history(line);
}

const char *fed_line_history_at(size_t back)
{
	const HIST_ENTRY *entry = back && back <= (size_t)history_length
	                              ? history_get(history_base + history_length - (int)back)
	                              : NULL;

	return entry ? entry->line : NULL;
}

/* Lines ---------------------------------------------------------------------- */

static void take_line(char *line);

static void prompt(void)
{
	const bool color = at_prompt->screen.color;
	struct fed_text text = {0};

	fed_text_add(&text, "%s", color ? "\001\033[1m\002" : "");
	fed_shell_prompt(at_prompt, &text);
	fed_text_add(&text, "%s", color ? "\001\033[0m\002" : "");
	rl_callback_handler_install(fed_text_str(&text), take_line); /* copies the prompt */
	fed_text_release(&text);
}

static void take_line(char *line)
{
	/* Remove the handler first: commands need the terminal's normal modes and Ctrl-C. */
	rl_callback_handler_remove();
	if (!line) {
		fputc('\n', at_prompt->out);
		done = true;
		return;
	}
	fed_line_history_add(line);
	fed_signals_interrupted();
	fed_screen_measure(at_prompt);
	fed_shell_execute(at_prompt, line, strlen(line), NULL);
	free(line);
	fed_signals_interrupted();
	done = at_prompt->quit || fed_signals_ending();
	if (!done)
		prompt();
}

static void clear_line(void)
{
	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	fputs("\n", at_prompt->out);
	fflush(at_prompt->out);
	rl_on_new_line();
	rl_redisplay();
}

static void set_up(struct fed_shell *shell)
{
	at_prompt = shell;
	done = false;
	rl_readline_name = "fedsh";
	rl_outstream = shell->out;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_attempted_completion_function = complete_line;
	rl_completer_word_break_characters = " \t\n;";
	rl_completer_quote_characters = "";
	rl_basic_quote_characters = "";
	rl_variable_bind("enable-bracketed-paste", "on");
	rl_variable_bind("completion-ignore-case", "off");
	fed_line_history_load();
}

enum fed_exit fed_readline_run(struct fed_shell *shell)
{
	set_up(shell);
	prompt();
	while (!done && !fed_signals_ending()) {
		struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
		const int ready = poll(&input, 1, 250);

		if (fed_signals_interrupted())
			clear_line();
		if (ready > 0 && (input.revents & (POLLIN | POLLHUP | POLLERR)))
			rl_callback_read_char();
		else if (ready < 0 && errno != EINTR)
			break;
	}
	rl_callback_handler_remove();
	fed_line_history_save(shell);
	fed_candidates_release(&found);
	clear_history();
	return FED_EXIT_OK;
}
