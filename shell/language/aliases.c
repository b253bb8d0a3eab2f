/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/aliases.c - aliases of command lines, sorted by name.
 */
#include <string.h>

#include "base/mem.h"
#include "shell/language/command.h"

void fed__aliases_release(struct fed_shell *shell)
{
	for (size_t i = 0; i < shell->n_aliases; i++) {
		fed_free(shell->alias[i].name);
		fed_free(shell->alias[i].text);
	}
	fed_free(shell->alias);
	shell->alias = NULL;
	shell->n_aliases = 0;
}

static size_t alias_place(const struct fed_shell *shell, const char *name)
{
	size_t i = 0;

	while (i < shell->n_aliases && strcmp(shell->alias[i].name, name) < 0)
		i++;
	return i;
}

const struct fed_alias *fed__alias_find(const struct fed_shell *shell, const char *name)
{
	const size_t i = alias_place(shell, name);

	return i < shell->n_aliases && strcmp(shell->alias[i].name, name) == 0 ? &shell->alias[i]
	                                                                       : NULL;
}

static int remove_alias(struct fed_shell *shell, const char *name, struct fed_error *err)
{
	const size_t i = alias_place(shell, name);

	if (!fed__alias_find(shell, name))
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

int fed__alias_set(struct fed_shell *shell, const char *name, const char *text,
                   struct fed_error *err)
{
	const struct fed_command *command;
	struct fed_error unused;

	if (fed__command_find(shell, name, false, &command, &unused) == FED_OK)
		return fed_fail(err, "%s is a command and cannot be an alias",
		                fed__command_called(command, name));
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
	        strlen(name) ||
	    !*name)
		return fed_fail(err, "%s: an alias has letters, digits, - and _", fed_show(name).s);
	if (!*text)
		return remove_alias(shell, name, err);
	char *copy = fed_strdup(text);
	if (!copy)
		return fed_fail_memory(err, strlen(text), "the alias");
	if (fed__alias_find(shell, name)) {
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
