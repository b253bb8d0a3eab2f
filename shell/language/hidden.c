/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/hidden.c - commands that a lesson hides.
 */
#include "shell/language/hidden.h"

#include <string.h>

/* Without these nothing could be found out, shown again or ended. */
static const char *const always[] = {"help", "explain", "why", "set", "quit", NULL};

/* The next name of the list, into name; false: there is none. */
static bool next_name(const char **at, char *name, size_t size)
{
	*at += strspn(*at, ", ");
	const size_t n = strcspn(*at, ", ");

	snprintf(name, size, "%.*s", (int)n, *at);
	*at += n;
	return n > 0;
}

bool fed__command_hidden(const struct fed_shell *shell, const struct fed_command *command)
{
	const char *at = shell->own.hide;
	char name[64];

	while (next_name(&at, name, sizeof name))
		if (fed_same_name(command->name, name))
			return true;
	return false;
}

static bool may_use(const struct fed_shell *shell)
{
	if (shell->lessons.playing)
		return true;
	for (const struct fed_script_place *p = shell->place; p; p = p->from)
		if (p->inode && p->inode == shell->hidden.inode && p->device == shell->hidden.device)
			return true;
	return false;
}

int fed__hidden_check(const struct fed_shell *shell, const struct fed_command *command,
                      struct fed_error *err)
{
	if (!fed__command_hidden(shell, command) || may_use(shell))
		return FED_OK;
	return fed_fail(err, "is hidden in this lesson; `help` lists the commands that it is about%s",
	                shell->own.readonly ? "" : ", `set hide none` shows all");
}

int fed__hidden_check_list(const struct fed_shell *shell, const char *names, struct fed_error *err)
{
	const struct fed_command *command;
	char name[64];

	while (next_name(&names, name, sizeof name)) {
		if (fed__command_find(shell, name, false, &command, err))
			return FED_FAIL;
		for (size_t i = 0; always[i]; i++)
			if (strcmp(command->name, always[i]) == 0)
				return fed_fail(err, "%s cannot be hidden: one would not find the way back",
				                command->name);
	}
	return FED_OK;
}

void fed__hidden_by(struct fed_shell *shell)
{
	const struct fed_script_place *p = shell->place;

	shell->hidden = (struct fed_hidden){p ? p->device : 0, p ? p->inode : 0};
}

void fed__hidden_end(struct fed_shell *shell)
{
	if (!shell->own.readonly)
		shell->own.hide[0] = 0;
}
