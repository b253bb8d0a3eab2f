/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/command_table.c - the groups of commands, and finding one by what was typed.
 */
#include <string.h>

#include "shell/language/command.h"

const char *const fed_group_names[] = {"compose", "run",     "faults", "look",
                                       "plugins", "session", NULL};
const char *const fed_group_help[] = {"choose data, model, clients and rules",
                                      "make rounds",
                                      "break things, and mend them",
                                      "see what is there and what happened",
                                      "list, write, build and load plugins",
                                      "files, scripts, help",
                                      NULL};

const struct fed_command_group fed_command_groups[FED_GROUPS] = {
	{FED_GROUP_COMPOSE, fed_commands_compose}, {FED_GROUP_RUN, fed_commands_run},
	{FED_GROUP_FAULTS, fed_commands_faults},   {FED_GROUP_LOOK, fed_commands_look},
	{FED_GROUP_PLUGINS, fed_commands_plugins}, {FED_GROUP_SESSION, fed_commands_session},
};

const struct fed_command *fed_command_at(size_t i, enum fed_group *group)
{
	for (size_t g = 0; g < FED_GROUPS; g++)
		for (const struct fed_command *c = fed_command_groups[g].command; c->name; c++)
			if (i-- == 0) {
				if (group)
					*group = fed_command_groups[g].group;
				return c;
			}
	return NULL;
}

static const char *name_at(const void *ctx, size_t i)
{
	const struct fed_command *c = fed_command_at(i, NULL);

	(void)ctx;
	return c ? c->name : NULL;
}

/* The only command that begins so; else NULL and the list of those that do. */
static const struct fed_command *only_one(const char *name, struct fed_text *list)
{
	const struct fed_command *found = NULL;
	size_t n = 0;

	for (size_t i = 0; fed_command_at(i, NULL); i++) {
		const struct fed_command *c = fed_command_at(i, NULL);

		if (strncmp(c->name, name, strlen(name)) != 0)
			continue;
		fed_text_add(list, "%s%s", n ? ", " : "", c->name);
		found = c;
		n++;
	}
	return n == 1 ? found : NULL;
}

int fed_command_find(const char *name, bool prefix, const struct fed_command **out,
                     struct fed_error *err)
{
	struct fed_text list = {0};

	for (size_t i = 0; fed_command_at(i, NULL); i++) {
		*out = fed_command_at(i, NULL);
		if (fed_same_name((*out)->name, name))
			return FED_OK;
	}
	*out = *name ? only_one(name, &list) : NULL;
	if (prefix && *out) {
		fed_text_release(&list);
		return FED_OK;
	}
	const char *near = fed_nearest(name, name_at, NULL);
	if (prefix && list.len)
		fed_fail(err, "%s could be %s", fed_show(name).s, fed_text_str(&list));
	else if (*out)
		fed_fail(err, "no command %s; scripts spell it out: %s", fed_show(name).s, (*out)->name);
	else if (near)
		fed_fail(err, "no command %s; did you mean %s?", fed_show(name).s, near);
	else
		fed_fail(err, "no command %s; `help` lists the commands", fed_show(name).s);
	fed_text_release(&list);
	*out = NULL;
	return FED_FAIL;
}
