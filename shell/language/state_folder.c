/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/state_folder.c - the folders of what the program keeps, by the XDG base
 * directories.
 */
#include "shell/language/state_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folder that a variable names, or the usual one in the home. */
static bool put_path(struct fed_text *path, const char *variable, const char *usual,
                     const char *name)
{
	const char *folder = getenv(variable), *home = getenv("HOME");

	if (folder && *folder == '/')
		fed_text_add(path, "%s/fedsh/%s", folder, name);
	else if (home && *home == '/')
		fed_text_add(path, "%s/%s/fedsh/%s", home, usual, name);
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

bool fed__state_path(struct fed_text *path, const char *name)
{
	return put_path(path, "XDG_STATE_HOME", ".local/state", name);
}

bool fed__data_path(struct fed_text *path, const char *name)
{
	return put_path(path, "XDG_DATA_HOME", ".local/share", name);
}
