/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/state_folder.c - the folder of what the program keeps, by the XDG base
 * directories.
 */
#include "shell/language/state_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool fed__state_path(struct fed_text *path, const char *name)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/')
		fed_text_add(path, "%s/fedsh/%s", state, name);
	else if (home && *home == '/')
		fed_text_add(path, "%s/.local/state/fedsh/%s", home, name);
	else
		return false;
	if (path->failed)
		return false;
	for (char *slash = path->s + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path->s, 0700);
		*slash = '/';
	}
	return true;
}
