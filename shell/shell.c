/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/shell.c - a shell's life, its terminal and its aliases.
 */
#include "shell/shell.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "shell/language/command.h"
#include "shell/output/print.h"

int fed_shell_init(struct fed_shell *shell, const char *plugin_folder, struct fed_error *err)
{
	const struct fed_sink print = {fed_print_event, shell};

	shell->screen.columns = shell->screen.columns ? shell->screen.columns : 80;
	shell->screen.rows = shell->screen.rows ? shell->screen.rows : 24;
	if (fed_session_new(&shell->session, plugin_folder, print, err))
		return FED_FAIL;
	if (fed_session_add_sink(shell->session, (struct fed_sink){fed_json_event, shell}, err)) {
		fed_session_free(shell->session);
		shell->session = NULL;
		return FED_FAIL;
	}
	return FED_OK;
}

void fed_shell_release(struct fed_shell *shell)
{
	fed_tournament_release(&shell->tournament);
	fed_sweep_release(&shell->sweep);
	fed_session_free(shell->session);
	shell->session = NULL;
	for (size_t i = 0; i < shell->n_aliases; i++) {
		fed_free(shell->alias[i].name);
		fed_free(shell->alias[i].text);
	}
	fed_free(shell->alias);
	shell->alias = NULL;
	shell->n_aliases = 0;
	fed_text_release(&shell->journal);
	if (shell->record)
		fclose(shell->record);
	shell->record = NULL;
	fed_free(shell->record_path);
	fed_free(shell->include);
	shell->record_path = shell->include = NULL;
}

void fed_shell_measure(struct fed_shell *shell)
{
	struct winsize size;

	if (!shell->screen.terminal || ioctl(fileno(shell->out), TIOCGWINSZ, &size))
		return;
	if (size.ws_col > 1)
		shell->screen.columns = size.ws_col;
	if (size.ws_row > 1)
		shell->screen.rows = size.ws_row;
}

void fed_shell_prompt(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_session *s = shell->session;

	if (fed_session_open(s))
		fed_text_add(out, "fedsh(round %llu)> ", (unsigned long long)fed_session_version(s) + 1);
	else
		fed_text_add(out, "fedsh> ");
}

/* Aliases ------------------------------------------------------------------ */

static size_t alias_place(const struct fed_shell *shell, const char *name)
{
	size_t i = 0;

	while (i < shell->n_aliases && strcmp(shell->alias[i].name, name) < 0)
		i++;
	return i;
}

const struct fed_alias *fed_alias_find(const struct fed_shell *shell, const char *name)
{
	const size_t i = alias_place(shell, name);

	return i < shell->n_aliases && strcmp(shell->alias[i].name, name) == 0 ? &shell->alias[i]
	                                                                       : NULL;
}

static int remove_alias(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const size_t i = alias_place(shell, name);

	if (!fed_alias_find(shell, name))
		return fed_fail(err, "no alias %s", fed_show(name).s);
	fed_free(shell->alias[i].name);
	fed_free(shell->alias[i].text);
	shell->n_aliases--;
	memmove(&shell->alias[i], &shell->alias[i + 1], (shell->n_aliases - i) * sizeof *shell->alias);
	return FED_OK;
}

static int insert_alias(struct fed_shell *shell, const char *name, char *text,
                        struct fed_error *err)
{
	const size_t i = alias_place(shell, name), n = shell->n_aliases;
	char *copy = fed_strdup(name);
	struct fed_alias *grown =
		copy ? fed_resize(shell->alias, n * sizeof *grown, (n + 1) * sizeof *grown) : NULL;

	if (!grown) {
		fed_free(copy);
		return fed_fail_memory(err, sizeof *grown, "the alias");
	}
	shell->alias = grown;
	memmove(&grown[i + 1], &grown[i], (n - i) * sizeof *grown);
	grown[i] = (struct fed_alias){copy, text};
	shell->n_aliases++;
	return FED_OK;
}

int fed_alias_set(struct fed_shell *shell, const char *name, const char *text,
                  struct fed_error *err)
{
	const struct fed_command *command;
	struct fed_error unused;

	if (fed_command_find(name, false, &command, &unused) == FED_OK)
		return fed_fail(err, "%s is a command and cannot be an alias", command->name);
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
	        strlen(name) ||
	    !*name)
		return fed_fail(err, "%s: an alias has letters, digits, - and _", fed_show(name).s);
	if (!*text)
		return remove_alias(shell, name, err);
	char *copy = fed_strdup(text);
	if (!copy)
		return fed_fail_memory(err, strlen(text), "the alias");
	if (fed_alias_find(shell, name)) {
		struct fed_alias *old = &shell->alias[alias_place(shell, name)];
		fed_free(old->text);
		old->text = copy;
		return FED_OK;
	}
	if (insert_alias(shell, name, copy, err)) {
		fed_free(copy);
		return FED_FAIL;
	}
	return FED_OK;
}
