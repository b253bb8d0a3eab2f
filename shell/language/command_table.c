/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/command_table.c - lookup in the command table.
 */
#include <string.h>

#include "shell/language/command.h"

const char *const fed__group_names[] = {"compose",     "run",  "faults",  "look",    "travel",
                                        "experiments", "room", "plugins", "session", NULL};
const char *const fed__group_help[] = {
	"choose data, model, clients and rules",
	"make rounds",
	"inject faults, and heal them",
	"see what is there and what happened",
	"go back, branch, and compare what came of it",
	"run the session with other settings, seeds and rules, and compare",
	"clients on other machines, which join by a line",
	"list, write, build and load plugins",
	"files, scripts, help",
	NULL};

const struct fed_command *fed__command_at(const struct fed_shell *shell, size_t i,
                                          enum fed_group *group)
{
	for (size_t g = 0; g < FED_GROUPS; g++)
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++)
			if (i-- == 0) {
				if (group)
					*group = shell->groups[g].group;
				return c;
			}
	return NULL;
}

/* Names first, then synonyms. */
const char *fed__command_name_at(const struct fed_shell *shell, size_t i)
{
	for (size_t g = 0; g < FED_GROUPS; g++)
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++)
			if (i-- == 0)
				return c->name;
	for (size_t g = 0; g < FED_GROUPS; g++)
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++)
			if (c->synonym && i-- == 0)
				return c->synonym;
	return NULL;
}

static const char *command_name_at(const void *ctx, size_t i)
{
	return fed__command_name_at(ctx, i);
}

static bool begins(const char *name, const char *typed)
{
	return strncmp(name, typed, strlen(typed)) == 0;
}

/* The only command with this prefix; else NULL, and the candidates. */
static const struct fed_command *only_one(const struct fed_shell *shell, const char *name,
                                          struct fed_text *list)
{
	const struct fed_command *found = NULL;
	size_t n = 0;

	for (size_t i = 0; fed__command_at(shell, i, NULL); i++) {
		const struct fed_command *c = fed__command_at(shell, i, NULL);

		if (!begins(c->name, name) && !(c->synonym && begins(c->synonym, name)))
			continue;
		fed_text_add(list, "%s%s", n ? ", " : "", fed__command_called(c, name));
		found = c;
		n++;
	}
	return n == 1 ? found : NULL;
}

const char *fed__command_called(const struct fed_command *c, const char *typed)
{
	if (!c->synonym || fed_same_name(c->name, typed))
		return c->name;
	if (fed_same_name(c->synonym, typed))
		return c->synonym;
	return begins(c->synonym, typed) && !begins(c->name, typed) ? c->synonym : c->name;
}

static const struct fed_command *named(const struct fed_shell *shell, const char *name)
{
	for (size_t g = 0; g < FED_GROUPS; g++)
		for (const struct fed_command *c = shell->groups[g].command; c->name; c++)
			if (fed_same_name(c->name, name) || (c->synonym && fed_same_name(c->synonym, name)))
				return c;
	return NULL;
}

int fed__command_find(const struct fed_shell *shell, const char *name, bool prefix,
                      const struct fed_command **out, struct fed_error *err)
{
	struct fed_text list = {0};

	*out = named(shell, name);
	if (*out)
		return FED_OK;
	*out = *name ? only_one(shell, name, &list) : NULL;
	if (prefix && *out) {
		fed_text_release(&list);
		return FED_OK;
	}
	const char *near = fed_nearest(name, command_name_at, shell);
	if (prefix && list.len)
		fed_fail(err, "%s could be %s", fed_show(name).s, fed_text_str(&list));
	else if (*out)
		fed_fail(err, "no command %s; scripts spell it out: %s", fed_show(name).s,
		         fed__command_called(*out, name));
	else if (near)
		fed_fail(err, "no command %s; did you mean %s?", fed_show(name).s, near);
	else
		fed_fail(err, "no command %s; `help` lists the commands", fed_show(name).s);
	fed_text_release(&list);
	*out = NULL;
	return FED_FAIL;
}

bool fed__names_nothing(const struct fed_words *words)
{
	return words->n == 1;
}
