/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands.c - the command table: the list of groups, in the order of the help.
 */
#include "shell/commands.h"

#include "shell/commands/groups.h"

const struct fed_command_group fed__command_groups[FED_GROUPS] = {
	{FED_GROUP_COMPOSE, fed__commands_compose}, {FED_GROUP_RUN, fed__commands_run},
	{FED_GROUP_FAULTS, fed__commands_faults},   {FED_GROUP_LOOK, fed__commands_look},
	{FED_GROUP_TRAVEL, fed__commands_travel},   {FED_GROUP_EXPERIMENTS, fed__commands_experiments},
	{FED_GROUP_ROOM, fed__commands_room},       {FED_GROUP_PLUGINS, fed__commands_plugins},
	{FED_GROUP_SESSION, fed__commands_session},
};
